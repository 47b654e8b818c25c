// Proves updates in place: by the schedule and the lowered loops of each kernel.
#include "compile/plan_updates.h"

#include <algorithm>

#include "ir/op.h"

namespace croton {
namespace {

class InPlaceProof {
 public:
  explicit InPlaceProof(const PlanParts& parts) : parts_(parts) {
    const PlanRequest& request = parts.request;
    VarSet others(request.outputs.begin(), request.outputs.end());
    for (const auto& [cell, value] : request.updates) {
      // A value that several want, or that has another type than what it replaces, is copied.
      const bool first = targets_.emplace(value, cell).second;
      if (!first) others.insert(value);
    }
    for (const Var& v : others) targets_.erase(v);
    for (const Cluster& c : parts.schedule.clusters) {
      if (c.kind == Cluster::Kind::map || c.kind == Cluster::Kind::update) continue;
      for (const Var& input : c.node->inputs) targets_.erase(base(input));  // read by a call
    }
  }

  UpdatesInPlace run() {
    UpdatesInPlace found;
    for (size_t k = 0; k < parts_.schedule.clusters.size(); ++k) {
      if (qualifies(k)) found.emplace(k, cells_of(k));
    }
    // Which old values each of them reads; whoever is read by another one is not written in place.
    for (auto it = found.begin(); it != found.end();) {
      const bool read = std::any_of(found.begin(), found.end(), [&](const auto& other) {
        return other.first != it->first && reads_any(other.first, it->second);
      });
      it = read ? found.erase(it) : std::next(it);
    }
    return found;
  }

 private:
  Var base(Var v) const {
    while (parts_.sizes.is_view(v)) v = v.node->inputs[0];
    return v;
  }

  bool qualifies(size_t number) {
    const Cluster& c = parts_.schedule.clusters[number];
    const LoweredCluster& lowered = parts_.lowered[number];
    if (c.kind == Cluster::Kind::library) return c.region == Regions::always && overwrites_its_input(c);
    const auto no_scratch = [](const LoweredKernel& k) { return k.scratch == no_size; };
    const auto no_check = [](const LoweredKernel& k) { return k.sites.empty(); };
    const std::vector<LoweredKernel>& kernels = lowered.kernels;
    if (c.region != Regions::always || !lowered.temporaries.empty()) return false;
    if (!std::all_of(kernels.begin(), kernels.end(), no_scratch)) return false;
    if (c.kind == Cluster::Kind::update) return updates_a_cell(c, kernels);
    return c.kind == Cluster::Kind::map && std::all_of(kernels.begin(), kernels.end(), no_check) &&
           overwrites_only_cells(number);
  }

  // A product is added to the old value, which nothing else of it reads.
  bool overwrites_its_input(const Cluster& c) {
    constexpr size_t added = 0;  // of the library's problem "gemm": read only where the output is written
    const auto target = targets_.find(c.roots[0]);
    if (c.node->op->library.problem != "gemm" || target == targets_.end() || read_elsewhere(c.roots[0])) return false;
    const std::vector<Var>& inputs = c.node->inputs;
    for (size_t k = 0; k < inputs.size(); ++k) {
      if ((cell_of(base(inputs[k])) == target->second) != (k == added)) return false;
    }
    return cell_of(inputs[added]) == target->second;  // not a view of it
  }

  // The row changes a region of the old value itself, and its second kernel sees no more of the old value than that.
  bool updates_a_cell(const Cluster& c, const std::vector<LoweredKernel>& kernels) {
    const Var& root = c.roots[0];
    const auto target = targets_.find(root);
    if (target == targets_.end() || c.roots.size() != 1 || root.type().rank == 0 || read_elsewhere(root)) return false;
    if (kernels.size() != 2 || !kernels[0].copied || cell_of(kernels[0].copied) != target->second) return false;
    return std::none_of(kernels[1].buffers.begin(), kernels[1].buffers.end(),
                        [&](const Operand& o) { return o.var && cell_of(base(o.var)) == target->second; });
  }

  // Every root is the new value of a cell and read by no other kernel; the cells' old values are read in step.
  bool overwrites_only_cells(size_t number) {
    const Cluster& c = parts_.schedule.clusters[number];
    if (!c.reduced.empty() || c.domain.empty()) return false;
    return std::all_of(c.roots.begin(), c.roots.end(), [&](const Var& root) {
      const auto target = targets_.find(root);
      return target != targets_.end() && parts_.sizes.dims(root) == c.domain && !read_elsewhere(root) &&
             reads_in_step(c, root, target->second);
    });
  }

  // What depends on the old value is elementwise down to the roots: element i of it for element i of the domain. The
  // new value depends on it too, so an element is loaded (once: equal loads are one) before it is overwritten.
  bool reads_in_step(const Cluster& c, const Var& root, const std::shared_ptr<SharedCell>& cell) {
    std::unordered_set<const Node*> dependent;
    for (size_t k = c.members.size(); k-- > 0;) {  // producers first
      const Node& m = *c.members[k];
      for (const Var& v : m.inputs) {
        if (!v.type().is_array()) continue;
        const Var source = base(v);
        if (cell_of(source) != cell && !dependent.contains(source.node.get())) continue;
        if (v != source || !m.op->is_elementwise() || parts_.sizes.dims(Var{c.members[k], 0}) != c.domain) return false;
        if (parts_.sizes.dims(v) != c.domain) return false;
        dependent.insert(&m);
      }
    }
    return dependent.empty() || dependent.contains(root.node.get());
  }

  static bool contains(const std::vector<std::shared_ptr<SharedCell>>& cells, const std::shared_ptr<SharedCell>& cell) {
    return cell && std::find(cells.begin(), cells.end(), cell) != cells.end();
  }

  // Another cluster's kernel reads the variable or a view of it.
  bool read_elsewhere(const Var& v) {
    if (!counted_) {
      counted_ = true;
      for (size_t k = 0; k < parts_.lowered.size(); ++k) {
        const std::vector<Var>& own = parts_.schedule.clusters[k].roots;
        for (const Var& source : operands(k)) {
          if (std::find(own.begin(), own.end(), source) == own.end()) read_.insert(source);
        }
      }
    }
    return read_.contains(v);
  }

  std::vector<Var> operands(size_t number) const {
    std::vector<Var> sources;
    const Cluster& c = parts_.schedule.clusters[number];
    if (c.kind == Cluster::Kind::library) {
      for (const Var& input : c.node->inputs) sources.push_back(base(input));
    }
    for (const LoweredKernel& k : parts_.lowered[number].kernels) {
      for (const Operand& o : k.buffers) {
        if (o.var) sources.push_back(base(o.var));
      }
    }
    return sources;
  }

  bool reads_any(size_t number, const std::vector<std::shared_ptr<SharedCell>>& cells) const {
    const std::vector<Var> read = operands(number);
    return std::any_of(read.begin(), read.end(), [&](const Var& v) { return contains(cells, cell_of(v)); });
  }

  std::vector<std::shared_ptr<SharedCell>> cells_of(size_t number) const {
    std::vector<std::shared_ptr<SharedCell>> cells;
    for (const Var& root : parts_.schedule.clusters[number].roots) cells.push_back(targets_.at(root));
    return cells;
  }

  const PlanParts& parts_;
  VarMap<std::shared_ptr<SharedCell>> targets_;
  VarSet read_;
  bool counted_ = false;
};

}  // namespace

UpdatesInPlace find_updates_in_place(const PlanParts& parts) {
  return parts.request.updates.empty() ? UpdatesInPlace{} : InPlaceProof(parts).run();
}

}  // namespace croton
