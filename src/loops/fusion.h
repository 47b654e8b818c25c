// The rules of fusion: what may be computed inside which cluster.
#pragma once

#include <vector>

#include "loops/schedule.h"
#include "loops/sizes.h"

namespace croton {

constexpr size_t weight_limit = 400;  // heavier kernels compile slowly
constexpr size_t root_limit = 6;
constexpr int copy_limit = 8;           // operations in a chain that are computed again instead of one load
constexpr int index_limit = 8;          // at which a kernel computes one node: a chain of stencils would double them
constexpr size_t reduction_limit = 12;  // along rows: each may compute again all that the ones before it are made of

class FusionRules {
 public:
  explicit FusionRules(GraphSizes& sizes) : sizes_(sizes) {}

  /// Loops can compute it.
  static bool fusable(const Node& node);
  static bool has_complex_values(const Node& node);
  /// Computing it again, in several clusters, costs no more than loading it; so many of its users are computed again.
  bool cheap(const NodePtr& node, int copied_above);
  /// The node, all of whose users are in the cluster or other ones, may join it.
  bool legal(const NodePtr& node, const Cluster& c);
  /// The reduction may be one more result of a cluster over its space.
  bool legal_root(const NodePtr& reduction, const Cluster& c);
  /// Nothing more can be put in.
  static bool full(const Cluster& c);
  /// About how many instructions of an elementwise operation it takes.
  static size_t weight_of(const Node& node);

  const std::vector<SizeId>& dims_of(const NodePtr& node) { return sizes_.dims(Var{node, 0}); }
  static std::vector<int> axes_of(const Node& node);

 private:
  static bool of_scalars(const Var& v);
  bool has_part_of(const Cluster& c, const std::vector<SizeId>& dims);
  bool reads_what_it_changes(const Node& node, const Cluster& c) const;
  bool legal_reduction(const NodePtr& node, const Cluster& c);
  bool roots_have(const Cluster& c, const std::vector<SizeId>& dims);
  bool feeds_elements(const NodePtr& node, const Cluster& c);
  bool reaches(Var v, const std::vector<const Node*>& seen) const;

  GraphSizes& sizes_;
};

}  // namespace croton
