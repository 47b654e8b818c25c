// What elementwise rows share: dtype rules, type and size rules, the reference interpreter, batching and gradients.
#include "ops/elementwise_family.h"

#include <algorithm>

#include "base/error.h"

namespace croton {
namespace {

// The dtype that gradients with respect to `x` have: its own, or that of the gradient above when x is discrete.
DType gradient_dtype(const Expr& x, const Expr& g) {
  if (!is_discrete(x.dtype())) return x.dtype();
  return is_float(g.dtype()) ? g.dtype() : DType::f64;
}

Expr zero_gradient(const Expr& x, const Expr& g) {
  return x.builder->apply("second", {x, x.builder->constant(gradient_dtype(x, g), 0)});
}

std::vector<DType> operand_dtypes(std::span<const Var> inputs) {
  std::vector<DType> dtypes;
  for (const Var& input : inputs) dtypes.push_back(input.type().dtype);
  return dtypes;
}

DType compute_dtype(const Op& op, std::span<const Var> inputs) {
  try {
    const std::vector<DType> dtypes = operand_dtypes(inputs);
    for (const DType dtype : dtypes) {
      if (is_complex(dtype) && op.elementwise.value_complex == nullptr)
        raise<TypeError>("{} operands are not supported", dtype_name(dtype));
    }
    return op.elementwise.compute(dtypes);
  } catch (TypeError& error) {
    error.message = fmt::format("{}: {}", op.name, error.message);
    throw;
  }
}

std::string mismatch_message(size_t first, size_t second, int axis) {
  return fmt::format("Input dimension mis-match. (input[{}].shape[{}] = {{0}}, input[{}].shape[{}] = {{1}})", first,
                     axis, second, axis);
}

// Sizes of the result; the sizes of operands that do not broadcast must agree.
std::vector<int64_t> broadcast_shape(const Node& node, std::span<const Array> inputs) {
  std::vector<int64_t> shape(node.types[0].rank, 1);
  for (int axis = 0; axis < node.types[0].rank; ++axis) {
    const auto a = static_cast<size_t>(axis);
    int first = -1;
    for (size_t k = 0; k < inputs.size(); ++k) {
      if (node.inputs[k].type().broadcasts(axis)) continue;
      if (first < 0) {
        first = static_cast<int>(k);
        shape[a] = inputs[k].shape[a];
      } else if (inputs[k].shape[a] != shape[a]) {
        throw ValueError(fmt::format(fmt::runtime(mismatch_message(static_cast<size_t>(first), k, axis)), shape[a],
                                     inputs[k].shape[a]));
      }
    }
  }
  return shape;
}

// Input k seen with the result's shape: axes that broadcast have stride zero.
Array stretched(const Array& input, const Type& type, const std::vector<int64_t>& shape) {
  Array view = input;
  view.shape = shape;
  for (int axis = 0; axis < type.rank; ++axis) {
    if (type.broadcasts(axis)) view.strides[static_cast<size_t>(axis)] = 0;
  }
  return view;
}

template <class Number, class Read>
std::vector<std::vector<Number>> read_operands(const Node& node, std::span<const Array> inputs,
                                               const std::vector<int64_t>& shape, Read&& read) {
  const Elementwise& row = node.op->elementwise;
  std::vector<std::vector<Number>> operands(inputs.size());
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Array view = stretched(inputs[k], node.inputs[k].type(), shape);
    operands[k].resize(static_cast<size_t>(view.size()));
    const bool as_bool = k == 0 && row.first_kept && is_bool(row.first);
    for_each_element(view, [&](int64_t position, const std::byte* p) {
      operands[k][static_cast<size_t>(position)] =
          as_bool ? Number(element_as_complex(p, view.dtype) != 0.0) : read(p, view.dtype);
    });
  }
  return operands;
}

template <class Number, class Apply>
void apply_reference(const std::vector<std::vector<Number>>& operands, const Array& output, Apply&& apply) {
  std::vector<Number> x(operands.size());
  for_each_element(output, [&](int64_t position, std::byte* p) {
    for (size_t k = 0; k < operands.size(); ++k) x[k] = operands[k][static_cast<size_t>(position)];
    apply(x.data(), p);
  });
}

}  // namespace

// ------------------------------------------------------------------------------------------------------- dtype rules

DType promoted(std::span<const DType> dtypes) {
  DType result = dtypes[0];
  for (const DType dtype : dtypes) result = promote(result, dtype);
  return result;
}

DType promoted_number(std::span<const DType> dtypes) {
  const DType result = promoted(dtypes);
  if (is_bool(result)) raise<TypeError>("not defined for bool; convert to an integer, or use ~ or ^");
  return result;
}

DType promoted_integer(std::span<const DType> dtypes) {
  const DType result = promoted(dtypes);
  return is_bool(result) ? DType::i8 : result;
}

DType promoted_float(std::span<const DType> dtypes) { return to_float(promoted(dtypes)); }

DType float_only(std::span<const DType> dtypes) {
  const DType result = promoted(dtypes);
  if (!is_float(result)) raise<TypeError>("only defined for floats, not for {}", dtype_name(result));
  return result;
}

DType discrete_only(std::span<const DType> dtypes) {
  const DType result = promoted(dtypes);
  for (const DType dtype : dtypes) {
    if (!is_discrete(dtype)) raise<TypeError>("only defined for bools and integers, not for {}", dtype_name(dtype));
  }
  if (!is_discrete(result)) raise<TypeError>("no integer dtype holds both int64 and uint64");
  return result;
}

DType bits_only(std::span<const DType> dtypes) {
  const DType result = discrete_only(dtypes);
  for (const DType dtype : dtypes) {
    if (is_bool(dtype) != is_bool(result))
      raise<TypeError>("a bool and an {} have no bits in common: cast one", dtype_name(result));
  }
  return result;
}

DType to_bool(DType) { return DType::b1; }
DType to_real(DType compute) {
  return compute == DType::c128 ? DType::f64 : compute == DType::c64 ? DType::f32 : compute;
}

// ----------------------------------------------------------------------------------------------------------- columns

std::vector<Type> elementwise_type(const TypeQuery& query) {
  Type result{.rank = query.in(0).rank, .ones = ~0u};
  for (const Var& input : query.inputs) {
    const Type& type = input.type();
    if (!type.is_tensor()) raise<TypeError>("{}: {} is not a tensor", query.op.name, type_name(type));
    if (type.rank != result.rank) raise<InternalError>("{}: operands of different ranks", query.op.name);
    result.ones &= type.ones;
    if (result.context == 0) result.context = type.context;
  }
  const DType compute = compute_dtype(query.op, query.inputs);
  result.dtype = query.op.elementwise.result == nullptr ? compute : query.op.elementwise.result(compute);
  return {result};
}

Sizes elementwise_sizes(SizeQuery& query) {
  const Node& node = *query.node;
  std::vector<SizeId> sizes;
  for (int axis = 0; axis < node.types[0].rank; ++axis) {
    SizeId size = no_size;
    size_t first = 0;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k].type().broadcasts(axis)) continue;
      const SizeId own = query.dim(k, axis);
      if (size == no_size) {
        size = own;
        first = k;
      } else if (own != size) {
        query.require_equal(size, own, mismatch_message(first, k, axis));
      }
    }
    sizes.push_back(size == no_size ? query.table().constant(1) : size);
  }
  return {sizes};
}

void elementwise_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Elementwise& row = node.op->elementwise;
  const DType compute = compute_dtype(*node.op, node.inputs), result = node.types[0].dtype;
  const std::vector<int64_t> shape = broadcast_shape(node, inputs);
  const Array output = new_array(result, shape);
  if (is_discrete(compute)) {
    if (row.value_integer == nullptr) raise<InternalError>("{}: the row has no value for integers", node.op->name);
    apply_reference(read_operands<int64_t>(node, inputs, shape, element_as_integer), output,
                    [&](const int64_t* x, std::byte* p) { store_integer(p, result, row.value_integer(x, compute)); });
  } else if (is_complex(compute)) {
    apply_reference(read_operands<Complex>(node, inputs, shape, element_as_complex), output,
                    [&](const Complex* x, std::byte* p) { store_complex(p, result, row.value_complex(x)); });
  } else {
    apply_reference(read_operands<double>(node, inputs, shape, element_as_double), output,
                    [&](const double* x, std::byte* p) { store_double(p, result, row.value(x)); });
  }
  outputs.assign(1, output);
}

std::vector<Expr> elementwise_batch(const Batch& batch) {
  std::vector<Expr> x = batch.x;
  for (size_t k = 0; k < x.size(); ++k) {
    if (!batch.batched[k]) x[k] = pad_left(x[k], x[k].rank() + 1);
  }
  return batch.builder.apply_all(*batch.node.op, std::move(x), batch.node.attributes);
}

AxisMap elementwise_axes(const Node& node) {
  const Type& output = node.types[0];
  AxisMap map(1, std::vector<std::vector<int>>(output.rank, std::vector<int>(node.inputs.size(), -1)));
  for (int axis = 0; axis < output.rank; ++axis) {
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k].type().broadcasts(axis) == output.broadcasts(axis))
        map[0][static_cast<size_t>(axis)][k] = axis;
    }
  }
  return map;
}

// --------------------------------------------------------------------------------------------------------- gradients

std::vector<Expr> elementwise_vjp(const Vjp& v, PartialRule rule) {
  const Expr &y = v.y[0], &g = v.dy[0];
  const auto connects = v.node.op->connects == nullptr ? std::vector<std::vector<bool>>{} : v.node.op->connects(v.node);
  std::vector<Expr> gradients(v.x.size());
  for (size_t k = 0; k < v.x.size(); ++k) {
    if (!connects.empty() && !connects[k][0]) continue;
    const Expr product = is_discrete(y.dtype()) ? Expr{} : rule({v.builder, v.x, y, conjugate(g), k});
    gradients[k] = product ? sum_to(conjugate(product), v.x[k]) : zero_gradient(v.x[k], g);
  }
  return gradients;
}

std::vector<Expr> elementwise_jvp(const Jvp& v, PartialRule rule) {
  const Expr& y = v.y[0];
  if (is_discrete(y.dtype())) return {Expr{}};
  const auto connects = v.node.op->connects == nullptr ? std::vector<std::vector<bool>>{} : v.node.op->connects(v.node);
  Expr total;
  for (size_t k = 0; k < v.x.size(); ++k) {
    if (!v.dx[k] || (!connects.empty() && !connects[k][0])) continue;
    const Expr term = rule({v.builder, v.x, y, v.dx[k], k});
    if (term) total = total ? total + term : term;
  }
  if (!total) return {total};
  if (total.type().ones != y.type().ones) total = call("second", {y, total});
  return {cast(total, y.dtype())};
}

Expr zero_partial(const Partial&) { return {}; }

Op elementwise_row(Op op) {
  if (op.type == nullptr) op.type = elementwise_type;
  if (op.sizes == nullptr) op.sizes = elementwise_sizes;
  if (op.value == nullptr) op.value = elementwise_value;
  if (op.batch == nullptr) op.batch = elementwise_batch;
  if (op.axes == nullptr) op.axes = elementwise_axes;
  return op;
}

Expr where(const Expr& condition, const Expr& g) {
  return call("switch", {condition, g, g.builder->constant(g.dtype(), 0)});
}

Expr where_not(const Expr& condition, const Expr& g) {
  return call("switch", {condition, g.builder->constant(g.dtype(), 0), g});
}

}  // namespace croton
