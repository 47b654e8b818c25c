// What elementwise rows share: Theano's dtype rules, the columns that follow from the family, and gradients from
// partials.
#pragma once

#include <span>
#include <vector>

#include "ir/op.h"

namespace croton {

// Dtype rules: `compute` of a row, from the dtypes of its operands. A row without `value_complex` refuses complex ones.
DType promoted(std::span<const DType> dtypes);          // NumPy's promotion
DType promoted_number(std::span<const DType> dtypes);   // the same; a TypeError when only bools are given (sub, neg)
DType promoted_integer(std::span<const DType> dtypes);  // the same; bools count as int8 (pow)
DType promoted_float(std::span<const DType> dtypes);    // the float dtype of the promotion (exp, true_div)
DType float_only(std::span<const DType> dtypes);        // a TypeError for anything but floats (round)
DType discrete_only(std::span<const DType> dtypes);     // a TypeError for anything but bools and integers (and_)
DType bits_only(std::span<const DType> dtypes);         // the same; bools only beside bools (and_)
// Result rules.
DType to_bool(DType compute);
DType to_real(DType compute);  // the dtype of a complex number's parts; others stay

// The columns of the family.
std::vector<Type> elementwise_type(const TypeQuery& query);
Sizes elementwise_sizes(SizeQuery& query);
void elementwise_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs);
std::vector<Expr> elementwise_batch(const Batch& batch);
AxisMap elementwise_axes(const Node& node);

/// What a partial derivative is written from. The Jacobian of an elementwise row is diagonal, so one function per row,
/// which multiplies `g` by the derivative in operand k, gives both reverse and forward mode. It returns null for zero.
/// The gradient of a real cost C in a complex x + iy is dC/dx + i dC/dy, as in Theano. Then reverse mode multiplies by
/// the conjugate of the derivative: the rules are taken between two conjugations. Rows that have no complex derivative
/// (abs, conj, real ...) have gradients of their own.
struct Partial {
  Builder& builder;
  const std::vector<Expr>& x;
  const Expr& y;
  const Expr& g;
  size_t k;
};
using PartialRule = Expr (*)(const Partial& p);

std::vector<Expr> elementwise_vjp(const Vjp& v, PartialRule rule);
std::vector<Expr> elementwise_jvp(const Jvp& v, PartialRule rule);
Expr zero_partial(const Partial& p);

/// Completes a row of the family; columns that the row already has stay.
Op elementwise_row(Op op);

template <PartialRule rule>
Op elementwise_row(Op op) {
  op.vjp = [](const Vjp& v) { return elementwise_vjp(v, rule); };
  op.jvp = [](const Jvp& v) { return elementwise_jvp(v, rule); };
  return elementwise_row(op);
}

// For partials: a where the condition holds, else zero (and the reverse). Unlike a product with the condition, an
// infinite or NaN `g` does not pass.
Expr where(const Expr& condition, const Expr& g);
Expr where_not(const Expr& condition, const Expr& g);

}  // namespace croton
