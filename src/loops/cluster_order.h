// An order in which clusters can run, kept up to date while some are made one.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

namespace croton {

/// Of clusters that are known by number. `needs` (which must run before each) is changed along with it, and may name
/// merged clusters until `resolve`.
class ClusterOrder {
 public:
  ClusterOrder(std::vector<std::set<int>>& needs, size_t search_limit);

  /// The cluster that has taken `id` in; itself if none has.
  int now(int id) const;
  /// Whether `id` has to run after `other`. A search that gets long answers yes.
  bool depends(int id, int other);
  bool earlier(int a, int b) const { return place(a) < place(b); }
  /// Merging them costs as much as there are clusters between them.
  bool near(int a, int b) const;
  /// Makes `from` a part of `to`. No third cluster may have to run between the two.
  void merge(int to, int from);
  void resolve();
  /// Clusters that searches have met so far.
  size_t met() const { return met_; }

 private:
  int place(int id) const { return place_[static_cast<size_t>(id)]; }
  const std::set<int>& needs(int id) const { return needs_[static_cast<size_t>(id)]; }
  bool mark(int id);
  bool marked(int id) const { return marks_[static_cast<size_t>(id)] == search_; }

  std::vector<std::set<int>>& needs_;
  size_t search_limit_;
  std::vector<int> merged_into_;  // another cluster, or itself
  std::vector<int> place_;        // of each cluster: what it needs has lower ones
  std::vector<int> at_;           // the cluster at each place; -1 where one was
  std::vector<int> marks_;        // the last search that met each cluster
  int search_ = 0;
  size_t met_ = 0;
};

}  // namespace croton
