// Walks over graphs: iterative, and in an order that depends on the graph only (arguments from left to right).
#pragma once

#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/node.h"

namespace croton {

template <class T>
using VarMap = std::unordered_map<Var, T, VarHash>;  // to look up only: never iterated
using VarSet = std::unordered_set<Var, VarHash>;

/// Every node that the outputs depend on, each once, a node's inputs before the node. Nothing above a variable of
/// `stop` is visited, unless it is reached on another way. Bodies are not entered.
std::vector<NodePtr> toposort(std::span<const Var> outputs, std::span<const Var> stop = {});

/// All variables of those nodes, in that order.
std::vector<Var> ancestors(std::span<const Var> outputs);

/// The free variables (inputs and shared variables, not constants) in the order in which the walk meets them.
std::vector<Var> leaves(std::span<const Var> outputs);

bool depends_on(std::span<const Var> outputs, const Var& on);

/// Who uses each variable within a graph.
class Clients {
 public:
  struct Use {
    NodePtr node;
    uint32_t input = 0;
  };
  explicit Clients(std::span<const Var> outputs);
  std::span<const Use> of(const Var& v) const;  // in topological order; being an output is not counted

 private:
  VarMap<std::vector<Use>> uses_;
};

}  // namespace croton
