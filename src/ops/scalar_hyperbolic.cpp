// Hyperbolic functions and their inverses as loop code, from exponentials and logarithms in float64.
#include <cmath>

#include "ops/scalar_math.h"
#include "ops/scalar_math_parts.h"

namespace croton::scalar_math {

using loop::abs;
using loop::cast;
using loop::copysign;
using loop::like;
using loop::select;

namespace {

Value in_double(Value (*function)(Value), Value x) { return cast(function(cast(x, DType::f64)), x.dtype()); }

// (e + e / (e + 1)) / 2 with e = exp(a) - 1. Where exp(a) overflows and the result does not, exp(a / 2)^2 / 2.
Value sinh_double(Value x) {
  const Value a = abs(x), e = expm1(a), half = exp(a * 0.5);
  return copysign(select(a > 709.0, half * 0.5 * half, (e + e / (e + 1.0)) * 0.5), x);
}

Value cosh_double(Value x) {
  const Value a = abs(x), e = exp(a), half = exp(a * 0.5);
  return select(a > 709.0, half * 0.5 * half, e * 0.5 + 0.5 / e);
}

// log(a + sqrt(a^2 + 1)) = log1p(a + a^2 / (1 + sqrt(a^2 + 1))); for large a log(2 a).
Value arcsinh_double(Value x) {
  const Value a = abs(x), large = a > 0x1p60, square = a * a;
  const Value argument = select(large, a, a + square / (loop::sqrt(square + 1.0) + 1.0));
  return copysign(log1p(argument) + select(large, like(x, 0x1.62e42fefa39efp-1), like(x, 0)), x);
}

// log(x + sqrt(x^2 - 1)) = log1p(t + sqrt(2 t + t^2)) with t = x - 1; NaN below one.
Value arccosh_double(Value x) {
  const Value t = x - 1.0, large = x > 0x1p60;
  const Value argument = select(large, x, t + loop::sqrt(t * (t + 2.0)));
  const Value result = log1p(argument) + select(large, like(x, 0x1.62e42fefa39efp-1), like(x, 0));
  return select(t < 0.0, like(x, std::nan("")), result);
}

Value arctanh_double(Value x) {
  const Value a = abs(x);
  return copysign(log1p((a + a) / (1.0 - a)) * 0.5, x);
}

}  // namespace

Value sinh(Value x) { return in_double(sinh_double, x); }
Value cosh(Value x) { return in_double(cosh_double, x); }
Value arcsinh(Value x) { return in_double(arcsinh_double, x); }
Value arccosh(Value x) { return in_double(arccosh_double, x); }
Value arctanh(Value x) { return in_double(arctanh_double, x); }

}  // namespace croton::scalar_math
