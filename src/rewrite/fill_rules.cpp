// Rules of broadcasting constants about: second, alloc, and elementwise work on what they make. They keep gradients
// free of materialised ones and zeros.
#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

// second(model, v) = v when v has the shape already.
Exprs useless_fill(RuleContext& c) {
  const Var& value = c.node->inputs[1];
  if (!refines(value.type(), c.type()) || !c.shapes.same_shape(value, {c.node, 0})) return {};
  return {c.in(1)};
}

// Only the model's shape is needed, not its values.
Exprs fill_to_alloc(RuleContext& c) {
  return replaced_by(c, alloc(without_leading_ones(c.in(1)), sizes_of_operands(c)));
}

Exprs useless_alloc(RuleContext& c) {
  const Expr value = conformed(c.in(0), c.type());
  if (!value || !c.shapes.same_shape(value.var, {c.node, 0})) return {};
  return {value};
}

// alloc(alloc(v, ...), sizes) = alloc(v, sizes), where the inner one repeats v along axes that the outer one keeps as
// they are.
Exprs alloc_of_alloc(RuleContext& c) {
  const Node* inner = node_of(c.node->inputs[0], "alloc");
  if (!inner) return {};
  const int rank = c.type().rank, offset = rank - inner->types[0].rank;
  const std::vector<SizeId> outer_sizes = c.shapes.sizes({c.node, 0});
  const std::vector<SizeId> inner_sizes = c.shapes.sizes(c.node->inputs[0]);
  for (int axis = 0; axis < inner->types[0].rank; ++axis) {
    const bool kept = inner_sizes[static_cast<size_t>(axis)] == outer_sizes[static_cast<size_t>(axis + offset)];
    if (!kept && !inner->types[0].broadcasts(axis)) return {};
  }
  Exprs inputs{c.wrap(inner->inputs[0])};
  for (int axis = 0; axis < rank; ++axis) inputs.push_back(c.in(static_cast<size_t>(axis) + 1));
  return replaced_by(c, c.builder.apply(*c.node->op, std::move(inputs)));
}

// A repeated value in front of which new axes stand, so that it has the rank of what is made of it.
Expr value_of_alloc(RuleContext& c, const Node& alloc_node) {
  return pad_left(c.wrap(alloc_node.inputs[0]), alloc_node.types[0].rank);
}

// True when operand k may have size one along `axis` because another operand certainly has the size that it had.
bool has_size_elsewhere(RuleContext& c, std::span<const Expr> operands, size_t k, int axis) {
  const auto a = static_cast<size_t>(axis);
  const SizeId size = c.shapes.sizes(operands[k].var)[a];
  for (size_t other = 0; other < operands.size(); ++other) {
    if (other == k || operands[other].type().broadcasts(axis)) continue;
    if (c.shapes.sizes(operands[other].var)[a] == size) return true;
  }
  return false;
}

// Elementwise work on alloc(v) and on another operand of that shape: v broadcasts by itself.
Exprs elemwise_alloc(RuleContext& c) {
  Exprs operands;
  for (size_t k = 0; k < c.node->inputs.size(); ++k) operands.push_back(c.in(k));
  bool changed = false;
  for (size_t k = 0; k < operands.size(); ++k) {
    const Node* made = node_of(operands[k].var, "alloc");
    if (!made) continue;
    const Expr value = value_of_alloc(c, *made);
    bool possible = true;
    for (int axis = 0; axis < value.rank() && possible; ++axis) {
      const bool shrinks = value.type().broadcasts(axis) && !operands[k].type().broadcasts(axis);
      possible = !shrinks || has_size_elsewhere(c, operands, k, axis);
    }
    if (!possible) continue;
    operands[k] = value;
    changed = true;
  }
  if (!changed) return {};
  return replaced_by(c, c.builder.apply(*c.node->op, std::move(operands), c.node->attributes));
}

// f(alloc(v), w) = alloc(f(v, w)) when w has size one wherever alloc repeats v.
Exprs lift_alloc(RuleContext& c) {
  size_t which = c.node->inputs.size();
  for (size_t k = 0; k < c.node->inputs.size(); ++k) {
    if (is_single(c.node->inputs[k])) continue;
    if (node_of(c.node->inputs[k], "alloc") && which == c.node->inputs.size()) which = k;
  }
  if (which == c.node->inputs.size()) return {};
  const Node& made = *c.node->inputs[which].node;
  const Expr value = value_of_alloc(c, made);
  Exprs operands, sizes = sizes_of_operands(c);
  for (size_t k = 0; k < c.node->inputs.size(); ++k) operands.push_back(k == which ? value : c.in(k));
  for (int axis = 0; axis < value.rank(); ++axis) {
    if (!value.type().broadcasts(axis) || made.types[0].broadcasts(axis)) continue;
    for (size_t k = 0; k < operands.size(); ++k) {
      if (!operands[k].type().broadcasts(axis)) return {};
    }
    sizes[static_cast<size_t>(axis)] = c.wrap(made.inputs[static_cast<size_t>(axis) + 1]);
  }
  return replaced_by(c, alloc(c.builder.apply(*c.node->op, std::move(operands), c.node->attributes), sizes));
}

// ----------------------------------------------------------------------------------------------------------------
// tests

Expr ones_of(const Expr& x) { return alloc(x.builder->constant(x.dtype(), 1), {dim(x, 0), dim(x, 1)}); }

std::vector<Sample> alloc_samples() {
  Sampler s;
  const Expr v = s.vector(), x = s.matrix();
  const Expr rows = alloc(v, {dim(x, 0), dim(v, 0)});
  return {s.sample({s.builder.apply("alloc", {rows, dim(x, 0), dim(v, 0)}) + rows})};
}

bool is_proper_elementwise(const Op& op) { return op.is_elementwise() && op.name != "second"; }

}  // namespace

std::vector<Rule> fill_rules() {
  return {
      {.name = "local_useless_fill",
       .roots = {"second"},
       .apply = useless_fill,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return call("second", {x, x * x}); })}; }},
      {.name = "local_fill_to_alloc",
       .tags = {"local_fill_sink"},
       .roots = {"second"},
       .apply = fill_to_alloc,
       .samples =
           [] {
             return std::vector{sample_of(
                 [](const Expr& x) { return call("second", {call("exp", {x}), x.builder->constant(DType::f64, 3)}); })};
           }},
      {.name = "local_useless_alloc",
       .tags = {"local_canonicalize_alloc"},
       .roots = {"alloc"},
       .apply = useless_alloc,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("alloc", {x, dim(x, 0), dim(x, 1)}); })};
           }},
      {.name = "local_merge_alloc", .roots = {"alloc"}, .apply = alloc_of_alloc, .samples = alloc_samples},
      {.name = "local_elemwise_alloc",
       .root = is_proper_elementwise,
       .apply = elemwise_alloc,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return x / ones_of(x); })}; }},
      {.name = "local_alloc_unary",
       .root = is_proper_elementwise,
       .apply = lift_alloc,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return call("exp", {ones_of(x)}); }),
                                sample_of([](const Expr& x) { return ones_of(x) / 3.0; })};
           }},
  };
}

}  // namespace croton
