// Rules of arithmetic between variables: signs, inverses, squares, powers, equal operands.
#include <cmath>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

Expr inv(const Expr& x) { return call("inv", {x}); }
Expr sqr(const Expr& x) { return call("sqr", {x}); }
Expr absolute(const Expr& x) { return call("abs", {x}); }

Rule pattern(std::string_view name, RuleKind kind, const Expr& left, const Expr& right, Phase phase = canonicalize) {
  return {.name = name, .kind = kind, .phase = phase, .left = left.var, .right = right.var};
}

// f(f(x)) = f(x) for rows that say so.
Exprs idempotent_twice(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  return x.node->op == c.node->op && x.type() == c.type() ? Exprs{c.in(0)} : Exprs{};
}

// maximum(x, x), x & x: one of them.
Exprs same_operands(RuleContext& c) {
  return c.node->inputs[0] == c.node->inputs[1] ? replaced_by(c, c.in(0)) : Exprs{};
}

// x - x and x xor x of integers are zero (of floats only if asked for: infinity and NaN differ).
Exprs cancelled(RuleContext& c, bool discrete) {
  if (!(c.node->inputs[0] == c.node->inputs[1]) || is_discrete(c.type().dtype) != discrete) return {};
  const double value = c.node->op->name == "true_div" ? 1 : 0;
  return replaced_by(c, filled(c, c.builder.constant(c.type().dtype, value)));
}
Exprs cancelled_integers(RuleContext& c) { return cancelled(c, true); }
Exprs cancelled_floats(RuleContext& c) { return cancelled(c, false); }

// x == x and the like of values that are never NaN.
Exprs compared_with_itself(RuleContext& c) {
  if (!(c.node->inputs[0] == c.node->inputs[1]) || !is_discrete(c.node->inputs[0].type().dtype)) return {};
  const std::string_view row = c.node->op->name;
  const bool holds = row == "eq" || row == "le" || row == "ge";
  return replaced_by(c, filled(c, c.builder.constant(DType::b1, holds)));
}

// x * 0 and 0 / x.
Exprs times_zero(RuleContext& c, bool discrete) {
  const bool quotient = c.node->op->name == "true_div";
  const bool zero = is_zero(c.node->inputs[0]) || (!quotient && is_zero(c.node->inputs[1]));
  if (!zero || is_discrete(c.type().dtype) != discrete) return {};
  return replaced_by(c, filled(c, c.builder.constant(c.type().dtype, 0)));
}
Exprs integer_times_zero(RuleContext& c) { return times_zero(c, true); }
Exprs float_times_zero(RuleContext& c) { return times_zero(c, false); }

// The few powers that are cheaper and at least as exact by other means.
Exprs small_power(RuleContext& c) {
  double n = 0;
  if (!single_value(c.node->inputs[1], n)) return {};
  const Expr x = cast(c.in(0), c.type().dtype);
  if (n == 0) return replaced_by(c, filled(c, c.builder.constant(c.type().dtype, 1)));
  if (n == 1) return replaced_by(c, x);
  if (n == 2) return replaced_by(c, sqr(x));
  if (!is_float(c.type().dtype)) return {};
  if (n == 3) return replaced_by(c, x * sqr(x));
  if (n == 4) return replaced_by(c, sqr(sqr(x)));
  if (n == 0.5) return replaced_by(c, call("sqrt", {x}));
  if (n == -0.5) return replaced_by(c, inv(call("sqrt", {x})));
  if (n == 1.5) return replaced_by(c, x * call("sqrt", {x}));
  if (n == -1.5) return replaced_by(c, inv(x * call("sqrt", {x})));
  if (n == -1) return replaced_by(c, inv(x));
  if (n == -2) return replaced_by(c, inv(sqr(x)));
  return {};
}

std::vector<Rule> sign_rules() {
  const Expr x = wildcard(0, Wildcard::any);
  const Expr a = wildcard(0), b = wildcard(1), c = wildcard(3, Wildcard::constant);
  return {
      pattern("local_neg_neg", exact, -(-x), x),
      pattern("local_neg_neg", exact, a - (-b), a + b),
      pattern("local_neg_neg", exact, a + (-b), a - b),
      pattern("local_neg_div_neg", exact, (-a) / (-b), a / b),
      pattern("local_mul_canonizer", exact, (-a) * (-b), a * b),
      pattern("local_mul_canonizer", exact, -(c * a), (-c) * a),
      pattern("local_mul_canonizer", exact, -(c / a), (-c) / a),
      pattern("local_mul_canonizer", exact, -(a / c), a / (-c)),
      pattern("local_mul_canonizer", exact, (-a) * b, -(a * b)),
      pattern("local_mul_canonizer", exact, (-a) / b, -(a / b)),
      pattern("local_mul_canonizer", exact, a / (-b), -(a / b)),
      pattern("local_mul_canonizer", exact, inv(-a), -inv(a)),
      pattern("local_abs_merge", exact, absolute(-a), absolute(a)),
      pattern("local_abs_merge", exact, sqr(-a), sqr(a)),
      pattern("local_abs_merge", exact, sqr(absolute(a)), sqr(a)),
      pattern("local_abs_merge", exact, absolute(sqr(a)), sqr(a)),
  };
}

std::vector<Rule> inverse_rules() {
  const Expr a = wildcard(0), b = wildcard(1);
  std::vector<Rule> rules = {
      pattern("local_div_to_inv", exact, 1.0 / a, inv(a)),
      pattern("local_inv_canon", accurate, inv(inv(a)), a),
      pattern("local_inv_canon", accurate, a * inv(b), a / b),
      pattern("local_inv_canon", accurate, a / inv(b), a * b),
      pattern("local_inv_canon", accurate, inv(a / b), b / a),
      pattern("local_sqrt_sqr", accurate, call("sqrt", {sqr(a)}), absolute(a)),
      pattern("local_mul_to_sqr", exact, a * a, sqr(a), specialize),
  };
  for (Rule& rule : rules) rule.domain = {0.3, 3};
  return rules;
}

std::vector<Rule> fast_math_rules() {
  const Expr a = wildcard(0), b = wildcard(1), c = wildcard(2, Wildcard::constant), d = wildcard(3, Wildcard::constant);
  std::vector<Rule> rules = {
      pattern("local_add_canonizer", fast_math, c + (a + d), a + (c + d)),
      pattern("local_add_canonizer", fast_math, c + (a - d), a + (c - d)),
      pattern("local_add_canonizer", fast_math, (a + d) - c, a + (d - c)),
      pattern("local_add_canonizer", fast_math, (a + b) - b, a),
      pattern("local_add_canonizer", fast_math, (a - b) + b, a),
      pattern("local_mul_div_cancel", fast_math, (a * b) / b, a),
      pattern("local_mul_div_cancel", fast_math, (a / b) * b, a),
      pattern("local_exp_log", fast_math, call("exp", {call("log", {a})}), a),
      pattern("local_exp_log", fast_math, call("log", {call("exp", {a})}), a),
      pattern("local_exp_log", fast_math, sqr(call("sqrt", {a})), a),
  };
  for (Rule& rule : rules) rule.domain = {0.3, 3};
  return rules;
}

std::vector<Sample> power_samples() {
  std::vector<Sample> samples;
  for (const double n : {0.0, 1.0, 2.0, 3.0, 4.0, 0.5, -0.5, 1.5, -1.5, -1.0, -2.0}) {
    Sampler s;
    const Expr x = s.input(n > 1 ? DType::f32 : DType::f64, 2);
    samples.push_back(s.sample({call("pow", {x, s.builder.constant(x.dtype(), n)})}, {0.2, 3}));
  }
  Sampler s;
  const Expr k = s.input(DType::i32, 1);
  samples.push_back(s.sample({call("pow", {k, s.builder.integer(2, DType::i8)})}));
  return samples;
}

std::vector<Rule> function_rules() {
  return {
      {.name = "local_idempotent",
       .root = [](const Op& op) { return op.has(idempotent) && op.is_elementwise(); },
       .apply = idempotent_twice,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("floor", {call("floor", {x})}); }),
                                sample_of([](const Expr& x) { return absolute(absolute(x)); }, {-3, 3}, DType::i32)};
           }},
      {.name = "local_useless_same_operands",
       .roots = {"maximum", "minimum", "and_", "or_"},
       .apply = same_operands,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("maximum", {x, x}); }),
                                sample_of([](const Expr& x) { return call("minimum", {x, x}); }, {-3, 3}, DType::i32)};
           }},
      {.name = "local_elemwise_sub_zeros",
       .roots = {"sub", "xor"},
       .apply = cancelled_integers,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x, const Expr& y) { return (x - x) + y; }, {-3, 3}, DType::i8)};
           }},
      {.name = "local_elemwise_sub_zeros",
       .kind = fast_math,
       .roots = {"sub", "true_div"},
       .apply = cancelled_floats,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x, const Expr& y) { return (x - x) + y / y; }, {0.3, 3})};
           }},
      {.name = "local_useless_elemwise_comparison",
       .roots = {"eq", "neq", "lt", "le", "gt", "ge"},
       .apply = compared_with_itself,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("eq", {x, x}); }, {-3, 3}, DType::i32),
                                sample_of([](const Expr& x) { return call("lt", {x, x}); }, {-3, 3}, DType::i8)};
           }},
      {.name = "local_mul_zero",
       .roots = {"mul"},
       .apply = integer_times_zero,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x, const Expr& y) { return x * 0.0 + y; }, {-3, 3}, DType::i32)};
           }},
      {.name = "local_mul_zero",
       .kind = fast_math,
       .tags = {"local_zero_div"},
       .roots = {"mul", "true_div"},
       .apply = float_times_zero,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x, const Expr& y) { return x * 0.0 + 0.0 / y; }, {0.3, 3})};
           }},
      {.name = "local_pow_specialize",
       .kind = accurate,
       .roots = {"pow"},
       .apply = small_power,
       .samples = power_samples},
  };
}

}  // namespace

std::vector<Rule> algebra_rules() {
  std::vector<Rule> rules;
  for (const auto& family : {sign_rules, inverse_rules, function_rules, fast_math_rules}) {
    for (Rule& rule : family()) rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace croton
