// Walks over graphs, with an explicit stack.
#include "ir/walk.h"

#include <utility>

#include "ir/op.h"

namespace croton {

std::vector<NodePtr> toposort(std::span<const Var> outputs, std::span<const Var> stop) {
  struct Frame {
    const NodePtr* node;
    size_t next_input = 0;
  };
  const VarSet stops(stop.begin(), stop.end());
  std::unordered_set<uint64_t> seen;
  std::vector<Frame> stack;
  std::vector<NodePtr> order;
  const auto enter = [&](const Var& v) {
    if ((stops.empty() || !stops.contains(v)) && seen.insert(v.node->id).second) stack.push_back({&v.node});
  };
  for (const Var& output : outputs) {
    if (output) enter(output);
    while (!stack.empty()) {
      Frame& top = stack.back();
      const Node& node = **top.node;
      if (top.next_input < node.inputs.size()) {
        enter(node.inputs[top.next_input++]);
      } else {
        order.push_back(*top.node);
        stack.pop_back();
      }
    }
  }
  return order;
}

std::vector<Var> ancestors(std::span<const Var> outputs) {
  std::vector<Var> found;
  for (const NodePtr& node : toposort(outputs)) {
    for (uint32_t k = 0; k < node->types.size(); ++k) found.push_back({node, k});
  }
  return found;
}

std::vector<Var> leaves(std::span<const Var> outputs) {
  std::vector<Var> found;
  for (const NodePtr& node : toposort(outputs)) {
    if (node->op->has(leaf) && !node->attributes.literal) found.push_back({node, 0});
  }
  return found;
}

bool depends_on(std::span<const Var> outputs, const Var& on) {
  for (const Var& output : outputs) {
    if (output == on) return true;
  }
  for (const NodePtr& node : toposort(outputs)) {
    for (const Var& input : node->inputs) {
      if (input == on) return true;
    }
  }
  return false;
}

Clients::Clients(std::span<const Var> outputs) {
  for (const NodePtr& node : toposort(outputs)) {
    for (uint32_t k = 0; k < node->inputs.size(); ++k) uses_[node->inputs[k]].push_back({node, k});
  }
}

std::span<const Clients::Use> Clients::of(const Var& v) const {
  const auto found = uses_.find(v);
  return found == uses_.end() ? std::span<const Use>() : std::span<const Use>(found->second);
}

}  // namespace croton
