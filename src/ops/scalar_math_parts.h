// Pieces that the elementary functions share: polynomials, the reduced exponential, the logarithm of a split number.
#pragma once

#include <initializer_list>
#include <utility>

#include "ir/loop_builder.h"

namespace croton::scalar_math {

using loop::Value;

/// c[0] + c[1] x + c[2] x^2 + ...; even and odd terms run side by side when there are many.
Value polynomial(Value x, std::initializer_list<double> coefficients);

/// Runs a function of float32 or float64 values; float16 goes through float32 and is rounded once.
template <class Function, class... Values>
Value in_single_or_double(Function&& function, Value first, Values... rest) {
  if (first.dtype() != DType::f16) return function(first, rest...);
  return loop::cast(function(loop::cast(first, DType::f32), loop::cast(rest, DType::f32)...), DType::f16);
}

inline bool is_double(Value x) { return x.dtype() == DType::f64; }

/// x limited to [low, high]; NaN stays NaN. One instruction each, unlike min and max, which must look for NaN on both
/// sides.
inline Value limit_above(Value x, double high) { return loop::select(x > high, loop::like(x, high), x); }
inline Value limit_below(Value x, double low) { return loop::select(x < low, loop::like(x, low), x); }

// The logarithm of two in two parts: the first is the nearest float, so that n * first - x is exact in one fma.
struct TwoParts {
  double high, low;
};
inline TwoParts log_of_two(Value x) {
  return is_double(x) ? TwoParts{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}
                      : TwoParts{0x1.62e430p-1, -0x1.05c610p-29};
}

/// x = n log(2) + r with an integer n and |r| <= log(2) / 2. Exact but for the rounding of r.
struct ReducedExponent {
  Value n, r;
};
ReducedExponent reduce_exponent(Value x);
/// exp(r) - 1 for |r| <= log(2) / 2.
Value expm1_of_reduced(Value r);
/// 2^n, a normal number.
Value power_of_two(Value n);
/// exp(x) of any float32 or float64; outside of its range x is limited first, since the reduction of huge numbers is
/// garbage.
Value limited_exp(Value x);

/// A positive number as (1 + f) 2^k with 1 + f in [sqrt(1/2), sqrt(2)).
struct SplitNumber {
  Value f, k;
};
SplitNumber split_number(Value x);
/// log(1 + f) - f for 1 + f in that interval.
Value log_tail(Value f);
/// log((1 + f) 2^k), plus a correction far below its last place, if any.
Value log_of_split(SplitNumber number, Value correction = {});

}  // namespace croton::scalar_math
