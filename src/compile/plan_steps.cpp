// Plans steps in the order of the schedule. Kernels that may write a shared variable in place run after the commit.
#include "compile/plan_steps.h"

#include <algorithm>

#include "base/error.h"
#include "compile/plan_updates.h"
#include "ir/loop_unused.h"

namespace croton {
namespace {

class StepPlanner {
 public:
  StepPlanner(const PlanParts& parts, Program& program, Profile& profile)
      : parts_(parts),
        sizes_(parts.sizes),
        program_(program),
        profile_(profile),
        layout_(program, parts.sizes, parts.regions),
        late_(find_updates_in_place(parts)) {}

  void run() {
    add_leaf_slots();
    layout_.shape_leaves();
    // Function outputs and update values that a step computes are made in memory that can be handed over.
    for (const Var& v : parts_.request.outputs) given_away_.insert(v);
    for (const auto& [cell, v] : parts_.request.updates) given_away_.insert(v);
    for (size_t k = 0; k < parts_.schedule.clusters.size(); ++k) {
      const int region = parts_.schedule.clusters[k].region;
      if (region == Regions::always && !late_.contains(k)) add_cluster(k);
      if (region != Regions::always) inside_[region].push_back(k);
    }
    finish();
  }

 private:
  // ---------------------------------------------------------------------------------------------------------- leaves
  void add_leaf_slots() {
    std::unordered_set<const Node*> used;
    for (const NodePtr& n : parts_.order) used.insert(n.get());
    const std::vector<Var>& inputs = parts_.request.inputs;
    for (size_t k = 0; k < inputs.size(); ++k) {
      const Var& v = inputs[k];
      const bool is_used = used.contains(v.node.get());
      program_.input_slots.push_back(is_used ? layout_.add_leaf(v, Slot::Source::input, static_cast<int>(k)) : -1);
      program_.assumes_contiguous.push_back(is_used && !parts_.request.strided.contains(v));
    }
    add_shared_slots();
    for (const NodePtr& n : parts_.order) {
      const Var v{n, 0};
      if (n->attributes.literal == nullptr || !literal_of(v)) continue;
      program_.literals.push_back(array_of(n->attributes.literal));
      layout_.add_leaf(v, Slot::Source::constant, static_cast<int>(program_.literals.size()) - 1);
    }
  }

  void add_shared_slots() {
    std::vector<std::shared_ptr<SharedCell>>& cells = program_.shared;
    std::vector<Var> read;
    for (const NodePtr& n : parts_.order) {
      const auto cell = cell_of({n, 0});
      if (!cell) continue;
      cells.push_back(cell);
      read.push_back({n, 0});
    }
    for (const auto& [cell, value] : parts_.request.updates) cells.push_back(cell);
    std::sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a->id() < b->id(); });
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    for (const Var& v : read) layout_.add_leaf(v, Slot::Source::shared, index_of(cell_of(v)));
    program_.shared_updated.assign(cells.size(), false);
  }

  int index_of(const std::shared_ptr<SharedCell>& cell) const {
    const auto before = [](const auto& a, const auto& b) { return a->id() < b->id(); };
    return static_cast<int>(std::lower_bound(program_.shared.begin(), program_.shared.end(), cell, before) -
                            program_.shared.begin());
  }

  int result_slot(const Var& v) {
    return layout_.new_slot(v, given_away_.contains(v) ? Slot::Source::output : Slot::Source::buffer);
  }

  // ----------------------------------------------------------------------------------------------------------- steps
  void add_cluster(size_t number) {
    const Cluster& c = parts_.schedule.clusters[number];
    switch (c.kind) {
      case Cluster::Kind::map:
      case Cluster::Kind::update:
        for (const Var& root : c.roots) result_slot(root);
        for (Step& step : kernel_steps(number)) layout_.add_step(std::move(step));
        break;
      case Cluster::Kind::library:
        result_slot(c.roots[0]);
        layout_.add_step(gemm_step(c));
        break;
      case Cluster::Kind::branch:
        add_branch(c);
        return;
      case Cluster::Kind::host:
      case Cluster::Kind::loop:
        add_host(c);
        return;
    }
    layout_.written(c.roots);
  }

  // The steps of a cluster whose results have slots; what their sizes need is added in front of them.
  std::vector<Step> kernel_steps(size_t number) {
    const Cluster& c = parts_.schedule.clusters[number];
    LoweredCluster& lowered = parts_.lowered[number];
    std::vector<int> temporaries;
    for (const Temporary& t : lowered.temporaries) {
      Slot s{};
      s.dtype = t.dtype;
      s.shape = {layout_.reg(t.count)};
      s.strides = {layout_.reg(sizes_.table().constant(1))};
      temporaries.push_back(layout_.add_slot(std::move(s)));
    }
    std::vector<Step> steps;
    for (LoweredKernel& k : lowered.kernels) steps.push_back(kernel_step(c, k, temporaries));
    return steps;
  }

  Step kernel_step(const Cluster& c, LoweredKernel& k, const std::vector<int>& temporaries) {
    Step step{};
    step.kind = Step::Kind::kernel;
    KernelStep& s = step.kernel;
    for (const Operand& o : k.buffers)
      s.buffers.push_back(o.var ? layout_.slot(o.var) : temporaries[static_cast<size_t>(o.temporary)]);
    s.ints = layout_.regs(k.ints);
    s.count = layout_.reg(k.count);
    s.cost_items = layout_.reg(k.items);
    s.cost = k.cost;
    s.scratch = layout_.reg(k.scratch);
    s.serial = k.serial;
    s.coarse = k.coarse;
    if (k.copied) s.copied = layout_.slot(k.copied), s.copy = layout_.slot(k.copy);
    for (const Var& v : k.sites) s.sites.push_back(layout_.add_site(v, 0));
    layout_.flush();
    for (const int b : s.buffers) layout_.prepare(step, b);
    step.site = layout_.add_site(c.node ? c.roots[0] : Var{c.members.back(), 0}, 0);
    s.kernel = static_cast<int>(program_.kernels.size());
    std::vector<NodePtr> nodes = c.members;
    nodes.insert(nodes.begin(), c.others.rbegin(), c.others.rend());
    if (c.node) nodes.insert(nodes.begin(), c.node);
    step.profile = profile_step(k.loops.name, "kernel", nodes);
    program_.kernels.push_back({std::move(k.loops), nullptr, nullptr, {}});
    return step;
  }

  // Finds before the commit what the kernel, which runs after it, would find.
  Step check_step(const Cluster& c, const LoweredKernel& k) {
    LoweredKernel check = k;
    check.loops = loop::checks_of(std::move(check.loops));
    return kernel_step(c, check, {});
  }

  int profile_step(std::string name, std::string kind, const std::vector<NodePtr>& nodes) {
    ProfileStep s;
    s.name = std::move(name);
    s.kind = std::move(kind);
    const auto add = [&](const Node& n) {
      s.ops.emplace_back(n.op->name);
      if (n.line && std::find(s.lines.begin(), s.lines.end(), n.line) == s.lines.end()) s.lines.push_back(n.line);
    };
    for (size_t k = nodes.size(); k-- > 0;) add(*nodes[k]);
    if (s.kind == "kernel") ++profile_.kernel_count;
    if (s.kind == "gemm") ++profile_.library_count;
    if (s.kind == "host") ++profile_.host_count;
    profile_.steps.push_back(std::move(s));
    return static_cast<int>(profile_.steps.size()) - 1;
  }

  // A rank-0 operand that scales a product: a number when it is constant.
  void scale(const Var& v, double& number, int& slot_number) {
    if (!uniform_value(v, number)) slot_number = layout_.slot(v);
  }

  // The product of a cluster whose result has a slot.
  Step gemm_step(const Cluster& c) {
    const Node& node = *c.node;
    Step step{};
    step.kind = Step::Kind::gemm;
    GemmStep& g = step.gemm;
    const bool scaled = node.inputs.size() == 5;  // gemm: c, alpha, a, b, beta; dot: a, b
    g.a = layout_.slot(node.inputs[scaled ? 2 : 0]);
    g.b = layout_.slot(node.inputs[scaled ? 3 : 1]);
    if (scaled) {
      scale(node.inputs[1], g.alpha, g.alpha_slot);
      scale(node.inputs[4], g.beta, g.beta_slot);
      g.c = layout_.slot(node.inputs[0]);
    }
    g.out = layout_.slot(c.roots[0]);
    layout_.flush();
    for (const int k : {g.a, g.b, g.c, g.alpha_slot, g.beta_slot, g.out}) {
      if (k >= 0) layout_.prepare(step, k);
    }
    step.site = layout_.add_site(c.roots[0], 0);
    step.profile = profile_step(std::string(node.op->name), "gemm", {c.node});
    return step;
  }

  void require_tensors(const Node& node) {
    for (const Var& v : node.inputs) {
      if (!v.type().is_array()) raise<NotImplementedError>("{} takes something that is no tensor", node.op->name);
    }
  }

  // The results of a step that finds out their shapes.
  std::vector<int> dynamic_slots(const Cluster& c) {
    std::vector<int> slots;
    for (const Var& root : c.roots) slots.push_back(layout_.dynamic_slot(root));
    return slots;
  }
  void add_dynamic_step(const Cluster& c, Step step) {
    step.site = layout_.add_site(c.roots[0], 0);
    layout_.add_step(std::move(step));
    layout_.written(c.roots);
    for (const Var& root : c.roots) layout_.shape_known(root);
  }

  void add_host(const Cluster& c) {
    require_tensors(*c.node);
    Step step{};
    const bool loops = c.kind == Cluster::Kind::loop;
    step.kind = loops ? Step::Kind::loop : Step::Kind::host;
    if (loops) step.loop_body = parts_.request.compile_body(*c.node->bodies.at(0), *parts_.request.mode);
    step.host.node = c.node;
    for (const Var& v : c.node->inputs) step.host.inputs.push_back(layout_.slot(v));
    layout_.flush();
    for (const int k : step.host.inputs) layout_.prepare(step, k);
    step.host.outputs = dynamic_slots(c);
    step.profile = loops ? profile_step(std::string(c.node->op->name), "loop", {c.node})
                         : profile_step(host_call_text(*c.node), "host", {c.node});
    add_dynamic_step(c, std::move(step));
  }

  void add_branch(const Cluster& c) {
    require_tensors(*c.node);
    const std::span<const Var> inputs = c.node->inputs;
    const size_t choices = (inputs.size() - 1) / 2;
    Step step{};
    step.kind = Step::Kind::branch;
    step.branch.condition = layout_.slot(inputs[0]);
    layout_.flush();
    layout_.prepare(step, step.branch.condition);
    step.branch.outputs = dynamic_slots(c);
    for (const bool then : {true, false}) {
      std::unique_ptr<Block>& block = then ? step.branch.then_block : step.branch.else_block;
      block = std::make_unique<Block>();
      std::vector<int> results =
          add_block(*block, parts_.regions.side(c.node.get(), then), inputs.subspan(then ? 1 : 1 + choices, choices));
      (then ? step.branch.then_results : step.branch.else_results) = std::move(results);
    }
    add_dynamic_step(c, std::move(step));
  }

  // The steps of a region, and the slots of what the choice takes from it.
  std::vector<int> add_block(Block& block, int region, std::span<const Var> values) {
    layout_.open(block, region);
    for (const size_t k : inside_[region]) add_cluster(k);
    std::vector<int> results;
    for (const Var& v : values) results.push_back(layout_.slot(v));
    layout_.flush();
    Step views{};
    views.kind = Step::Kind::sizes;
    for (const int k : results) layout_.prepare(views, k);
    if (!views.prepares.empty()) layout_.add_step(std::move(views));
    layout_.close();
    return results;
  }

  // The end: guards that are left, kernels that write in place, and between them the commit.
  void finish() {
    std::vector<Step> after_commit;
    for (const auto& [number, cells] : late_) {
      const Cluster& c = parts_.schedule.clusters[number];
      for (size_t k = 0; k < c.roots.size(); ++k) {
        const int slot = layout_.new_slot(c.roots[k], Slot::Source::in_place);
        program_.slots[static_cast<size_t>(slot)].index = index_of(cells[k]);
      }
      if (c.kind == Cluster::Kind::library) {
        after_commit.push_back(gemm_step(c));
        continue;
      }
      for (const LoweredKernel& k : parts_.lowered[number].kernels) {
        if (!k.sites.empty()) layout_.add_step(check_step(c, k));
      }
      for (Step& step : kernel_steps(number)) after_commit.push_back(std::move(step));
    }
    for (const Var& v : parts_.request.outputs) program_.output_slots.push_back(layout_.slot(v));
    for (const auto& [cell, v] : parts_.request.updates) {
      const int at = index_of(cell);
      program_.shared_updated[static_cast<size_t>(at)] = true;
      program_.updates.emplace_back(at, layout_.slot(v));
    }
    layout_.flush();
    Step commit{};
    commit.kind = Step::Kind::commit;
    // What the kernels after it prepare are views and buffers: made ready here, where memory may still run out.
    for (Step& step : after_commit) {
      commit.prepares.insert(commit.prepares.end(), step.prepares.begin(), step.prepares.end());
      step.prepares.clear();
    }
    for (const int k : program_.output_slots) layout_.prepare(commit, k);
    for (const auto& [cell, k] : program_.updates) layout_.prepare(commit, k);
    layout_.add_step(std::move(commit));
    for (Step& step : after_commit) layout_.add_step(std::move(step));
    program_.checked = parts_.request.mode->checked;
  }

  const PlanParts& parts_;
  GraphSizes& sizes_;
  Program& program_;
  Profile& profile_;
  Layout layout_;
  UpdatesInPlace late_;
  VarSet given_away_;
  std::unordered_map<int, std::vector<size_t>> inside_;  // by region: its clusters, in order
};

}  // namespace

void plan_steps(const PlanParts& parts, Program& program, Profile& profile) {
  StepPlanner(parts, program, profile).run();
}

}  // namespace croton
