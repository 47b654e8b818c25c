// What rows that overwrite or increase a region of a tensor share.
#include "ops/update_support.h"

#include "base/error.h"

namespace croton {
namespace {

std::string values_message(int axis) {
  return fmt::format("the values have size {{0}} along axis {} of the region, which has size {{1}}", axis);
}

// NumPy's assignment: rounding is allowed, dropping fractions or imaginary parts is not.
bool can_store(DType from, DType to) {
  if (is_complex(from)) return is_complex(to);
  return is_discrete(from) || !is_discrete(to);
}

}  // namespace

void check_values(const TypeQuery& q, int region_rank) {
  const Type &x = tensor_input(q, 0), &values = tensor_input(q, 1);
  if (values.rank != region_rank) {
    raise<TypeError>("{}: Trying to {} a {}-dimensional subtensor with a {}-dimensional value.", q.op.name,
                     q.op.update.add ? "increment" : "set", region_rank, values.rank);
  }
  if (!can_store(values.dtype, x.dtype)) {
    raise<TypeError>("{}: values of dtype {} cannot be stored in a tensor of dtype {}", q.op.name,
                     dtype_name(values.dtype), dtype_name(x.dtype));
  }
}

void require_values(SizeQuery& q, std::span<const SizeId> region) {
  const Type& values = q.node->inputs[1].type();
  for (int axis = 0; axis < values.rank; ++axis) {
    if (!values.broadcasts(axis))
      q.require_equal(q.dim(1, axis), region[static_cast<size_t>(axis)], values_message(axis));
  }
}

Array values_over(const Node& node, const Array& values, const std::vector<int64_t>& region) {
  Array result = converted(values, node.types[0].dtype);
  for (int axis = 0; axis < values.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    if (node.inputs[1].type().broadcasts(axis)) {
      result.strides[a] = 0;
    } else if (values.shape[a] != region[a]) {
      throw ValueError(fmt::format(fmt::runtime(values_message(axis)), values.shape[a], region[a]));
    }
  }
  result.shape = region;
  return result;
}

Expr zero_values(Builder& builder, DType dtype, int region_rank) {
  return pad_left(builder.constant(dtype, 0), region_rank);
}

std::vector<Expr> update_jvp(const Jvp& v) {
  const bool add = v.node.op->update.add;
  if (!v.dx[1] && add) return {v.dx[0]};
  std::vector<Expr> inputs = v.x;
  const DType dtype = v.y[0].dtype();
  inputs[0] = v.dx[0] ? v.dx[0] : zeros_of(v.x[0], dtype);
  inputs[1] = v.dx[1] ? v.dx[1] : zero_values(v.builder, dtype, v.x[1].rank());
  return {apply_again(v.builder, v.node, std::move(inputs))};
}

std::vector<std::vector<bool>> update_connects(const Node& node) {
  auto connected = nothing_connected(node);
  connected[0][0] = connected[1][0] = true;
  return connected;
}

}  // namespace croton
