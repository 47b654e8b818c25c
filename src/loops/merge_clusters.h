// Merging of finished clusters: what fusion towards the inputs has left apart although one pass over memory would do.
#pragma once

#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "loops/schedule.h"

namespace croton {

struct MergeOptions {
  size_t weight_limit, root_limit, search_limit;
  const std::unordered_map<const Node*, size_t>* position;  // of each node in a topological order
  const std::unordered_set<const Node*>* apart;             // nodes whose clusters stay as they are
  GraphSizes* sizes;
  const std::unordered_map<const Node*, std::set<int>>* outside;  // the clusters that need a node in memory: for sizes
};

/// Besides, updates of the same places become one, and kernels of one element.
/// `needs` are the clusters that must run before each, `readers` groups of clusters that read one memory of their whole
/// space. A cluster that has been merged into another one is left without members and roots. Deterministic.
void merge_clusters(std::vector<Cluster>& clusters, std::vector<std::set<int>>& needs,
                    const std::vector<std::vector<int>>& readers, const MergeOptions& options);

}  // namespace croton
