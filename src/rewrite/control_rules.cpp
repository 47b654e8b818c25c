// Rules of choices and of identity rows: switch, ifelse, views and gradient marks.
#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

// `branch` in the shape of the whole switch; null when the other operands give axes that it has not.
Expr whole_branch(RuleContext& c, size_t k) {
  const Expr branch = cast(c.in(k), c.type().dtype);
  if (refines(branch.type(), c.type()) && c.shapes.same_shape(branch.var, {c.node, 0})) return branch;
  return is_single(branch.var) ? filled(c, as_scalar(branch)) : Expr{};
}

// switch with a constant condition, or with equal branches.
Exprs useless_switch(RuleContext& c) {
  double condition = 0;
  if (c.node->inputs[1] == c.node->inputs[2]) return replaced_by(c, whole_branch(c, 1));
  if (!single_value(c.node->inputs[0], condition)) return {};
  return replaced_by(c, whole_branch(c, condition != 0 ? 1 : 2));
}

// switch(c, switch(c, a, _), b) = switch(c, a, b), and the same below the other branch.
Exprs switch_below_switch(RuleContext& c) {
  for (size_t k = 1; k < 3; ++k) {
    const Node* inner = node_of(c.node->inputs[k], "switch");
    if (!inner || !(inner->inputs[0] == c.node->inputs[0])) continue;
    // The branch that can never be taken may have given the inner switch its shape.
    if (!c.shapes.same_shape(inner->inputs[k], c.node->inputs[k])) continue;
    Exprs inputs{c.in(0), c.in(1), c.in(2)};
    inputs[k] = cast(c.wrap(inner->inputs[k]), inner->types[0].dtype);
    return replaced_by(c, c.builder.apply(*c.node->op, inputs));
  }
  return {};
}

// switch(not c, a, b) = switch(c, b, a)
Exprs inverted_condition(RuleContext& c) {
  const Node* inverted = node_of(c.node->inputs[0], "invert");
  if (!inverted || !is_bool(inverted->types[0].dtype)) return {};
  return replaced_by(c, call("switch", {c.wrap(inverted->inputs[0]), c.in(2), c.in(1)}));
}

// ifelse whose condition is known, or whose branches are the same variables.
Exprs useless_ifelse(RuleContext& c) {
  const size_t count = c.node->types.size();
  double condition = 0;
  const bool known = single_value(c.node->inputs[0], condition);
  bool same = true;
  for (size_t k = 1; k <= count; ++k) same &= c.node->inputs[k] == c.node->inputs[k + count];
  if (!known && !same) return {};
  Exprs result;
  for (size_t k = 0; k < count; ++k) {
    result.push_back(c.in(known && condition == 0 ? 1 + count + k : 1 + k));
    if (!refines(result.back().type(), c.node->types[k])) return {};
  }
  return result;
}

// Rows that pass their input on. The gradient has been taken by now, so marks for it have done their work.
Exprs identity(RuleContext& c) { return refines(c.in(0).type(), c.type()) ? Exprs{c.in(0)} : Exprs{}; }

std::vector<Sample> switch_samples() {
  std::vector<Sample> samples;
  samples.push_back(sample_of([](const Expr& x, const Expr& y) { return call("switch", {call("lt", {x, y}), x, x}); }));
  Sampler s;
  const Expr x = s.matrix(), y = s.matrix();
  const Expr narrow = call("switch", {s.builder.constant(DType::b1, 0), x, s.number(2)});
  samples.push_back(s.sample({call("switch", {s.builder.constant(DType::b1, 1), y, x}) + narrow}));
  return samples;
}

std::vector<Sample> ifelse_samples() {
  Sampler s;
  const Expr x = s.matrix(), y = s.matrix();
  return {s.sample({call("ifelse", {s.builder.constant(DType::b1, 1), x, y}, {1}) +
                    call("ifelse", {s.builder.constant(DType::b1, 0), x, y}, {1})})};
}

}  // namespace

std::vector<Rule> control_rules() {
  return {
      {.name = "local_useless_switch", .roots = {"switch"}, .apply = useless_switch, .samples = switch_samples},
      {.name = "local_merge_switch_same_cond",
       .roots = {"switch"},
       .apply = switch_below_switch,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x, const Expr& y) {
               const Expr condition = call("lt", {x, y});
               return call("switch", {condition, call("switch", {condition, x, y}), x + y});
             })};
           }},
      {.name = "local_useless_switch",
       .roots = {"switch"},
       .apply = inverted_condition,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x, const Expr& y) {
               return call("switch", {call("invert", {call("lt", {x, y})}), x, y});
             })};
           }},
      {.name = "cond_remove_identical",
       .tags = {"ifelse"},
       .roots = {"ifelse"},
       .apply = useless_ifelse,
       .samples = ifelse_samples},
      {.name = "local_view_op",
       .roots = {"view", "disconnected_grad", "zero_grad", "undefined_grad"},
       .apply = identity,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("zero_grad", {call("disconnected_grad", {x})}); })};
           }},
  };
}

}  // namespace croton
