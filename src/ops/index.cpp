// The row of basic indexing: slices and scalar positions. Also the list of the family.
#include "base/error.h"
#include "ops/advanced.h"
#include "ops/registry.h"
#include "ops/slice.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

constexpr int first_scalar = 1;

std::vector<Type> subtensor_type(const TypeQuery& q) { return {region_type(q, tensor_input(q, 0), first_scalar)}; }

Sizes subtensor_sizes(SizeQuery& q) { return {region_sizes(q, first_scalar)}; }

void subtensor_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  outputs.assign(1, copied(region_of(node, inputs[0], inputs, first_scalar)));
}

loop::Value subtensor_pull(PullContext& c, size_t, std::span<const loop::Value> index) {
  return c.read(0, region_index(c, index, first_scalar));
}

ViewResult subtensor_view(SizeQuery& q, std::span<const SizeId> strides) {
  return region_view(q, strides, first_scalar);
}

std::vector<Expr> subtensor_vjp(const Vjp& v) {
  std::vector<Expr> inputs = {zeros_of(v.x[0], v.dy[0].dtype()), v.dy[0]};
  inputs.insert(inputs.end(), v.x.begin() + first_scalar, v.x.end());
  std::vector<Expr> dx(v.x.size());
  dx[0] = v.builder.apply("inc_subtensor", std::move(inputs), v.node.attributes.ints);
  return dx;
}

// Positions that differ from item to item: the slices are taken first, then the positions as index vectors.
Expr gathered(const Batch& b, const std::vector<SliceEntry>& entries) {
  const bool stacked_x = b.batched[0];
  std::vector<int64_t> ints(stacked_x ? 1 : 0, 0), flags = ints;
  std::vector<Expr> sliced = {b.x[0]}, index;
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    const SliceEntry& entry = entries[axis];
    flags.push_back(entry.is_position);
    if (entry.is_position) {
      ints.push_back(0);
      index.push_back(stacked(b, static_cast<size_t>(entry.position)));
      continue;
    }
    ints.push_back(axis < b.node.attributes.ints.size() ? b.node.attributes.ints[axis] : 0);
    for (const auto& part : {entry.parts.start, entry.parts.stop, entry.parts.step}) {
      if (!part) continue;
      if (b.batched[static_cast<size_t>(*part)])
        raise<NotImplementedError>("subtensor: slices of different lengths cannot be stacked");
      sliced.push_back(b.x[static_cast<size_t>(*part)]);
    }
  }
  if (stacked_x) {
    flags[0] = 1;
    index.insert(index.begin(), call("arange", {b.builder.integer(0), b.size, b.builder.integer(1)},
                                     {static_cast<int64_t>(DType::i64)}));
  }
  const Expr x = b.builder.apply("subtensor", std::move(sliced), std::move(ints));
  const AdvancedLayout layout = advanced_layout(flags, 1);
  index.insert(index.begin(), x);
  const Expr result = b.builder.apply("advanced_subtensor", std::move(index), flags);
  std::vector<int64_t> pattern = {layout.position};
  for (int axis = 0; axis < result.rank(); ++axis) {
    if (axis != layout.position) pattern.push_back(axis);
  }
  return dimshuffle(result, std::move(pattern));
}

std::vector<Expr> subtensor_batch(const Batch& b) {
  bool any_scalar = false;
  for (size_t k = first_scalar; k < b.x.size(); ++k) any_scalar |= b.batched[k];
  if (any_scalar) {
    return {gathered(b, slice_entries(b.node.attributes.ints, b.node.inputs[0].type().rank, first_scalar))};
  }
  std::vector<int64_t> ints = b.node.attributes.ints;
  ints.insert(ints.begin(), 0);
  return {b.builder.apply("subtensor", b.x, std::move(ints))};
}

AxisMap subtensor_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  size_t kept = 0;
  const std::vector<SliceEntry> entries = slice_entries(node.attributes.ints, node.inputs[0].type().rank, first_scalar);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    if (entries[axis].is_whole()) map[0][kept][0] = static_cast<int>(axis);
    kept += !entries[axis].is_position;
  }
  return map;
}

}  // namespace

std::vector<Op> slice_rows() {
  return {
      {.name = "subtensor",
       .max_inputs = -1,
       .doc = "A part of a tensor by slices and scalar positions. Inputs: x, then the scalars of the entries in order.",
       .traits = linear | views | may_fail,
       .attributes_doc =
           "per leading axis: -1 for a scalar position, else the mask of the given parts of a slice (1 start, "
           "2 stop, 4 step)",
       .theano_name = "Subtensor",
       .type = subtensor_type,
       .sizes = subtensor_sizes,
       .value = subtensor_value,
       .vjp = subtensor_vjp,
       .jvp = linear_jvp,
       .connects = first_connected,
       .batch = subtensor_batch,
       .axes = subtensor_axes,
       .pull = subtensor_pull,
       .view = subtensor_view}};
}

std::span<const Op> index_ops() {
  static const std::vector<Op> rows = [] {
    std::vector<Op> all;
    for (auto* list : {slice_rows, slice_update_rows, advanced_rows, advanced_update_rows}) {
      for (const Op& row : list()) all.push_back(row);
    }
    return all;
  }();
  return rows;
}

}  // namespace croton
