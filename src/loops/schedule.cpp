// Greedy fusion from the outputs towards the inputs: a node goes into the kernel of its only users when that is legal.
#include "loops/schedule.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/error.h"
#include "loops/fusion.h"
#include "loops/merge_clusters.h"
#include "loops/size_leaves.h"

namespace croton {
namespace {

constexpr std::ptrdiff_t neighbour_limit = 64;
constexpr size_t search_limit = 1000;  // clusters looked at for one answer: scheduling stays linear

class Scheduler {
 public:
  Scheduler(std::span<const NodePtr> order, std::span<const Var> needed, GraphSizes& sizes, const Regions& regions,
            const ScheduleOptions& options)
      : order_(order), sizes_(sizes), rules_(sizes), regions_(regions), options_(options) {
    for (const Var& v : needed) require(v);
    for (const SizeGuard& g : sizes.guards()) {
      std::vector<SizeId>& checked = checked_sizes_[g.node.node.get()];
      for (const SizeId id : {g.left, g.right}) {
        if (id != no_size) checked.push_back(id);
      }
      checked.insert(checked.end(), g.many.begin(), g.many.end());
      checked.insert(checked.end(), g.others.begin(), g.others.end());
    }
  }

  Schedule run() {
    for (size_t k = order_.size(); k-- > 0;) place(order_[k]);
    if (options_.fuse) merge();
    return finish();
  }

 private:
  // Memory is needed for `v`: for a view, memory of what it looks at.
  void require(Var v) {
    for (; required_.insert(v), sizes_.is_view(v); v = Var(v.node->inputs[0])) {
    }
  }

  bool any_required(const Node& node, const NodePtr& p) const {
    for (uint32_t k = 0; k < node.types.size(); ++k) {
      if (required_.contains(Var{p, k})) return true;
    }
    return false;
  }

  // The scalar's value is an expression of sizes: kernels get it as a parameter and nothing is computed for it.
  bool is_size(const Var& v) {
    if (!sizes_.is_scalar(v)) return false;
    const SizeExpr& e = sizes_.table()[sizes_.scalar(v)];
    return e.kind != SizeExpr::Kind::input_scalar || e.leaf != v;
  }

  void place(const NodePtr& node) {
    const Op& op = *node->op;
    std::set<int>& users = users_[node.get()];
    if (op.has(leaf)) return;
    const bool must = any_required(*node, node);
    if (!must && users.empty()) return;
    if (!options_.interpret && sizes_.is_view(Var{node, 0})) {
      // Seen through: readers inside kernels reach the source, or a view slot of it.
      for (const int c : users) {
        use(node->inputs[0], c);
        want(*node, node->inputs[0], clusters_[static_cast<size_t>(c)]);
      }
      copied_above(node->inputs[0], copies_[node.get()]);
      for (const int c : users) {
        for (size_t k = 1; k < node->inputs.size(); ++k) use_scalar(node->inputs[k], c);
      }
      if (users.empty()) {
        for (size_t k = 1; k < node->inputs.size(); ++k) use_scalar(node->inputs[k], -1);
      }
      return;
    }
    if (options_.interpret || op.is_update() || (op.library.problem.size() && library(*node)) || op.has(lazy) ||
        !FusionRules::fusable(*node)) {
      call_step(node);
      return;
    }
    if (must || !inline_into_users(node, users)) make_root(node, users);
  }

  bool library(const Node& node) const { return options_.library && options_.library(node); }

  void call_step(const NodePtr& node) {
    Cluster c;
    c.node = node;
    c.region = regions_.of(node.get());
    const bool update = node->op->is_update() && !options_.interpret && !FusionRules::has_complex_values(*node);
    c.kind = update                                                                      ? Cluster::Kind::update
             : node->op->has(lazy)                                                       ? Cluster::Kind::branch
             : !node->bodies.empty()                                                     ? Cluster::Kind::loop
             : !options_.interpret && node->op->library.problem.size() && library(*node) ? Cluster::Kind::library
                                                                                         : Cluster::Kind::host;
    for (uint32_t k = 0; k < node->types.size(); ++k) {
      if (node->types[k].is_array()) c.roots.push_back(Var{node, k});
    }
    if (update) c.domain = sizes_.dims(node->inputs[1]);
    const int id = add(std::move(c), users_[node.get()]);
    require_sizes(node, id);
    if (update) {
      for (const SizeId size : sizes_.update_space(node)) require_leaves(size, id);
    }
    for (size_t k = 0; k < node->inputs.size(); ++k) {
      const Var& input = node->inputs[k];
      if (!input.type().is_array()) continue;
      if (update && options_.fuse) {
        use(input, id);
      } else {
        require(input);
        depend(id, input);
      }
    }
  }

  int add(Cluster c, const std::set<int>& users) {
    const int id = static_cast<int>(clusters_.size());
    clusters_.push_back(std::move(c));
    needs_.emplace_back();
    for (const int u : users) {
      if (u != id) needs_[static_cast<size_t>(u)].insert(id);
    }
    return id;
  }

  // Cluster `c` reads `v`: either v's node is put into it later, or it has to run before.
  void use(const Var& v, int c) {
    if (is_size(v)) return use_scalar(v, c);
    users_[v.node.get()].insert(c);
  }
  void depend(int c, const Var& v) { users_[v.node.get()].insert(c), outside_[v.node.get()].insert(c); }
  // A scalar that only sizes need: its leaves must be in memory before the cluster runs.
  void use_scalar(const Var& v, int c) {
    if (sizes_.is_scalar(v)) require_leaves(sizes_.scalar(v), c);
  }
  void require_leaves(SizeId id, int c) {
    for (const Var& v : leaves_.of(id)) {
      require(v);
      Var source = v;
      while (sizes_.is_view(source)) source = source.node->inputs[0];
      if (c >= 0 && !source.op().has(leaf) && source.node != clusters_[static_cast<size_t>(c)].node) depend(c, source);
    }
  }
  bool inline_into_users(const NodePtr& node, const std::set<int>& users) {
    if (!options_.fuse || options_.apart.contains(node.get()) || outside_.contains(node.get()) || users.empty())
      return false;
    for (uint32_t k = 0; k < node->types.size(); ++k) {
      if (is_size(Var{node, k})) return false;
    }
    const int above = copies_[node.get()];
    if (users.size() > 1 && !rules_.cheap(node, above)) return false;
    for (const int c : users) {
      if (!rules_.legal(node, clusters_[static_cast<size_t>(c)])) return false;
    }
    for (const int c : users) join(node, c);
    if (users.size() > 1) {
      for (const Var& input : node->inputs) copied_above(input, above + 1);
    }
    return true;
  }

  // At how many indices a cluster has to compute what `user`, a member or a view in it, reads.
  static void want(const Node& user, const Var& input, Cluster& c) {
    Cluster::Wanted& wanted = c.wanted[input.node.get()];
    const int times = user.op->is_reduce() ? 1 : c.wanted_at(&user);
    if (input.type().rank == 0 || user.op->is_elementwise() || user.op->is_reduce()) {
      wanted.at_own = std::max(wanted.at_own, input.type().rank == 0 ? 1 : times);
    } else {
      wanted.elsewhere += times;
    }
  }

  void copied_above(const Var& v, int nodes) {
    int& known = copies_[v.node.get()];
    known = std::max(known, nodes);
  }

  // What the node's sizes, and what is checked before it runs, are computed from.
  void require_sizes(const NodePtr& node, int cluster) {
    if (const auto checked = checked_sizes_.find(node.get()); checked != checked_sizes_.end()) {
      for (const SizeId id : checked->second) require_leaves(id, cluster);
    }
    for (uint32_t k = 0; k < node->types.size(); ++k) {
      if (!node->types[k].is_array()) continue;
      for (const SizeId id : sizes_.dims(Var{node, k})) {
        if (sizes_.table()[id].kind != SizeExpr::Kind::input_dim || sizes_.table()[id].leaf.node != node)
          require_leaves(id, cluster);
      }
    }
  }

  void join(const NodePtr& node, int id) {
    require_sizes(node, id);
    Cluster& c = clusters_[static_cast<size_t>(id)];
    if (node->op->is_reduce() && c.reduced.empty()) {
      c.domain = sizes_.dims(node->inputs[0]);
      c.reduced = FusionRules::axes_of(*node);
    }
    c.members.push_back(node);
    c.member_set.insert(node.get());
    c.reductions += node->op->is_reduce();
    c.weight += FusionRules::weight_of(*node) * static_cast<size_t>(c.wanted_at(node.get()));
    for (const Var& input : node->inputs) {
      if (!input.type().is_array()) continue;
      use(input, id);
      want(*node, input, c);
      if (input.type().rank == 0) continue;
      std::vector<int>& readers = readers_[input];
      if (readers.empty() || readers.back() != id) readers.push_back(id);
    }
  }

  void make_root(const NodePtr& node, const std::set<int>& users) {
    int id = shared_cluster(node, users);
    if (id < 0) {
      Cluster c;
      c.region = regions_.of(node.get());
      const bool reduces = node->op->is_reduce();
      c.domain = reduces ? sizes_.dims(node->inputs[0]) : rules_.dims_of(node);
      if (reduces) c.reduced = FusionRules::axes_of(*node);
      id = add(std::move(c), users);
    } else {
      for (const int u : users) {
        if (u != id) needs_[static_cast<size_t>(u)].insert(id);
      }
    }
    for (uint32_t k = 0; k < node->types.size(); ++k) {
      clusters_[static_cast<size_t>(id)].roots.push_back(Var{node, k});
      required_.insert(Var{node, k});
    }
    join(node, id);
  }

  // A kernel over the same space that already reads or computes something this node deals with.
  int shared_cluster(const NodePtr& node, const std::set<int>& users) {
    if (!options_.fuse || options_.apart.contains(node.get())) return -1;
    const bool reduces = node->op->is_reduce();
    const std::vector<SizeId>& space = reduces ? sizes_.dims(node->inputs[0]) : rules_.dims_of(node);
    if (space.empty()) return -1;
    const int region = regions_.of(node.get());
    const auto before = outside_.find(node.get());
    for (const int id : neighbours(node, users)) {
      const Cluster& c = clusters_[static_cast<size_t>(id)];
      if (before != outside_.end() && before->second.contains(id)) continue;
      if (c.region != region || c.domain != space || FusionRules::full(c)) continue;
      if (reduces && !rules_.legal_root(node, c)) continue;
      if (!runs_after_others(id, users)) return id;
    }
    return -1;
  }

  // Kernels that use the node or read what it reads, in order of discovery; of many readers the last ones.
  std::set<int> neighbours(const NodePtr& node, const std::set<int>& users) {
    std::set<int> found = users;
    for (const Var& input : node->inputs) {
      const auto known = readers_.find(input);
      if (known == readers_.end()) continue;
      std::vector<int>& readers = known->second;
      std::erase_if(readers,
                    [&](int id) { return FusionRules::full(clusters_[static_cast<size_t>(id)]); });  // for good
      found.insert(readers.end() - std::min(std::ssize(readers), neighbour_limit), readers.end());
    }
    return found;
  }

  // Whether cluster `id` has to run after another one of `users`. A search that gets long answers yes: less is fused.
  bool runs_after_others(int id, const std::set<int>& users) {
    if (users.empty() || (users.size() == 1 && users.contains(id))) return false;
    seen_in_.resize(clusters_.size(), 0);
    ++search_;
    std::vector<int> todo = {id};
    for (size_t looked_at = 0; !todo.empty(); ++looked_at) {
      const int c = todo.back();
      todo.pop_back();
      if ((c != id && users.contains(c)) || looked_at == search_limit) return true;
      for (const int n : needs_[static_cast<size_t>(c)]) {
        if (std::exchange(seen_in_[static_cast<size_t>(n)], search_) != search_) todo.push_back(n);
      }
    }
    return false;
  }

  void merge() {
    std::unordered_map<const Node*, size_t> position;
    std::vector<std::vector<int>> readers;
    for (const NodePtr& node : order_) {
      position[node.get()] = position.size();
      for (uint32_t k = 0; k < node->types.size(); ++k) {
        const auto found = readers_.find(Var{node, k});
        if (found == readers_.end() || found->second.size() < 2) continue;
        const std::vector<SizeId>& dims = sizes_.dims(found->first);
        std::vector<int> whole;  // not those to which it is a row or a column
        for (const int id : found->second) {
          if (clusters_[static_cast<size_t>(id)].domain == dims) whole.push_back(id);
        }
        if (whole.size() > 1) readers.push_back(std::move(whole));
      }
    }
    merge_clusters(clusters_, needs_, readers,
                   {weight_limit, root_limit, search_limit, &position, &options_.apart, &sizes_, &outside_});
  }

  // Producers first; among those that could run, the one found last, which stands first in the graph.
  Schedule finish() {
    Schedule s;
    std::vector<int> state(clusters_.size(), 0), position(clusters_.size(), -1);
    for (size_t start = clusters_.size(); start-- > 0;) {
      if (clusters_[start].roots.empty() && clusters_[start].node == nullptr) continue;  // merged into another one
      std::vector<int> stack = {static_cast<int>(start)};
      while (!stack.empty()) {
        const auto c = static_cast<size_t>(stack.back());
        if (state[c] == 2) {
          stack.pop_back();
          continue;
        }
        bool ready = true;
        for (const int n : needs_[c]) {
          if (state[static_cast<size_t>(n)] == 2) continue;
          if (state[c] == 1 && state[static_cast<size_t>(n)] == 1)
            raise<InternalError>("schedule: kernels depend on each other");
          stack.push_back(n);
          ready = false;
        }
        state[c] = 1;
        if (!ready) continue;
        state[c] = 2;
        stack.pop_back();
        position[c] = static_cast<int>(s.clusters.size());
        for (const int n : needs_[c]) clusters_[c].needs.push_back(position[static_cast<size_t>(n)]);
        s.clusters.push_back(std::move(clusters_[c]));
      }
    }
    for (const Cluster& c : s.clusters) s.materialised.insert(c.roots.begin(), c.roots.end());
    return s;
  }

  std::span<const NodePtr> order_;
  GraphSizes& sizes_;
  FusionRules rules_;
  const Regions& regions_;
  const ScheduleOptions& options_;
  VarSet required_;
  std::unordered_map<const Node*, std::set<int>> users_;
  std::unordered_map<const Node*, int> copies_;  // length of the chain of nodes that use it and are in several clusters
  std::unordered_map<const Node*, std::set<int>> outside_;  // the clusters that need it in memory
  std::vector<Cluster> clusters_;
  std::vector<std::set<int>> needs_;
  VarMap<std::vector<int>> readers_;  // clusters with a member that reads the variable; full ones may be missing
  SizeLeaves leaves_{sizes_.table()};
  std::unordered_map<const Node*, std::vector<SizeId>> checked_sizes_;  // what the guards of a node compare
  std::vector<int> seen_in_;                                            // the last search that met each cluster
  int search_ = 0;
};

}  // namespace

bool Cluster::pieces() const { return kind == Kind::map && roots.size() == 1 && roots[0].op().pieces != nullptr; }

int Cluster::wanted_at(const Node* node) const {
  const auto found = wanted.find(node);
  return found == wanted.end() ? 1 : std::max(found->second.at_own + found->second.elsewhere, 1);
}

bool Cluster::rows() const {
  return !reduced.empty() && reduced.back() + 1 == static_cast<int>(domain.size()) && reduced.size() < domain.size();
}

Schedule make_schedule(std::span<const NodePtr> order, std::span<const Var> needed, GraphSizes& sizes,
                       const Regions& regions, const ScheduleOptions& options) {
  return Scheduler(order, needed, sizes, regions, options).run();
}

}  // namespace croton
