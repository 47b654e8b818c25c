// Rebuilding a graph through a builder.
#include "ir/clone.h"

#include <algorithm>

#include "base/error.h"
#include "ir/op.h"
#include "ir/walk.h"

namespace croton {
namespace {

const Var& mapped(const VarMap<Var>& map, const Var& v) {
  const auto found = map.find(v);
  return found == map.end() ? v : found->second;
}

// A node that was folded into another row does not inherit the names.
void copy_names(const Node& from, const Node& to) {
  if (from.op == to.op && to.names.empty() && !from.names.empty()) to.names = from.names;
}

// A variable that was replaced stays replaced, also when its node is rebuilt for the sake of another output.
void rebuild(const NodePtr& node, VarMap<Var>& map, Builder& builder) {
  std::vector<Expr> inputs;
  inputs.reserve(node->inputs.size());
  bool changed = false;
  for (const Var& input : node->inputs) {
    const Var& now = mapped(map, input);
    changed |= !(now == input);
    inputs.push_back(builder.wrap(now));
  }
  const bool is_free = node->op->has(leaf) && !node->attributes.literal;
  if (is_free || (!changed && builder.keeps_identity())) return;
  builder.line = node->line;
  const std::vector<Expr> outputs = builder.apply_all(*node->op, std::move(inputs), node->attributes, node->bodies);
  for (uint32_t k = 0; k < outputs.size(); ++k) {
    copy_names(*node, *outputs[k].var.node);
    map.emplace(Var{node, k}, outputs[k].var);
  }
}

}  // namespace

std::vector<Var> replace(std::span<const Var> outputs, Substitutions substitutions, Builder& builder) {
  VarMap<Var> map;
  std::vector<Var> stop;
  for (const auto& [from, to] : substitutions) {
    map.emplace(from, to);
    stop.push_back(from);
  }
  const LineId line = builder.line;
  for (const NodePtr& node : toposort(outputs, stop)) rebuild(node, map, builder);
  builder.line = line;
  std::vector<Var> result;
  for (const Var& output : outputs) result.push_back(mapped(map, output));
  return result;
}

std::vector<Expr> inline_body(Builder& builder, const Graph& body, std::span<const Expr> inputs) {
  if (inputs.size() != body.inputs.size()) {
    raise<InternalError>("a body with {} inputs was given {}", body.inputs.size(), inputs.size());
  }
  std::vector<std::pair<Var, Var>> substitutions;
  for (size_t k = 0; k < inputs.size(); ++k) substitutions.emplace_back(body.inputs[k], inputs[k].var);
  std::vector<Expr> outputs;
  for (const Var& v : replace(body.outputs, substitutions, builder)) outputs.push_back(builder.wrap(v));
  return outputs;
}

Graph make_body(std::span<const Var> inputs, std::span<const Var> outputs) {
  Graph body;
  std::vector<std::pair<Var, Var>> substitutions;
  for (const Var& input : inputs) {
    body.inputs.push_back(new_input(input.type(), name_of(input)));
    substitutions.emplace_back(input, body.inputs.back());
  }
  UserBuilder builder;
  body.outputs = replace(outputs, substitutions, builder);
  for (const Var& free : leaves(body.outputs)) {
    const bool known = std::find(body.inputs.begin(), body.inputs.end(), free) != body.inputs.end();
    if (!known) raise<MissingInputError>("a body needs {}, which is not one of its inputs", name_of(free));
  }
  return body;
}

Var new_input(const Type& type, std::string name) {
  const Var input{new_node(op_named("input"), {}, {type}), 0};
  if (!name.empty()) set_name(input, std::move(name));
  return input;
}

}  // namespace croton
