// Single operations of the loop IR on scalars, with the meaning that ir/loop.h states beside each code.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "ir/array.h"
#include "ir/loop.h"

namespace croton::loop {

inline int64_t wrap(int64_t value, DType dtype) {
  switch (dtype) {
    case DType::b1:
      return value & 1;
    case DType::i8:
      return static_cast<int8_t>(value);
    case DType::i16:
      return static_cast<int16_t>(value);
    case DType::i32:
      return static_cast<int32_t>(value);
    case DType::u8:
      return static_cast<uint8_t>(value);
    case DType::u16:
      return static_cast<uint16_t>(value);
    case DType::u32:
      return static_cast<uint32_t>(value);
    default:
      return value;
  }
}

// Rounds to the dtype. For one operation on float32 operands, double and then float is the correctly rounded result.
inline double round_to(double value, DType dtype) {
  if (dtype == DType::f64) return value;
  if (dtype == DType::f32) return static_cast<float>(value);
  std::byte bytes[2];
  store_double(bytes, DType::f16, value);
  return element_as_double(bytes, DType::f16);
}

inline double fused(double a, double b, double c, DType dtype) {
  if (dtype == DType::f64) return std::fma(a, b, c);
  return round_to(std::fmaf(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)), dtype);
}

inline double scaled(double a, double power, DType dtype) {
  if (std::isnan(power)) return power;
  const int n = static_cast<int>(std::fmin(std::fmax(power, -5000), 5000));
  if (dtype == DType::f64) return std::ldexp(a, n);
  return round_to(std::ldexp(a, n),
                  dtype);  // a float32 scaled within the range of float64 is exact, and so rounded once
}

inline double float_binary(Code code, double a, double b) {
  switch (code) {
    case Code::add:
      return a + b;
    case Code::sub:
      return a - b;
    case Code::mul:
      return a * b;
    case Code::div:
      return a / b;
    case Code::rem:
      return std::fmod(a, b);
    case Code::copysign:
      return std::copysign(a, b);
    case Code::min:
      return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmin(a, b);
    case Code::max:
      return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmax(a, b);
    default:
      raise<InternalError>("{} is no operation on two floats", traits(code).name);
  }
}

inline double float_unary(Code code, double a) {
  switch (code) {
    case Code::neg:
      return -a;
    case Code::abs:
      return std::fabs(a);
    case Code::sqrt:
      return std::sqrt(a);
    case Code::floor:
      return std::floor(a);
    case Code::ceil:
      return std::ceil(a);
    case Code::trunc:
      return std::trunc(a);
    case Code::rint:
      return std::nearbyint(a);
    case Code::exponent:
      return std::logb(a);
    default:
      raise<InternalError>("{} is no operation on one float", traits(code).name);
  }
}

inline bool less(int64_t a, int64_t b, DType dtype) {
  return dtype == DType::u64 ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}

inline int64_t quotient(int64_t a, int64_t b, DType dtype) {
  if (b == 0) return 0;
  if (dtype == DType::u64) return static_cast<int64_t>(static_cast<uint64_t>(a) / static_cast<uint64_t>(b));
  if (b == -1) return static_cast<int64_t>(-static_cast<uint64_t>(a));
  return a / b;
}

inline int64_t shifted_left(int64_t a, int64_t bits) {
  return bits < 0 || bits > 63 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << bits);
}

inline int64_t shifted_right(int64_t a, int64_t bits, DType dtype) {
  const bool all = bits < 0 || bits > 63;
  if (!is_signed_integer(dtype)) return all ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) >> bits);
  return a >> (all ? 63 : bits);
}

inline int64_t integer_binary(Code code, int64_t a, int64_t b, DType dtype) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (code) {
    case Code::add:
      return static_cast<int64_t>(x + y);
    case Code::sub:
      return static_cast<int64_t>(x - y);
    case Code::mul:
      return static_cast<int64_t>(x * y);
    case Code::div:
      return quotient(a, b, dtype);
    case Code::rem:
      return b == 0 ? 0 : static_cast<int64_t>(x - static_cast<uint64_t>(quotient(a, b, dtype)) * y);
    case Code::min:
      return less(a, b, dtype) ? a : b;
    case Code::max:
      return less(a, b, dtype) ? b : a;
    case Code::bit_and:
      return a & b;
    case Code::bit_or:
      return a | b;
    case Code::bit_xor:
      return a ^ b;
    case Code::shl:
      return shifted_left(a, b);
    case Code::shr:
      return shifted_right(a, b, dtype);
    default:
      raise<InternalError>("{} is no operation on two integers", traits(code).name);
  }
}

inline int64_t integer_unary(Code code, int64_t a, DType dtype) {
  switch (code) {
    case Code::neg:
      return static_cast<int64_t>(-static_cast<uint64_t>(a));
    case Code::abs:
      return a < 0 && is_signed_integer(dtype) ? static_cast<int64_t>(-static_cast<uint64_t>(a)) : a;
    case Code::bit_not:
      return ~a;
    default:
      raise<InternalError>("{} is no operation on one integer", traits(code).name);
  }
}

template <class T>
bool compared(Code code, T a, T b) {
  switch (code) {
    case Code::eq:
      return a == b;
    case Code::ne:
      return a != b;
    case Code::lt:
      return a < b;
    case Code::le:
      return a <= b;
    case Code::gt:
      return a > b;
    default:
      return a >= b;
  }
}

}  // namespace croton::loop
