// Conversions between the public handles and the engine's.
#include "face/bridge.h"

#include <cstdint>

#include "compile/front.h"

namespace croton::face {
namespace {

// Kernels load whole elements from data and strides that are multiples of their size, which is a power of two.
bool is_aligned(const Array& array, int64_t item) {
  const int64_t part = is_complex(array.dtype) ? item / 2 : item;
  int64_t strides = 0;
  for (const int64_t stride : array.strides) strides |= stride;
  return (reinterpret_cast<intptr_t>(array.data) & (part - 1)) == 0 && (strides & (item - 1)) == 0;
}

}  // namespace

LineId line_id(const std::source_location& where) {
  return intern_line({where.file_name(), static_cast<int>(where.line()), where.function_name(), ""});
}

Var var_of(const Variable& variable) {
  if (!variable)
    raise<ValueError>("an empty variable was used: it has to be made by an input, a constant or a function");
  return {variable.node(), variable.output()};
}

std::vector<Var> vars_of(const std::vector<Variable>& variables) {
  std::vector<Var> result;
  for (const Variable& variable : variables) result.push_back(var_of(variable));
  return result;
}

std::vector<Variable> handles(const std::vector<Var>& variables) {
  std::vector<Variable> result;
  for (const Var& v : variables) result.push_back(handle(v));
  return result;
}

Expr expr_of(Builder& builder, const Argument& operand) {
  if (operand.is_number()) {
    return operand.is_integer() ? front::number(builder, operand.integer()) : front::number(builder, operand.real());
  }
  return builder.wrap(var_of(operand.variable()));
}

Expr expr_of(Builder& builder, const Argument& operand, const Argument& beside) {
  if (!operand.is_number() || beside.is_number()) return expr_of(builder, operand);
  const DType other = var_of(beside.variable()).type().dtype;
  if (operand.is_integer() && is_discrete(other)) return expr_of(builder, operand);
  return builder.constant(literal_dtype(other, operand.real()), operand.real());
}

void borrow(const void* data, DType dtype, const Shape& shape, const Shape& strides, Array& array) {
  const size_t rank = shape.size();
  if (!strides.empty() && strides.size() != rank) {
    raise<ValueError>("an array with {} axes cannot have {} strides", rank, strides.size());
  }
  const int64_t item = item_size(dtype);
  array.dtype = dtype;
  if (array.shape.size() != rank || array.strides.size() != rank) {
    array.shape.resize(rank);
    array.strides.resize(rank);
  }
  int64_t count = 1;
  for (size_t axis = rank; axis-- > 0;) {
    if (shape[axis] < 0) raise<ValueError>("an array cannot have the negative size {}", shape[axis]);
    array.shape[axis] = shape[axis];
    array.strides[axis] = strides.empty() ? count * item : strides[axis];
    count *= shape[axis];
  }
  if (count > 0 && data == nullptr) raise<ValueError>("an array of {} elements has no memory", count);
  array.data = static_cast<std::byte*>(const_cast<void*>(data));
  if (array.storage) array.storage.reset();
  if (is_aligned(array, item)) return;
  Array copy = new_array(dtype, shape);
  copy_into(copy, array);
  array = std::move(copy);
}

Array copied(const ArrayView& view) {
  Array source;
  borrow(view.data, view.dtype, view.shape, view.strides, source);
  Array copy = new_array(source.dtype, source.shape);
  copy_into(copy, source);
  return copy;
}

OwnedArray owned(Array array) {
  if (!array.is_contiguous()) array = contiguous(array);
  std::byte* const data = array.data;
  return {std::shared_ptr<void>(std::move(array.storage), data), array.dtype, std::move(array.shape)};
}

}  // namespace croton::face
