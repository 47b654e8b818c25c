// What rows of linear algebra share.
#include "ops/matrices.h"

#include "base/error.h"

namespace croton {

// ------------------------------------------------------------------------------------------------- types and sizes

const Type& matrix_input(const TypeQuery& q, size_t k) {
  const Type& type = tensor_input(q, k);
  if (type.rank < 2) {
    raise<TypeError>("{}: input {} must be a matrix or a stack of matrices, not {}", q.op.name, k, type_name(type));
  }
  if (is_complex(type.dtype)) {
    raise<TypeError>("{}: input {} must be real, not {}; matrices of complex numbers are not supported", q.op.name, k,
                     type_name(type));
  }
  return type;
}

DType float_dtype(const TypeQuery& q, size_t inputs) {
  DType dtype = q.in(0).dtype;
  for (size_t k = 1; k < inputs; ++k) dtype = promote(dtype, q.in(k).dtype);
  return is_float(dtype) ? dtype : DType::f64;
}

Type stack_type(const TypeQuery& q, DType dtype, int trailing) {
  const Type& x = q.in(0);
  const int leading = x.rank - 2;
  Type type = plain_type(dtype, static_cast<size_t>(leading + trailing), q.op.name);
  for (int axis = 0; axis < leading; ++axis) {
    if (x.broadcasts(axis)) set_one(type, axis);
  }
  return type;
}

void require_same_rank(const TypeQuery& q) {
  if (q.in(0).rank == q.in(1).rank) return;
  raise<ValueError>("{}: the first input is {}, the second {}: one is a longer stack of matrices", q.op.name,
                    type_name(q.in(0)), type_name(q.in(1)));
}

std::vector<SizeId> stack_sizes(SizeQuery& q, std::initializer_list<SizeId> trailing) {
  std::vector<SizeId> sizes = sizes_of_input(q, 0);
  sizes.resize(sizes.size() - 2);
  sizes.insert(sizes.end(), trailing);
  return sizes;
}

SizeId rows_of(SizeQuery& q, size_t input) { return q.dim(input, q.node->inputs[input].type().rank - 2); }
SizeId columns_of(SizeQuery& q, size_t input) { return q.dim(input, q.node->inputs[input].type().rank - 1); }

void require_same_stack(SizeQuery& q) {
  for (int axis = 0; axis + 2 < q.node->inputs[0].type().rank; ++axis) {
    q.require_equal(q.dim(0, axis), q.dim(1, axis), "stacks of {0} and {1} matrices");
  }
}

std::vector<Expr> stack_batch(const Batch& b) {
  std::vector<Expr> inputs;
  for (size_t k = 0; k < b.x.size(); ++k) inputs.push_back(stacked(b, k));
  return b.builder.apply_all(*b.node.op, std::move(inputs), b.node.attributes);
}

AxisMap stack_axes(const Node& node) {
  const int leading = node.inputs[0].type().rank - 2;
  AxisMap map;
  for (const Type& type : node.types) {
    map.push_back(no_axis(static_cast<size_t>(type.rank), node.inputs.size()));
    for (int axis = 0; axis < leading; ++axis) {
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        if (node.inputs[k].type().rank > 0) map.back()[static_cast<size_t>(axis)][k] = axis;
      }
    }
  }
  return map;
}

// ----------------------------------------------------------------------------------------------------- expressions

namespace matrices {
namespace {

std::vector<int64_t> axes_up_to(int count) {
  std::vector<int64_t> axes;
  for (int axis = 0; axis < count; ++axis) axes.push_back(axis);
  return axes;
}

Expr counted(const Expr& x, int axis) {
  Builder& b = *x.builder;
  return b.apply("arange", {b.integer(0), dim(x, axis), b.integer(1)}, {static_cast<int64_t>(DType::i64)});
}

Expr compared(const Expr& x, std::string_view row) {
  return call(row, {dimshuffle(counted(x, x.rank() - 2), {0, -1}), dimshuffle(counted(x, x.rank() - 1), {-1, 0})});
}

// A stack of any number of axes as one of a single axis.
Expr flat_stack(const Expr& x) {
  const int leading = x.rank() - 2;
  Expr count = dim(x, 0);
  for (int axis = 1; axis < leading; ++axis) count = count * dim(x, axis);
  return call("reshape", {x, count, dim(x, leading), dim(x, leading + 1)});
}

// Part of the axis that is `from_end` axes from the end: bits 1 (start) and 2 (stop) as subtensor has them.
Expr part(const Expr& x, int from_end, int64_t given, const Expr& bound) {
  std::vector<int64_t> entries(static_cast<size_t>(x.rank() - from_end), 0);
  entries.push_back(given);
  return x.builder->apply("subtensor", {x, bound}, std::move(entries));
}

}  // namespace

Expr transposed(const Expr& x) {
  std::vector<int64_t> pattern = axes_up_to(x.rank());
  std::swap(pattern[pattern.size() - 1], pattern[pattern.size() - 2]);
  return dimshuffle(x, std::move(pattern));
}

Expr product(const Expr& a, const Expr& b) {
  if (a.rank() == 2) return call("dot", {a, b});
  if (a.rank() == 3) return call("batched_dot", {a, b});
  const Expr flat = call("batched_dot", {flat_stack(a), flat_stack(b)});
  std::vector<Expr> inputs = {flat};
  for (int axis = 0; axis + 2 < a.rank(); ++axis) inputs.push_back(dim(a, axis));
  inputs.push_back(dim(flat, 1));
  inputs.push_back(dim(flat, 2));
  return a.builder->apply("reshape", std::move(inputs));
}

Expr product(const Expr& a, const Expr& b, const Expr& c) { return product(product(a, b), c); }

Expr as_row(const Expr& v) {
  std::vector<int64_t> pattern = axes_up_to(v.rank());
  pattern.insert(pattern.end() - 1, -1);
  return dimshuffle(v, std::move(pattern));
}

Expr as_column(const Expr& v) {
  std::vector<int64_t> pattern = axes_up_to(v.rank());
  pattern.push_back(-1);
  return dimshuffle(v, std::move(pattern));
}

Expr where(const Expr& x, std::string_view row) {
  return call("switch", {compared(x, row), x, x.builder->constant(x.dtype(), 0)});
}

Expr on_diagonal(const Expr& x) { return compared(x, "eq"); }
Expr diagonal(const Expr& x) { return sum(only_diagonal(x), {x.rank() - 1}); }

Expr diagonal_matrix(const Expr& v) {
  const Expr n = counted(v, v.rank() - 1);
  const Expr same = call("eq", {dimshuffle(n, {0, -1}), dimshuffle(n, {-1, 0})});
  return call("switch", {same, as_row(v), v.builder->constant(v.dtype(), 0)});
}

Expr folded(const Expr& g, bool is_lower) {
  return is_lower ? lower(g) + transposed(strictly_upper(g)) : upper(g) + transposed(strictly_lower(g));
}

Expr symmetric(const Expr& x, bool is_lower) {
  return is_lower ? lower(x) + transposed(strictly_lower(x)) : upper(x) + transposed(strictly_upper(x));
}

Expr inverse_differences(const Expr& v) {
  const Expr differences = as_row(v) - as_column(v), same = on_diagonal(differences);
  Builder& b = *v.builder;
  const Expr one = b.constant(v.dtype(), 1);
  return call("switch", {same, b.constant(v.dtype(), 0), one / call("switch", {same, one, differences})});
}

Expr first_columns(const Expr& x, const Expr& end) { return part(x, 1, 2, end); }
Expr columns_from(const Expr& x, const Expr& begin) { return part(x, 1, 1, begin); }
Expr first_rows(const Expr& x, const Expr& end) { return part(x, 2, 2, end); }
Expr rows_from(const Expr& x, const Expr& begin) { return part(x, 2, 1, begin); }
Expr beside(const Expr& a, const Expr& b) { return call("join", {a, b}, {a.rank() - 1}); }
Expr below(const Expr& a, const Expr& b) { return call("join", {a, b}, {a.rank() - 2}); }

std::vector<Expr> call_all(std::string_view row, std::vector<Expr> inputs, std::vector<int64_t> ints) {
  Builder& b = *inputs[0].builder;
  Attributes attributes;
  attributes.ints = std::move(ints);
  return b.apply_all(op_named(row), std::move(inputs), std::move(attributes));
}

Expr sum_or_null(const Expr& a, const Expr& b) { return !a ? b : !b ? a : a + b; }

}  // namespace matrices

// ---------------------------------------------------------------------------------------------------------- values

MatrixStack::MatrixStack(const Array& array) : array_(array) {
  for (size_t axis = 0; axis + 2 < array.shape.size(); ++axis) count_ *= array.shape[axis];
}

std::byte* MatrixStack::item(int64_t k) const {
  std::byte* p = array_.data;
  for (size_t axis = array_.shape.size() - 2; axis-- > 0;) {
    p += k % array_.shape[axis] * array_.strides[axis];
    k /= array_.shape[axis];
  }
  return p;
}

std::vector<int64_t> stack_shape(const Array& x, std::initializer_list<int64_t> trailing) {
  std::vector<int64_t> shape(x.shape.begin(), x.shape.end() - 2);
  shape.insert(shape.end(), trailing);
  return shape;
}

void require_square(const Array& x) {
  const int64_t m = x.shape[x.shape.size() - 2], n = x.shape.back();
  if (m != n) raise<LinearAlgebraError>("the matrix must be square, but it has {} rows and {} columns", m, n);
}

void refuse_infinite() { raise<ValueError>("array must not contain infs or NaNs"); }

std::string place_in_stack(const MatrixStack& stack, int64_t k) {
  return stack.count() == 1 ? "" : fmt::format(", in matrix {} of {}", k, stack.count());
}

}  // namespace croton
