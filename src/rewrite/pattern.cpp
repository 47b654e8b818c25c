// Matching and substitution. Patterns are a few nodes deep, so recursion is bounded by the rule, not by the user's
// graph.
#include "rewrite/pattern.h"

#include <cmath>
#include <vector>

#include "base/error.h"
#include "ir/op.h"

namespace croton {
namespace {

// A wildcard is an `input` node with attributes, which no other one has.
bool is_wildcard(const Node& node) { return node.op->has(leaf) && node.attributes.ints.size() == 2; }

bool fits(Wildcard what, const Var& v) {
  double value = 0;
  switch (what) {
    case Wildcard::any:
      return v.type().is_tensor();
    case Wildcard::floating:
      return v.type().is_tensor() && is_float(v.type().dtype);
    case Wildcard::constant:
      return single_value(v, value) && is_float(v.type().dtype);
  }
  return false;
}

// What still has to match, the next one last. Pointers into a pattern and into the graph.
struct Obligation {
  const Var* pattern;
  const Var* v;
};

// Both orders of commutative operands are tried with all that follows: which one is right may only show there.
bool match_all(std::vector<Obligation> open, Bindings& bindings) {
  while (!open.empty()) {
    const auto [pattern, v] = open.back();
    open.pop_back();
    const Node& p = *pattern->node;
    if (is_wildcard(p)) {
      Var& bound = bindings[static_cast<size_t>(p.attributes.ints[0])];
      if (bound ? !(bound == *v) : !fits(static_cast<Wildcard>(p.attributes.ints[1]), *v)) return false;
      bound = *v;
      continue;
    }
    if (double value = 0; single_value(*pattern, value)) {
      if (!is_number(*v, value)) return false;
      continue;
    }
    const Node& node = *v->node;
    if (p.op != node.op || pattern->output != v->output || p.inputs.size() != node.inputs.size()) return false;
    if (!(p.attributes == node.attributes)) return false;
    if (p.op->has(commutative) && p.inputs.size() == 2) {
      std::vector<Obligation> swapped = open;
      swapped.push_back({&p.inputs[0], &node.inputs[1]});
      swapped.push_back({&p.inputs[1], &node.inputs[0]});
      Bindings attempt = bindings;
      if (match_all(std::move(swapped), attempt)) {
        bindings = attempt;
        return true;
      }
    }
    for (size_t k = p.inputs.size(); k-- > 0;) open.push_back({&p.inputs[k], &node.inputs[k]});
  }
  return true;
}

}  // namespace

Expr wildcard(int number, Wildcard what) {
  static UserBuilder builder;
  Attributes attributes;
  attributes.ints = {number, static_cast<int64_t>(what)};
  const NodePtr node = new_node(op_named("input"), {}, {scalar_type(DType::f64)}, std::move(attributes));
  return builder.wrap({node, 0});
}

bool single_value(const Var& v, double& value) {
  const Literal* literal = literal_of(v);
  if (!literal || literal->bytes.size() != static_cast<size_t>(item_size(literal->type.dtype))) return false;
  return uniform_value(v, value);
}

bool is_number(const Var& v, double value) {
  double found = 0;
  return single_value(v, found) && found == value && (value != 0 || std::signbit(found) == std::signbit(value));
}

bool matches(const Var& pattern, const Var& v, Bindings& bindings) {
  Bindings attempt = bindings;
  if (pattern.node->op != v.node->op || !match_all({{&pattern, &v}}, attempt)) return false;
  bindings = attempt;
  return true;
}

Expr substituted(Builder& builder, const Var& pattern, const Bindings& bindings, DType dtype) {
  const Node& p = *pattern.node;
  if (is_wildcard(p)) {
    const Var& bound = bindings[static_cast<size_t>(p.attributes.ints[0])];
    if (!bound) raise<InternalError>("the right side of a rule has a wildcard that its left side has not");
    return builder.wrap(bound);
  }
  if (double value = 0; single_value(pattern, value)) return builder.constant(dtype, value);
  std::vector<Expr> inputs;
  for (const Var& input : p.inputs) inputs.push_back(substituted(builder, input, bindings, dtype));
  return builder.apply_all(*p.op, std::move(inputs), p.attributes).at(pattern.output);
}

}  // namespace croton
