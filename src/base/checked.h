// Integer arithmetic on sizes that raises OverflowError where int64 would wrap around.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace croton {

inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) raise<OverflowError>("array size overflows: {} + {} exceeds 64 bits", a, b);
  return sum;
}

inline int64_t checked_subtract(int64_t a, int64_t b) {
  int64_t difference;
  if (__builtin_sub_overflow(a, b, &difference)) {
    raise<OverflowError>("array size overflows: {} - {} exceeds 64 bits", a, b);
  }
  return difference;
}

inline int64_t checked_multiply(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) {
    raise<OverflowError>("array size overflows: {} * {} exceeds 64 bits", a, b);
  }
  return product;
}

// Number of elements of an array. Zero wins over overflow: an array with an empty axis is empty whatever the other
// sizes.
int64_t checked_product(std::span<const int64_t> sizes);

// Rounds towards plus infinity; the divisor must be positive.
constexpr int64_t ceil_div(int64_t value, int64_t divisor) { return value / divisor + (value % divisor > 0 ? 1 : 0); }

// Rounds towards minus infinity (Python's //); the divisor must be positive.
constexpr int64_t floor_div(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }

// Result has the sign of the divisor (Python's %); the divisor must be positive.
constexpr int64_t floor_mod(int64_t value, int64_t divisor) {
  const int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

// The next multiple, checked.
inline int64_t round_up(int64_t value, int64_t multiple) {
  return checked_multiply(ceil_div(value, multiple), multiple);
}

// A value that must fit in a smaller integer type (a library's 32 bit size, an attribute).
template <class To, class From>
To checked_narrow(From value) {
  static_assert(std::is_integral_v<To> && std::is_integral_v<From>);
  if (!std::in_range<To>(value)) raise<OverflowError>("{} does not fit in {} bits", value, 8 * sizeof(To));
  return static_cast<To>(value);
}

}  // namespace croton
