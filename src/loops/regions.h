// Regions: which nodes are computed only when one side of a lazy choice is taken.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "ir/walk.h"

namespace croton {

/// A lazy node makes two regions, one for each side. A node belongs to the innermost region that holds all its users:
/// what both sides need, or what the graph needs anyway, is outside of both. Leaves are always there.
class Regions {
 public:
  static constexpr int always = 0;

  /// `order` is topological, `needed` are the variables that the graph is computed for.
  Regions(std::span<const NodePtr> order, std::span<const Var> needed);

  int of(const Node* node) const;
  /// The region of a side of a lazy node.
  int side(const Node* chooser, bool then) const { return chooser_.at(chooser) + (then ? 0 : 1); }
  int parent(int region) const { return regions_[static_cast<size_t>(region)].parent; }
  int count() const { return static_cast<int>(regions_.size()); }
  /// Whether `inner` is `outer` or lies inside it.
  bool within(int inner, int outer) const;

 private:
  struct Region {
    int parent = -1, depth = 0;
  };
  int common(int a, int b) const;
  void used_in(const Var& v, int region);

  std::vector<Region> regions_ = {{}};
  std::unordered_map<const Node*, int> region_;   // of nodes that are not leaves
  std::unordered_map<const Node*, int> chooser_;  // the region of its first side; the other's is the next
};

}  // namespace croton
