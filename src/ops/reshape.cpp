// Rows that move axes: dimshuffle and reshape.
#include <algorithm>

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

using loop::Value;
using Values = std::vector<Value>;

// ------------------------------------------------------------------------------------------------------ dimshuffle

std::vector<Type> dimshuffle_type(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  const std::vector<int64_t>& pattern = q.attributes.ints;
  Type result = plain_type(x.dtype, pattern.size(), q.op.name);
  uint32_t used = 0;
  for (size_t k = 0; k < pattern.size(); ++k) {
    const int64_t axis = pattern[k];
    if (axis == -1) {
      set_one(result, static_cast<int>(k));
      continue;
    }
    if (axis < 0 || axis >= x.rank) {
      raise<ValueError>("new_order[{}] is {}, but the input only has {} axes.", k, axis, x.rank);
    }
    if ((used >> axis) & 1u)
      raise<ValueError>("The same input dimension may not appear twice in the list of output dimensions ({})",
                        join(pattern, ", "));
    used |= 1u << axis;
    if (x.broadcasts(static_cast<int>(axis))) set_one(result, static_cast<int>(k));
  }
  for (int axis = 0; axis < x.rank; ++axis) {
    if (!((used >> axis) & 1u) && !x.broadcasts(axis)) {
      raise<ValueError>("You cannot drop a non-broadcastable dimension: axis {} of {} (new order: {})", axis,
                        type_name(x), join(pattern, ", "));
    }
  }
  return {result};
}

Sizes dimshuffle_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes;
  for (const int64_t axis : q.node->attributes.ints) {
    sizes.push_back(axis < 0 ? q.table().constant(1) : q.dim(0, static_cast<int>(axis)));
  }
  return {sizes};
}

void dimshuffle_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Array view = inputs[0];
  view.shape.clear();
  view.strides.clear();
  for (const int64_t axis : node.attributes.ints) {
    view.shape.push_back(axis < 0 ? 1 : inputs[0].shape[static_cast<size_t>(axis)]);
    view.strides.push_back(axis < 0 ? 0 : inputs[0].strides[static_cast<size_t>(axis)]);
  }
  outputs.assign(1, copied(view));
}

Value dimshuffle_pull(PullContext& c, size_t, std::span<const Value> index) {
  Values from(c.node.inputs[0].type().rank, c.b.integer(0));
  const std::vector<int64_t>& pattern = c.node.attributes.ints;
  for (size_t k = 0; k < pattern.size(); ++k) {
    if (pattern[k] >= 0) from[static_cast<size_t>(pattern[k])] = index[k];
  }
  return c.read(0, from);
}

ViewResult dimshuffle_view(SizeQuery& q, std::span<const SizeId> strides) {
  ViewResult view{q.table().constant(0), {}};
  for (const int64_t axis : q.node->attributes.ints) {
    view.strides.push_back(axis < 0 ? view.offset : strides[static_cast<size_t>(axis)]);
  }
  return view;
}

// Axes that the row made are summed away (they have size one), those that it dropped come back.
std::vector<Expr> dimshuffle_vjp(const Vjp& v) {
  const std::vector<int64_t>& pattern = v.node.attributes.ints;
  std::vector<int64_t> made, back(static_cast<size_t>(v.x[0].rank()), -1);
  int64_t kept = 0;
  for (size_t k = 0; k < pattern.size(); ++k) {
    if (pattern[k] < 0) {
      made.push_back(static_cast<int64_t>(k));
    } else {
      back[static_cast<size_t>(pattern[k])] = kept++;
    }
  }
  return {dimshuffle(sum(v.dy[0], std::move(made)), std::move(back))};
}

std::vector<Expr> dimshuffle_batch(const Batch& b) {
  std::vector<int64_t> pattern = shifted_axes(b.node.attributes.ints);
  pattern.insert(pattern.begin(), 0);
  return {call("dimshuffle", {b.x[0]}, std::move(pattern))};
}

AxisMap dimshuffle_axes(const Node& node) {
  AxisMap map(1);
  for (const int64_t axis : node.attributes.ints) map[0].push_back({static_cast<int>(axis)});
  return map;
}

// --------------------------------------------------------------------------------------------------------- reshape

std::vector<Type> reshape_type(const TypeQuery& q) {
  Type result = plain_type(tensor_input(q, 0).dtype, q.inputs.size() - 1, q.op.name);
  int open = 0;
  for (size_t k = 1; k < q.inputs.size(); ++k) {
    require_integer_scalar(q, k, "a size");
    const auto size = constant_integer(q.inputs[k]);
    if (size && *size < -1) raise<ValueError>("reshape: size {} of axis {} is negative", *size, k - 1);
    if (size == 1) set_one(result, static_cast<int>(k) - 1);
    open += size == -1;
  }
  if (open > 1) raise<ValueError>("reshape: only one size can be -1");
  return {result};
}

// The sizes of the result, with a size of -1 replaced by what is left.
std::vector<SizeId> resolved_sizes(SizeQuery& q) {
  SizeTable& t = q.table();
  const SizeId open = t.constant(-1), one = t.constant(1);
  std::vector<SizeId> sizes;
  SizeId given = one, total = one;
  bool any_open = false;
  for (size_t k = 1; k < q.node->inputs.size(); ++k) {
    const SizeId size = q.scalar(k);
    sizes.push_back(size);
    const bool fixed = t.never_negative(size);
    any_open |= !fixed;
    given = t.mul(given, fixed ? size : t.select(t.equal(size, open), one, size));
  }
  if (!any_open) return sizes;
  for (const SizeId size : sizes_of_input(q, 0)) total = t.mul(total, size);
  for (SizeId& size : sizes) {
    if (!t.never_negative(size)) size = t.select(t.equal(size, open), t.floor_div(total, given), size);
  }
  return sizes;
}

Sizes reshape_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes = resolved_sizes(q);
  q.require_reshape(sizes_of_input(q, 0), sizes);
  return {sizes};
}

void reshape_value(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const int64_t total = inputs[0].size();
  std::vector<int64_t> shape;
  int64_t given = 1;
  for (size_t k = 1; k < inputs.size(); ++k) {
    shape.push_back(integer_value(inputs[k]));
    if (shape.back() != -1) given = checked_multiply(given, shape.back());
  }
  std::vector<int64_t> resolved = shape;
  for (int64_t& size : resolved) {
    if (size == -1) size = given == 0 ? 0 : total / given;
  }
  const bool negative = std::any_of(resolved.begin(), resolved.end(), [](int64_t size) { return size < 0; });
  if (negative || checked_product(resolved) != total) {
    raise<ValueError>("cannot reshape array of size {} into shape {}", total, tuple_text(shape));
  }
  Array flat = copied(inputs[0]);
  Array result = new_array(flat.dtype, resolved);
  result.data = flat.data;
  result.storage = flat.storage;
  outputs.assign(1, result);
}

// Output axes [first, last_out) as one number, taken apart into input axes [first, last_in).
void renumber(PullContext& c, std::span<const Value> index, Values& from, size_t first, size_t last_in,
              size_t last_out) {
  Value position = c.b.integer(0);
  for (size_t axis = first; axis < last_out; ++axis) {
    const Value size = c.output_dim(static_cast<int>(axis));
    position = position * size + index[axis];
  }
  std::vector<size_t> long_axes;
  for (size_t axis = first; axis < last_in; ++axis) {
    if (!c.node.inputs[0].type().broadcasts(static_cast<int>(axis))) long_axes.push_back(axis);
  }
  for (size_t k = long_axes.size(); k-- > 0;) {
    const Value size = c.dim(0, static_cast<int>(long_axes[k]));
    from[long_axes[k]] = k == 0 ? position : position % size;
    if (k > 0) position = position / size;
  }
}

// Leading and trailing axes that keep their size keep their index, so that only what is really reshaped costs
// divisions.
Value reshape_pull(PullContext& c, size_t, std::span<const Value> index) {
  const size_t rank_in = c.node.inputs[0].type().rank, rank_out = index.size(), shared = std::min(rank_in, rank_out);
  Values from(rank_in, c.b.integer(0));
  const auto same = [&](size_t in, size_t out) {
    return c.dim(0, static_cast<int>(in)).id == c.output_dim(static_cast<int>(out)).id;
  };
  size_t front = 0, back = 0;
  while (front < shared && same(front, front)) {
    from[front] = index[front];
    ++front;
  }
  while (front + back < shared && same(rank_in - 1 - back, rank_out - 1 - back)) {
    from[rank_in - 1 - back] = index[rank_out - 1 - back];
    ++back;
  }
  renumber(c, index, from, front, rank_in - back, rank_out - back);
  return c.read(0, from);
}

// A view only where the input is certainly contiguous (the stride of an axis of size one does not matter).
ViewResult reshape_view(SizeQuery& q, std::span<const SizeId> strides) {
  const std::vector<SizeId> expected = contiguous_strides(q.table(), sizes_of_input(q, 0));
  for (size_t axis = 0; axis < strides.size(); ++axis) {
    const bool matters = !q.node->inputs[0].type().broadcasts(static_cast<int>(axis));
    if (matters && strides[axis] != expected[axis]) return {no_size, {}};
  }
  return {q.table().constant(0), contiguous_strides(q.table(), resolved_sizes(q))};
}

std::vector<Expr> reshape_vjp(const Vjp& v) {
  std::vector<Expr> inputs = {v.dy[0]};
  for (int axis = 0; axis < v.x[0].rank(); ++axis) inputs.push_back(dim(v.x[0], axis));
  std::vector<Expr> dx(v.x.size());
  dx[0] = v.builder.apply("reshape", std::move(inputs));
  return dx;
}

std::vector<Expr> reshape_batch(const Batch& b) {
  refuse_stacked(b, 1, "a size");
  std::vector<Expr> inputs = b.x;
  inputs.insert(inputs.begin() + 1, b.size);
  return {b.builder.apply("reshape", std::move(inputs))};
}

// Leading axes are followed as long as the new size is written as the old one.
AxisMap reshape_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  const Var& x = node.inputs[0];
  for (size_t axis = 0; axis < map[0].size(); ++axis) {
    const Node& size = *node.inputs[axis + 1].node;
    const bool kept =
        size.op->name == "shape_i" && size.inputs[0] == x && size.attributes.ints[0] == static_cast<int64_t>(axis);
    if (!kept) break;
    map[0][axis][0] = static_cast<int>(axis);
  }
  return map;
}

}  // namespace

std::vector<Op> reshape_rows() {
  return {
      {.name = "dimshuffle",
       .doc = "A tensor with its axes in another order, with new axes of size one, or without axes known to have size "
              "one.",
       .traits = linear | views,
       .attributes_doc = "per axis of the result: the axis of x, or -1 for a new axis of size one",
       .theano_name = "DimShuffle",
       .type = dimshuffle_type,
       .sizes = dimshuffle_sizes,
       .value = dimshuffle_value,
       .vjp = dimshuffle_vjp,
       .jvp = linear_jvp,
       .batch = dimshuffle_batch,
       .axes = dimshuffle_axes,
       .pull = dimshuffle_pull,
       .view = dimshuffle_view},
      {.name = "reshape",
       .max_inputs = -1,
       .doc =
           "The elements of a tensor, in C order, in another shape. Inputs: x, then the sizes, of which one may be -1.",
       .traits = linear | views | may_fail,
       .theano_name = "Reshape",
       .type = reshape_type,
       .sizes = reshape_sizes,
       .value = reshape_value,
       .vjp = reshape_vjp,
       .jvp = linear_jvp,
       .connects = first_connected,
       .batch = reshape_batch,
       .axes = reshape_axes,
       .pull = reshape_pull,
       .view = reshape_view},
  };
}

}  // namespace croton
