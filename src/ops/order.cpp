// Rows whose results come from whole lines or whole arrays: positions of what is not zero, sorting, running sums and
// products. Their reference values are their code, called by the host.
#include "base/error.h"
#include "ops/lines.h"
#include "ops/registry.h"
#include "ops/support.h"

namespace croton {
namespace {

// ---------------------------------------------------------------------------------------------------------- nonzero

std::vector<Type> nonzero_type(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  if (x.rank == 0) raise<ValueError>("Nonzero only supports non-scalar arrays.");
  return std::vector<Type>(x.rank, tensor_type(DType::i64, 1));
}

bool is_nonzero(const std::byte* p, DType dtype) {
  return is_discrete(dtype) ? element_as_integer(p, dtype) != 0 : element_as_complex(p, dtype) != Complex{};
}

// One vector of positions per axis, in C order.
void nonzero_value(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array& x = inputs[0];
  std::vector<int64_t> found;
  for_each_element(x, [&](int64_t position, const std::byte* p) {
    if (is_nonzero(p, x.dtype)) found.push_back(position);
  });
  outputs.clear();
  for (int axis = 0; axis < x.rank(); ++axis) {
    outputs.push_back(new_array(DType::i64, {static_cast<int64_t>(found.size())}));
  }
  for (size_t k = 0; k < found.size(); ++k) {
    for (size_t axis = x.shape.size(); axis-- > 0;) {
      outputs[axis].as<int64_t>()[k] = found[k] % x.shape[axis];
      found[k] /= x.shape[axis];
    }
  }
}

// ------------------------------------------------------------------------------------------------- along one axis

size_t axis_of(const Node& node) { return static_cast<size_t>(node.attributes.ints[0]); }

void check_axis(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  const std::vector<int64_t>& ints = q.attributes.ints;
  if (ints.size() == 1 && ints[0] >= 0 && ints[0] < x.rank) return;
  raise<ValueError>("{} works along one axis, from 0 to {}", q.op.name, x.rank - 1);
}

std::vector<Type> line_type(const TypeQuery& q) {
  check_axis(q);
  return {tensor_input(q, 0)};
}

std::vector<Type> order_type(const TypeQuery& q) {
  check_axis(q);
  Type type = tensor_input(q, 0);
  type.dtype = DType::i64;
  return {type};
}

std::vector<Expr> line_batch(const Batch& b) {
  Attributes attributes = b.node.attributes;
  attributes.ints = shifted_axes(attributes.ints);
  return {b.builder.apply(*b.node.op, {b.x[0]}, std::move(attributes))};
}

AxisMap line_axes(const Node& node) {
  AxisMap map = pointwise_axes(node);
  map[0][axis_of(node)][0] = -1;
  return map;
}

// ------------------------------------------------------------------------------------------------------------- sort

void sort_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array result = result_array(outputs, 0, inputs[0].dtype, inputs[0].shape);
  sort_lines(inputs[0], result, axis_of(node));
  outputs.assign(1, result);
}

void argsort_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array result = result_array(outputs, 0, DType::i64, inputs[0].shape);
  argsort_lines(inputs[0], result, axis_of(node));
  outputs.assign(1, result);
}

// Index arrays that pick, along the node's axis, the elements in their sorted order.
std::vector<Expr> sorted_positions(const Expr& x, const Node& node) {
  std::vector<Expr> positions;
  const auto axis = static_cast<int>(axis_of(node));
  for (int k = 0; k < x.rank(); ++k) {
    if (k == axis) {
      positions.push_back(x.builder->apply("argsort", {x}, {axis}));
      continue;
    }
    Builder& b = *x.builder;
    const Expr all = b.apply("arange", {b.integer(0), dim(x, k), b.integer(1)}, {static_cast<int64_t>(DType::i64)});
    std::vector<int64_t> pattern(static_cast<size_t>(x.rank()), -1);
    pattern[static_cast<size_t>(k)] = 0;
    positions.push_back(dimshuffle(all, std::move(pattern)));
  }
  return positions;
}

std::vector<Expr> with_positions(std::vector<Expr> first, const Expr& x, const Node& node) {
  const std::vector<Expr> positions = sorted_positions(x, node);
  first.insert(first.end(), positions.begin(), positions.end());
  return first;
}

std::vector<int64_t> every_axis(const Expr& x) { return std::vector<int64_t>(static_cast<size_t>(x.rank()), 1); }

std::vector<Expr> sort_vjp(const Vjp& v) {
  const Expr& x = v.x[0];
  const std::vector<Expr> inputs = with_positions({zeros_of(x, v.dy[0].dtype()), v.dy[0]}, x, v.node);
  return {x.builder->apply("advanced_set_subtensor", inputs, every_axis(x))};
}

std::vector<Expr> sort_jvp(const Jvp& v) {
  const Expr& x = v.x[0];
  return {x.builder->apply("advanced_subtensor", with_positions({v.dx[0]}, x, v.node), every_axis(x))};
}

// ----------------------------------------------------------------------------------------------- cumsum and cumprod

template <bool product>
void running_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array result = result_array(outputs, 0, inputs[0].dtype, inputs[0].shape);
  running_lines(inputs[0], result, axis_of(node), product);
  outputs.assign(1, result);
}

Expr reversed(const Expr& x, const Node& node) {
  Builder& b = *x.builder;
  std::vector<int64_t> given(axis_of(node), 0);  // axes before it are whole
  given.push_back(4);                            // a step only
  return b.apply("subtensor", {x, b.integer(-1)}, std::move(given));
}

// Sums from each element to the end of its line.
Expr sums_behind(const Expr& x, const Node& node) {
  return reversed(x.builder->apply("cumsum", {reversed(x, node)}, node.attributes.ints), node);
}

std::vector<Expr> cumsum_vjp(const Vjp& v) { return {sums_behind(v.dy[0], v.node)}; }

// As Theano has it: not right where an element is zero.
std::vector<Expr> cumprod_vjp(const Vjp& v) { return {sums_behind(v.dy[0] * v.y[0], v.node) / v.x[0]}; }
std::vector<Expr> cumprod_jvp(const Jvp& v) {
  return {v.y[0] * v.builder.apply("cumsum", {v.dx[0] / v.x[0]}, v.node.attributes.ints)};
}

// ------------------------------------------------------------------------------------------------------------- rows

Op line_row(Op op) {
  op.traits |= expensive;
  op.attributes_doc = "the axis";
  op.sizes = sizes_of_first;
  op.batch = line_batch;
  op.axes = line_axes;
  return op;
}

std::vector<Op> make_rows() {
  return {
      {.name = "nonzero",
       .doc = "For each axis the positions of the elements that are not zero, in C order.",
       .traits = expensive | value_dependent_sizes,
       .theano_name = "Nonzero",
       .type = nonzero_type,
       .value = nonzero_value,
       .vjp = no_vjp,
       .jvp = no_jvp,
       .connects = nothing_connected,
       .no_batch = "the number of positions differs from item to item",
       .no_axes = "the number of positions depends on the values"},
      line_row({.name = "sort",
                .doc = "The elements along one axis in ascending order, NaN last.",
                .theano_name = "SortOp",
                .type = line_type,
                .value = sort_value,
                .vjp = sort_vjp,
                .jvp = sort_jvp}),
      line_row({.name = "argsort",
                .doc = "The positions along one axis in ascending order of their elements, equal ones in their order.",
                .theano_name = "ArgSortOp",
                .type = order_type,
                .value = argsort_value,
                .vjp = no_vjp,
                .jvp = no_jvp,
                .connects = nothing_connected}),
      line_row({.name = "cumsum",
                .doc = "Running sums along one axis, of the elements' own dtype.",
                .traits = linear,
                .theano_name = "CumOp",
                .type = line_type,
                .value = running_value<false>,
                .vjp = cumsum_vjp,
                .jvp = linear_jvp}),
      line_row({.name = "cumprod",
                .doc = "Running products along one axis, of the elements' own dtype.",
                .theano_name = "CumOp",
                .type = line_type,
                .value = running_value<true>,
                .vjp = cumprod_vjp,
                .jvp = cumprod_jvp}),
  };
}

}  // namespace

std::span<const Op> order_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
