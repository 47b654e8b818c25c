// Rules of linear algebra: equations instead of inverses, and triangular ones where the matrix is a Cholesky factor.
#include <algorithm>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

bool is_transposition(const Node& node) {
  return node.op->name == "dimshuffle" && node.attributes.ints == std::vector<int64_t>{1, 0};
}

Expr transposed(const Expr& x) { return dimshuffle(x, {1, 0}); }

// dot(inverse(a), b) = solve(a, b), and the same from the right.
Exprs product_with_inverse(RuleContext& c) {
  const Var &a = c.node->inputs[0], &b = c.node->inputs[1];
  const Node* const left = node_of(a, "matrix_inverse");
  if (left != nullptr && c.only_client(a)) {
    return replaced_by(c, call("solve", {c.wrap(left->inputs[0]), c.wrap(b)}));
  }
  const Node* const right = node_of(b, "matrix_inverse");
  if (right == nullptr || !c.only_client(b)) return {};
  const Expr matrix = transposed(c.wrap(right->inputs[0]));
  if (a.type().rank == 1) return replaced_by(c, call("solve", {matrix, c.wrap(a)}));
  return replaced_by(c, transposed(call("solve", {matrix, transposed(c.wrap(a))})));
}

// The factor, or its transpose, that a matrix is: what lies in its other triangle is zero.
Exprs solve_by_factor(RuleContext& c) {
  const Var& a = c.node->inputs[0];
  const bool turned = is_transposition(*a.node);
  const Node* const factor = node_of(turned ? a.node->inputs[0] : a, "cholesky");
  if (factor == nullptr) return {};
  const bool lower = (factor->attributes.ints[0] != 0) != turned;
  return replaced_by(c, call("solve_triangular", {c.wrap(a), c.in(1)}, {lower ? 1 : 0}));
}

// log(det(x)): of a large matrix the determinant overflows long before its logarithm is large.
Exprs logarithm_of_determinant(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  const Node* const magnitude = node_of(x, "abs");
  const Node* const determinant = node_of(magnitude != nullptr ? magnitude->inputs[0] : x, "det");
  if (determinant == nullptr || !is_float(determinant->types[0].dtype)) return {};
  const std::vector<Expr> parts =
      c.builder.apply_all(op_named("slogdet"), {c.wrap(determinant->inputs[0])}, Attributes{});
  return replaced_by(c, magnitude != nullptr ? parts[1] : call("log", {parts[0]}) + parts[1]);
}

// det(x) in a product that is also divided by it, as in the gradient of its logarithm: it may have overflowed.
Exprs quotient_of_determinants(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  Product product = factors_of({c.node, 0});
  for (auto under = product.under.begin(); under != product.under.end(); ++under) {
    const auto over = std::find(product.over.begin(), product.over.end(), *under);
    if (node_of(*under, "det") == nullptr || over == product.over.end()) continue;
    product.over.erase(over);
    product.under.erase(under);
    return replaced_by(c, product_of(c, product));
  }
  return {};
}

// ----------------------------------------------------------------------------------------------------------------
// tests

// Well conditioned whatever x is between -1 and 1.
Expr diagonally_dominant(const Expr& x) {
  const Expr gram = call("dot", {x, transposed(x)}), n = dim(x, 0);
  Builder& b = *x.builder;
  const Expr k = b.apply("arange", {b.integer(0), n, b.integer(1)}, {static_cast<int64_t>(DType::i64)});
  const Expr same = call("eq", {dimshuffle(k, {0, -1}), dimshuffle(k, {-1, 0})});
  return gram * 0.1 + cast(same, x.dtype()) * 4.0;
}

Expr inverse_of(const Expr& x) { return call("matrix_inverse", {diagonally_dominant(x)}); }
Expr factor_of(const Expr& x) { return call("cholesky", {diagonally_dominant(x)}, {1, 0}); }

std::vector<Sample> determinant_samples() {
  return {sample_of([](const Expr& x) { return call("log", {call("det", {diagonally_dominant(x)})}); }, {-1, 1}),
          sample_of([](const Expr& x) { return call("log", {call("abs", {call("det", {diagonally_dominant(x)})})}); },
                    {-1, 1})};
}

std::vector<Sample> quotient_samples() {
  return {sample_of(
      [](const Expr& x) {
        const Expr det = call("det", {diagonally_dominant(x)});
        return call("exp", {sum(x, {0, 1}) / det * det});
      },
      {-0.1, 0.1})};
}

std::vector<Sample> inverse_samples() {
  return {sample_of([](const Expr& x) { return call("dot", {inverse_of(x), x}); }, {-1, 1}),
          sample_of([](const Expr& x) { return call("dot", {transposed(x), inverse_of(x)}); }, {-1, 1}),
          sample_of([](const Expr& x) { return call("dot", {sum(x, {1}), inverse_of(x)}); }, {-1, 1})};
}

std::vector<Sample> factor_samples() {
  return {sample_of([](const Expr& x) { return call("solve", {factor_of(x), x}); }, {-1, 1}),
          sample_of([](const Expr& x) { return call("solve", {transposed(factor_of(x)), x}); }, {-1, 1})};
}

}  // namespace

std::vector<Rule> matrix_rules() {
  return {{.name = "local_log_det",
           .kind = accurate,
           .phase = stabilize,
           .roots = {"log"},
           .apply = logarithm_of_determinant,
           .samples = determinant_samples},
          {.name = "local_det_quotient",
           .kind = accurate,
           .phase = stabilize,
           .roots = {"mul", "true_div"},
           .apply = quotient_of_determinants,
           .samples = quotient_samples},
          {.name = "inv_as_solve",
           .kind = accurate,
           .phase = stabilize,
           .roots = {"dot"},
           .apply = product_with_inverse,
           .samples = inverse_samples},
          {.name = "tag_solve_triangular",
           .kind = accurate,
           .phase = stabilize,
           .roots = {"solve"},
           .apply = solve_by_factor,
           .samples = factor_samples}};
}

}  // namespace croton
