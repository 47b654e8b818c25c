// Rows that overwrite or increase the elements of a tensor that index arrays point to.
#include "ops/advanced.h"
#include "ops/structure_rows.h"
#include "ops/update_support.h"

namespace croton {
namespace {

constexpr int first_array = 2;

std::vector<Type> scatter_type(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  check_values(q, advanced_type(q, x, first_array).rank);
  return {x};
}

std::vector<SizeId> scatter_space(SizeQuery& q) { return advanced_sizes(q, first_array); }

Sizes scatter_sizes(SizeQuery& q) {
  require_values(q, scatter_space(q));
  return sizes_of_first(q);
}

std::vector<loop::Value> scatter_region(PullContext& c, std::span<const loop::Value> index) {
  return advanced_index(c, index, first_array);
}

// Positions along the axes of the index arrays may meet; axes that are whole never do.
uint32_t index_axes(const Node& node) {
  const AdvancedLayout layout = advanced_layout(node, first_array);
  uint32_t mask = 0;
  for (int axis = 0; axis < layout.rank(); ++axis) mask |= layout.is_index_axis(axis) ? 1u << axis : 0u;
  return mask;
}

void scatter_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const AdvancedRegion region(node, inputs, first_array);
  const Array values = values_over(node, inputs[1], region.shape());
  Array result = copied(inputs[0]);
  for_each_index(region.shape(), [&](const Index& index) {
    std::byte* place = element(result, region.place(index));
    if (node.op->update.add) {
      add_element(place, element(values, index), result.dtype);
    } else {
      copy_element(place, element(values, index), result.dtype);
    }
  });
  outputs.assign(1, result);
}

// Where set_subtensor writes twice, every value gets the gradient of the element, as in Theano.
std::vector<Expr> scatter_vjp(const Vjp& v) {
  const std::vector<Expr> arrays(v.x.begin() + first_array, v.x.end());
  const std::vector<int64_t>& flags = v.node.attributes.ints;
  const auto part = [&](const Expr& of) {
    std::vector<Expr> inputs = {of};
    inputs.insert(inputs.end(), arrays.begin(), arrays.end());
    return v.builder.apply("advanced_subtensor", std::move(inputs), flags);
  };
  const auto overwrite = [&](const Expr& g) {
    std::vector<Expr> inputs = {g, zero_values(v.builder, g.dtype(), v.x[1].rank())};
    inputs.insert(inputs.end(), arrays.begin(), arrays.end());
    return v.builder.apply("advanced_set_subtensor", std::move(inputs), flags);
  };
  return update_vjp(v, part, overwrite);
}

// The values take the layout of the stack's region, which is the reverse of the pattern.
std::vector<Expr> scatter_batch(const Batch& b) {
  const StackedIndex index = stacked_index(b, true, first_array);
  const Expr values = b.batched[1] ? b.x[1] : pad_left(b.x[1], b.x[1].rank() + 1);
  std::vector<int64_t> back(index.pattern.size());
  for (size_t k = 0; k < back.size(); ++k) back[static_cast<size_t>(index.pattern[k])] = static_cast<int64_t>(k);
  std::vector<Expr> inputs = {stacked(b, 0), dimshuffle(values, std::move(back))};
  inputs.insert(inputs.end(), index.arrays.begin(), index.arrays.end());
  return {b.builder.apply(b.node.op->name, std::move(inputs), index.flags)};
}

AxisMap scatter_axes(const Node& node) {
  const AdvancedLayout layout = advanced_layout(node, first_array);
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  for (int axis = 0; axis < layout.rank(); ++axis) {
    const int source = layout.source[static_cast<size_t>(axis)];
    if (source < 0) continue;
    map[0][static_cast<size_t>(source)][0] = source;
    if (!node.inputs[1].type().broadcasts(axis)) map[0][static_cast<size_t>(source)][1] = axis;
  }
  return map;
}

Op scatter_row(std::string_view name, std::string_view doc, bool add) {
  return {
      .name = name,
      .min_inputs = 3,
      .max_inputs = -1,
      .doc = doc,
      .traits = linear | may_fail,
      .attributes_doc = "as advanced_subtensor",
      .theano_name = "AdvancedIncSubtensor",
      .type = scatter_type,
      .sizes = scatter_sizes,
      .value = scatter_value,
      .vjp = scatter_vjp,
      .jvp = update_jvp,
      .connects = update_connects,
      .batch = scatter_batch,
      .axes = scatter_axes,
      .update = {
          .add = add, .may_repeat = true, .serial_axes = index_axes, .space = scatter_space, .region = scatter_region}};
}

}  // namespace

std::vector<Op> advanced_update_rows() {
  return {scatter_row(
              "advanced_set_subtensor",
              "A tensor in which the elements that index arrays point to are overwritten; of several values for one "
              "element the last one stays. Inputs: x, the values, the index arrays.",
              false),
          scatter_row(
              "advanced_inc_subtensor",
              "A tensor with values added to the elements that index arrays point to; several values for one element "
              "add up. Inputs: x, the values, the index arrays.",
              true)};
}

}  // namespace croton
