// Rules that keep floats finite and exact where the formula as written is not: logarithms of sums, sigmoids, masked
// gradients.
#include <algorithm>
#include <cmath>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

Expr exp(const Expr& x) { return call("exp", {x}); }
Expr log(const Expr& x) { return call("log", {x}); }
Expr log1p(const Expr& x) { return call("log1p", {x}); }
Expr expm1(const Expr& x) { return call("expm1", {x}); }
Expr inv(const Expr& x) { return call("inv", {x}); }
Expr sigmoid(const Expr& x) { return call("sigmoid", {x}); }
Expr softplus(const Expr& x) { return call("softplus", {x}); }

Rule pattern(std::string_view name, const Expr& left, const Expr& right, Range domain = {-3, 3}) {
  return {.name = name, .kind = accurate, .phase = stabilize, .left = left.var, .right = right.var, .domain = domain};
}

std::vector<Rule> logarithm_rules() {
  const Expr x = wildcard(0), y = wildcard(1);
  return {
      pattern("local_log1p", log(1.0 + x), log1p(x), {-0.7, 3}),
      pattern("local_log1p", log(1.0 - x), log1p(-x), {-3, 0.7}),
      pattern("local_expm1", exp(x) - 1.0, expm1(x), {0.1, 3}),
      pattern("local_expm1", exp(x) + -1.0, expm1(x), {0.1, 3}),
      pattern("local_expm1", 1.0 - exp(x), -expm1(x), {0.1, 3}),
      pattern("log1pexp_to_softplus", log1p(exp(x)), softplus(x)),
      pattern("logsigm_to_softplus", log(sigmoid(x)), -softplus(-x)),
      pattern("log1psigm_to_softplus", log1p(-sigmoid(x)), -softplus(x)),
  };
}

std::vector<Rule> sigmoid_rules() {
  const Expr x = wildcard(0), y = wildcard(1);
  return {
      pattern("local_inv_1_plus_exp", inv(1.0 + exp(-x)), sigmoid(x)),
      pattern("local_inv_1_plus_exp", inv(1.0 + exp(x)), sigmoid(-x)),
      pattern("local_exp_over_1_plus_exp", exp(x) / (1.0 + exp(x)), sigmoid(x)),
      pattern("local_exp_over_1_plus_exp", exp(-x) / (1.0 + exp(-x)), sigmoid(-x)),
      pattern("local_exp_over_1_plus_exp", y / (1.0 + exp(-x)), y * sigmoid(x)),
      pattern("local_exp_over_1_plus_exp", y / (1.0 + exp(x)), y * sigmoid(-x)),
      pattern("local_sigm_times_exp", sigmoid(x) * exp(-x), sigmoid(-x)),
      pattern("local_sigm_times_exp", sigmoid(-x) * exp(x), sigmoid(x)),
      pattern("local_1msigmoid", 1.0 - sigmoid(x), sigmoid(-x)),
  };
}

// log(exp(x) + exp(y)) with the larger one taken out; the equal case also covers two infinities.
Exprs log_of_two_exps(RuleContext& c) {
  Bindings found;
  const Expr a = wildcard(0), b = wildcard(1);
  if (!matches(log(exp(a) + exp(b)).var, {c.node, 0}, found)) return {};
  const Expr x = cast(c.wrap(found[0]), c.type().dtype), y = cast(c.wrap(found[1]), c.type().dtype);
  const Expr apart = call("maximum", {x, y}) + softplus(-call("abs", {x - y}));
  return replaced_by(c, call("switch", {call("eq", {x, y}), x + std::log(2.0), apart}));
}

// log(sum(exp(x))) = m + log(sum(exp(x - m))) with the maximum m, or 0 where that is infinite. As in Theano, the call
// then needs at least one element along each axis of the sum.
Exprs log_sum_exp(RuleContext& c) {
  const Node* moved = node_of(c.node->inputs[0], "dimshuffle");  // kept dimensions
  const Node* total = node_of(moved ? moved->inputs[0] : c.node->inputs[0], "sum");
  const Node* powers = total ? node_of(total->inputs[0], "exp") : nullptr;
  if (!powers || !is_float(powers->inputs[0].type().dtype)) return {};
  const Expr x = c.wrap(powers->inputs[0]);
  const std::vector<int64_t>& axes = total->attributes.ints;
  // Written so, the rule would find its own result again.
  if (const Node* shifted = node_of(x.var, "sub"); shifted && node_of(shifted->inputs[1], "dimshuffle")) return {};
  const Expr largest = c.builder.apply("max", {x}, axes);
  const Expr shift = call("switch", {call("isinf", {largest}), c.builder.constant(x.dtype(), 0), largest});
  std::vector<int64_t> pattern;
  int64_t kept = 0;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool reduces = std::find(axes.begin(), axes.end(), axis) != axes.end();
    pattern.push_back(reduces ? -1 : kept++);
  }
  const Expr result = log(sum(exp(x - dimshuffle(shift, pattern)), axes)) + shift;
  return replaced_by(c, moved ? dimshuffle(result, moved->attributes.ints) : result);
}

// ------------------------------------------------------------------------------------------------------ masked
// gradients

// Calls f(branch) for the branch of `v` that is not the constant zero, and gives the switch around the result.
template <class F>
Expr sunk(RuleContext& c, const Var& v, F&& f) {
  const Node* choice = node_of(v, "switch");
  if (!choice) return {};
  for (size_t k = 1; k < 3; ++k) {
    if (!is_zero(choice->inputs[k]) || !is_single(choice->inputs[k])) continue;
    const Expr zero = pad_left(c.builder.constant(c.type().dtype, 0), c.type().rank);
    const Expr other = f(c.wrap(choice->inputs[3 - k]));
    return call("switch", {c.wrap(choice->inputs[0]), k == 1 ? zero : other, k == 1 ? other : zero});
  }
  return {};
}

// switch(c, a, 0) * g = switch(c, a * g, 0): where the mask holds, an infinite or undefined g does not pass.
Exprs mul_switch_sink(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  for (size_t k = 0; k < 2; ++k) {
    const Expr result = sunk(c, c.node->inputs[k], [&](const Expr& a) { return a * c.in(1 - k); });
    if (result) return replaced_by(c, result);
  }
  return {};
}

Exprs div_switch_sink(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  return replaced_by(c, sunk(c, c.node->inputs[0], [&](const Expr& a) { return a / c.in(1); }));
}

Exprs cast_switch_sink(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  return replaced_by(c, sunk(c, c.node->inputs[0], [&](const Expr& a) { return cast(a, c.type().dtype); }));
}

// ---------------------------------------------------------------------------- quotients by what is never zero in
// theory

// Sigmoids and exponentials are positive numbers; their floats may be zero or infinite, so they must not cancel by
// rounding.
bool is_positive(const Var& v) { return v.op().name == "sigmoid" || v.op().name == "exp" || v.op().name == "softmax"; }

// Removes pairs of equal positive factors; true if there was one.
bool cancel(Product& product) {
  bool changed = false;
  for (size_t k = 0; k < product.under.size();) {
    const auto same = std::find(product.over.begin(), product.over.end(), product.under[k]);
    if (is_positive(product.under[k]) && same != product.over.end()) {
      product.over.erase(same);
      product.under.erase(product.under.begin() + static_cast<ptrdiff_t>(k));
      changed = true;
    } else {
      ++k;
    }
  }
  return changed;
}

// (a / s) * (s * b) = a * b
Exprs cancelled_factors(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  Product product = factors_of({c.node, 0});
  return cancel(product) ? replaced_by(c, product_of(c, product)) : Exprs{};
}

// A positive factor that one of the products is divided by stands in one of them.
bool cancel_each_other(const Product& a, const Product& b) {
  const auto multiplies = [&](const Var& v) {
    return std::find(a.over.begin(), a.over.end(), v) != a.over.end() ||
           std::find(b.over.begin(), b.over.end(), v) != b.over.end();
  };
  const auto cancels = [&](const Var& v) { return is_positive(v) && multiplies(v); };
  return std::any_of(a.under.begin(), a.under.end(), cancels) || std::any_of(b.under.begin(), b.under.end(), cancels);
}

Expr sum_of_products(RuleContext& c, const Product& rest, const std::vector<Term>& terms) {
  Expr total;
  for (const Term& term : terms) {
    Product part = factors_of(term.value);
    part.negative = part.negative != (term.negative != rest.negative);
    part.over.insert(part.over.end(), rest.over.begin(), rest.over.end());
    part.under.insert(part.under.end(), rest.under.begin(), rest.under.end());
    cancel(part);
    const bool negative = total && part.negative;
    if (negative) part.negative = false;
    const Expr value = product_of(c, part);
    total = !total ? value : negative ? total - value : total + value;
  }
  return total;
}

// (a / s + b / t) * s * t = a * t + b * s: each term of a sum meets the factors that cancel in it. So the gradient of
// log(s) and log(1 - s) through s = sigmoid(x) stays finite where s is 0 or 1.
Exprs distributed(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  const Product product = factors_of({c.node, 0});
  for (size_t k = 0; k < product.over.size(); ++k) {
    const std::string_view row = product.over[k].op().name;
    if (row != "add" && row != "sub") continue;
    const std::vector<Term> terms = terms_of(product.over[k]);
    // Nothing is built before it is known to help: a chain of products would be written anew at each of its links.
    const bool helps = std::any_of(terms.begin(), terms.end(), [&](const Term& term) {
      return cancel_each_other(factors_of(term.value), product);
    });
    if (!helps) continue;
    Product rest = product;
    rest.over.erase(rest.over.begin() + static_cast<ptrdiff_t>(k));
    return replaced_by(c, sum_of_products(c, rest, terms));
  }
  return {};
}

// ----------------------------------------------------------------------------------------------------------------
// rules

Expr positive(const Expr& x) { return call("gt", {x, x.builder->constant(x.dtype(), 0)}); }
Expr zero(const Expr& x) { return x.builder->constant(x.dtype(), 0); }

std::vector<Rule> sum_rules() {
  return {
      {.name = "local_log_add",
       .kind = accurate,
       .phase = stabilize,
       .roots = {"log"},
       .apply = log_of_two_exps,
       .samples =
           [] { return std::vector{sample_of([](const Expr& x, const Expr& y) { return log(exp(x) + exp(y)); })}; }},
      {.name = "local_log_sum_exp",
       .kind = accurate,
       .phase = stabilize,
       .roots = {"log"},
       .apply = log_sum_exp,
       .samples =
           [] {
             std::vector samples{sample_of([](const Expr& x) { return log(sum(exp(x), {1})); }),
                                 sample_of([](const Expr& x) { return log(sum(exp(x), {0, 1})); }),
                                 sample_of([](const Expr& x) { return log(dimshuffle(sum(exp(x), {1}), {0, -1})); })};
             for (Sample& sample : samples) sample.may_be_empty = false;
             return samples;
           }},
  };
}

std::vector<Rule> mask_rules() {
  return {
      {.name = "local_mul_switch_sink",
       .kind = accurate,
       .roots = {"mul"},
       .apply = mul_switch_sink,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x, const Expr& y) { return call("switch", {positive(x), x, zero(x)}) * y; }),
                 sample_of([](const Expr& x, const Expr& y) { return y * call("switch", {positive(x), zero(x), x}); })};
           }},
      {.name = "local_div_switch_sink",
       .kind = accurate,
       .roots = {"true_div"},
       .apply = div_switch_sink,
       .samples =
           [] {
             return std::vector{sample_of(
                 [](const Expr& x, const Expr& y) { return call("switch", {positive(x), x, zero(x)}) / y; }, {0.5, 3})};
           }},
      {.name = "local_cast_switch_sink",
       .roots = {"cast"},
       .apply = cast_switch_sink,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return cast(call("switch", {positive(x), x, zero(x)}), DType::f32); })};
           }},
  };
}

std::vector<Rule> quotient_rules() {
  return {
      {.name = "local_mul_canonizer",
       .kind = accurate,
       .phase = stabilize,
       .roots = {"mul", "true_div"},
       .apply = cancelled_factors,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x, const Expr& y) { return (x / sigmoid(y)) * (sigmoid(y) * x); })};
           }},
      {.name = "local_greedy_distributor",
       .kind = accurate,
       .phase = stabilize,
       .roots = {"mul", "true_div"},
       .apply = distributed,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x, const Expr& y) {
               return (x / sigmoid(y) - y / sigmoid(x)) * (sigmoid(y) * sigmoid(x));
             })};
           }},
  };
}

}  // namespace

std::vector<Rule> stability_rules() {
  std::vector<Rule> rules;
  for (const auto& family : {logarithm_rules, sigmoid_rules, sum_rules, mask_rules, quotient_rules}) {
    for (Rule& rule : family()) rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace croton
