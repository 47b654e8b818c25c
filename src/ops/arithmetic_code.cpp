// Scalar meaning of the arithmetic rows: floored division, Python's modulo, integer powers, signs.
#include "ops/arithmetic_code.h"

#include <cmath>
#include <limits>

namespace croton::arithmetic {

using loop::Value;

namespace {

Value zero(Value a) { return loop::like(a, 0); }

// True where a truncated integer division, with remainder r, must go one further down.
Value rounds_down(Value remainder, Value divisor) {
  return ((remainder ^ divisor) < 0.0) & (remainder != 0.0) & (divisor != 0.0);
}

Value float_modulo(Value a, Value b) {
  const Value r = a % b;
  const Value moved = loop::select((r < 0.0) ^ (b < 0.0), r + b, r);
  return loop::select(r == 0.0, loop::copysign(zero(b), b), moved);
}

// The division may round up to an integer: the exact remainder tells.
Value float_floor_division(Value a, Value b) {
  const Value quotient = loop::floor(a / b), remainder = loop::fma(-quotient, b, a);
  return loop::select(((remainder < 0.0) ^ (b < 0.0)) & (remainder != 0.0), quotient - 1.0, quotient);
}

}  // namespace

Value floor_division(Value a, Value b) {
  if (is_float(a.dtype())) return float_floor_division(a, b);
  const Value quotient = a / b;
  if (!is_signed_integer(a.dtype())) return quotient;
  const Value remainder = a - quotient * b;
  return loop::select(rounds_down(remainder, b), quotient - 1.0, quotient);
}

Value modulo(Value a, Value b) {
  if (is_float(a.dtype())) return float_modulo(a, b);
  const Value remainder = a % b;
  if (!is_signed_integer(a.dtype())) return remainder;
  return loop::select(rounds_down(remainder, b), remainder + b, remainder);
}

// By squaring, over all bits of the exponent, so that results wrap exactly. A constant exponent folds to what it needs.
Value integer_power(Value base, Value exponent) {
  const DType dtype = base.dtype();
  const int bits = 8 * item_size(dtype) - (is_signed_integer(dtype) ? 1 : 0);
  loop::Builder& b = *base.builder;
  Value result = loop::like(base, 1), square = base;
  for (int bit = 0; bit < bits; ++bit) {
    const Value mask = b.integer(static_cast<int64_t>(uint64_t{1} << bit), dtype);
    result = loop::select((exponent & mask) != 0.0, result * square, result);
    square = square * square;
  }
  if (!is_signed_integer(dtype)) return result;
  const Value odd = (exponent & loop::like(exponent, 1)) != 0.0;
  const Value of_minus_one = loop::select(odd, loop::like(base, -1), loop::like(base, 1));
  const Value reciprocal =
      loop::select(base == 1.0, loop::like(base, 1), loop::select(base == -1.0, of_minus_one, zero(base)));
  return loop::select(exponent < 0.0, reciprocal, result);
}

Value sign(Value a) {
  const Value one = loop::like(a, 1);
  if (is_unsigned_integer(a.dtype())) return loop::select(a == 0.0, zero(a), one);
  const Value signed_one = loop::select(a > 0.0, one, loop::like(a, -1));
  const Value result = loop::select(a == 0.0, zero(a), signed_one);
  return is_float(a.dtype()) ? loop::select(loop::is_nan(a), a, result) : result;
}

int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t wrapping_sub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t wrapping_mul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

int64_t floor_division(int64_t a, int64_t b, DType dtype) {
  if (b == 0) return 0;
  if (dtype == DType::u64) return static_cast<int64_t>(static_cast<uint64_t>(a) / static_cast<uint64_t>(b));
  if (b == -1) return wrapping_sub(0, a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

int64_t modulo(int64_t a, int64_t b, DType dtype) {
  if (b == 0 || b == -1) {
    return dtype == DType::u64 && b != 0 && a != -1 ? a : 0;  // as bits, -1 is the largest uint64
  }
  if (dtype == DType::u64) return static_cast<int64_t>(static_cast<uint64_t>(a) % static_cast<uint64_t>(b));
  const int64_t remainder = a % b;
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

int64_t integer_power(int64_t base, int64_t exponent, DType dtype) {
  if (is_signed_integer(dtype) && exponent < 0) {
    if (base == 1 || (base == -1 && exponent % 2 == 0)) return 1;
    return base == -1 ? -1 : 0;
  }
  int64_t result = 1;
  for (auto bits = static_cast<uint64_t>(exponent); bits != 0; bits >>= 1) {
    if (bits & 1) result = wrapping_mul(result, base);
    base = wrapping_mul(base, base);
  }
  return result;
}

bool less(int64_t a, int64_t b, DType dtype) {
  return dtype == DType::u64 ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}

double floor_division(double a, double b) {
  const double quotient = std::floor(a / b), remainder = std::fma(-quotient, b, a);
  return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient;
}

double modulo(double a, double b) {
  const double r = std::fmod(a, b);
  if (r == 0) return std::copysign(0.0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

}  // namespace croton::arithmetic
