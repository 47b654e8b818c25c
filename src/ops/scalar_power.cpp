// Powers as loop code: exp(y log(x)) with a logarithm of about twice the precision, and the special cases of IEEE 754.
#include <cmath>

#include "ops/scalar_math.h"
#include "ops/scalar_math_parts.h"

namespace croton::scalar_math {

using loop::abs;
using loop::cast;
using loop::fma;
using loop::like;
using loop::select;

namespace {

// |x|^y of finite positive float32 numbers, in float64: log to 2^-45, exp to 2^-34, rounded once.
Value magnitude_single(Value x, Value y) {
  const auto [f, k] = split_number(cast(x, DType::f64));
  const Value s = f / (f + 2.0), z = s * s;
  const Value q = polynomial(z, {0x1.5555555620353p-1, 0x1.999996a371525p-2, 0x1.2494149aef327p-2, 0x1.c62a2198f1415p-3,
                                 0x1.91243e9d08d9bp-3});
  const Value log = fma(k, like(k, 0x1.62e42fefa39efp-1), s * fma(z, q, 2.0));
  const Value exponent = limit_below(limit_above(cast(y, DType::f64) * log, 200), -200);
  const auto [n, r] = reduce_exponent(exponent);
  const Value p = polynomial(r, {0x1.0000003a22d9ap-1, 0x1.5555544324d13p-3, 0x1.55548dc501b38p-5, 0x1.111270cc9a5e6p-7,
                                 0x1.6d8d06c1ce264p-10, 0x1.9f087a4075b86p-13});
  return cast((fma(p, r * r, r) + 1.0) * power_of_two(n), DType::f32);
}

/// An unevaluated sum; |low| is about 2^-53 of |high|.
struct Pair {
  Value high, low;
};

// high + low of two numbers of which the first is larger or zero.
Pair sum_of_ordered(Value a, Value b) {
  const Value high = a + b;
  return {high, (a - high) + b};
}

// The natural logarithm to about 2^-65. With m = 1 + f: s = f / (m + 1), log(m) = 2 s (1 + z/3 + z^2 r(z)), z = s^2; s,
// z and the two leading terms are pairs.
Pair log_pair(Value x) {
  const Value is_denormal = x < 0x1p-1022;
  SplitNumber number = split_number(select(is_denormal, x * 0x1p54, x));
  const Value k = select(is_denormal, number.k - 54.0, number.k), f = number.f, m = f + 1.0;
  const Value d = m + 1.0, d_low = m - (d - 1.0), inverse = 1.0 / d;
  const Value s = f * inverse, s_low = fma(-s, d_low, fma(-s, d, f)) * inverse;
  const Value z = s * s, z_low = fma(s + s, s_low, fma(s, s, -z));
  const Value r = polynomial(z, {0x1.9999999999b35p-3, 0x1.2492492457368p-3, 0x1.c71c722e4f9b4p-4, 0x1.745ce9901a4c3p-4,
                                 0x1.3b1efba2a29d0p-4, 0x1.0f7e70dddd75bp-4, 0x1.0e50cdf7b17b1p-4});
  const double third = 0x1.5555555555555p-2, third_low = 0x1.5555555555555p-56;
  const Value t = z * third, t_low = fma(z, like(z, third), -t) + fma(z, like(z, third_low), z_low * third);
  const Pair w = sum_of_ordered(t, z * z * r);
  const Value w_low = w.low + t_low;
  const Value product = s * w.high;
  const Value product_low = fma(s, w.high, -product) + fma(s, w_low, s_low * w.high);
  const Pair half = sum_of_ordered(s, product);
  const Value half_low = half.low + (s_low + product_low);
  // k log(2): its first part has 33 bits, so that the product is exact.
  const Pair sum = sum_of_ordered(k * 0x1.62e42feep-1, half.high + half.high);
  return {sum.high, sum.low + fma(k, like(k, 0x1.a39ef35793c76p-33), half_low + half_low)};
}

// |x|^y of finite positive float64 numbers.
Value magnitude_double(Value x, Value y) {
  const Pair log = log_pair(x);
  const Value product = y * log.high;
  const Value in_range = abs(product) < 750.0;
  const Value exponent = limit_below(limit_above(product, 750), -750);
  const Value low = select(in_range, fma(y, log.low, fma(y, log.high, -product)), like(x, 0));
  const TwoParts log2 = log_of_two(x);
  const Value n = loop::rint(exponent * 0x1.71547652b82fep+0);
  const Pair r = sum_of_ordered(fma(n, like(x, -log2.high), exponent), fma(n, like(x, -log2.low), low));
  return loop::scale2_near_one(expm1_of_reduced(r.high) + r.low + 1.0, n);
}

Value pow_wide(Value x, Value y) {
  const Value zero = like(x, 0), one = like(x, 1), infinite = like(x, HUGE_VAL), a = abs(x);
  Value result = is_double(x) ? magnitude_double(a, y) : magnitude_single(a, y);
  result = select(a == 1.0, one, result);
  // 0 and infinity: the power is infinite where exactly one of "x is zero" and "y is positive" holds.
  const Value at_edge = (a == 0.0) | (a == HUGE_VAL);
  result = select(at_edge, select((a == 0.0) ^ (y < 0.0), zero, infinite), result);
  const Value half = y * 0.5, is_integer = loop::trunc(y) == y, is_odd = is_integer & (loop::trunc(half) != half);
  result = loop::copysign(result, select(is_odd, x, one));
  const Value undefined = (x < 0.0) & (x != -HUGE_VAL) & ~is_integer;
  result = select(undefined, like(x, std::nan("")), result);
  result = select(loop::is_nan(x) | loop::is_nan(y), x + y, result);
  return select((y == 0.0) | (x == 1.0), one, result);
}

}  // namespace

Value pow(Value x, Value y) { return in_single_or_double(pow_wide, x, y); }

}  // namespace croton::scalar_math
