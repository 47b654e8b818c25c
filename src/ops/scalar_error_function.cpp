// The error function as loop code.
#include "ops/scalar_math.h"
#include "ops/scalar_math_parts.h"

namespace croton::scalar_math {

using loop::fma;
using loop::like;

namespace {

// Up to 0.9 x + x e(x^2), relative error 2^-31 and 2^-60; above 1 - exp(-g), where g = -log(erfc) is smooth: error
// 2^-34 and 2^-58 of the result. The float64 fit is about 1, where most digits of exp(-g) count.
Value erf_wide(Value x) {
  const bool wide = is_double(x);
  const Value a = limit_above(loop::abs(x), wide ? 5.95 : 4.0), square = a * a;
  const Value e = wide ? polynomial(square, {0x1.06eba8214db69p-3, -0x1.812746b0379e2p-2, 0x1.ce2f21a0427e1p-4,
                                             -0x1.b82ce31271dd9p-6, 0x1.565bcd0a31cf3p-8, -0x1.c02db3140ff22p-11,
                                             0x1.f9a30628606acp-14, -0x1.f4cf59415dfdap-17, 0x1.b9b75ee7d6175p-20,
                                             -0x1.5d83639c05a84p-23, 0x1.e29e7419b0e10p-27, -0x1.d24bdd16687d2p-31})
                       : polynomial(square, {0x1.06eba8p-3, -0x1.812744p-2, 0x1.ce2e54p-4, -0x1.b81516p-6,
                                             0x1.5509d0p-8, -0x1.aca004p-11, 0x1.650660p-14});
  const Value small = fma(a, e, a);
  const Value g =
      wide ? polynomial(a - 1.0,
                        {0x1.d97fbf27aa2a1p+0, 0x1.51c9b0006c23cp+1, 0x1.afabc11a28fadp-1, 0x1.5477f09cac6b5p-5,
                         -0x1.48c9d40d5fc66p-7, 0x1.033f69a0f5fbep-9, -0x1.f1b4ad4b3c8fdp-13, -0x1.b8c24f6293ad8p-16,
                         0x1.c769ff9a78faep-16, -0x1.41ab59032700bp-17, 0x1.1101ca13423a3p-19, -0x1.03e9731fda0d0p-23,
                         -0x1.de1bb97181c8fp-24, 0x1.f602953fbc735p-25, -0x1.2552d4851f0a0p-26, 0x1.d04fb95738a59p-29,
                         -0x1.ee836169a4a10p-32, 0x1.414e5de571e3fp-35, -0x1.8118fbc56815dp-40})
           : polynomial(a, {-0x1.62d878p-13, 0x1.212626p+0, 0x1.444d1ep-1, 0x1.bb4546p-4, -0x1.9aebacp-6, 0x1.10624cp-8,
                            -0x1.c45900p-12, 0x1.5d71c2p-16});
  const auto [n, r] = reduce_exponent(-g);
  const Value power = power_of_two(n);
  const Value large = (1.0 - power) - power * expm1_of_reduced(r);
  return loop::copysign(loop::select(a < 0.9, small, large), x);
}

}  // namespace

Value erf(Value x) { return in_single_or_double(erf_wide, x); }

}  // namespace croton::scalar_math
