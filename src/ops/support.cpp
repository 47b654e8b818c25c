// What structural rows share.
#include "ops/support.h"

#include <cstring>

#include "base/error.h"

namespace croton {

// ------------------------------------------------------------------------------------------------------ type rules

const Type& tensor_input(const TypeQuery& q, size_t k) {
  const Type& type = q.in(k);
  if (!type.is_tensor()) raise<TypeError>("{}: input {} is {}, not a tensor", q.op.name, k, type_name(type));
  return type;
}

void require_integer_scalar(const TypeQuery& q, size_t k, std::string_view what) {
  const Type& type = tensor_input(q, k);
  if (type.rank != 0 || !is_integer(type.dtype)) {
    raise<TypeError>("{}: {} must be an integer scalar, not {}", q.op.name, what, type_name(type));
  }
}

std::optional<int64_t> constant_integer(const Var& v) {
  const Literal* literal = literal_of(v);
  if (!literal || literal->type.rank != 0 || !is_discrete(literal->type.dtype)) return std::nullopt;
  return element_as_integer(literal->bytes.data(), literal->type.dtype);
}

Type plain_type(DType dtype, size_t rank, std::string_view op_name) {
  if (rank > static_cast<size_t>(max_rank)) raise<ValueError>("{}: {} axes are more than {}", op_name, rank, max_rank);
  return tensor_type(dtype, static_cast<int>(rank));
}

std::vector<Type> same_type(const TypeQuery& q) { return {tensor_input(q, 0)}; }

// ------------------------------------------------------------------------------------------------------ size rules

std::vector<SizeId> sizes_of_input(SizeQuery& q, size_t input) {
  std::vector<SizeId> sizes;
  for (int axis = 0; axis < q.node->inputs[input].type().rank; ++axis) sizes.push_back(q.dim(input, axis));
  return sizes;
}

Sizes sizes_of_first(SizeQuery& q) { return {sizes_of_input(q, 0)}; }

std::vector<SizeId> contiguous_strides(SizeTable& table, std::span<const SizeId> sizes) {
  std::vector<SizeId> strides(sizes.size());
  SizeId stride = table.constant(1);
  for (size_t axis = sizes.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride = table.mul(stride, sizes[axis]);
  }
  return strides;
}

ViewResult whole_view(SizeQuery& q, std::span<const SizeId> strides) {
  return {q.table().constant(0), {strides.begin(), strides.end()}};
}

// ----------------------------------------------------------------------------------------------------------- graph

Expr apply_again(Builder& builder, const Node& node, std::vector<Expr> inputs) {
  return builder.apply(*node.op, std::move(inputs), node.attributes, node.bodies);
}

Expr zeros_of(const Expr& x, DType dtype) { return fill_like(x, 0, dtype); }

Expr or_zeros(const Expr& x, const Expr& like) { return x ? x : zeros_like(like); }

Expr stacked(const Batch& b, size_t input) {
  return b.batched[input] ? b.x[input] : repeat_leading(b.x[input], b.size);
}

void refuse_stacked(const Batch& b, size_t first, std::string_view what) {
  for (size_t k = first; k < b.x.size(); ++k) {
    if (b.batched[k]) raise<NotImplementedError>("{}: {} cannot differ from item to item", b.node.op->name, what);
  }
}

std::vector<int64_t> shifted_axes(std::vector<int64_t> axes) {
  for (int64_t& axis : axes) axis += axis >= 0;
  return axes;
}

std::vector<std::vector<int>> no_axis(size_t rank, size_t inputs) {
  return std::vector<std::vector<int>>(rank, std::vector<int>(inputs, -1));
}

std::vector<std::vector<bool>> nothing_connected(const Node& node) {
  return std::vector<std::vector<bool>>(node.inputs.size(), std::vector<bool>(node.types.size(), false));
}

std::vector<std::vector<bool>> first_connected(const Node& node) {
  auto result = nothing_connected(node);
  result[0].assign(node.types.size(), true);
  return result;
}

AxisMap pointwise_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  for (size_t axis = 0; axis < map[0].size(); ++axis) map[0][axis][0] = static_cast<int>(axis);
  return map;
}

std::vector<Expr> no_vjp(const Vjp& v) { return std::vector<Expr>(v.x.size()); }
std::vector<Expr> no_jvp(const Jvp& v) { return std::vector<Expr>(v.y.size()); }

std::vector<Expr> identity_vjp(const Vjp& v) {
  std::vector<Expr> dx(v.x.size());
  dx[0] = v.dy[0];
  return dx;
}

std::vector<Expr> linear_jvp(const Jvp& v) {
  if (!v.dx[0]) return {Expr{}};
  std::vector<Expr> inputs = v.x;
  inputs[0] = v.dx[0];
  return {apply_again(v.builder, v.node, std::move(inputs))};
}

std::vector<Expr> batch_first(const Batch& b) { return {apply_again(b.builder, b.node, {b.x[0]})}; }

// ------------------------------------------------------------------------------------------------ reference values

void copy_element(std::byte* to, const std::byte* from, DType dtype) {
  std::memcpy(to, from, static_cast<size_t>(item_size(dtype)));
}

void add_element(std::byte* to, const std::byte* from, DType dtype) {
  if (is_complex(dtype)) {
    store_complex(to, dtype, element_as_complex(to, dtype) + element_as_complex(from, dtype));
  } else if (is_discrete(dtype)) {
    const auto sum =
        static_cast<uint64_t>(element_as_integer(to, dtype)) + static_cast<uint64_t>(element_as_integer(from, dtype));
    store_integer(to, dtype, static_cast<int64_t>(sum));
  } else {
    store_double(to, dtype, element_as_double(to, dtype) + element_as_double(from, dtype));
  }
}

Array copied(const Array& a) {
  Array result = new_array(a.dtype, a.shape);
  copy_into(result, a);
  return result;
}

Array result_array(const std::vector<Array>& outputs, size_t k, DType dtype, const std::vector<int64_t>& shape) {
  const bool fits = k < outputs.size() && outputs[k].data != nullptr && outputs[k].dtype == dtype &&
                    outputs[k].shape == shape && outputs[k].is_contiguous();
  return fits ? outputs[k] : new_array(dtype, shape);
}

int64_t integer_value(const Array& a) { return element_as_integer(a.data, a.dtype); }

void copy_value(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) {
  outputs.assign(1, copied(inputs[0]));
}

int64_t checked_position(int64_t index, int64_t size, int axis) {
  if (index < -size || index >= size) {
    raise<IndexError>("index {} is out of bounds for axis {} with size {}", index, axis, size);
  }
  return index < 0 ? index + size : index;
}

// ------------------------------------------------------------------------------------------------------- loop code

loop::Value pull_same(PullContext& c, size_t, std::span<const loop::Value> index) { return c.read(0, index); }

std::vector<loop::Value> broadcast_index(PullContext& c, size_t input, std::span<const loop::Value> index) {
  const Type& type = c.node.inputs[input].type();
  std::vector<loop::Value> result(index.begin(), index.end());
  for (int axis = 0; axis < type.rank; ++axis) {
    if (type.broadcasts(axis)) result[static_cast<size_t>(axis)] = c.b.integer(0);
  }
  return result;
}

}  // namespace croton
