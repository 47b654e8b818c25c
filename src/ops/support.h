// What structural rows share: checks of inputs, axis lists, sizes, nodes of the same row, and loops over strided
// arrays.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ir/op.h"

namespace croton {

// ------------------------------------------------------------------------------------------------------ type rules

/// The type of an input that must be a tensor.
const Type& tensor_input(const TypeQuery& q, size_t k);
/// Raises a TypeError unless input k is a rank-0 integer: a size, bound or position.
void require_integer_scalar(const TypeQuery& q, size_t k, std::string_view what);
/// The value of a constant rank-0 integer or bool.
std::optional<int64_t> constant_integer(const Var& v);
/// Marks axis `axis` as known to have size one.
inline void set_one(Type& type, int axis) { type.ones |= 1u << axis; }
/// A tensor type of that dtype and rank in which no axis is known to have size one.
Type plain_type(DType dtype, size_t rank, std::string_view op_name);
std::vector<Type> same_type(const TypeQuery& q);  // of input 0, a tensor

// ------------------------------------------------------------------------------------------------------ size rules

std::vector<SizeId> sizes_of_input(SizeQuery& q, size_t input);
Sizes sizes_of_first(SizeQuery& q);  // the output has the shape of input 0
/// Strides (in elements) of a C-contiguous array of these sizes.
std::vector<SizeId> contiguous_strides(SizeTable& table, std::span<const SizeId> sizes);
ViewResult whole_view(SizeQuery& q, std::span<const SizeId> strides);  // input 0 as it is

// ----------------------------------------------------------------------------------------------------------- graph

/// A node of the same row with the same attributes.
Expr apply_again(Builder& builder, const Node& node, std::vector<Expr> inputs);
/// Zeros of x's shape and of the dtype in which gradients beside `g` are written.
Expr zeros_of(const Expr& x, DType dtype);
/// `x` itself, or zeros of `like` when x is null.
Expr or_zeros(const Expr& x, const Expr& like);
/// The stack that a batch rule needs of an input: itself, or the input repeated.
Expr stacked(const Batch& b, size_t input);
/// A batch rule that needs sizes, bounds and the like to be the same for all items.
void refuse_stacked(const Batch& b, size_t first, std::string_view what);
/// Adds one to each entry that is not negative: axes behind a new leading axis.
std::vector<int64_t> shifted_axes(std::vector<int64_t> axes);
/// Nothing is followed: [output axes][inputs] of -1.
std::vector<std::vector<int>> no_axis(size_t rank, size_t inputs);
std::vector<std::vector<bool>> nothing_connected(const Node& node);
std::vector<std::vector<bool>> first_connected(const Node& node);  // only input 0
AxisMap pointwise_axes(const Node& node);                          // every axis follows that of input 0
/// Gradient and tangent rules of rows from which nothing flows (`connects` says so).
std::vector<Expr> no_vjp(const Vjp& v);
std::vector<Expr> no_jvp(const Jvp& v);
/// Gradient and tangent of input 0 when the row is the identity on values.
std::vector<Expr> identity_vjp(const Vjp& v);
std::vector<Expr> linear_jvp(const Jvp& v);     // the row itself on the tangent of input 0, other inputs as they are
std::vector<Expr> batch_first(const Batch& b);  // a row that leaves axes alone and has only input 0

// ------------------------------------------------------------------------------------------------ reference values

using Index = std::vector<int64_t>;

inline std::byte* element(const Array& a, std::span<const int64_t> index) {
  std::byte* p = a.data;
  for (size_t axis = 0; axis < index.size(); ++axis) p += index[axis] * a.strides[axis];
  return p;
}
/// The element at an index of a space that `a` broadcasts to: axes of size one take any index.
inline std::byte* broadcast_element(const Array& a, std::span<const int64_t> index) {
  std::byte* p = a.data;
  for (size_t axis = 0; axis < index.size(); ++axis) p += a.shape[axis] == 1 ? 0 : index[axis] * a.strides[axis];
  return p;
}
void copy_element(std::byte* to, const std::byte* from, DType dtype);
/// from + its value, stored in `to`: floats in double, integers exactly; of bools their `or`.
void add_element(std::byte* to, const std::byte* from, DType dtype);
Array copied(const Array& a);
/// Memory for output k, in C order: what the caller of a row's `value` has put there if it fits, else new.
Array result_array(const std::vector<Array>& outputs, size_t k, DType dtype, const std::vector<int64_t>& shape);
int64_t integer_value(const Array& a);                                                          // of a rank-0 integer
void copy_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs);  // output 0 = input 0

/// Calls f(index) for every index of `shape` in C order.
template <class F>
void for_each_index(std::span<const int64_t> shape, F&& f) {
  int64_t count = 1;
  for (const int64_t n : shape) count *= n;
  Index index(shape.size(), 0);
  for (int64_t k = 0; k < count; ++k) {
    f(index);
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

/// index in [0, size), counted from the end when negative; IndexError when it is outside.
int64_t checked_position(int64_t index, int64_t size, int axis);

// ------------------------------------------------------------------------------------------------------- loop code

loop::Value pull_same(PullContext& c, size_t output, std::span<const loop::Value> index);  // input 0 at the same index
/// The index of input `input` that broadcasts to `index`: zero along axes known to have size one.
std::vector<loop::Value> broadcast_index(PullContext& c, size_t input, std::span<const loop::Value> index);

}  // namespace croton
