// The compiler's builder: equal expressions become one node, expressions of constants become constants.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "ir/expr.h"

namespace croton {

/// Hash-consing over (row, inputs, attributes, bodies, types). Everything that decides an order (operands of
/// commutative rows) follows structural hashes, which depend on the program only, never on addresses or on how many
/// nodes were made before.
class InternBuilder final : public Builder {
 public:
  struct Options {
    bool fold = true;                     // evaluate nodes whose inputs are all constants
    size_t fold_limit = size_t{1} << 20;  // bytes; larger results stay expressions
  };
  InternBuilder();
  explicit InternBuilder(Options options);

  /// Gives a leaf (function input, shared variable) its place in the program, which is its structural hash. Leaves
  /// nobody registers get places behind these in the order in which they are met.
  void register_leaf(const Var& leaf, int position);
  /// The same in every process that builds the same program.
  uint64_t structural_hash(const Var& v);
  /// The node with these inputs instead of its own. Its types are inferred again only when the inputs may tell more.
  NodePtr rebuilt(const Node& node, std::vector<Var> inputs);
  /// True when the node was made (or is a leaf known) here.
  bool owns(const Node& node) const { return hashes_.contains(&node); }
  size_t node_count() const { return nodes_.size(); }
  /// True when the node was made here after `count` others.
  bool made_after(const Node& node, size_t count) const;

 protected:
  NodePtr make(const Op& op, std::vector<Var> inputs, std::vector<Type> types, Attributes attributes,
               std::vector<std::shared_ptr<const Graph>> bodies) override;

 private:
  uint64_t node_hash(const NodePtr& node);
  NodePtr rebuilt_with_new_types(const Node& node, std::vector<Var> inputs);
  NodePtr find(uint64_t hash, const Op& op, const std::vector<Var>& inputs, const std::vector<Type>& types,
               const Attributes& attributes, const std::vector<std::shared_ptr<const Graph>>& bodies) const;
  void order_operands(const Op& op, std::vector<Var>& inputs);
  uint64_t hash_of_bodies(const std::vector<std::shared_ptr<const Graph>>& bodies);

  Options options_;
  std::vector<NodePtr> nodes_;                        // in the order of their making; keeps all of them alive
  std::unordered_multimap<uint64_t, size_t> index_;   // structural hash -> position in nodes_
  std::unordered_map<const Node*, uint64_t> hashes_;  // looked up, never walked
  std::unordered_map<const Graph*, uint64_t> body_hashes_;
  std::vector<NodePtr> leaves_;                       // keeps the keys of hashes_ alive
  std::vector<std::shared_ptr<const Graph>> bodies_;  // and those of body_hashes_
  uint64_t unregistered_ = 0;
};

/// The user's graph rebuilt through `builder`: nodes become shared, leaves other than constants stay the same
/// variables.
std::vector<Var> intern(std::span<const Var> outputs, InternBuilder& builder);

/// True when a variable of `type` may stand where `general` was promised: equal but for more axes known to have size
/// one.
bool refines(const Type& type, const Type& general);

/// Lets `node` also stand for the source lines and names of `other`, which it replaces.
void adopt_origin(const Node& node, const Node& other);

/// Structural hash and equality of closed graphs; inputs are told apart by their position.
uint64_t graph_hash(const Graph& graph);
bool same_graph(const Graph& a, const Graph& b);

}  // namespace croton
