// Conversions between the public handles and the engine's.
#include "face/bridge.h"

#include <cstdint>

#include "compile/front.h"

namespace croton::face {
namespace {

Shape contiguous_strides(const Shape& shape, int64_t bytes) {
  Shape strides(shape.size());
  for (size_t k = shape.size(); k-- > 0;) {
    strides[k] = bytes;
    bytes *= shape[k];
  }
  return strides;
}

// Kernels load whole elements from data and strides that are multiples of their size.
bool is_aligned(const Array& array) {
  const int64_t part = is_complex(array.dtype) ? item_size(array.dtype) / 2 : item_size(array.dtype);
  if (reinterpret_cast<uintptr_t>(array.data) % static_cast<uintptr_t>(part) != 0) return false;
  for (const int64_t stride : array.strides) {
    if (stride % item_size(array.dtype) != 0) return false;
  }
  return true;
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

Array borrowed(const ArrayView& view) {
  int64_t count = 1;
  for (const int64_t length : view.shape) {
    if (length < 0) raise<ValueError>("an array cannot have the negative size {}", length);
    count *= length;
  }
  if (!view.strides.empty() && view.strides.size() != view.shape.size()) {
    raise<ValueError>("an array with {} axes cannot have {} strides", view.shape.size(), view.strides.size());
  }
  if (count > 0 && view.data == nullptr) raise<ValueError>("an array of {} elements has no memory", count);
  Shape strides = view.strides.empty() ? contiguous_strides(view.shape, item_size(view.dtype)) : view.strides;
  // The storage is marked as read-only, so the engine never writes through this pointer.
  Array array = view_memory(const_cast<void*>(view.data), view.dtype, view.shape, std::move(strides), nullptr, true);
  if (is_aligned(array)) return array;
  Array copy = new_array(view.dtype, view.shape);
  copy_into(copy, array);
  return copy;
}

Array copied(const ArrayView& view) {
  const Array source = borrowed(view);
  Array copy = new_array(source.dtype, source.shape);
  copy_into(copy, source);
  return copy;
}

OwnedArray owned(const Array& array) {
  const Array flat = contiguous(array);
  return {std::shared_ptr<void>(flat.storage, flat.data), flat.dtype, flat.shape};
}

}  // namespace croton::face
