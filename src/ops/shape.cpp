// Rows of sizes: shape, shape_i, make_vector, and those that promise or check sizes.
#include "base/error.h"
#include "base/text.h"
#include "ops/registry.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

using loop::Value;

// Element `position` of a few scalars.
template <class Read>
Value chosen(PullContext& c, Value position, int count, DType dtype, Read&& read) {
  if (count == 0) return c.b.constant(dtype, 0);
  Value result = read(count - 1);
  for (int k = count - 2; k >= 0; --k) result = loop::select(position == static_cast<double>(k), read(k), result);
  return result;
}

// ----------------------------------------------------------------------------------------------------------- shape

std::vector<Type> shape_type(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  Type vector = tensor_type(DType::i64, 1);
  if (x.rank == 1) set_one(vector, 0);
  return {vector};
}

Sizes shape_sizes(SizeQuery& q) { return {{q.table().constant(q.node->inputs[0].type().rank)}}; }

void shape_value(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Array shape = new_array(DType::i64, {inputs[0].rank()});
  for (size_t axis = 0; axis < inputs[0].shape.size(); ++axis) shape.as<int64_t>()[axis] = inputs[0].shape[axis];
  outputs.assign(1, shape);
}

Value shape_pull(PullContext& c, size_t, std::span<const Value> index) {
  return chosen(c, index[0], c.node.inputs[0].type().rank, DType::i64, [&](int axis) { return c.dim(0, axis); });
}

// Every item of the stack has the same shape.
std::vector<Expr> shape_batch(const Batch& b) {
  const Type& item = b.node.inputs[0].type();
  std::vector<Expr> sizes;
  for (int axis = 0; axis < item.rank; ++axis) sizes.push_back(dim(b.x[0], axis + 1));
  if (sizes.empty()) return {b.builder.apply("alloc", {b.builder.integer(0), b.size, b.builder.integer(0)})};
  return {repeat_leading(b.builder.apply("make_vector", std::move(sizes)), b.size)};
}

AxisMap follows_nothing(const Node& node) { return {no_axis(node.types[0].rank, node.inputs.size())}; }

// --------------------------------------------------------------------------------------------------------- shape_i

int axis_of(const Node& node) { return static_cast<int>(node.attributes.ints.at(0)); }

std::vector<Type> shape_i_type(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  if (q.attributes.ints.size() != 1) raise<ValueError>("shape_i takes one axis");
  const int64_t axis = q.attributes.ints[0];
  if (axis < 0 || axis >= x.rank) raise<ValueError>("shape_i: axis {} is out of range for {}", axis, type_name(x));
  return {scalar_type(DType::i64)};
}

Sizes scalar_sizes(SizeQuery&) { return {{}}; }
SizeId shape_i_size(SizeQuery& q) { return q.dim(0, axis_of(*q.node)); }

void shape_i_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Array size = new_array(DType::i64, {});
  *size.as<int64_t>() = inputs[0].shape[static_cast<size_t>(axis_of(node))];
  outputs.assign(1, size);
}

Value shape_i_pull(PullContext& c, size_t, std::span<const Value>) { return c.dim(0, axis_of(c.node)); }

std::vector<Expr> shape_i_batch(const Batch& b) { return {repeat_leading(dim(b.x[0], axis_of(b.node) + 1), b.size)}; }

// ----------------------------------------------------------------------------------------------------- make_vector

std::vector<Type> make_vector_type(const TypeQuery& q) {
  const DType dtype = tensor_input(q, 0).dtype;
  for (size_t k = 0; k < q.inputs.size(); ++k) {
    const Type& type = tensor_input(q, k);
    if (type.rank != 0 || type.dtype != dtype) {
      raise<TypeError>("make_vector takes scalars of one dtype; input {} is {}, input 0 is {}", k, type_name(type),
                       type_name(q.in(0)));
    }
  }
  Type vector = tensor_type(dtype, 1);
  if (q.inputs.size() == 1) set_one(vector, 0);
  return {vector};
}

Sizes make_vector_sizes(SizeQuery& q) { return {{q.table().constant(static_cast<int64_t>(q.node->inputs.size()))}}; }

void make_vector_value(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Array vector = new_array(inputs[0].dtype, {static_cast<int64_t>(inputs.size())});
  for (size_t k = 0; k < inputs.size(); ++k) {
    copy_element(vector.data + static_cast<int64_t>(k) * vector.strides[0], inputs[k].data, vector.dtype);
  }
  outputs.assign(1, vector);
}

Value make_vector_pull(PullContext& c, size_t, std::span<const Value> index) {
  return chosen(c, index[0], static_cast<int>(c.node.inputs.size()), c.node.types[0].dtype,
                [&](int k) { return c.read(static_cast<size_t>(k), {}); });
}

std::vector<Expr> make_vector_vjp(const Vjp& v) {
  std::vector<Expr> dx;
  for (size_t k = 0; k < v.x.size(); ++k) {
    dx.push_back(call("subtensor", {v.dy[0], v.builder.integer(static_cast<int64_t>(k))}, {-1}));
  }
  return dx;
}

std::vector<Expr> make_vector_jvp(const Jvp& v) {
  std::vector<Expr> parts;
  for (size_t k = 0; k < v.x.size(); ++k) parts.push_back(or_zeros(v.dx[k], v.x[k]));
  return {v.builder.apply("make_vector", std::move(parts))};
}

std::vector<Expr> make_vector_batch(const Batch& b) {
  std::vector<Expr> columns;
  for (size_t k = 0; k < b.x.size(); ++k) columns.push_back(dimshuffle(stacked(b, k), {0, -1}));
  return {b.builder.apply("join", std::move(columns), {1})};
}

// --------------------------------------------------------------------------------------------------- specify_shape

std::vector<Type> specify_shape_type(const TypeQuery& q) {
  Type x = tensor_input(q, 0);
  if (q.inputs.size() != x.rank + 1u) {
    raise<ValueError>("specify_shape: {} sizes were given for {}", q.inputs.size() - 1, type_name(x));
  }
  for (size_t k = 1; k < q.inputs.size(); ++k) {
    require_integer_scalar(q, k, "a size");
    const auto size = constant_integer(q.inputs[k]);
    if (size == 1) set_one(x, static_cast<int>(k) - 1);
  }
  return {x};
}

Sizes specify_shape_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes;
  for (int axis = 0; axis < q.node->inputs[0].type().rank; ++axis) {
    const SizeId size = q.scalar(static_cast<size_t>(axis) + 1);
    q.require_equal(q.dim(0, axis), size, fmt::format("SpecifyShape: axis {} has size {{0}}, expected {{1}}", axis));
    sizes.push_back(size);
  }
  return {sizes};
}

void specify_shape_value(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) {
  std::vector<int64_t> expected;
  for (size_t k = 1; k < inputs.size(); ++k) expected.push_back(integer_value(inputs[k]));
  if (inputs[0].shape != expected) {
    raise<AssertionError>("SpecifyShape: got shape {}, expected {}", tuple_text(inputs[0].shape), tuple_text(expected));
  }
  outputs.assign(1, copied(inputs[0]));
}

std::vector<Expr> specify_shape_batch(const Batch& b) {
  refuse_stacked(b, 1, "a size");
  std::vector<Expr> inputs = b.x;
  inputs.insert(inputs.begin() + 1, b.size);
  return {b.builder.apply(*b.node.op, std::move(inputs))};
}

// ----------------------------------------------------------------------------------------------------- rebroadcast

std::vector<Type> rebroadcast_type(const TypeQuery& q) {
  Type x = tensor_input(q, 0);
  if (q.attributes.ints.size() != 1 || q.attributes.ints[0] < 0 || q.attributes.ints[0] >> x.rank != 0) {
    raise<ValueError>("rebroadcast: the mask does not fit {}", type_name(x));
  }
  x.ones = static_cast<uint32_t>(q.attributes.ints[0]);
  return {x};
}

std::string rebroadcast_message(int axis) {
  return fmt::format("Dimension {} in Rebroadcast's input was supposed to be 1 (got {{0}} instead)", axis);
}

Sizes rebroadcast_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes = sizes_of_input(q, 0);
  const SizeId one = q.table().constant(1);
  for (int axis = 0; axis < q.node->types[0].rank; ++axis) {
    if (!q.node->types[0].broadcasts(axis)) continue;
    SizeId& size = sizes[static_cast<size_t>(axis)];
    q.require_equal(size, one, rebroadcast_message(axis));
    size = one;
  }
  return {sizes};
}

void rebroadcast_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  for (int axis = 0; axis < node.types[0].rank; ++axis) {
    const int64_t size = inputs[0].shape[static_cast<size_t>(axis)];
    if (node.types[0].broadcasts(axis) && size != 1) {
      throw ValueError(fmt::format(fmt::runtime(rebroadcast_message(axis)), size));
    }
  }
  outputs.assign(1, copied(inputs[0]));
}

std::vector<Expr> rebroadcast_vjp(const Vjp& v) {
  return {call("rebroadcast", {v.dy[0]}, {static_cast<int64_t>(v.x[0].type().ones)})};
}

std::vector<Expr> rebroadcast_batch(const Batch& b) {
  return {call("rebroadcast", {b.x[0]}, {b.node.attributes.ints[0] << 1})};
}

}  // namespace

std::vector<Op> size_rows() {
  return {
      {.name = "shape",
       .doc = "The sizes of a tensor as an int64 vector.",
       .theano_name = "Shape",
       .type = shape_type,
       .sizes = shape_sizes,
       .value = shape_value,
       .vjp = no_vjp,
       .jvp = no_jvp,
       .connects = nothing_connected,
       .batch = shape_batch,
       .axes = follows_nothing,
       .pull = shape_pull},
      {.name = "shape_i",
       .doc = "The size of one axis of a tensor.",
       .attributes_doc = "the axis",
       .theano_name = "Shape_i",
       .type = shape_i_type,
       .sizes = scalar_sizes,
       .size_value = shape_i_size,
       .value = shape_i_value,
       .vjp = no_vjp,
       .jvp = no_jvp,
       .connects = nothing_connected,
       .batch = shape_i_batch,
       .axes = follows_nothing,
       .pull = shape_i_pull},
      {.name = "make_vector",
       .max_inputs = -1,
       .doc = "A vector of scalars of one dtype.",
       .traits = linear,
       .theano_name = "MakeVector",
       .type = make_vector_type,
       .sizes = make_vector_sizes,
       .value = make_vector_value,
       .vjp = make_vector_vjp,
       .jvp = make_vector_jvp,
       .batch = make_vector_batch,
       .axes = follows_nothing,
       .pull = make_vector_pull},
      {.name = "specify_shape",
       .max_inputs = -1,
       .doc = "A tensor that is checked to have the given sizes, which the compiler may then use.",
       .traits = linear | views | may_fail | idempotent,
       .theano_name = "SpecifyShape",
       .type = specify_shape_type,
       .sizes = specify_shape_sizes,
       .value = specify_shape_value,
       .vjp = identity_vjp,
       .jvp = linear_jvp,
       .connects = first_connected,
       .batch = specify_shape_batch,
       .axes = pointwise_axes,
       .pull = pull_same,
       .view = whole_view},
      {.name = "rebroadcast",
       .doc = "A tensor with other axes known to have size one; those that are new are checked.",
       .traits = linear | views | may_fail | idempotent,
       .attributes_doc = "mask of the axes known to have size one (bit a: axis a)",
       .theano_name = "Rebroadcast",
       .type = rebroadcast_type,
       .sizes = rebroadcast_sizes,
       .value = rebroadcast_value,
       .vjp = rebroadcast_vjp,
       .jvp = linear_jvp,
       .batch = rebroadcast_batch,
       .axes = pointwise_axes,
       .pull = pull_same,
       .view = whole_view},
  };
}

std::span<const Op> shape_ops() {
  static const std::vector<Op> rows = [] {
    std::vector<Op> all;
    for (auto* list : {size_rows, reshape_rows, fill_rows, join_rows}) {
      for (const Op& row : list()) all.push_back(row);
    }
    return all;
  }();
  return rows;
}

}  // namespace croton
