// Patterns: expressions over wildcards, made by ordinary operators, matched up to the order of commutative operands.
#pragma once

#include <array>

#include "ir/expr.h"

namespace croton {

/// What a wildcard stands for. The same wildcard stands for the same variable everywhere in a rule.
enum class Wildcard : uint8_t {
  any,       // any variable
  floating,  // of a float dtype
  constant,  // a constant of a float dtype with one element
};
inline constexpr int max_wildcards = 4;
/// Wildcard number `number` (0 to 3), of rank 0 and dtype float64.
Expr wildcard(int number, Wildcard what = Wildcard::floating);

using Bindings = std::array<Var, max_wildcards>;
/// True when `v` has the form of `pattern`. Constants of a pattern match any constant of that one value, whatever its
/// dtype and rank. Rows match by identity; attributes must be equal.
bool matches(const Var& pattern, const Var& v, Bindings& bindings);
/// The pattern with its wildcards filled in. Numbers get `dtype`.
Expr substituted(Builder& builder, const Var& pattern, const Bindings& bindings, DType dtype);

/// True when `v` is a constant with exactly one element; zero keeps its sign.
bool single_value(const Var& v, double& value);
/// True when `v` is a constant with one element that equals `value` (and for zero has its sign).
bool is_number(const Var& v, double value);

}  // namespace croton
