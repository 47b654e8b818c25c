// The family of the rows of random numbers, and what they share.
#include "ops/random_draw.h"
#include "ops/registry.h"

namespace croton {

Type sized_type(const TypeQuery& q, size_t first) {
  const std::vector<int64_t>& ints = q.attributes.ints;
  if (ints.size() != 1 || ints[0] < 0 || ints[0] >= dtype_count)
    raise<ValueError>("{} needs the dtype of what it draws", q.op.name);
  const auto dtype = static_cast<DType>(ints[0]);
  if (is_complex(dtype)) raise<TypeError>("{} draws no complex numbers", q.op.name);
  Type result = plain_type(dtype, q.inputs.size() - first, q.op.name);
  for (size_t k = first; k < q.inputs.size(); ++k) {
    require_integer_scalar(q, k, "a size");
    const auto size = constant_integer(q.inputs[k]);
    if (size && *size < 0) raise<ValueError>("{}: negative dimensions are not allowed ({})", q.op.name, *size);
    if (size == 1) set_one(result, static_cast<int>(k - first));
  }
  return result;
}

std::vector<SizeId> given_sizes(SizeQuery& q, size_t first) {
  std::vector<SizeId> sizes;
  for (size_t k = first; k < q.node->inputs.size(); ++k) {
    sizes.push_back(q.scalar(k));
    q.require_not_negative(sizes.back(), "negative dimensions are not allowed ({0})");
  }
  return sizes;
}

std::vector<int64_t> given_shape(std::span<const Array> sizes) {
  std::vector<int64_t> shape;
  for (const Array& size : sizes) {
    shape.push_back(integer_value(size));
    if (shape.back() < 0) raise<ValueError>("negative dimensions are not allowed ({})", shape.back());
  }
  return shape;
}

std::vector<Type> draw_type(const TypeQuery& q) {
  if (q.in(0).kind != Kind::random_state)
    raise<TypeError>("{} draws from a random state, not from {}", q.op.name, type_name(q.in(0)));
  const auto sizes_at = static_cast<size_t>(q.op.min_inputs);
  for (size_t k = 1; k < sizes_at; ++k) {
    if (is_complex(tensor_input(q, k).dtype)) raise<TypeError>("{}: argument {} is complex", q.op.name, k - 1);
  }
  return {q.in(0), sized_type(q, sizes_at)};
}

std::vector<Type> line_draw_type(const TypeQuery& q) {
  std::vector<Type> types = draw_type(q);
  const uint32_t ones = types[1].ones;
  types[1] = plain_type(types[1].dtype, static_cast<size_t>(types[1].rank) + 1, q.op.name);
  types[1].ones = ones;
  return types;
}

Sizes draw_sizes(SizeQuery& q) { return {{q.table().constant(state_words)}, given_sizes(q, first_size(*q.node))}; }

Op draw_row(int arguments, Op op) {
  op.min_inputs = 1 + arguments;
  op.max_inputs = -1;
  op.traits = random | expensive | may_fail;
  op.attributes_doc = "the dtype of the draws";
  op.theano_name = "RandomFunction";
  if (!op.type) op.type = draw_type;
  if (!op.sizes) op.sizes = draw_sizes;
  op.no_gradient = "no gradient is defined through draws of random numbers";
  op.no_batch = "every draw needs the state after the one before";
  op.no_axes = op.no_batch;
  return op;
}

std::span<const Op> random_ops() {
  static const std::vector<Op> rows = [] {
    std::vector<Op> all = random_state_rows();
    for (const Op& row : random_choice_rows()) all.push_back(row);
    for (const Op& row : stream_rows()) all.push_back(row);
    return all;
  }();
  return rows;
}

}  // namespace croton
