// Rows that overwrite or increase the part of a tensor that slices and scalar positions mark.
#include "ops/slice.h"
#include "ops/structure_rows.h"
#include "ops/update_support.h"

namespace croton {
namespace {

constexpr int first_scalar = 2;

std::vector<Type> update_type(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  check_values(q, region_type(q, x, first_scalar).rank);
  return {x};
}

std::vector<SizeId> update_space(SizeQuery& q) { return region_sizes(q, first_scalar); }

Sizes update_sizes(SizeQuery& q) {
  require_values(q, update_space(q));
  return sizes_of_first(q);
}

std::vector<loop::Value> update_region(PullContext& c, std::span<const loop::Value> index) {
  return region_index(c, index, first_scalar);
}

void update_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Array result = copied(inputs[0]);
  const Array region = region_of(node, result, inputs, first_scalar);
  const Array values = values_over(node, inputs[1], region.shape);
  for_each_index(region.shape, [&](const Index& index) {
    if (node.op->update.add) {
      add_element(element(region, index), element(values, index), result.dtype);
    } else {
      copy_element(element(region, index), element(values, index), result.dtype);
    }
  });
  outputs.assign(1, result);
}

std::vector<Expr> slice_vjp(const Vjp& v) {
  const std::vector<Expr> scalars(v.x.begin() + first_scalar, v.x.end());
  const std::vector<int64_t>& ints = v.node.attributes.ints;
  const auto part = [&](const Expr& of) {
    std::vector<Expr> inputs = {of};
    inputs.insert(inputs.end(), scalars.begin(), scalars.end());
    return v.builder.apply("subtensor", std::move(inputs), ints);
  };
  const auto overwrite = [&](const Expr& g) {
    std::vector<Expr> inputs = {g, zero_values(v.builder, g.dtype(), v.x[1].rank())};
    inputs.insert(inputs.end(), scalars.begin(), scalars.end());
    return v.builder.apply("set_subtensor", std::move(inputs), ints);
  };
  return update_vjp(v, part, overwrite);
}

std::vector<Expr> update_batch(const Batch& b) {
  refuse_stacked(b, first_scalar, "an index");
  std::vector<Expr> inputs = b.x;
  inputs[0] = stacked(b, 0);
  if (!b.batched[1]) inputs[1] = pad_left(b.x[1], b.x[1].rank() + 1);
  std::vector<int64_t> ints = b.node.attributes.ints;
  ints.insert(ints.begin(), 0);
  return {b.builder.apply(b.node.op->name, std::move(inputs), std::move(ints))};
}

AxisMap update_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  int kept = 0;
  const std::vector<SliceEntry> entries = slice_entries(node.attributes.ints, node.inputs[0].type().rank, first_scalar);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    if (entries[axis].is_whole()) {
      map[0][axis][0] = static_cast<int>(axis);
      if (!node.inputs[1].type().broadcasts(kept)) map[0][axis][1] = kept;
    }
    kept += !entries[axis].is_position;
  }
  return map;
}

Op update_row(std::string_view name, std::string_view doc, bool add) {
  return {.name = name,
          .min_inputs = 2,
          .max_inputs = -1,
          .doc = doc,
          .traits = linear | may_fail,
          .attributes_doc = "as subtensor",
          .theano_name = "IncSubtensor",
          .type = update_type,
          .sizes = update_sizes,
          .value = update_value,
          .vjp = slice_vjp,
          .jvp = update_jvp,
          .connects = update_connects,
          .batch = update_batch,
          .axes = update_axes,
          .update = {.add = add, .space = update_space, .region = update_region}};
}

}  // namespace

std::vector<Op> slice_update_rows() {
  return {
      update_row("set_subtensor",
                 "A tensor with a part overwritten. Inputs: x, the values (of the part's rank; axes of known size one "
                 "broadcast), then the scalars of subtensor.",
                 false),
      update_row(
          "inc_subtensor",
          "A tensor with values added to a part. Inputs: x, the values (of the part's rank; axes of known size one "
          "broadcast), then the scalars of subtensor.",
          true)};
}

}  // namespace croton
