// Rules of reductions: over nothing, over axes of size one, of reductions, of scaled and of repeated values.
#include <algorithm>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

// Reductions whose result does not depend on the order of the elements; positions (argmax) do.
bool is_plain_reduction(const Op& op) { return op.is_reduce() && op.reduce.carried == 1; }

bool contains(const std::vector<int64_t>& axes, int64_t axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

// The axes that a reduction keeps, in order.
std::vector<int64_t> kept_axes(const Node& node) {
  std::vector<int64_t> kept;
  for (int axis = 0; axis < node.inputs[0].type().rank; ++axis) {
    if (!contains(node.attributes.ints, axis)) kept.push_back(axis);
  }
  return kept;
}

Expr reduced(const Op& op, const Expr& x, std::vector<int64_t> axes) {
  std::sort(axes.begin(), axes.end());
  Attributes attributes;
  attributes.ints = std::move(axes);
  return x.builder->apply(op, {x}, std::move(attributes));
}

// Over axes of one element each: the element. Any and all give bools, which the conversion does too.
Exprs over_single_elements(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  std::vector<int64_t> rest;
  for (const int64_t axis : c.node->attributes.ints) {
    if (!x.type().broadcasts(static_cast<int>(axis))) rest.push_back(axis);
  }
  if (rest.size() == c.node->attributes.ints.size() && !rest.empty()) return {};
  if (rest.empty()) return replaced_by(c, cast(dimshuffle(c.in(0), kept_axes(*c.node)), c.type().dtype));
  // Drop the single axes first, then reduce over the others.
  std::vector<int64_t> pattern, axes;
  for (int axis = 0; axis < x.type().rank; ++axis) {
    const bool reduces = contains(c.node->attributes.ints, axis);
    if (reduces && x.type().broadcasts(axis)) continue;
    if (reduces) axes.push_back(static_cast<int64_t>(pattern.size()));
    pattern.push_back(axis);
  }
  return replaced_by(c, reduced(*c.node->op, dimshuffle(c.in(0), std::move(pattern)), std::move(axes)));
}

// sum(sum(x)) = sum(x) over both lists of axes.
Exprs of_same_reduction(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  if (x.node->op != c.node->op) return {};
  const std::vector<int64_t> between = kept_axes(*x.node);
  std::vector<int64_t> axes = x.node->attributes.ints;
  for (const int64_t axis : c.node->attributes.ints) axes.push_back(between.at(static_cast<size_t>(axis)));
  return replaced_by(c, reduced(*c.node->op, c.wrap(x.node->inputs[0]), std::move(axes)));
}

// The order of axes does not matter when all of them, or only added ones, go away.
Exprs of_dimshuffle(RuleContext& c) {
  const Node* moved = node_of(c.node->inputs[0], "dimshuffle");
  if (!moved) return {};
  const std::vector<int64_t>& pattern = moved->attributes.ints;
  const int inner_rank = moved->inputs[0].type().rank;
  std::vector<int64_t> axes, rest;
  for (size_t k = 0; k < pattern.size(); ++k) {
    if (!contains(c.node->attributes.ints, static_cast<int64_t>(k))) {
      rest.push_back(pattern[k]);
    } else if (pattern[k] >= 0) {
      axes.push_back(pattern[k]);
    }
  }
  for (int axis = 0; axis < inner_rank; ++axis) {
    if (!contains(pattern, axis)) return {};  // dropped on purpose: see over_single_elements
  }
  std::vector<int64_t> place(static_cast<size_t>(inner_rank), -1);
  int64_t next = 0;
  for (int axis = 0; axis < inner_rank; ++axis) {
    if (!contains(axes, axis)) place[static_cast<size_t>(axis)] = next++;
  }
  for (int64_t& axis : rest) {
    if (axis >= 0) axis = place[static_cast<size_t>(axis)];
  }
  const Expr inner = c.wrap(moved->inputs[0]);
  return replaced_by(c, dimshuffle(reduced(*c.node->op, inner, std::move(axes)), std::move(rest)));
}

// sum(-x) = -sum(x), but for the sign of zero.
Exprs sum_of_negative(RuleContext& c) {
  const Node* negative = node_of(c.node->inputs[0], "neg");
  if (!negative || !is_float(c.type().dtype)) return {};
  return replaced_by(c, -reduced(*c.node->op, c.wrap(negative->inputs[0]), c.node->attributes.ints));
}

// sum(c * x) = c * sum(x), sum(x / c) = sum(x) / c for a factor that is the same for all elements.
Exprs sum_of_scaled(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  const bool quotient = x.op().name == "true_div";
  if ((!quotient && x.op().name != "mul") || !is_float(c.type().dtype) || is_single(x)) return {};
  for (size_t k = quotient ? 1 : 0; k < 2; ++k) {
    const Var &factor = x.node->inputs[k], &rest = x.node->inputs[1 - k];
    if (!is_single(factor) || !is_float(rest.type().dtype)) continue;
    const Expr total = reduced(*c.node->op, cast(c.wrap(rest), x.type().dtype), c.node->attributes.ints);
    const Expr scale = pad_left(as_scalar(c.wrap(factor)), total.rank());
    return replaced_by(c, quotient ? total / scale : total * scale);
  }
  return {};
}

// sum(alloc(v, sizes)) = v times the number of elements, repeated along the axes that stay.
Exprs sum_of_alloc(RuleContext& c) {
  const Node* made = node_of(c.node->inputs[0], "alloc");
  if (!made || !is_single(made->inputs[0])) return {};
  Expr count = c.builder.integer(1);
  Exprs sizes;
  for (int axis = 0; axis < made->types[0].rank; ++axis) {
    const Expr size = cast(c.wrap(made->inputs[static_cast<size_t>(axis) + 1]), DType::i64);
    if (contains(c.node->attributes.ints, axis)) {
      count = count * size;
    } else {
      sizes.push_back(size);
    }
  }
  const DType dtype = c.type().dtype;
  const Expr value = cast(as_scalar(c.wrap(made->inputs[0])), dtype);
  return replaced_by(c, alloc(is_zero(value.var) ? value : value * cast(count, dtype), sizes));
}

// Sum or product of a vector put together from scalars: x.shape.prod().
Exprs of_make_vector(RuleContext& c) {
  const Node* vector = node_of(c.node->inputs[0], "make_vector");
  const bool product = c.node->op->name == "prod";
  if (!vector || c.node->attributes.ints.size() != 1 || !is_discrete(c.type().dtype)) return {};
  Expr result;
  for (const Var& element : vector->inputs) {
    const Expr e = cast(c.wrap(element), c.type().dtype);
    result = !result ? e : product ? result * e : result + e;
  }
  return replaced_by(c, result);
}

// ------------------------------------------------------------------------------------------------ maxima with
// positions

// Of a row with two outputs of which one is used.
Exprs one_output_used(RuleContext& c) {
  const int values = c.uses({c.node, 0}), positions = c.uses({c.node, 1});
  const std::vector<int64_t>& axes = c.node->attributes.ints;
  if (positions == 0 && values > 0) return {reduced(op_named("max"), c.in(0), axes), Expr{}};
  if (values == 0 && positions > 0) return {Expr{}, reduced(op_named("argmax"), c.in(0), axes)};
  return {};
}

// Softmax keeps the order along its axis.
Exprs argmax_of_softmax(RuleContext& c) {
  const Node* softmax = node_of(c.node->inputs[0], "softmax");
  if (!softmax) softmax = node_of(c.node->inputs[0], "logsoftmax");
  if (!softmax || c.node->attributes.ints != std::vector<int64_t>{1}) return {};
  return replaced_by(c, reduced(*c.node->op, c.wrap(softmax->inputs[0]), c.node->attributes.ints));
}

// ----------------------------------------------------------------------------------------------------------------
// rules

Expr scalar_of(const Expr& x) {
  return pad_left(call("subtensor", {x, x.builder->integer(0), x.builder->integer(0)}, {-1, -1}), 2);
}
Expr repeated(const Expr& x) { return call("alloc", {x.builder->constant(x.dtype(), 3), dim(x, 0), dim(x, 1)}); }

std::vector<Sample> single_axis_samples() {
  Sampler s;
  const Expr x = s.input(DType::f64, 3, 0b010);
  return {
      s.sample({sum(x, {1}), sum(x, {0, 1}), call("max", {x}, {1}), call("any", {x}, {1}), call("prod", {x}, {1, 2})})};
}

std::vector<Sample> position_samples() {
  std::vector<Sample> samples;
  for (size_t output = 0; output < 2; ++output) {
    Sampler s;
    Attributes axis;
    axis.ints = {static_cast<int64_t>(output)};
    samples.push_back(s.sample({s.builder.apply_all(op_named("max_and_argmax"), {s.matrix()}, axis).at(output)}));
  }
  return samples;
}

std::vector<Rule> structure_rules() {
  return {
      {.name = "local_reduce_broadcastable",
       .kind = accurate,  // 0 + -0 is 0
       .tags = {"local_useless_reduce"},
       .root = is_plain_reduction,
       .apply = over_single_elements,
       .samples = single_axis_samples},
      {.name = "local_op_of_op",
       .kind = accurate,
       .root = is_plain_reduction,
       .apply = of_same_reduction,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return sum(sum(x, {1}), {0}); }),
                                sample_of([](const Expr& x) { return call("max", {call("max", {x}, {0})}, {0}); })};
           }},
      {.name = "local_sum_prod_div_dimshuffle",
       .kind = accurate,
       .root = is_plain_reduction,
       .apply = of_dimshuffle,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return sum(dimshuffle(x, {1, -1, 0}), {0}); }),
                                sample_of([](const Expr& x) { return call("prod", {dimshuffle(x, {1, 0})}, {0, 1}); })};
           }},
      {.name = "local_reduce_make_vector",
       .roots = {"sum", "prod"},
       .apply = of_make_vector,
       .samples =
           [] {
             return std::vector{sample_of(
                 [](const Expr& x) { return call("prod", {call("make_vector", {dim(x, 0), dim(x, 1)})}, {0}); })};
           }},
  };
}

std::vector<Rule> sum_rules() {
  return {
      {.name = "local_sum_prod_mul_by_scalar",
       .kind = accurate,
       .roots = {"sum"},
       .apply = sum_of_negative,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return sum(-x, {0}); })}; }},
      {.name = "local_sum_prod_mul_by_scalar",
       .kind = accurate,
       .roots = {"sum"},
       .apply = sum_of_scaled,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return sum(3.0 * x, {0}); }),
                                sample_of([](const Expr& x) { return sum(x / scalar_of(x), {0, 1}); }, {0.5, 3})};
           }},
      {.name = "local_opt_alloc",
       .kind = accurate,
       .roots = {"sum"},
       .apply = sum_of_alloc,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return sum(repeated(x), {0, 1}); }),
                                sample_of([](const Expr& x) { return sum(repeated(x), {1}); }, {-3, 3}, DType::i32)};
           }},
      {.name = "local_max_and_argmax",
       .roots = {"max_and_argmax"},
       .apply = one_output_used,
       .samples = position_samples},
      {.name = "local_argmax_pushdown",
       .kind = accurate,
       .roots = {"argmax"},
       .apply = argmax_of_softmax,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("argmax", {call("softmax", {x})}, {1}); })};
           }},
  };
}

}  // namespace

std::vector<Rule> reduce_rules() {
  std::vector<Rule> rules = structure_rules();
  for (Rule& rule : sum_rules()) rules.push_back(std::move(rule));
  return rules;
}

}  // namespace croton
