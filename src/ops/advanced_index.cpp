// The row of reading by index arrays.
#include "ops/advanced.h"
#include "ops/structure_rows.h"

namespace croton {
namespace {

constexpr int first_array = 1;

std::vector<Type> gather_type(const TypeQuery& q) { return {advanced_type(q, tensor_input(q, 0), first_array)}; }

Sizes gather_sizes(SizeQuery& q) { return {advanced_sizes(q, first_array)}; }

void gather_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const AdvancedRegion region(node, inputs, first_array);
  Array result = new_array(inputs[0].dtype, region.shape());
  for_each_index(region.shape(), [&](const Index& index) {
    copy_element(element(result, index), element(inputs[0], region.place(index)), result.dtype);
  });
  outputs.assign(1, result);
}

loop::Value gather_pull(PullContext& c, size_t, std::span<const loop::Value> index) {
  return c.read(0, advanced_index(c, index, first_array));
}

// Elements that were read several times gather several gradients.
std::vector<Expr> gather_vjp(const Vjp& v) {
  std::vector<Expr> inputs = {zeros_of(v.x[0], v.dy[0].dtype()), v.dy[0]};
  inputs.insert(inputs.end(), v.x.begin() + first_array, v.x.end());
  std::vector<Expr> dx(v.x.size());
  dx[0] = v.builder.apply("advanced_inc_subtensor", std::move(inputs), v.node.attributes.ints);
  return dx;
}

std::vector<Expr> gather_batch(const Batch& b) {
  StackedIndex index = stacked_index(b, b.batched[0], first_array);
  std::vector<Expr> inputs = {b.x[0]};
  inputs.insert(inputs.end(), index.arrays.begin(), index.arrays.end());
  return {dimshuffle(b.builder.apply("advanced_subtensor", std::move(inputs), index.flags), index.pattern)};
}

AxisMap gather_axes(const Node& node) {
  const AdvancedLayout layout = advanced_layout(node, first_array);
  AxisMap map{no_axis(layout.source.size(), node.inputs.size())};
  for (int axis = 0; axis < layout.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    map[0][a][0] = layout.source[a];
    for (size_t k = first_array; k < node.inputs.size() && layout.is_index_axis(axis); ++k) {
      const int along = axis - layout.position;
      if (!node.inputs[k].type().broadcasts(along)) map[0][a][k] = along;
    }
  }
  return map;
}

}  // namespace

std::vector<Op> advanced_rows() {
  return {{.name = "advanced_subtensor",
           .min_inputs = 2,
           .max_inputs = -1,
           .doc =
               "The elements of a tensor that index arrays point to. Inputs: x, then integer arrays of one rank, which "
               "broadcast against each other; their axes stand where NumPy puts them.",
           .traits = linear | may_fail,
           .attributes_doc = "per axis of x: 1 when an index array indexes it, 0 when it is whole",
           .theano_name = "AdvancedSubtensor",
           .type = gather_type,
           .sizes = gather_sizes,
           .value = gather_value,
           .vjp = gather_vjp,
           .jvp = linear_jvp,
           .connects = first_connected,
           .batch = gather_batch,
           .axes = gather_axes,
           .pull = gather_pull}};
}

}  // namespace croton
