// Exponentials, logarithms and sigmoids as loop code. Coefficients are minimax fits on the stated intervals.
#include "ops/scalar_math.h"

#include <cmath>

#include "ops/scalar_math_parts.h"

namespace croton::scalar_math {

using loop::abs;
using loop::cast;
using loop::copysign;
using loop::fma;
using loop::like;
using loop::select;

// ------------------------------------------------------------------------------------------------------------- pieces

namespace {

Value horner(Value x, std::span<const double> c, size_t first, size_t step) {
  size_t last = first;
  while (last + step < c.size()) last += step;
  Value sum = like(x, c[last]);
  while (last > first) {
    last -= step;
    sum = fma(sum, x, c[last]);
  }
  return sum;
}

}  // namespace

Value polynomial(Value x, std::initializer_list<double> coefficients) {
  const std::span<const double> c(coefficients.begin(), coefficients.size());
  if (c.size() < 9) return horner(x, c, 0, 1);
  const Value square = x * x;
  return fma(horner(square, c, 1, 2), x, horner(square, c, 0, 2));
}

ReducedExponent reduce_exponent(Value x) {
  const TwoParts log2 = log_of_two(x);
  const Value n = loop::rint(x * 0x1.71547652b82fep+0);
  return {n, fma(n, like(x, -log2.low), fma(n, like(x, -log2.high), x))};
}

// With 1.5 2^mantissa + bias added, the last bits of n's float are the exponent's field of 2^n.
Value power_of_two(Value n) {
  const bool wide = is_double(n);
  const int mantissa = wide ? 52 : 23;
  const Value shifted = n + (std::ldexp(1.5, mantissa) + (wide ? 1023 : 127));
  return loop::bitcast(loop::bitcast(shifted, wide ? DType::i64 : DType::i32) << mantissa, n.dtype());
}

// r + r^2 q(r): relative error of exp 2^-28 and 2^-58.
Value expm1_of_reduced(Value r) {
  const Value q =
      is_double(r)
          ? polynomial(r, {0x1.000000000000ap-1, 0x1.55555555554fap-3, 0x1.555555555087cp-5, 0x1.1111111127be7p-7,
                           0x1.6c16c1842a147p-10, 0x1.a01a012a56ebdp-13, 0x1.a0199a0c6026ep-16, 0x1.71df255412cdfp-19,
                           0x1.28ad72d2d339bp-22, 0x1.ad7f6bf9fc054p-26})
          : polynomial(r, {0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558f2p-5, 0x1.1239e2p-7, 0x1.6a2432p-10});
  return fma(q, r * r, r);
}

Value limited_exp(Value x) {
  const double high = is_double(x) ? 710 : 89, low = is_double(x) ? -746 : -104;
  const auto [n, r] = reduce_exponent(limit_below(limit_above(x, high), low));
  return loop::scale2_near_one(expm1_of_reduced(r) + 1.0, n);
}

namespace {

// The bits of a positive x moved such that the exponent's field counts from sqrt(1/2) instead of one.
struct SplitBits {
  int mantissa;
  int64_t bias;  // of the exponent's field
  int64_t root;  // bits of sqrt(1/2)
  DType dtype;
  Value moved;
};

SplitBits split_bits(Value x) {
  const bool wide = is_double(x);
  const int64_t one = wide ? 0x3ff0000000000000 : 0x3f800000, root = wide ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  const DType dtype = wide ? DType::u64 : DType::u32;  // a logical shift: AVX2 has no arithmetic one of 64 bits
  return {wide ? 52 : 23, wide ? 1023 : 127, root, dtype,
          loop::bitcast(x, dtype) + x.builder->integer(one - root, dtype)};
}

// The field as a float without a conversion: 2^mantissa has unit last bit, so the field can be put there.
Value exponent_of(const SplitBits& s, DType dtype) {
  const int64_t shifter_bits = (s.bias + s.mantissa) << s.mantissa;
  const Value shifted = (s.moved >> s.mantissa) | s.moved.builder->integer(shifter_bits, s.dtype);
  return loop::bitcast(shifted, dtype) - (std::ldexp(1.0, s.mantissa) + static_cast<double>(s.bias));
}

}  // namespace

SplitNumber split_number(Value x) {
  const SplitBits s = split_bits(x);
  loop::Builder& b = *x.builder;
  const Value fraction = (s.moved & b.integer((int64_t{1} << s.mantissa) - 1, s.dtype)) + b.integer(s.root, s.dtype);
  return {loop::bitcast(fraction, x.dtype()) - 1.0, exponent_of(s, x.dtype())};
}

namespace {

// -f^2/2 + f^3 p(f): relative error of log(1 + f) 2^-30.
Value log_tail_single(Value f) {
  const Value p = polynomial(f, {0x1.555548p-2, -0x1.000006p-2, 0x1.99a4cap-3, -0x1.555c5cp-3, 0x1.2335b0p-3,
                                 -0x1.fc1d46p-4, 0x1.e70714p-4, -0x1.de660cp-4, 0x1.14573cp-4});
  return fma(f, p, -0.5) * (f * f);
}

// With s = f / (2 + f), z = s^2: log(1 + f) = 2 s + s z q(z) = f - (f^2/2 - s (f^2/2 + z q(z))), relative error 2^-60.
Value log_tail_double(Value f) {
  const Value s = f / (f + 2.0), z = s * s, half_square = f * f * 0.5;
  const Value q = polynomial(z, {0x1.5555555555593p-1, 0x1.999999997fa1fp-2, 0x1.2492494228e12p-2, 0x1.c71c51d7ac56cp-3,
                                 0x1.74664a035ffddp-3, 0x1.39a085365a240p-3, 0x1.2f1271b33e8d7p-3});
  return fma(s, fma(z, q, half_square), -half_square);
}

}  // namespace

Value log_tail(Value f) { return is_double(f) ? log_tail_double(f) : log_tail_single(f); }

Value log_of_split(SplitNumber number, Value correction) {
  const auto [f, k] = number;
  const TwoParts log2 = log_of_two(f);
  Value tail = fma(k, like(f, log2.low), log_tail(f));
  if (correction) tail = tail + correction;
  return fma(k, like(f, log2.high), f + tail);
}

// -------------------------------------------------------------------------------------------------------- exponentials

Value exp(Value x) { return in_single_or_double(limited_exp, x); }

Value exp2(Value x) {
  return in_single_or_double(
      [](Value v) {
        const bool wide = is_double(v);
        const Value limited = limit_below(limit_above(v, wide ? 1025 : 129), wide ? -1080 : -155);
        const Value n = loop::rint(limited);
        return loop::scale2_near_one(expm1_of_reduced((limited - n) * 0x1.62e42fefa39efp-1) + 1.0, n);
      },
      x);
}

namespace {

// 2^n (1 + t) - 1 with t = exp(r) - 1. With n = 0 up to |x| = 0.55 no bits cancel; n stops below the overflow of 2^n.
Value expm1_wide(Value x) {
  const bool wide = is_double(x);
  const Value limited = limit_below(limit_above(x, wide ? 710 : 89), wide ? -50 : -30);
  const TwoParts log2 = log_of_two(x);
  Value n = limit_above(loop::rint(limited * 0x1.71547652b82fep+0), wide ? 1023 : 127);
  n = select(abs(x) < 0.55, like(x, 0), n);
  const Value r = fma(n, like(x, -log2.low), fma(n, like(x, -log2.high), limited));
  const Value q =
      wide ? polynomial(r, {0x1.0000000000000p-1, 0x1.5555555555555p-3, 0x1.5555555555531p-5, 0x1.11111111111d7p-7,
                            0x1.6c16c16c1db2bp-10, 0x1.a01a019fe048cp-13, 0x1.a01a018e108ccp-16, 0x1.71de3ade460d0p-19,
                            0x1.27e5124483caap-22, 0x1.ae62fd804dabfp-26, 0x1.1ed19e516986ep-29, 0x1.62d815537422bp-33,
                            0x1.aec9cee9fcc78p-37})
           : polynomial(r, {0x1.000000p-1, 0x1.555558p-3, 0x1.555590p-5, 0x1.110db8p-7, 0x1.6be282p-10, 0x1.a4031ap-13,
                            0x1.ba82b0p-16});
  const Value t = fma(q, r * r, r), power = power_of_two(n);
  return copysign(fma(t, power, power - 1.0), x);
}

}  // namespace

Value expm1(Value x) { return in_single_or_double(expm1_wide, x); }

// ---------------------------------------------------------------------------------------------------------- logarithms

namespace {

constexpr double infinity = HUGE_VAL;

// Results of a logarithm at the edges: `pole` is where it is minus infinity, below it is NaN.
Value with_log_edges(Value result, Value x, double pole) {
  const Value below = select(x == pole, like(x, -infinity), like(x, std::nan("")));
  return select(x == infinity, x, select(x > pole, result, below));
}

// Any positive number; denormals are first made normal.
SplitNumber split_positive(Value x) {
  const bool wide = is_double(x);
  const int shift = wide ? 54 : 25;
  const Value is_denormal = x < (wide ? 0x1p-1022 : 0x1p-126);
  const auto [f, k] = split_number(select(is_denormal, x * std::ldexp(1.0, shift), x));
  return {f, select(is_denormal, k - shift, k)};
}

Value log_wide(Value x) { return with_log_edges(log_of_split(split_positive(x)), x, 0); }

// A logarithm to another base: (f + tail) and k log(2), each times 1 / log(base) in two parts.
Value log_to_base(Value x, TwoParts inverse, TwoParts log_of_two) {
  const auto [f, k] = split_positive(x);
  const Value product = f * inverse.high;
  const Value low = fma(f, like(x, inverse.low), fma(f, like(x, inverse.high), -product));
  const Value rest = fma(k, like(x, log_of_two.low), fma(log_tail(f), like(x, inverse.high), low));
  return with_log_edges(fma(k, like(x, log_of_two.high), product + rest), x, 0);
}

Value log2_wide(Value x) {
  return log_to_base(
      x, is_double(x) ? TwoParts{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56} : TwoParts{0x1.715476p+0, 0x1.4ae0cp-26},
      {1, 0});
}

Value log10_wide(Value x) {
  if (is_double(x)) {
    return log_to_base(x, {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57}, {0x1.34413509f8p-2, -0x1.80433b83b532ap-44});
  }
  return log_to_base(x, {0x1.bcb7b2p-2, -0x1.5b235ep-27}, {0x1.344p-2, 0x1.3509f8p-18});
}

// The exponent comes from 1 + x; f = (1 + x) 2^-k - 1 comes from x itself in one rounding. The power is kept 16 times
// larger than needed, since 2^-k itself would be denormal for the largest x.
Value log1p_wide(Value x) {
  const SplitBits s = split_bits(x + 1.0);
  const Value field = x.builder->integer(2 * s.bias + 4, s.dtype) - (s.moved >> s.mantissa);
  const Value power = loop::bitcast(field << s.mantissa, x.dtype());
  const Value f = fma(x, power, power - 16.0) * 0.0625;
  return with_log_edges(copysign(log_of_split({f, exponent_of(s, x.dtype())}), x), x, -1);
}

}  // namespace

Value log(Value x) { return in_single_or_double(log_wide, x); }
Value log2(Value x) { return in_single_or_double(log2_wide, x); }
Value log10(Value x) { return in_single_or_double(log10_wide, x); }
Value log1p(Value x) { return in_single_or_double(log1p_wide, x); }

// ------------------------------------------------------------------------------------------------------------ sigmoids

namespace {

// Below 0.55 a + a^3 p(a^2), relative error 2^-30 and 2^-61; above 1 - 2 / (exp(2a) + 1).
Value tanh_wide(Value x) {
  const bool wide = is_double(x);
  const Value a = limit_above(abs(x), wide ? 20 : 10);
  const Value square = a * a;
  const Value p =
      wide ? polynomial(square,
                        {-0x1.555555555554fp-2, 0x1.1111111110790p-3, -0x1.ba1ba1b97cb6bp-5, 0x1.664f48593f2dep-6,
                         -0x1.226e2f0dc2b1cp-7, 0x1.d6d29a76d8a34p-9, -0x1.7d8fc45a38acbp-10, 0x1.348329b51b71bp-11,
                         -0x1.e96a3aaa879d2p-13, 0x1.5d63bacf46732p-14, -0x1.46e63d27febe2p-16})
           : polynomial(square, {-0x1.55554ap-2, 0x1.110d22p-3, -0x1.b927d6p-5, 0x1.593750p-6, -0x1.9b0dd2p-8});
  const Value small = fma(p, a * square, a);
  const auto [n, r] = reduce_exponent(a + a);
  const Value power = power_of_two(n);
  const Value large = 1.0 - 2.0 / fma(expm1_of_reduced(r), power, power + 1.0);
  return copysign(select(a < 0.55, small, large), x);
}

// 1 / (1 + 2^n (1 + t)) for exp(-x) = 2^n (1 + t). With w = 2^-|n| the denominator is d = 1 + w + w t for n < 0, and
// 2^n times d = 1 + w + t for n >= 0, so nothing overflows. The rounding of d and of the division are corrected by one
// Newton step: both weigh double where 1 / d is just below a power of two.
Value sigmoid_wide(Value x) {
  const bool wide = is_double(x);
  const Value limited = limit_below(limit_above(-x, wide ? 746 : 104), wide ? -746 : -104);
  const auto [n, r] = reduce_exponent(limited);
  const Value t = expm1_of_reduced(r), zero = like(x, 0), one = like(x, 1);
  const Value w = power_of_two(limit_below(-abs(n), wide ? -1022 : -126)), sum = w + 1.0, sum_low = w - (sum - 1.0);
  const Value grows = n >= 0.0, factor = select(grows, one, w);
  const Value d = fma(factor, t, sum), d_low = fma(factor, t, sum - d) + sum_low;
  const Value inverse = 1.0 / d;
  const Value remainder = fma(-inverse, d_low, fma(-inverse, d, one));
  return loop::scale2_near_one(fma(inverse, remainder, inverse), select(grows, -n, zero));
}

// max(x, 0) + log(1 + w) with w = exp(-|x|) = 2^n (1 + t) in [0, 1], so that 1 + w is split by one comparison. The
// rounding of f, which is w or (w - 1) / 2, is carried into the logarithm.
Value softplus_wide(Value x) {
  const Value zero = like(x, 0), one = like(x, 1);
  const auto [n, r] = reduce_exponent(limit_below(-abs(x), is_double(x) ? -746 : -104));
  const Value t = expm1_of_reduced(r), power = loop::scale2_near_one(one, n);
  const Value doubled = fma(power, t, power) > 0x1.a827999fcef32p-2;  // sqrt(2) - 1
  const Value factor = select(doubled, power * 0.5, power), offset = select(doubled, factor - 0.5, factor);
  const Value f = fma(factor, t, offset), f_low = fma(factor, t, offset - f);
  return select(x > 0.0, x, zero) + log_of_split({f, select(doubled, one, zero)}, fma(-f_low, f, f_low));
}

}  // namespace

Value tanh(Value x) { return in_single_or_double(tanh_wide, x); }
Value sigmoid(Value x) { return in_single_or_double(sigmoid_wide, x); }
Value softplus(Value x) { return in_single_or_double(softplus_wide, x); }

}  // namespace croton::scalar_math
