// What rule functions share: tests of form, conversion to the type of what is replaced, sizes as expressions, products.
#pragma once

#include <string_view>
#include <vector>

#include "rewrite/intern.h"
#include "rewrite/pattern.h"
#include "rewrite/rule.h"

namespace croton {

using Exprs = std::vector<Expr>;

/// The node that computes `v` if it is of that row, else null.
inline const Node* node_of(const Var& v, std::string_view row) { return v.op().name == row ? v.node.get() : nullptr; }

/// `e` with leading axes of size one and the dtype of `like`; null when it would still not fit where `like` stood.
Expr conformed(const Expr& e, const Type& like);
/// One replacement, or none when `e` is null or does not conform.
Exprs replaced_by(const RuleContext& context, const Expr& e);

/// True when every element is certainly zero (of either sign).
bool is_zero(const Var& v);
/// True when all axes are known to have size one: the value is the same for all elements of a broadcast.
inline bool is_single(const Var& v) {
  const Type& type = v.type();
  return type.is_tensor() && type.ones == tensor_type(type.dtype, std::vector<bool>(type.rank, true)).ones;
}
/// Without its leading axes of size one.
Expr without_leading_ones(const Expr& e);
/// A variable with only axes of size one, as a scalar.
Expr as_scalar(const Expr& e);

/// The size of an axis, from as near to the function's inputs as is simple: no value of `v` is needed where that
/// succeeds.
Expr size_of(RuleContext& context, const Var& v, int axis);
/// Sizes of the result of an elementwise node, from its operands.
Exprs sizes_of_operands(RuleContext& context);
/// `value` in every element of the result of the elementwise node.
Expr filled(RuleContext& context, const Expr& value);

/// alloc(value, sizes); `value` itself when nothing is left to broadcast.
Expr alloc(const Expr& value, const Exprs& sizes);

/// A product as its factors: (-1)^negative * over / under.
struct Product {
  bool negative = false;
  std::vector<Var> over, under;
};
/// Takes products, quotients, inverses and negations of floats apart, as deep as they go (up to a limit).
Product factors_of(const Var& v);
Expr product_of(RuleContext& context, const Product& product);

/// The terms of a sum with their signs, up to a limit.
struct Term {
  Var value;
  bool negative = false;
};
std::vector<Term> terms_of(const Var& v);

/// Makes a sample graph. Expressions point to its builder, so it lives until the sample is taken.
class Sampler {
 public:
  Expr input(DType dtype, int rank, uint32_t ones = 0);
  Expr matrix() { return input(DType::f64, 2); }
  Expr vector() { return input(DType::f64, 1); }
  Expr scalar() { return input(DType::f64, 0); }
  Expr number(double value) { return builder.constant(DType::f64, value); }
  Sample sample(const Exprs& outputs, Range domain = {-3, 3}) const;
  UserBuilder builder;

 private:
  std::vector<Var> inputs_;
};
/// A sample with one output on one or two float64 matrices.
Sample sample_of(Expr (*make)(const Expr& x), Range domain = {-3, 3}, DType dtype = DType::f64);
Sample sample_of(Expr (*make)(const Expr& x, const Expr& y), Range domain = {-3, 3}, DType dtype = DType::f64);

}  // namespace croton
