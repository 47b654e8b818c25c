// Builders: the checks that every new node passes, the user's builder, operators and the helpers that rows share.
#include "ir/expr.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "ir/op.h"

namespace croton {
namespace {

Builder& builder_of(const Expr& a, const Expr& b) {
  Builder* builder = a.builder ? a.builder : b.builder;
  if (!builder || !a || !b) raise<InternalError>("an operator was given an expression without variable or builder");
  return *builder;
}

Expr binary(std::string_view op_name, const Expr& a, const Expr& b) { return builder_of(a, b).apply(op_name, {a, b}); }

void check_arity(const Op& op, size_t count) {
  const auto n = static_cast<int>(count);
  if (n >= op.min_inputs && (op.max_inputs < 0 || n <= op.max_inputs)) return;
  if (op.min_inputs == op.max_inputs) {
    raise<TypeError>("{} takes {} input{}, not {}", op.name, op.min_inputs, op.min_inputs == 1 ? "" : "s", n);
  }
  raise<TypeError>("{} takes {} {} inputs, not {}", op.name, n < op.min_inputs ? "at least" : "at most",
                   n < op.min_inputs ? op.min_inputs : op.max_inputs, n);
}

// Elementwise operands of a smaller rank get axes of size one in front.
void pad_operands(const Op& op, std::vector<Expr>& inputs) {
  if (!op.is_elementwise()) return;
  int rank = 0;
  for (const Expr& x : inputs) {
    if (!x.type().is_tensor()) raise<TypeError>("{} takes tensors, not {}", op.name, type_name(x.type()));
    rank = std::max(rank, x.rank());
  }
  for (Expr& x : inputs) x = pad_left(x, rank);
}

}  // namespace

std::vector<Type> infer_types(const TypeQuery& query) {
  check_arity(query.op, query.inputs.size());
  if (!query.op.type) raise<InternalError>("row '{}' has no type rule", query.op.name);
  return query.op.type(query);
}

std::vector<Expr> Builder::apply_all(const Op& op, std::vector<Expr> inputs, Attributes attributes,
                                     std::vector<std::shared_ptr<const Graph>> bodies) {
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k]) raise<InternalError>("input {} of a new node of row '{}' is null", k, op.name);
    inputs[k].builder = this;
  }
  check_arity(op, inputs.size());
  pad_operands(op, inputs);
  std::vector<Var> vars;
  vars.reserve(inputs.size());
  for (Expr& x : inputs) vars.push_back(std::move(x.var));
  std::vector<Type> types = infer_types({op, vars, attributes, bodies});
  const size_t count = types.size();
  const NodePtr node = make(op, std::move(vars), std::move(types), std::move(attributes), std::move(bodies));
  std::vector<Expr> outputs;
  outputs.reserve(count);
  for (uint32_t k = 0; k < count; ++k) outputs.push_back(wrap({node, k}));
  return outputs;
}

Expr Builder::apply(const Op& op, std::vector<Expr> inputs, Attributes attributes,
                    std::vector<std::shared_ptr<const Graph>> bodies) {
  return apply_all(op, std::move(inputs), std::move(attributes), std::move(bodies)).at(0);
}

Expr Builder::apply(std::string_view op_name, std::vector<Expr> inputs, std::vector<int64_t> ints) {
  Attributes attributes;
  attributes.ints = std::move(ints);
  return apply(op_named(op_name), std::move(inputs), std::move(attributes));
}

Expr Builder::literal(std::shared_ptr<const Literal> literal) {
  Attributes attributes;
  attributes.literal = std::move(literal);
  return apply(op_named("constant"), {}, std::move(attributes));
}

Expr Builder::constant(DType dtype, double value) { return literal(scalar_literal(dtype, value)); }
Expr Builder::integer(int64_t value, DType dtype) { return literal(integer_literal(dtype, value)); }

NodePtr UserBuilder::make(const Op& op, std::vector<Var> inputs, std::vector<Type> types, Attributes attributes,
                          std::vector<std::shared_ptr<const Graph>> bodies) {
  return new_node(op, std::move(inputs), std::move(types), std::move(attributes), std::move(bodies), line);
}

// ------------------------------------------------------------------------------------------------------------ numbers

DType integer_literal_dtype(int64_t value) {
  for (const DType d : {DType::i8, DType::i16, DType::i32}) {
    const int bits = 8 * item_size(d) - 1;
    if (value >= -(int64_t{1} << bits) && value < int64_t{1} << bits) return d;
  }
  return DType::i64;
}

DType float_literal_dtype(double value) {
  return std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value ? DType::f32 : DType::f64;
}

DType literal_dtype(DType other, double value) {
  if (is_float(other)) return other;
  if (is_complex(other)) return other == DType::c64 ? DType::f32 : DType::f64;
  const bool integral = value == std::trunc(value) && std::fabs(value) < 0x1p63;
  return integral ? integer_literal_dtype(static_cast<int64_t>(value)) : float_literal_dtype(value);
}

namespace {

Expr number_like(const Expr& other, double value) {
  return builder_of(other, other).constant(literal_dtype(other.dtype(), value), value);
}

}  // namespace

Expr operator+(const Expr& a, const Expr& b) { return binary("add", a, b); }
Expr operator-(const Expr& a, const Expr& b) { return binary("sub", a, b); }
Expr operator*(const Expr& a, const Expr& b) { return binary("mul", a, b); }
Expr operator/(const Expr& a, const Expr& b) { return binary("true_div", a, b); }
Expr operator-(const Expr& a) { return builder_of(a, a).apply("neg", {a}); }
Expr operator+(const Expr& a, double b) { return a + number_like(a, b); }
Expr operator+(double a, const Expr& b) { return number_like(b, a) + b; }
Expr operator-(const Expr& a, double b) { return a - number_like(a, b); }
Expr operator-(double a, const Expr& b) { return number_like(b, a) - b; }
Expr operator*(const Expr& a, double b) { return a * number_like(a, b); }
Expr operator*(double a, const Expr& b) { return number_like(b, a) * b; }
Expr operator/(const Expr& a, double b) { return a / number_like(a, b); }
Expr operator/(double a, const Expr& b) { return number_like(b, a) / b; }

// ------------------------------------------------------------------------------------------------------------ helpers

Expr call(std::string_view op_name, std::initializer_list<Expr> inputs, std::vector<int64_t> ints) {
  Builder* builder = nullptr;
  for (const Expr& x : inputs) {
    if (!builder) builder = x.builder;
  }
  if (!builder) raise<InternalError>("'{}' was called without a builder", op_name);
  return builder->apply(op_name, inputs, std::move(ints));
}

Expr cast(const Expr& a, DType dtype) {
  return a.dtype() == dtype ? a : call("cast", {a}, {static_cast<int64_t>(dtype)});
}

Expr dimshuffle(const Expr& a, std::vector<int64_t> pattern) {
  bool identity = static_cast<int>(pattern.size()) == a.rank();
  for (size_t k = 0; k < pattern.size() && identity; ++k) identity = pattern[k] == static_cast<int64_t>(k);
  return identity ? a : call("dimshuffle", {a}, std::move(pattern));
}

Expr pad_left(const Expr& a, int rank) {
  std::vector<int64_t> pattern(static_cast<size_t>(std::max(0, rank - a.rank())), -1);
  for (int axis = 0; axis < a.rank(); ++axis) pattern.push_back(axis);
  return dimshuffle(a, std::move(pattern));
}

Expr dim(const Expr& a, int axis) {
  return a.type().broadcasts(axis) ? a.builder->integer(1) : call("shape_i", {a}, {axis});
}

Expr fill_like(const Expr& a, double value, DType dtype) {
  const Expr number = a.builder->constant(dtype, value);
  return a.rank() == 0 ? number : call("second", {a, number});
}

Expr fill_like(const Expr& a, double value) { return fill_like(a, value, a.dtype()); }

Expr float_zeros_like(const Expr& a, DType if_discrete) {
  return fill_like(a, 0, is_discrete(a.dtype()) ? if_discrete : a.dtype());
}

Expr broadcast_like(const Expr& a, const Expr& like) {
  if (a.rank() != like.rank()) raise<InternalError>("broadcast_like: ranks {} and {}", a.rank(), like.rank());
  return (a.type().ones & ~like.type().ones) == 0 ? a : call("second", {like, a});
}

Expr repeat_leading(const Expr& a, const Expr& size) {
  std::vector<Expr> inputs = {a, size};
  for (int axis = 0; axis < a.rank(); ++axis) inputs.push_back(dim(a, axis));
  return builder_of(a, size).apply("alloc", std::move(inputs));
}

Expr zeros_like(const Expr& a) { return fill_like(a, 0); }
Expr ones_like(const Expr& a) { return fill_like(a, 1); }

Expr sum(const Expr& a, std::vector<int64_t> axes) {
  if (axes.empty()) return a;
  std::sort(axes.begin(), axes.end());
  return call("sum", {a}, std::move(axes));
}

Expr conjugate(const Expr& a) { return is_complex(a.dtype()) ? call("conj", {a}) : a; }
Expr real_part(const Expr& a) { return is_complex(a.dtype()) ? call("real", {a}) : a; }

Expr sum_to(const Expr& g, const Expr& to) {
  if (g.rank() != to.rank()) raise<InternalError>("sum_to: ranks {} and {}", g.rank(), to.rank());
  std::vector<int64_t> axes, pattern;
  int64_t kept = 0;
  for (int axis = 0; axis < to.rank(); ++axis) {
    const bool summed = to.type().broadcasts(axis) && !g.type().broadcasts(axis);
    if (summed) axes.push_back(axis);
    pattern.push_back(summed ? -1 : kept++);
  }
  const Expr total = dimshuffle(sum(g, std::move(axes)), std::move(pattern));
  return is_complex(to.dtype()) ? total : real_part(total);
}

}  // namespace croton
