// Matching and substitution. Patterns are a few nodes deep, so recursion is bounded by the rule, not by the user's graph.
#include "rewrite/pattern.h"

#include <cmath>

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

bool match_inputs(const Node& pattern, const Node& node, bool swapped, Bindings& bindings) {
  const size_t count = pattern.inputs.size();
  for (size_t k = 0; k < count; ++k) {
    if (!matches(pattern.inputs[k], node.inputs[swapped ? count - 1 - k : k], bindings)) return false;
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
  const Node& p = *pattern.node;
  if (is_wildcard(p)) {
    Var& bound = bindings[static_cast<size_t>(p.attributes.ints[0])];
    if (bound) return bound == v;
    if (!fits(static_cast<Wildcard>(p.attributes.ints[1]), v)) return false;
    bound = v;
    return true;
  }
  if (double value = 0; single_value(pattern, value)) return is_number(v, value);
  const Node& node = *v.node;
  if (p.op != node.op || pattern.output != v.output || p.inputs.size() != node.inputs.size()) return false;
  if (!(p.attributes == node.attributes)) return false;
  const Bindings before = bindings;
  if (match_inputs(p, node, false, bindings)) return true;
  bindings = before;
  if (p.op->has(commutative) && p.inputs.size() == 2 && match_inputs(p, node, true, bindings)) return true;
  bindings = before;
  return false;
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
