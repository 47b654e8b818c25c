// Rows that make tensors of given sizes: alloc and arange.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

using loop::Value;

// ----------------------------------------------------------------------------------------------------------- alloc

// Axes of the result in front of those of the value.
int leading(const Node& node) { return node.types[0].rank - node.inputs[0].type().rank; }

std::vector<Type> alloc_type(const TypeQuery& q) {
  const Type& value = tensor_input(q, 0);
  Type result = plain_type(value.dtype, q.inputs.size() - 1, q.op.name);
  if (value.rank > result.rank) {
    raise<TypeError>("The Alloc value to use has more dimensions than the specified dimensions ({} and {})", value.rank,
                     result.rank);
  }
  for (size_t k = 1; k < q.inputs.size(); ++k) {
    require_integer_scalar(q, k, "a size");
    const auto size = constant_integer(q.inputs[k]);
    if (size && *size < 0) raise<ValueError>("alloc: negative dimensions are not allowed ({})", *size);
    if (size == 1) set_one(result, static_cast<int>(k) - 1);
  }
  return {result};
}

std::string alloc_message(int axis) {
  return fmt::format("alloc: the value has size {{0}} along axis {} of the result, which has size {{1}}", axis);
}

Sizes alloc_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes;
  for (size_t k = 1; k < q.node->inputs.size(); ++k) {
    sizes.push_back(q.scalar(k));
    if (!q.table().never_negative(sizes.back()))
      q.require_not_negative(sizes.back(), "negative dimensions are not allowed ({0})");
  }
  const Type& value = q.node->inputs[0].type();
  for (int axis = 0; axis < value.rank; ++axis) {
    if (value.broadcasts(axis)) continue;
    const int place = axis + leading(*q.node);
    q.require_equal(q.dim(0, axis), sizes[static_cast<size_t>(place)], alloc_message(place));
  }
  return {sizes};
}

void alloc_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  std::vector<int64_t> shape;
  for (size_t k = 1; k < inputs.size(); ++k) {
    shape.push_back(integer_value(inputs[k]));
    if (shape.back() < 0) raise<ValueError>("negative dimensions are not allowed ({})", shape.back());
  }
  Array view = inputs[0];
  view.shape = shape;
  view.strides.assign(shape.size(), 0);
  for (int axis = 0; axis < inputs[0].rank(); ++axis) {
    if (node.inputs[0].type().broadcasts(axis)) continue;
    const auto from = static_cast<size_t>(axis), to = static_cast<size_t>(axis + leading(node));
    if (inputs[0].shape[from] != shape[to]) {
      throw ValueError(
          fmt::format(fmt::runtime(alloc_message(static_cast<int>(to))), inputs[0].shape[from], shape[to]));
    }
    view.strides[to] = inputs[0].strides[from];
  }
  outputs.assign(1, copied(view));
}

Value alloc_pull(PullContext& c, size_t, std::span<const Value> index) {
  return c.read(0, broadcast_index(c, 0, index.subspan(static_cast<size_t>(leading(c.node)))));
}

// Sums over the axes along which the value was repeated.
std::vector<Expr> alloc_vjp(const Vjp& v) {
  std::vector<int64_t> axes;
  for (int axis = 0; axis < leading(v.node); ++axis) axes.push_back(axis);
  std::vector<Expr> dx(v.x.size());
  dx[0] = sum_to(sum(v.dy[0], std::move(axes)), v.x[0]);
  return dx;
}

// Between the new axis and those of the item stand the axes along which the item is repeated.
std::vector<Expr> alloc_batch(const Batch& b) {
  refuse_stacked(b, 1, "a size");
  std::vector<int64_t> pattern = {0};
  pattern.resize(static_cast<size_t>(leading(b.node)) + 1, -1);
  for (int axis = 1; axis < b.x[0].rank(); ++axis) pattern.push_back(axis);
  std::vector<Expr> inputs = b.x;
  inputs[0] = dimshuffle(b.x[0], std::move(pattern));
  inputs.insert(inputs.begin() + 1, b.size);
  return {b.builder.apply("alloc", std::move(inputs))};
}

AxisMap alloc_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  for (int axis = 0; axis < node.inputs[0].type().rank; ++axis) {
    if (!node.inputs[0].type().broadcasts(axis)) map[0][static_cast<size_t>(axis + leading(node))][0] = axis;
  }
  return map;
}

// ---------------------------------------------------------------------------------------------------------- arange

DType arange_dtype(const Node& node) { return static_cast<DType>(node.attributes.ints[0]); }

bool counts_integers(std::span<const Var> inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [](const Var& v) { return is_discrete(v.type().dtype); });
}

std::vector<Type> arange_type(const TypeQuery& q) {
  if (q.attributes.ints.size() != 1 || q.attributes.ints[0] < 0 || q.attributes.ints[0] >= dtype_count) {
    raise<InternalError>("arange needs a dtype");
  }
  for (size_t k = 0; k < 3; ++k) {
    const Type& type = tensor_input(q, k);
    if (type.rank != 0 || is_complex(type.dtype))
      raise<TypeError>("arange takes real scalars, not {}", type_name(type));
  }
  const auto dtype = static_cast<DType>(q.attributes.ints[0]);
  if (is_bool(dtype) || is_complex(dtype)) raise<TypeError>("arange cannot make {}", dtype_name(dtype));
  return {tensor_type(dtype, 1)};
}

int64_t float_length(double start, double stop, double step) {
  if (step == 0) raise<ZeroDivisionError>("arange: the step must not be zero");
  const double count = std::ceil((stop - start) / step);
  if (std::isnan(count)) raise<ValueError>("arange: cannot compute length");
  if (count >= 0x1p62) raise<ValueError>("Maximum allowed size exceeded");
  return count > 0 ? static_cast<int64_t>(count) : 0;
}

// ceil((stop - start) / step) = -floor((start - stop) / step), at least zero
SizeId integer_length(SizeQuery& q) {
  SizeTable& t = q.table();
  const SizeId zero = t.constant(0), step = q.scalar(2);
  int64_t known = 0;
  if (t.is_constant(step, known) && known == 0) raise<ZeroDivisionError>("arange: the step must not be zero");
  if (!t.is_constant(step)) {
    q.require_not_negative(t.select(t.equal(step, zero), t.constant(-1), zero), "arange: the step must not be zero");
  }
  const SizeId count = t.sub(zero, t.floor_div(t.sub(q.scalar(0), q.scalar(1)), step));
  return t.max(count, zero);
}

Sizes arange_sizes(SizeQuery& q) {
  const std::vector<Var>& bounds = q.node->inputs;
  if (counts_integers(bounds)) return {{integer_length(q)}};
  double value[3];
  for (size_t k = 0; k < 3; ++k) {
    if (!uniform_value(bounds[k], value[k])) {
      raise<NotImplementedError>(
          "arange: bounds and step of a float range must be constants, since its length is needed before it is "
          "computed. "
          "Make a range of integers and scale it: start + step * arange(n).");
    }
  }
  return {{q.table().constant(float_length(value[0], value[1], value[2]))}};
}

void arange_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const DType dtype = arange_dtype(node);
  if (counts_integers(node.inputs)) {
    const int64_t start = integer_value(inputs[0]), stop = integer_value(inputs[1]), step = integer_value(inputs[2]);
    if (step == 0) raise<ZeroDivisionError>("arange: the step must not be zero");
    const int64_t span = step > 0 ? stop - start : start - stop, pace = step > 0 ? step : -step;
    Array range = new_array(dtype, {span > 0 ? (span - 1) / pace + 1 : 0});
    for_each_element(range, [&](int64_t k, std::byte* p) { store_integer(p, dtype, start + k * step); });
    outputs.assign(1, range);
    return;
  }
  double value[3];
  for (size_t k = 0; k < 3; ++k) value[k] = element_as_double(inputs[k].data, inputs[k].dtype);
  Array range = new_array(dtype, {float_length(value[0], value[1], value[2])});
  for_each_element(
      range, [&](int64_t k, std::byte* p) { store_double(p, dtype, value[0] + static_cast<double>(k) * value[2]); });
  outputs.assign(1, range);
}

Value arange_pull(PullContext& c, size_t, std::span<const Value> index) {
  const DType dtype = arange_dtype(c.node);
  if (counts_integers(c.node.inputs)) return loop::cast(c.scalar(0) + index[0] * c.scalar(2), dtype);
  const Value start = loop::cast(c.read(0, {}), DType::f64), step = loop::cast(c.read(2, {}), DType::f64);
  return loop::cast(start + loop::cast(index[0], DType::f64) * step, dtype);
}

// Position k is start + k * step.
std::vector<Expr> arange_vjp(const Vjp& v) {
  const Expr& dy = v.dy[0];
  const Expr position =
      call("arange", {v.builder.integer(0), dim(v.y[0], 0), v.builder.integer(1)}, {static_cast<int64_t>(DType::i64)});
  return {sum(dy, {0}), {}, sum(dy * cast(position, dy.dtype()), {0})};
}

std::vector<Expr> arange_jvp(const Jvp& v) {
  const DType dtype = v.y[0].dtype();
  const Expr position =
      call("arange", {v.builder.integer(0), dim(v.y[0], 0), v.builder.integer(1)}, {static_cast<int64_t>(DType::i64)});
  const Expr slope = v.dx[2] ? v.dx[2] * cast(position, dtype) : Expr{};
  if (!v.dx[0]) return {slope};
  return {slope ? v.dx[0] + slope : call("second", {v.y[0], v.dx[0]})};
}

std::vector<std::vector<bool>> arange_connects(const Node&) { return {{true}, {false}, {true}}; }

AxisMap arange_axes(const Node&) { return {no_axis(1, 3)}; }

}  // namespace

std::vector<Op> fill_rows() {
  return {
      {.name = "alloc",
       .max_inputs = -1,
       .doc = "A tensor of given sizes that repeats a value. Inputs: the value, then the sizes; the value's axes are "
              "the last ones.",
       .traits = linear | may_fail,
       .theano_name = "Alloc",
       .type = alloc_type,
       .sizes = alloc_sizes,
       .value = alloc_value,
       .vjp = alloc_vjp,
       .jvp = linear_jvp,
       .connects = first_connected,
       .batch = alloc_batch,
       .axes = alloc_axes,
       .pull = alloc_pull},
      {.name = "arange",
       .min_inputs = 3,
       .max_inputs = 3,
       .doc = "The vector start, start + step, ... up to but without stop.",
       .traits = may_fail,
       .attributes_doc = "dtype of the result",
       .theano_name = "ARange",
       .type = arange_type,
       .sizes = arange_sizes,
       .value = arange_value,
       .vjp = arange_vjp,
       .jvp = arange_jvp,
       .connects = arange_connects,
       .no_batch = "ranges of different bounds would have different lengths",
       .axes = arange_axes,
       .pull = arange_pull},
  };
}

}  // namespace croton
