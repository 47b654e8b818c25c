// Rows whose results come from whole lines or whole arrays: positions of what is not zero, sorting, running sums and
// products. Their reference values are their code: one pass of plain loops, called by the host.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
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

/// Calls f(first element of x, of the result, count, byte steps) for every line along the node's axis.
template <class F>
void for_each_line(const Node& node, const Array& x, const Array& result, F&& f) {
  const size_t axis = axis_of(node);
  std::vector<int64_t> starts = x.shape;
  starts[axis] = std::min<int64_t>(1, starts[axis]);
  for_each_index(starts, [&](const Index& index) {
    f(element(x, index), element(result, index), x.shape[axis], x.strides[axis], result.strides[axis]);
  });
}

// ------------------------------------------------------------------------------------------------------------- sort

// What elements are compared by: exact for every dtype. NaN stands behind every number.
struct FloatKey {
  using type = double;
  static type of(const std::byte* p, DType dtype) { return element_as_double(p, dtype); }
  static bool before(type a, type b) { return a < b || (std::isnan(b) && !std::isnan(a)); }
};
struct SignedKey {
  using type = int64_t;
  static type of(const std::byte* p, DType dtype) { return element_as_integer(p, dtype); }
  static bool before(type a, type b) { return a < b; }
};
struct UnsignedKey {
  using type = uint64_t;
  static type of(const std::byte* p, DType dtype) { return static_cast<uint64_t>(element_as_integer(p, dtype)); }
  static bool before(type a, type b) { return a < b; }
};

// NumPy's order: by the real part, then the imaginary part; behind those without NaN the ones with NaN in the imaginary
// part, then in the real part, then in both.
struct ComplexKey {
  using type = Complex;
  static type of(const std::byte* p, DType dtype) { return element_as_complex(p, dtype); }
  static int part_with_nan(type a) { return 2 * std::isnan(a.real()) + std::isnan(a.imag()); }
  static bool before(type a, type b) {
    if (part_with_nan(a) != part_with_nan(b)) return part_with_nan(a) < part_with_nan(b);
    if (a.real() < b.real() || a.real() > b.real()) return a.real() < b.real();
    return a.imag() < b.imag();
  }
};

// The stable order of each line: f(line of x, line of the result, steps, order).
template <class Key, class F>
void for_each_order(const Node& node, const Array& x, const Array& result, F&& f) {
  std::vector<typename Key::type> keys;
  std::vector<int64_t> order;
  for_each_line(node, x, result,
                [&](std::byte* from, std::byte* to, int64_t count, int64_t from_step, int64_t to_step) {
                  keys.resize(static_cast<size_t>(count));
                  order.resize(static_cast<size_t>(count));
                  for (int64_t k = 0; k < count; ++k)
                    keys[static_cast<size_t>(k)] = Key::of(from + k * from_step, x.dtype);
                  std::iota(order.begin(), order.end(), 0);
                  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
                    return Key::before(keys[static_cast<size_t>(a)], keys[static_cast<size_t>(b)]);
                  });
                  f(from, to, from_step, to_step, order);
                });
}

template <class F>
void for_each_order(const Node& node, const Array& x, const Array& result, F&& f) {
  if (is_complex(x.dtype)) return for_each_order<ComplexKey>(node, x, result, f);
  if (is_float(x.dtype)) return for_each_order<FloatKey>(node, x, result, f);
  if (is_unsigned_integer(x.dtype)) return for_each_order<UnsignedKey>(node, x, result, f);
  for_each_order<SignedKey>(node, x, result, f);
}

void sort_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array& x = inputs[0];
  const Array result = new_array(x.dtype, x.shape);
  for_each_order(node, x, result, [&](std::byte* from, std::byte* to, int64_t from_step, int64_t to_step, auto& order) {
    for (size_t k = 0; k < order.size(); ++k) {
      copy_element(to + static_cast<int64_t>(k) * to_step, from + order[k] * from_step, x.dtype);
    }
  });
  outputs.assign(1, result);
}

void argsort_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array result = new_array(DType::i64, inputs[0].shape);
  for_each_order(node, inputs[0], result, [&](std::byte*, std::byte* to, int64_t, int64_t step, auto& order) {
    for (size_t k = 0; k < order.size(); ++k) {
      store_integer(to + static_cast<int64_t>(k) * step, DType::i64, order[k]);
    }
  });
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

// Rounded to the dtype at every step, as NumPy does; integers wrap.
template <bool product>
void running_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array& x = inputs[0];
  const DType dtype = x.dtype;
  const Array result = new_array(dtype, x.shape);
  for_each_line(node, x, result,
                [&](std::byte* from, std::byte* to, int64_t count, int64_t from_step, int64_t to_step) {
                  if (count == 0) return;
                  copy_element(to, from, dtype);
                  for (int64_t k = 1; k < count; ++k) {
                    const std::byte *before = to + (k - 1) * to_step, *next = from + k * from_step;
                    if (is_discrete(dtype)) {
                      const auto a = static_cast<uint64_t>(element_as_integer(before, dtype)),
                                 b = static_cast<uint64_t>(element_as_integer(next, dtype));
                      store_integer(to + k * to_step, dtype, static_cast<int64_t>(product ? a * b : a + b));
                    } else {
                      const Complex a = element_as_complex(before, dtype), b = element_as_complex(next, dtype);
                      store_complex(to + k * to_step, dtype, product ? a * b : a + b);
                    }
                  }
                });
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
