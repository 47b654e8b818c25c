// Rules of products of matrices: transposes, zeros, and products added to a scaled matrix.
#include <optional>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

const std::vector<int64_t> transposition = {1, 0};

bool is_matrix(const Var& v) { return v.type().is_tensor() && v.type().rank == 2; }
Expr transposed(const Expr& x) { return dimshuffle(x, transposition); }

// dot(a, b).T = dot(b.T, a.T): transposes of operands are views, a transpose of the result may have to be made.
Exprs transposed_dot(RuleContext& c) {
  const Var& product = c.node->inputs[0];
  if (c.node->attributes.ints != transposition || product.op().name != "dot" || !c.only_client(product)) return {};
  const Expr a = c.wrap(product.node->inputs[0]), b = c.wrap(product.node->inputs[1]);
  if (!is_matrix(a.var) || !is_matrix(b.var)) return {};
  return replaced_by(c, call("dot", {transposed(b), transposed(a)}));
}

// A product with zeros, whose other operand may hold infinities (floats: only if asked for).
Exprs dot_with_zeros(RuleContext& c, bool discrete) {
  const Var &a = c.node->inputs[0], &b = c.node->inputs[1];
  if (is_discrete(c.type().dtype) != discrete || (!is_zero(a) && !is_zero(b))) return {};
  Exprs sizes;
  for (int axis = 0; axis + 1 < a.type().rank; ++axis) sizes.push_back(size_of(c, a, axis));
  if (b.type().rank == 2) sizes.push_back(size_of(c, b, 1));
  return replaced_by(c, alloc(c.builder.constant(c.type().dtype, 0), sizes));
}
Exprs float_dot_with_zeros(RuleContext& c) { return dot_with_zeros(c, false); }
Exprs integer_dot_with_zeros(RuleContext& c) { return dot_with_zeros(c, true); }

// dot of a column and a row, both known to be: a map, which is fused with its neighbours. (+0 where the sum of one
// product is -0.)
Exprs dot_of_column_and_row(RuleContext& c) {
  const Var &a = c.node->inputs[0], &b = c.node->inputs[1];
  if (!is_matrix(a) || !is_matrix(b) || a.type().dtype != b.type().dtype || is_discrete(a.type().dtype)) return {};
  if (!a.type().broadcasts(1) || !b.type().broadcasts(0)) return {};
  return replaced_by(c, c.wrap(a) * c.wrap(b));
}

// -----------------------------------------------------------------------------------------------------------------
// gemm

// scale * rest, where scale is a scalar (null: 1).
struct Scaled {
  Expr scale;
  Var rest;
  bool negative = false;
};

// Takes signs and scalar factors off, as long as nobody else uses what is taken apart.
Scaled scaled_form(RuleContext& c, const Var& v) {
  Scaled result{{}, v, false};
  for (int depth = 0; depth < 8; ++depth) {
    const Var& at = result.rest;
    const std::string_view row = at.op().name;
    if ((row != "neg" && row != "mul") || !c.only_client(at)) break;
    if (row == "neg") {
      result.negative = !result.negative;
      result.rest = Var(at.node->inputs[0]);
      continue;
    }
    const bool first = is_single(at.node->inputs[0]);
    const Var &scale = at.node->inputs[first ? 0 : 1], &rest = at.node->inputs[first ? 1 : 0];
    if (!is_single(scale) || rest.type().dtype != at.type().dtype) break;
    const Expr factor = cast(as_scalar(c.wrap(scale)), at.type().dtype);
    result.scale = result.scale ? result.scale * factor : factor;
    result.rest = Var(rest);
  }
  return result;
}

Expr factor_of(RuleContext& c, const Scaled& scaled, bool negative) {
  if (!scaled.scale) return c.builder.constant(c.type().dtype, scaled.negative != negative ? -1 : 1);
  return scaled.negative != negative ? -scaled.scale : scaled.scale;
}

bool is_gemm_operand(const RuleContext& c, const Var& v) { return is_matrix(v) && v.type().dtype == c.type().dtype; }

// beta * m + alpha * dot(a, b), in any order and with any signs.
Exprs dot_added_to_matrix(RuleContext& c) {
  const DType dtype = c.type().dtype;
  if (c.type().rank != 2 || (dtype != DType::f32 && dtype != DType::f64)) return {};
  const bool difference = c.node->op->name == "sub";
  for (size_t k = 0; k < 2; ++k) {
    const Scaled product = scaled_form(c, c.node->inputs[k]);
    if (product.rest.op().name != "dot" || !c.only_client(product.rest)) continue;
    const Var &a = product.rest.node->inputs[0], &b = product.rest.node->inputs[1];
    if (!is_gemm_operand(c, a) || !is_gemm_operand(c, b)) continue;
    const Scaled other = scaled_form(c, c.node->inputs[1 - k]);
    if (!is_gemm_operand(c, other.rest) || !(other.rest.type() == c.type())) continue;
    if (!(product.rest.type() == c.type())) continue;
    const Expr alpha = factor_of(c, product, difference && k == 1), beta = factor_of(c, other, difference && k == 0);
    return replaced_by(c, call("gemm", {c.wrap(other.rest), alpha, c.wrap(a), c.wrap(b), beta}));
  }
  return {};
}

// ----------------------------------------------------------------------------------------------------------------
// tests

Expr square(const Expr& x) { return call("dot", {x, transposed(x)}); }
Expr outer(const Expr& x) { return call("dot", {dimshuffle(sum(x, {1}), {0, -1}), dimshuffle(sum(x, {0}), {-1, 0})}); }
Expr gram(const Expr& x) { return call("dot", {transposed(x), x}); }

std::vector<Sample> gemm_samples() {
  return {
      sample_of([](const Expr& x) { return call("exp", {gram(x)}) + gram(x + 1.0); }, {-1, 1}),
      sample_of([](const Expr& x) { return call("exp", {gram(x)}) * 0.5 - 0.1 * gram(x + 1.0); }, {-1, 1}),
      sample_of([](const Expr& x) { return 0.1 * (-gram(x + 1.0)) - call("tanh", {gram(x)}); }, {-1, 1}, DType::f32)};
}

}  // namespace

std::vector<Rule> linear_rules() {
  return {
      {.name = "local_lift_transpose_through_dot",
       .kind = accurate,
       .roots = {"dimshuffle"},
       .apply = transposed_dot,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return transposed(call("dot", {square(x), x})); })};
           }},
      {.name = "local_0_dot_x",
       .roots = {"dot"},
       .apply = integer_dot_with_zeros,
       .samples =
           [] {
             return std::vector{sample_of(
                 [](const Expr& x) {
                   const Expr zeros = call("alloc", {x.builder->constant(x.dtype(), 0), dim(x, 1), dim(x, 0)});
                   return call("dot", {zeros, x});
                 },
                 {-3, 3}, DType::i32)};
           }},
      {.name = "local_0_dot_x",
       .kind = fast_math,
       .roots = {"dot"},
       .apply = float_dot_with_zeros,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               const Expr zeros = call("alloc", {x.builder->constant(x.dtype(), 0), dim(x, 1), dim(x, 0)});
               return call("dot", {zeros, x});
             })};
           }},
      {.name = "local_outer_to_mul",
       .kind = accurate,
       .phase = specialize,
       .roots = {"dot"},
       .apply = dot_of_column_and_row,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return outer(x) + 1.0; })}; }},
      {.name = "GemmOptimizer",
       .kind = accurate,
       .phase = specialize,
       .tags = {"BlasOpt", "local_dot_to_gemm", "c_blas", "blas_opt"},
       .roots = {"add", "sub"},
       .apply = dot_added_to_matrix,
       .samples = gemm_samples},
  };
}

}  // namespace croton
