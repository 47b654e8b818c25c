// What reductions share.
#include "ops/reduce_support.h"

#include "base/error.h"

namespace croton {

std::vector<Type> reduced_types(const TypeQuery& q, std::initializer_list<DType> dtypes) {
  const Type& x = tensor_input(q, 0);
  const std::vector<int64_t>& axes = q.attributes.ints;
  uint32_t reduced = 0;
  for (size_t k = 0; k < axes.size(); ++k) {
    if (axes[k] < 0 || axes[k] >= x.rank) {
      raise<ValueError>("Not enough dimensions on {} to reduce on axis {}", type_name(x), axes[k]);
    }
    if (k > 0 && axes[k] <= axes[k - 1]) raise<ValueError>("{}: the axes must be different and in order", q.op.name);
    reduced |= 1u << axes[k];
  }
  Type result = tensor_type(x.dtype, x.rank - static_cast<int>(axes.size()));
  int kept = 0;
  for (int axis = 0; axis < x.rank; ++axis) {
    if ((reduced >> axis) & 1u) continue;
    if (x.broadcasts(axis)) set_one(result, kept);
    ++kept;
  }
  std::vector<Type> types;
  for (const DType dtype : dtypes) {
    result.dtype = dtype;
    types.push_back(result);
  }
  return types;
}

std::vector<bool> reduced_mask(const Node& node) {
  std::vector<bool> mask(node.inputs[0].type().rank, false);
  for (const int64_t axis : node.attributes.ints) mask[static_cast<size_t>(axis)] = true;
  return mask;
}

Sizes reduce_sizes(SizeQuery& q) {
  const std::vector<bool> reduced = reduced_mask(*q.node);
  SizeTable& table = q.table();
  std::vector<SizeId> sizes;
  SizeId kept = table.constant(1);
  for (size_t axis = 0; axis < reduced.size(); ++axis) {
    if (reduced[axis]) continue;
    sizes.push_back(q.dim(0, static_cast<int>(axis)));
    kept = table.mul(kept, sizes.back());
  }
  // Where the result has no elements either, nothing needs an identity.
  const SizeId no_result = table.equal(kept, table.constant(0));
  for (size_t axis = 0; axis < reduced.size() && q.node->op->reduce.empty_error; ++axis) {
    if (!reduced[axis]) continue;
    const SizeId size = table.select(no_result, table.constant(1), q.dim(0, static_cast<int>(axis)));
    q.require_not_negative(table.sub(size, table.constant(1)), q.node->op->reduce.empty_error);
  }
  return Sizes(q.node->types.size(), sizes);
}

std::vector<Expr> reduce_batch(const Batch& b) {
  Attributes attributes = b.node.attributes;
  attributes.ints = shifted_axes(attributes.ints);
  return b.builder.apply_all(*b.node.op, {b.x[0]}, std::move(attributes));
}

AxisMap reduce_axes(const Node& node) {
  const std::vector<bool> reduced = reduced_mask(node);
  std::vector<std::vector<int>> followed;
  for (size_t axis = 0; axis < reduced.size(); ++axis) {
    if (!reduced[axis]) followed.push_back({static_cast<int>(axis)});
  }
  return AxisMap(node.types.size(), followed);
}

Expr with_axes(const Expr& y, const Node& reduction) {
  std::vector<int64_t> pattern;
  int64_t kept = 0;
  for (const bool reduced : reduced_mask(reduction)) pattern.push_back(reduced ? -1 : kept++);
  return dimshuffle(y, std::move(pattern));
}

std::vector<int64_t> kept_shape(const Node& node, const Array& x) {
  const std::vector<bool> reduced = reduced_mask(node);
  std::vector<int64_t> shape;
  for (size_t axis = 0; axis < reduced.size(); ++axis) {
    if (!reduced[axis]) shape.push_back(x.shape[axis]);
  }
  return shape;
}

int64_t reduced_count(const Node& node, const Array& x) {
  int64_t count = 1;
  for (const int64_t axis : node.attributes.ints) count *= x.shape[static_cast<size_t>(axis)];
  return count;
}

}  // namespace croton
