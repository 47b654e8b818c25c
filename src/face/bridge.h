// Between the public handles and the engine's: variables, lines, numbers, arrays.
#pragma once

#include <source_location>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/location.h"
#include "croton/variable.h"
#include "ir/array.h"
#include "ir/expr.h"

namespace croton::face {

LineId line_id(const std::source_location& where);

/// The engine's variable; ValueError for an empty handle.
Var var_of(const Variable& variable);
std::vector<Var> vars_of(const std::vector<Variable>& variables);
inline Variable handle(const Var& v) { return {v.node, v.output}; }
std::vector<Variable> handles(const std::vector<Var>& variables);

/// An operand as a constant or variable. A number takes a dtype that does not raise `beside`'s.
Expr expr_of(Builder& builder, const Argument& operand, const Argument& beside);
Expr expr_of(Builder& builder, const Argument& operand);

/// Makes `array` a view of the caller's memory, to be read during a call (of a copy where elements lie askew). It has
/// no storage, so the engine neither writes nor keeps it. ValueError when sizes and strides do not fit.
void borrow(const void* data, DType dtype, const Shape& shape, const Shape& strides, Array& array);
Array copied(const ArrayView& view);
OwnedArray owned(Array array);  // no failure when it is contiguous

/// Runs `write` with a builder of that line, which is added to what it throws.
template <class Write>
auto at_line(const std::source_location& where, Write&& write) {
  UserBuilder builder;
  builder.line = line_id(where);
  try {
    return write(builder);
  } catch (Error& error) {
    error.message += "\n  at " + line_text(builder.line);
    throw;
  }
}
template <class Write>
Variable build(const std::source_location& where, Write&& write) {
  return at_line(where, [&](Builder& builder) { return handle(write(builder).var); });
}

}  // namespace croton::face
