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

Expr binary(std::string_view op_name, const Expr& a, const Expr& b) {
  return builder_of(a, b).apply(op_name, {a, b});
}

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

std::vector<Type> elementwise_types(const TypeQuery& q) {
  Type type = q.in(0);
  std::vector<DType> dtypes;
  for (const Var& x : q.inputs) {
    const Type& t = x.type();
    if (!t.is_tensor()) raise<TypeError>("{} takes tensors, not {}", q.op.name, type_name(t));
    if (t.rank != type.rank) raise<InternalError>("{}: operands of rank {} and {}", q.op.name, type.rank, t.rank);
    type.ones &= t.ones;
    if (type.context == 0) type.context = t.context;
    dtypes.push_back(t.dtype);
  }
  const DType compute = compute_dtype(q.op, dtypes);
  type.dtype = q.op.elementwise.result ? q.op.elementwise.result(compute) : compute;
  return {type};
}

}  // namespace

DType compute_dtype(const Op& op, std::span<const DType> dtypes) {
  if (!op.elementwise.compute) raise<InternalError>("row '{}' does not say in which dtype it computes", op.name);
  return op.elementwise.compute(op.elementwise.first_kept ? dtypes.subspan(1) : dtypes);
}

std::vector<Type> infer_types(const TypeQuery& query) {
  check_arity(query.op, query.inputs.size());
  if (query.op.type) return query.op.type(query);
  if (query.op.is_elementwise()) return elementwise_types(query);
  raise<InternalError>("row '{}' has no type rule", query.op.name);
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
  return made(make(op, std::move(vars), std::move(types), std::move(attributes), std::move(bodies)), count);
}

std::vector<Expr> Builder::made(const Made& result, size_t count) {
  std::vector<Expr> outputs;
  outputs.reserve(count);
  for (size_t k = 0; k < count; ++k) outputs.push_back(wrap(result.at(k)));
  return outputs;
}

Expr Builder::apply(const Op& op, std::vector<Expr> inputs, Attributes attributes,
                    std::vector<std::shared_ptr<const Graph>> bodies) {
  return apply_all(op, std::move(inputs), std::move(attributes), std::move(bodies)).at(0);
}
