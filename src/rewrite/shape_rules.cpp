// Rules of shapes without values, and of rows that only move elements: dimshuffle, reshape, rebroadcast, join.
#include <algorithm>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

// ----------------------------------------------------------------------------------------------------------------
// sizes

Exprs shape_to_sizes(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  Exprs sizes;
  for (int axis = 0; axis < x.type().rank; ++axis) sizes.push_back(size_of(c, x, axis));
  if (sizes.empty()) return {};
  return replaced_by(c, c.builder.apply("make_vector", std::move(sizes)));
}

Exprs size_from_origin(RuleContext& c) {
  const int axis = static_cast<int>(c.node->attributes.ints.at(0));
  return replaced_by(c, size_of(c, c.node->inputs[0], axis));
}

// A size compared with zero or less, and its maximum with them.
Exprs size_is_not_negative(RuleContext& c) {
  const std::string_view row = c.node->op->name;
  const Node *left = node_of(c.node->inputs[0], "shape_i"), *right = node_of(c.node->inputs[1], "shape_i");
  if (left && is_number(c.node->inputs[1], 0)) {
    if (row == "lt" || row == "ge") return replaced_by(c, c.builder.constant(DType::b1, row == "ge"));
    if (row == "maximum") return replaced_by(c, c.in(0));
    if (row == "minimum") return replaced_by(c, c.in(1));
  }
  if (right && is_number(c.node->inputs[0], 0)) {
    if (row == "gt" || row == "le") return replaced_by(c, c.builder.constant(DType::b1, row == "le"));
    if (row == "maximum") return replaced_by(c, c.in(1));
    if (row == "minimum") return replaced_by(c, c.in(0));
  }
  return {};
}

// -----------------------------------------------------------------------------------------------------------
// dimshuffle

Exprs dimshuffle_of_dimshuffle(RuleContext& c) {
  const Node* inner = node_of(c.node->inputs[0], "dimshuffle");
  if (!inner) return {};
  std::vector<int64_t> pattern = c.node->attributes.ints;
  for (int64_t& axis : pattern) {
    if (axis >= 0) axis = inner->attributes.ints.at(static_cast<size_t>(axis));
  }
  return replaced_by(c, dimshuffle(c.wrap(inner->inputs[0]), std::move(pattern)));
}

Exprs useless_dimshuffle(RuleContext& c) {
  const Expr x = c.in(0);
  const Expr same = dimshuffle(x, c.node->attributes.ints);
  return same.var == x.var ? Exprs{x} : Exprs{};
}

Exprs dimshuffle_of_alloc(RuleContext& c) {
  const Node* made = node_of(c.node->inputs[0], "alloc");
  if (!made) return {};
  const Expr value = pad_left(c.wrap(made->inputs[0]), made->types[0].rank);
  Exprs sizes;
  for (const int64_t axis : c.node->attributes.ints) {
    sizes.push_back(axis < 0 ? c.builder.integer(1) : c.wrap(made->inputs.at(static_cast<size_t>(axis) + 1)));
  }
  return replaced_by(c, alloc(dimshuffle(value, c.node->attributes.ints), sizes));
}

// --------------------------------------------------------------------------------------------------------------
// reshape

Exprs reshape_of_reshape(RuleContext& c) {
  const Node* inner = node_of(c.node->inputs[0], "reshape");
  if (!inner) return {};
  Exprs inputs{c.wrap(inner->inputs[0])};
  for (size_t k = 1; k < c.node->inputs.size(); ++k) inputs.push_back(c.in(k));
  return replaced_by(c, c.builder.apply(*c.node->op, std::move(inputs)));
}

// Axes of more than one element (as far as the type says), in order.
std::vector<int> long_axes(const Type& type) {
  std::vector<int> axes;
  for (int axis = 0; axis < type.rank; ++axis) {
    if (!type.broadcasts(axis)) axes.push_back(axis);
  }
  return axes;
}

// A reshape that only adds and drops axes of size one. A size that is left to the call (-1) is known when it is the
// only long one; beside others it is not, since one of them may be zero.
Exprs reshape_to_dimshuffle(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  const std::vector<int> from = long_axes(x.type()), to = long_axes(c.type());
  if (from.size() != to.size()) return {};
  const std::vector<SizeId> before = c.shapes.sizes(x);
  std::vector<int64_t> pattern(c.type().rank, -1);
  for (size_t k = 0; k < to.size(); ++k) {
    const Var& size = c.node->inputs.at(static_cast<size_t>(to[k]) + 1);
    const bool left_open = is_number(size, -1) && to.size() == 1;
    if (!left_open && c.shapes.scalar(size) != before[static_cast<size_t>(from[k])]) return {};
    pattern[static_cast<size_t>(to[k])] = from[k];
  }
  return replaced_by(c, dimshuffle(c.in(0), std::move(pattern)));
}

// ------------------------------------------------------------------------------------------------- rebroadcast and
// join

Exprs useless_rebroadcast(RuleContext& c) { return refines(c.in(0).type(), c.type()) ? Exprs{c.in(0)} : Exprs{}; }

Exprs join_of_one(RuleContext& c) { return c.node->inputs.size() == 1 ? replaced_by(c, c.in(0)) : Exprs{}; }

// ----------------------------------------------------------------------------------------------------------------
// rules

std::vector<Rule> size_rules() {
  return {
      {.name = "local_shape_to_shape_i",
       .roots = {"shape"},
       .apply = shape_to_sizes,
       .samples =
           [] { return std::vector{sample_of([](const Expr& x) { return call("shape", {call("exp", {x})}); })}; }},
      {.name = "local_track_shape_i",
       .tags = {"ShapeOpt"},
       .roots = {"shape_i"},
       .apply = size_from_origin,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("shape_i", {call("exp", {x})}, {1}); }),
                 sample_of([](const Expr& x) { return call("shape_i", {dimshuffle(x, {1, -1, 0})}, {0}); })};
           }},
      {.name = "local_useless_elemwise_comparison",
       .roots = {"lt", "ge", "gt", "le", "maximum", "minimum"},
       .apply = size_is_not_negative,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("maximum", {dim(x, 0), x.builder->integer(0)}); }),
                 sample_of([](const Expr& x) { return call("lt", {dim(x, 0), x.builder->integer(0)}); })};
           }},
  };
}

std::vector<Rule> layout_rules() {
  return {
      {.name = "local_dimshuffle_lift",
       .roots = {"dimshuffle"},
       .apply = dimshuffle_of_dimshuffle,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return dimshuffle(dimshuffle(x, {1, -1, 0}), {2, 0, -1}); })};
           }},
      {.name = "local_dimshuffle_lift",
       .roots = {"dimshuffle"},
       .apply = useless_dimshuffle,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return call("dimshuffle", {x}, {0, 1}); })}; }},
      {.name = "local_dimshuffle_alloc",
       .roots = {"dimshuffle"},
       .apply = dimshuffle_of_alloc,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               return dimshuffle(call("alloc", {x, x.builder->integer(2), dim(x, 0), dim(x, 1)}), {2, -1, 0, 1});
             })};
           }},
      {.name = "local_reshape_chain",
       .roots = {"reshape"},
       .apply = reshape_of_reshape,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               const Expr flat = call("reshape", {x, x.builder->integer(-1)});
               return call("reshape", {flat, dim(x, 1), dim(x, 0)});
             })};
           }},
      {.name = "local_reshape_to_dimshuffle",
       .tags = {"local_useless_reshape"},
       .roots = {"reshape"},
       .apply = reshape_to_dimshuffle,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
                                  const Expr row = sum(x, {0});
                                  return call("reshape", {row, x.builder->integer(1), x.builder->integer(-1)});
                                }),
                                sample_of([](const Expr& x) {
                                  return call("reshape", {x, dim(x, 0), x.builder->integer(1), dim(x, 1)});
                                })};
           }},
      {.name = "local_useless_rebroadcast",
       .roots = {"rebroadcast"},
       .apply = useless_rebroadcast,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return call("rebroadcast", {x}, {0}); })}; }},
      {.name = "local_join_1",
       .roots = {"join"},
       .apply = join_of_one,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return call("join", {x}, {0}); })}; }},
  };
}

}  // namespace

std::vector<Rule> shape_rules() {
  std::vector<Rule> rules = size_rules();
  for (Rule& rule : layout_rules()) rules.push_back(std::move(rule));
  return rules;
}

}  // namespace croton
