// Constant folding and identities of single instructions, with exactly the meaning that generated code has.
#include "ir/loop_fold.h"

#include <bit>
#include <cmath>

namespace croton::loop {
namespace {

int64_t wrap(DType d, uint64_t bits) {
  switch (d) {
    case DType::b1:
      return bits & 1;
    case DType::i8:
      return static_cast<int8_t>(bits);
    case DType::i16:
      return static_cast<int16_t>(bits);
    case DType::i32:
      return static_cast<int32_t>(bits);
    case DType::u8:
      return static_cast<uint8_t>(bits);
    case DType::u16:
      return static_cast<uint16_t>(bits);
    case DType::u32:
      return static_cast<uint32_t>(bits);
    default:
      return static_cast<int64_t>(bits);
  }
}

double round_to(DType d, double value) {
  if (d == DType::f16) return static_cast<double>(static_cast<_Float16>(value));
  return d == DType::f32 ? static_cast<double>(static_cast<float>(value)) : value;
}

bool is_signed(DType d) { return !is_bool(d) && !is_unsigned_integer(d); }
int bits_of(DType d) { return is_bool(d) ? 1 : 8 * item_size(d); }

// Truncated quotient or remainder; x/0 and x%0 are 0, smallest / -1 is itself.
int64_t divide(DType d, int64_t a, int64_t b, bool remainder) {
  if (b == 0) return 0;
  if (!is_signed(d)) {
    const uint64_t x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
    return static_cast<int64_t>(remainder ? x % y : x / y);
  }
  if (b == -1) return remainder ? 0 : wrap(d, -static_cast<uint64_t>(a));
  return remainder ? a % b : a / b;
}

int64_t shift(DType d, int64_t a, int64_t by, bool left) {
  const bool past = by < 0 || by >= bits_of(d);
  if (left) return past ? 0 : wrap(d, static_cast<uint64_t>(a) << by);
  if (is_signed(d)) return a >> (past ? 63 : by);
  return past ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) >> by);
}

bool less(DType d, int64_t a, int64_t b) {
  return is_signed(d) ? a < b : static_cast<uint64_t>(a) < static_cast<uint64_t>(b);
}

std::optional<int64_t> fold_integers(Code code, DType d, int64_t a, int64_t b) {
  const uint64_t x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (code) {
    case Code::add:
      return wrap(d, x + y);
    case Code::sub:
      return wrap(d, x - y);
    case Code::mul:
      return wrap(d, x * y);
    case Code::div:
      return divide(d, a, b, false);
    case Code::rem:
      return divide(d, a, b, true);
    case Code::neg:
      return wrap(d, -x);
    case Code::abs:
      return is_signed(d) && a < 0 ? wrap(d, -x) : a;
    case Code::min:
      return less(d, a, b) ? a : b;
    case Code::max:
      return less(d, b, a) ? a : b;
    case Code::bit_and:
      return wrap(d, x & y);
    case Code::bit_or:
      return wrap(d, x | y);
    case Code::bit_xor:
      return wrap(d, x ^ y);
    case Code::bit_not:
      return wrap(d, ~x);
    case Code::shl:
      return shift(d, a, b, true);
    case Code::shr:
      return shift(d, a, b, false);
    case Code::eq:
      return a == b;
    case Code::ne:
      return a != b;
    case Code::lt:
      return less(d, a, b);
    case Code::le:
      return !less(d, b, a);
    case Code::gt:
      return less(d, b, a);
    case Code::ge:
      return !less(d, a, b);
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> compare_floats(Code code, double a, double b) {
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
    case Code::ge:
      return a >= b;
    default:
      return std::nullopt;
  }
}

// In double; rounding that result to a narrower dtype equals the narrow operation (double has more than 2p + 2 bits).
std::optional<double> fold_floats(Code code, DType d, std::span<const Scalar> operands) {
  const double a = operands[0].number, b = operands.size() > 1 ? operands[1].number : 0;
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
    case Code::neg:
      return -a;
    case Code::abs:
      return std::fabs(a);
    case Code::fma:
      if (d == DType::f64) return std::fma(a, b, operands[2].number);
      if (d == DType::f32) {
        return std::fma(static_cast<float>(a), static_cast<float>(b), static_cast<float>(operands[2].number));
      }
      return std::nullopt;
    case Code::min:
      return std::isnan(a) ? a : a < b ? a : b;
    case Code::max:
      return std::isnan(a) ? a : a > b ? a : b;
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
    case Code::copysign:
      return std::copysign(a, b);
    default:
      return std::nullopt;
  }
}

std::optional<Scalar> fold_cast(const Scalar& from, DType to) {
  if (is_float(from.dtype)) {
    if (is_bool(to)) return integer_scalar(to, from.number != 0);
    if (is_float(to)) return float_scalar(to, from.number);
    const double whole = std::trunc(from.number);
    const double limit = std::ldexp(1.0, is_signed(to) ? bits_of(to) - 1 : bits_of(to));
    const bool fits = whole < limit && whole >= (is_signed(to) ? -limit : 0.0);
    if (!fits) return std::nullopt;
    return integer_scalar(
        to, to == DType::u64 ? static_cast<int64_t>(static_cast<uint64_t>(whole)) : static_cast<int64_t>(whole));
  }
  if (is_bool(to)) return integer_scalar(to, from.integer != 0);
  if (is_integer(to)) return integer_scalar(to, from.integer);
  // Straight to float32: by way of double it would round twice.
  if (to == DType::f32) {
    const float value = from.dtype == DType::u64 ? static_cast<float>(static_cast<uint64_t>(from.integer))
                                                 : static_cast<float>(from.integer);
    return float_scalar(to, static_cast<double>(value));
  }
  constexpr int64_t exact = int64_t{1} << 53;
  if (to == DType::f16 && (from.integer > exact || from.integer < -exact)) return std::nullopt;
  return float_scalar(to, from.dtype == DType::u64 ? static_cast<double>(static_cast<uint64_t>(from.integer))
                                                   : static_cast<double>(from.integer));
}

std::optional<Scalar> fold_bitcast(const Scalar& from, DType to) {
  if (is_discrete(from.dtype) && is_discrete(to)) return integer_scalar(to, from.integer);
  if (from.dtype == DType::f64 && is_integer(to)) return integer_scalar(to, std::bit_cast<int64_t>(from.number));
  if (from.dtype == DType::f32 && is_integer(to)) {
    if (std::isnan(from.number)) return std::nullopt;
    return integer_scalar(to, std::bit_cast<int32_t>(static_cast<float>(from.number)));
  }
  if (is_integer(from.dtype) && to == DType::f64) return float_scalar(to, std::bit_cast<double>(from.integer));
  if (is_integer(from.dtype) && to == DType::f32) {
    const float value = std::bit_cast<float>(static_cast<int32_t>(from.integer));
    if (!std::isnan(value)) return float_scalar(to, static_cast<double>(value));
  }
  return std::nullopt;
}

bool is_integer_constant(const Scalar* s, int64_t value) {
  return s != nullptr && is_discrete(s->dtype) && s->integer == integer_scalar(s->dtype, value).integer;
}

// Equal with the sign of zero.
bool is_float_constant(const Scalar* s, double value) {
  return s != nullptr && is_float(s->dtype) && s->number == value && std::signbit(s->number) == std::signbit(value);
}

Identity same_as(size_t operand) { return {Identity::Kind::operand, operand, {}}; }
Identity equals(DType d, int64_t value) { return {Identity::Kind::constant, 0, integer_scalar(d, value)}; }

Identity simplify_floats(Code code, std::span<const Scalar* const> constants) {
  const Scalar* a = constants[0];
  const Scalar* b = constants.size() > 1 ? constants[1] : nullptr;
  switch (code) {
    case Code::add:
      if (is_float_constant(b, -0.0)) return same_as(0);
      if (is_float_constant(a, -0.0)) return same_as(1);
      return {};
    case Code::sub:
      return is_float_constant(b, 0.0) ? same_as(0) : Identity{};
    case Code::mul:
      if (is_float_constant(b, 1.0)) return same_as(0);
      if (is_float_constant(a, 1.0)) return same_as(1);
      return {};
    case Code::div:
      return is_float_constant(b, 1.0) ? same_as(0) : Identity{};
    case Code::scale2:
      return b != nullptr && b->number == 0 ? same_as(0) : Identity{};
    default:
      return {};
  }
}

Identity simplify_integers(Code code, DType result, std::span<const ValueId> ids,
                           std::span<const Scalar* const> constants) {
  const Scalar* a = constants[0];
  const Scalar* b = constants.size() > 1 ? constants[1] : nullptr;
  const bool equal = ids.size() == 2 && ids[0] == ids[1];
  const auto neutral = [&](int64_t value) -> Identity {
    if (is_integer_constant(b, value)) return same_as(0);
    return is_integer_constant(a, value) ? same_as(1) : Identity{};
  };
  switch (code) {
    case Code::add:
      return neutral(0);
    case Code::mul:
      if (is_integer_constant(a, 0) || is_integer_constant(b, 0)) return equals(result, 0);
      return neutral(1);
    case Code::sub:
      if (equal) return equals(result, 0);
      return is_integer_constant(b, 0) ? same_as(0) : Identity{};
    case Code::div:
      if (is_integer_constant(b, 0) || is_integer_constant(a, 0)) return equals(result, 0);
      return is_integer_constant(b, 1) ? same_as(0) : Identity{};
    case Code::rem:
      if (is_integer_constant(b, 0) || is_integer_constant(b, 1) || is_integer_constant(a, 0)) return equals(result, 0);
      return {};
    case Code::bit_and:
      if (is_integer_constant(a, 0) || is_integer_constant(b, 0)) return equals(result, 0);
      return equal ? same_as(0) : neutral(-1);
    case Code::bit_or:
      if (is_integer_constant(a, -1) || is_integer_constant(b, -1)) return equals(result, -1);
      return equal ? same_as(0) : neutral(0);
    case Code::bit_xor:
      return equal ? equals(result, 0) : neutral(0);
    case Code::shl:
    case Code::shr:
      return is_integer_constant(b, 0) ? same_as(0) : Identity{};
    case Code::min:
    case Code::max:
      return equal ? same_as(0) : Identity{};
    case Code::eq:
    case Code::le:
    case Code::ge:
      return equal ? equals(DType::b1, 1) : Identity{};
    case Code::ne:
    case Code::lt:
    case Code::gt:
      return equal ? equals(DType::b1, 0) : Identity{};
    default:
      return {};
  }
}

}  // namespace

Scalar integer_scalar(DType dtype, int64_t value) { return {dtype, wrap(dtype, static_cast<uint64_t>(value)), 0}; }
Scalar float_scalar(DType dtype, double value) { return {dtype, 0, round_to(dtype, value)}; }

std::optional<Scalar> fold(Code code, DType result, std::span<const Scalar> operands) {
  if (operands.empty()) return std::nullopt;
  const DType d = operands[0].dtype;
  if (code == Code::cast) return fold_cast(operands[0], result);
  if (code == Code::bitcast) return fold_bitcast(operands[0], result);
  if (code == Code::select) return operands[0].integer != 0 ? operands[1] : operands[2];
  const int64_t integer_b = operands.size() > 1 ? operands[1].integer : 0;
  if (is_discrete(d)) {
    const std::optional<int64_t> value = fold_integers(code, d, operands[0].integer, integer_b);
    return value ? std::optional(integer_scalar(result, *value)) : std::nullopt;
  }
  if (operands.size() == 2) {
    if (const auto truth = compare_floats(code, operands[0].number, operands[1].number)) {
      return integer_scalar(DType::b1, *truth);
    }
  }
  const std::optional<double> value = fold_floats(code, d, operands);
  return value ? std::optional(float_scalar(result, *value)) : std::nullopt;
}

Identity simplify(Code code, DType operand, DType result, std::span<const ValueId> operands,
                  std::span<const Scalar* const> constants) {
  if (operands.empty()) return {};
  if (code == Code::select) {
    if (constants[0] != nullptr) return same_as(constants[0]->integer != 0 ? 1 : 2);
    return operands[1] == operands[2] ? same_as(1) : Identity{};
  }
  if (code == Code::cast || code == Code::bitcast) return operand == result ? same_as(0) : Identity{};
  return is_float(operand) ? simplify_floats(code, constants) : simplify_integers(code, result, operands, constants);
}

}  // namespace croton::loop
