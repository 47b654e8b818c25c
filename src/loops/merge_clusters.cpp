// Makes one kernel of kernels that run over the same space and read the same memory, or change the same places.
#include "loops/merge_clusters.h"

#include <algorithm>
#include <utility>

#include "loops/cluster_order.h"
#include "loops/fusion.h"

namespace croton {
namespace {

class Merger {
 public:
  Merger(std::vector<Cluster>& clusters, std::vector<std::set<int>>& needs, const MergeOptions& options)
      : clusters_(clusters), needs_(needs), options_(options), order_(needs, options.search_limit) {}

  // A reader that has taken long to compare is left as it is: less is merged, and merging stays linear.
  void merge_readers(const std::vector<int>& readers) {
    for (size_t i = 0; i < readers.size(); ++i) {
      const size_t end = order_.met() + 4 * options_.search_limit;
      for (size_t j = i + 1; j < readers.size() && order_.met() + (j - i) < end; ++j) {
        try_merge(order_.now(readers[i]), order_.now(readers[j]));
      }
    }
  }

  // Updates of the same places: their loops become one.
  void merge_updates() {
    for (size_t i = 0; i < clusters_.size(); ++i) {
      if (!is_update_of_new_memory(clusters_[i])) continue;
      const size_t end = std::min(clusters_.size(), i + 1 + options_.search_limit);
      for (size_t j = i + 1; j < end; ++j) {
        Cluster &a = clusters_[i], &b = clusters_[j];
        if (!is_update_of_new_memory(b) || !same_places(a.node, b.node) || a.region != b.region) continue;
        const int first = static_cast<int>(i), second = static_cast<int>(j);
        const bool fits = small_enough(a, b) && may_join(a) && may_join(b);
        if (fits && order_.near(first, second) && !order_.depends(first, second) && !order_.depends(second, first))
          merge(first, second);
      }
    }
  }

  // Kernels of one element each, a few neighbours at a time: starting one takes longer than running it.
  void merge_scalars() {
    constexpr size_t together = 8;
    std::vector<int> group;
    for (size_t k = 0; k < clusters_.size(); ++k) {
      const Cluster& c = clusters_[k];
      if (c.kind != Cluster::Kind::map || !c.domain.empty() || c.members.empty()) continue;
      group.push_back(static_cast<int>(k));
      if (group.size() == together) merge_readers(std::exchange(group, {}));
    }
    merge_readers(group);
  }

  void finish() { order_.resolve(); }

 private:
  Cluster& at(int id) { return clusters_[static_cast<size_t>(id)]; }

  void try_merge(int a, int b) {
    if (a == b || !fit(at(a), at(b)) || !order_.near(a, b)) return;
    if (at(a).reduced.empty() || at(b).rows()) std::swap(a, b);  // the form of the one that reduces, rows above all
    if (order_.depends(a, b)) {
      if (!may_follow(a, b)) return;
      std::swap(a, b);
    } else if (order_.depends(b, a) && !may_follow(b, a)) {
      return;
    }
    merge(a, b);
  }

  // A leaf is changed in its own memory, by itself.
  bool is_update_of_new_memory(const Cluster& c) const {
    if (c.kind != Cluster::Kind::update || !c.node) return false;
    Var base = c.node->inputs[0];
    while (options_.sizes->is_view(base)) base = Var(base.node->inputs[0]);
    return !base.op().has(leaf);
  }

  bool same_places(const NodePtr& a, const NodePtr& b) const {
    constexpr ptrdiff_t first_index = 2;
    return a->op == b->op && a->attributes == b->attributes &&
           std::equal(a->inputs.begin() + first_index, a->inputs.end(), b->inputs.begin() + first_index,
                      b->inputs.end()) &&
           options_.sizes->update_space(a) == options_.sizes->update_space(b);
  }

  // What `user` needs of `maker` is known where a row of `maker` ends (the lowering refuses what is read elsewhere),
  // and no other kernel has to run between them.
  bool may_follow(int user, int maker) {
    const bool same_element = at(maker).domain.empty();
    if (takes_sizes_from(user, maker)) return false;
    if (!same_element && (!at(maker).rows() || follows_from_columns(at(user), at(maker)))) return false;
    const std::set<int>& needs = needs_[static_cast<size_t>(user)];
    return std::none_of(needs.begin(), needs.end(),
                        [&](int n) { return order_.now(n) != maker && order_.depends(order_.now(n), maker); });
  }

  // Sizes are computed before a kernel starts.
  bool takes_sizes_from(int user, int maker) {
    return std::any_of(at(maker).roots.begin(), at(maker).roots.end(), [&](const Var& root) {
      const auto found = options_.outside->find(root.node.get());
      return found != options_.outside->end() &&
             std::any_of(found->second.begin(), found->second.end(), [&](int id) { return order_.now(id) == user; });
    });
  }

  // A reduction of rows takes maps of the same space in, and reductions over all other axes.
  bool fit(const Cluster& a, const Cluster& b) const {
    if (a.kind != Cluster::Kind::map || b.kind != Cluster::Kind::map || a.pieces() || b.pieces()) return false;
    if (a.region != b.region || a.domain != b.domain) return false;
    if (a.reduced != b.reduced && !takes(a, b) && !takes(b, a)) return false;
    return small_enough(a, b) && may_join(a) && may_join(b);
  }
  bool small_enough(const Cluster& a, const Cluster& b) const {
    if ((a.rows() || b.rows()) && a.reductions + b.reductions > reduction_limit) return false;
    return a.roots.size() + b.roots.size() <= options_.root_limit && a.weight + b.weight <= options_.weight_limit;
  }

  static bool takes(const Cluster& rows, const Cluster& other) {
    if (!rows.rows() || other.reduced.empty()) return rows.rows();
    const int last = static_cast<int>(rows.domain.size()) - 1;
    return rows.reduced == std::vector{last} && static_cast<int>(other.reduced.size()) == last &&
           other.reduced.back() + 1 == last;
  }

  bool may_join(const Cluster& c) const {
    return options_.apart->empty() || std::none_of(c.members.begin(), c.members.end(),
                                                   [&](const NodePtr& m) { return options_.apart->contains(m.get()); });
  }

  // Both lists of members are in reverse topological order, and so is what comes of them.
  void merge(int a, int b) {
    Cluster &to = at(a), &from = at(b);
    if (to.rows() && !from.reduced.empty() && !from.rows()) add_columns(to, from);
    to.columns.merge(from.columns);
    std::vector<NodePtr> members;
    const auto later = [&](const NodePtr& l, const NodePtr& r) {
      return options_.position->at(l.get()) > options_.position->at(r.get());
    };
    std::merge(to.members.begin(), to.members.end(), from.members.begin(), from.members.end(),
               std::back_inserter(members), later);
    members.erase(std::unique(members.begin(), members.end()), members.end());
    to.members = std::move(members);
    to.weight += from.weight;
    to.reductions += from.reductions;
    to.wanted.merge(from.wanted);
    to.member_set.insert(from.member_set.begin(), from.member_set.end());
    to.roots.insert(to.roots.end(), from.roots.begin(), from.roots.end());
    if (from.node) to.others.push_back(from.node);
    to.others.insert(to.others.end(), from.others.begin(), from.others.end());
    from = Cluster{};
    order_.merge(a, b);
  }

  bool follows_from_columns(const Cluster& user, const Cluster& maker) const {
    return std::any_of(user.members.begin(), user.members.end(),
                       [&](const NodePtr& m) { return reads_any(*m, maker.columns); });
  }
  bool reads_any(const Node& node, const std::unordered_set<const Node*>& makers) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](Var v) {
      while (!makers.contains(v.node.get()) && options_.sizes->is_view(v)) v = v.node->inputs[0];
      return makers.contains(v.node.get());
    });
  }

  void add_columns(Cluster& to, const Cluster& from) const {
    for (size_t k = from.members.size(); k-- > 0;) {
      const NodePtr& m = from.members[k];
      if (m->op->is_reduce() || reads_any(*m, to.columns)) to.columns.insert(m.get());
    }
  }

  std::vector<Cluster>& clusters_;
  std::vector<std::set<int>>& needs_;
  const MergeOptions& options_;
  ClusterOrder order_;
};

}  // namespace

void merge_clusters(std::vector<Cluster>& clusters, std::vector<std::set<int>>& needs,
                    const std::vector<std::vector<int>>& readers, const MergeOptions& options) {
  Merger merger(clusters, needs, options);
  merger.merge_updates();
  for (const std::vector<int>& ids : readers) merger.merge_readers(ids);
  merger.merge_scalars();
  merger.finish();
}

}  // namespace croton
