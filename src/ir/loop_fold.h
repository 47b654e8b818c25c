// Constant folding and identities of single instructions, with exactly the meaning that generated code has.
#pragma once

#include <optional>
#include <span>

#include "ir/loop.h"

namespace croton::loop {

/// A compile-time scalar: `integer` for bool and integers (wrapped to the dtype, u64 as its bit pattern), `number` for
/// floats.
struct Scalar {
  DType dtype = DType::i64;
  int64_t integer = 0;
  double number = 0;
};

/// Integers wrap to the dtype; floats round to it.
Scalar integer_scalar(DType dtype, int64_t value);
Scalar float_scalar(DType dtype, double value);

/// Value of a pure instruction on constants; nothing if it is not folded (helpers, bit patterns of NaN).
std::optional<Scalar> fold(Code code, DType result, std::span<const Scalar> operands);

/// A code on values of which some are constants (null: not a constant) may be equal to one of its operands or to a
/// constant. Floats only where the result has the same bits for every operand.
struct Identity {
  enum class Kind : uint8_t { none, operand, constant } kind = Kind::none;
  size_t operand = 0;
  Scalar constant;
};
Identity simplify(Code code, DType operand, DType result, std::span<const ValueId> operands,
                  std::span<const Scalar* const> constants);

}  // namespace croton::loop
