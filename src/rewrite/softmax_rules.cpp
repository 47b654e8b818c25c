// Rules of softmax: recognising it, its logarithm, and gradients through its logarithm, which stay finite where it is
// zero.
#include <algorithm>
#include <optional>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

constexpr int max_depth = 8;

Expr softmax(const Expr& x) { return call("softmax", {x}); }
Expr logsoftmax(const Expr& x) { return call("logsoftmax", {x}); }

// ----------------------------------------------------------------------------------------------------------
// recognition

// The softmax of x along one axis; null for forms that the row does not cover.
Expr softmax_along(const Expr& x, int64_t axis) {
  if (x.rank() == 1) return dimshuffle(softmax(dimshuffle(x, {-1, 0})), {1});
  if (x.rank() != 2) return {};
  return axis == 1 ? softmax(x) : dimshuffle(softmax(dimshuffle(x, {1, 0})), {1, 0});
}

// True when `v` is sum(exp(x)) along one axis, as it broadcasts against exp(x).
bool is_sum_of(const Var& v, const Var& powers, int64_t& axis) {
  Var total = v;
  std::vector<int64_t> pattern;
  if (const Node* moved = node_of(v, "dimshuffle")) {
    pattern = moved->attributes.ints;
    total = moved->inputs[0];
  }
  const Node* sum = node_of(total, "sum");
  if (!sum || !(sum->inputs[0] == powers) || sum->attributes.ints.size() != 1) return false;
  axis = sum->attributes.ints[0];
  std::vector<int64_t> expected;
  for (int k = 0, next = 0; k < powers.type().rank; ++k) expected.push_back(k == axis ? -1 : next++);
  return pattern == expected;
}

// exp(x) / sum(exp(x)), also as a product with other factors: the form that the gradient of log(sum(exp(x))) has, where
// the quotient may stand below a dimshuffle: exp(x) * dimshuffle(g / sum(exp(x))).
Exprs softmax_from_exps(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  Product product = factors_of({c.node, 0});
  for (size_t k = 0; k < product.over.size(); ++k) {
    const Node* powers = node_of(product.over[k], "exp");
    if (!powers) continue;
    int64_t axis = 0;
    for (size_t d = 0; d < product.under.size(); ++d) {
      if (!is_sum_of(product.under[d], product.over[k], axis)) continue;
      const Expr result = softmax_along(c.wrap(powers->inputs[0]), axis);
      if (!result || !(result.type() == product.over[k].type())) continue;
      product.over[k] = result.var;
      product.under.erase(product.under.begin() + static_cast<ptrdiff_t>(d));
      return replaced_by(c, product_of(c, product));
    }
  }
  return {};
}

// a * dimshuffle(b / sum(exp(x))) * exp(x): the quotient is taken out of the dimshuffle, so that the rule above sees
// it.
Exprs quotient_out_of_dimshuffle(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  Product product = factors_of({c.node, 0});
  for (Var& factor : product.over) {
    const Node* moved = node_of(factor, "dimshuffle");
    const Product inner = moved ? factors_of(moved->inputs[0]) : Product{};
    const int inner_rank = moved ? moved->inputs[0].type().rank : 0;
    for (const Var& divisor : inner.under) {
      const Node* sum = node_of(divisor, "sum");
      if (!sum || std::find(product.over.begin(), product.over.end(), sum->inputs[0]) == product.over.end()) continue;
      int64_t axis = 0;
      const Expr divided = dimshuffle(c.wrap(divisor), moved->attributes.ints);
      if (sum->inputs[0].op().name != "exp" || !is_sum_of(divided.var, sum->inputs[0], axis)) continue;
      Product rest = inner;
      rest.under.erase(std::find(rest.under.begin(), rest.under.end(), divisor));
      const Expr left = product_of(c, rest);
      const bool number = left.rank() < inner_rank;  // nothing but a 1 is left
      factor = number ? pad_left(left, c.type().rank).var : dimshuffle(left, moved->attributes.ints).var;
      product.under.push_back(divided.var);
      return replaced_by(c, product_of(c, product));
    }
  }
  return {};
}

// ------------------------------------------------------------------------------------------------------------
// logarithm

// log of softmax, or of a part of it: log(softmax(x)[rows, columns]) = logsoftmax(x)[rows, columns].
Exprs log_of_softmax(RuleContext& c) {
  std::vector<const Node*> between;
  Var v = c.node->inputs[0];
  for (int depth = 0; depth < max_depth && v.op().name != "softmax"; ++depth) {
    const std::string_view row = v.op().name;
    if (row != "dimshuffle" && row != "subtensor" && row != "advanced_subtensor" && row != "reshape") return {};
    between.push_back(v.node.get());
    v = Var(v.node->inputs[0]);
  }
  if (v.op().name != "softmax" || !is_float(v.type().dtype)) return {};
  Expr result = logsoftmax(c.wrap(v.node->inputs[0]));
  for (auto node = between.rbegin(); node != between.rend(); ++node) {
    Exprs inputs;
    for (const Var& input : (*node)->inputs) inputs.push_back(c.wrap(input));
    inputs[0] = result;
    result = c.builder.apply(*(*node)->op, std::move(inputs), (*node)->attributes);
  }
  return replaced_by(c, result);
}

// -------------------------------------------------------------------------------------------------------------
// gradient

// The gradient of log(softmax) or of a part of it reaches softmax_grad as a quotient g / softmax, in which both may be
// zero. The functions below write t * s for a quotient t by s without the division; null when t is none.
Expr without_divisor(RuleContext& c, const Var& t, const Var& s, int depth);

// The same for a factor that only moves or places elements: the quotient stands inside, by the same part of s.
Expr placed_without_divisor(RuleContext& c, const Var& t, const Var& s, int depth) {
  const Node& node = *t.node;
  const std::string_view row = node.op->name;
  Exprs inputs;
  for (const Var& input : node.inputs) inputs.push_back(c.wrap(input));
  const auto again = [&](size_t k, const Expr& part) -> Expr {
    const Expr inner = part ? without_divisor(c, node.inputs[k], part.var, depth - 1) : Expr{};
    if (!inner) return {};
    inputs[k] = inner;
    return c.builder.apply(*node.op, inputs, node.attributes);
  };
  if (row == "switch") {
    for (size_t k = 1; k < 3; ++k) {
      if (is_zero(node.inputs[3 - k]) && node.inputs[k].type().rank == s.type().rank) return again(k, c.wrap(s));
    }
    return {};
  }
  if (row == "dimshuffle") {
    std::vector<int64_t> inverse(node.inputs[0].type().rank, -1);
    for (size_t k = 0; k < node.attributes.ints.size(); ++k) {
      const int64_t axis = node.attributes.ints[k];
      if (axis >= 0) inverse[static_cast<size_t>(axis)] = static_cast<int64_t>(k);
      if (axis < 0 && !s.type().broadcasts(static_cast<int>(k))) return {};
    }
    return again(0, dimshuffle(c.wrap(s), std::move(inverse)));
  }
  const bool advanced = row == "advanced_inc_subtensor";
  if ((advanced || row == "inc_subtensor" || row == "set_subtensor") && is_zero(node.inputs[0])) {
    Exprs part{c.wrap(s)};
    part.insert(part.end(), inputs.begin() + 2, inputs.end());
    return again(
        1, c.builder.apply(op_named(advanced ? "advanced_subtensor" : "subtensor"), std::move(part), node.attributes));
  }
  return {};
}

Expr without_divisor(RuleContext& c, const Var& t, const Var& s, int depth) {
  if (depth == 0 || !is_float(t.type().dtype)) return {};
  Product product = factors_of(t);
  if (const auto found = std::find(product.under.begin(), product.under.end(), s); found != product.under.end()) {
    product.under.erase(found);
    const Expr rest = product_of(c, product);
    // The divisor may have been all that had this shape.
    const bool whole = rest.rank() == t.type().rank && refines(rest.type(), t.type());
    return whole ? rest : call("second", {c.wrap(s), rest});
  }
  for (Var& factor : product.over) {
    if (factor == t) {  // no product
      const Expr placed = placed_without_divisor(c, factor, s, depth);
      return placed;
    }
    if (const Expr placed = placed_without_divisor(c, factor, s, depth)) {
      factor = placed.var;
      return product_of(c, product);
    }
  }
  return {};
}

// softmax_grad(h / s + r, s) = h - s * sum(h) + softmax_grad(r, s)
Exprs gradient_of_log_softmax(RuleContext& c) {
  const Var& s = c.node->inputs[1];
  Expr h, rest;
  const auto add = [](Expr& total, const Expr& term, bool negative) {
    if (!total) {
      total = negative ? -term : term;
    } else {
      total = negative ? total - term : total + term;
    }
  };
  for (const Term& term : terms_of(c.node->inputs[0])) {
    const Expr quotient = without_divisor(c, term.value, s, max_depth);
    add(quotient ? h : rest, quotient ? quotient : c.wrap(term.value), term.negative);
  }
  if (!h || !refines(h.type(), s.type())) return {};
  Expr result = h - c.wrap(s) * dimshuffle(sum(h, {1}), {0, -1});
  if (rest) result = result + call("softmax_grad", {rest, c.wrap(s)});
  return replaced_by(c, result);
}

// sum(zeros with v added at (rows, columns), last axis) = zeros with v added at (rows): no matrix is made to be summed.
Exprs sum_of_placed(RuleContext& c) {
  const Node* update = node_of(c.node->inputs[0], "advanced_inc_subtensor");
  if (!update || !is_zero(update->inputs[0])) return {};
  const std::vector<int64_t>&axes = c.node->attributes.ints, &flags = update->attributes.ints;
  if (axes.size() >= flags.size() || std::count(flags.begin(), flags.end(), 1) != update->types[0].rank) return {};
  Exprs inputs(2), sizes;
  for (int axis = 0; axis < update->types[0].rank; ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) != axes.end()) continue;
    inputs.push_back(c.wrap(update->inputs[static_cast<size_t>(axis) + 2]));
    sizes.push_back(size_of(c, update->inputs[0], axis));
  }
  inputs[0] = alloc(c.builder.constant(c.type().dtype, 0), sizes);
  inputs[1] = c.wrap(update->inputs[1]);
  return replaced_by(c, c.builder.apply("advanced_inc_subtensor", inputs, std::vector<int64_t>(sizes.size(), 1)));
}

// zeros(n) with v added at 0, 1, ..., n - 1
Exprs placed_everywhere(RuleContext& c) {
  const Node& node = *c.node;
  if (c.type().rank != 1 || node.inputs.size() != 3 || !is_zero(node.inputs[0])) return {};
  const Node* positions = node_of(node.inputs[2], "arange");
  if (!positions || !is_number(positions->inputs[0], 0) || !is_number(positions->inputs[2], 1)) return {};
  if (c.shapes.scalar(positions->inputs[1]) != c.shapes.sizes(node.inputs[0])[0]) return {};
  // The update itself requires that there are as many values as positions, or one for all.
  return replaced_by(c, alloc(cast(c.in(1), c.type().dtype), {size_of(c, node.inputs[0], 0)}));
}

// ----------------------------------------------------------------------------------------------------------------
// tests

Expr row_sums(const Expr& e) { return dimshuffle(sum(e, {1}), {0, -1}); }

std::vector<Sample> recognition_samples() {
  std::vector<Sample> samples{
      sample_of([](const Expr& x) { return call("exp", {x}) / row_sums(call("exp", {x})); }),
      sample_of([](const Expr& x) { return call("exp", {x}) / dimshuffle(sum(call("exp", {x}), {0}), {-1, 0}); })};
  Sampler s;
  const Expr e = call("exp", {s.vector()});
  samples.push_back(s.sample({e / dimshuffle(sum(e, {0}), {-1})}));
  for (Sample& sample : samples) sample.may_be_empty = false;
  return samples;
}

// One-hot positions that suit a matrix of any size: column 0 and the last one.
Expr rows_of(const Expr& x) {
  const Expr zero = x.builder->integer(0), one = x.builder->integer(1);
  return call("arange", {zero, dim(x, 0), one}, {static_cast<int64_t>(DType::i64)});
}
Expr columns_of(const Expr& x) { return call("mod", {rows_of(x), dim(x, 1)}); }
Expr picked(const Expr& x) { return x.builder->apply("advanced_subtensor", {x, rows_of(x), columns_of(x)}, {1, 1}); }
Expr placed(const Expr& x, const Expr& values) {
  const Expr zeros = call("alloc", {x.builder->constant(x.dtype(), 0), dim(x, 0), dim(x, 1)});
  return x.builder->apply("advanced_inc_subtensor", {zeros, values, rows_of(x), columns_of(x)}, {1, 1});
}

std::vector<Sample> gradient_samples() {
  return {sample_of([](const Expr& x, const Expr& y) { return call("softmax_grad", {y / softmax(x), softmax(x)}); }),
          sample_of([](const Expr& x, const Expr& y) {
            return call("softmax_grad", {y - 2.0 * (x / softmax(x)), softmax(x)});
          }),
          sample_of([](const Expr& x, const Expr& y) {
            const Expr s = softmax(x);
            return call("softmax_grad", {placed(s, picked(y) / picked(s)), s});
          })};
}

std::vector<Rule> forward_rules() {
  return {
      {.name = "local_softmax_simplifier",
       .kind = accurate,
       .phase = stabilize,
       .tags = {"softmax_simplifier"},
       .roots = {"mul", "true_div"},
       .apply = softmax_from_exps,
       .samples = recognition_samples},
      {.name = "local_softmax_simplifier",
       .kind = accurate,
       .phase = stabilize,
       .roots = {"mul", "true_div"},
       .apply = quotient_out_of_dimshuffle,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               const Expr e = call("exp", {x});
               return e * dimshuffle(3.0 / sum(e, {1}), {0, -1});
             })};
           }},
      {.name = "local_logsoftmax",
       .kind = accurate,
       .phase = stabilize,
       .tags = {"local_advanced_indexing_crossentropy_onehot"},
       .roots = {"log"},
       .apply = log_of_softmax,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("log", {softmax(x)}); }),
                                sample_of([](const Expr& x) { return call("log", {picked(softmax(x))}); })};
           }},
  };
}

std::vector<Rule> gradient_rules() {
  return {
      {.name = "local_logsoftmax_grad",
       .kind = accurate,
       .phase = stabilize,
       .tags = {"local_advanced_indexing_crossentropy_onehot_grad"},
       .roots = {"softmax_grad"},
       .apply = gradient_of_log_softmax,
       .samples = gradient_samples},
      {.name = "local_sum_of_advanced_inc",
       .kind = accurate,
       .phase = stabilize,
       .roots = {"sum"},
       .apply = sum_of_placed,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return sum(placed(x, picked(x)), {1}); }),
                                sample_of([](const Expr& x) { return sum(placed(x, picked(x)), {0}); })};
           }},
      {.name = "local_advanced_inc_of_arange",
       .kind = accurate,  // 0 + -0 is 0
       .phase = stabilize,
       .roots = {"advanced_inc_subtensor"},
       .apply = placed_everywhere,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               const Expr zeros = alloc(x.builder->constant(x.dtype(), 0), {dim(x, 0)});
               return x.builder->apply("advanced_inc_subtensor", {zeros, sum(x, {1}), rows_of(x)}, {1});
             })};
           }},
  };
}

}  // namespace

std::vector<Rule> softmax_rules() {
  std::vector<Rule> rules = forward_rules();
  for (Rule& rule : gradient_rules()) rules.push_back(std::move(rule));
  return rules;
}

}  // namespace croton
