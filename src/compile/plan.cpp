// Lays out a program: slots for variables, registers for sizes, steps in order, buffers by lifetime.
#include "compile/plan.h"

#include <algorithm>
#include <chrono>

#include "backend/cpu/compiler.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "library/gemm.h"
#include "loops/lower.h"

namespace croton {
namespace {

/// Milliseconds since the last reading, as a phase of the profile.
class PhaseClock {
 public:
  explicit PhaseClock(Profile& profile) : profile_(profile) {}
  void end(const char* phase) {
    const auto now = std::chrono::steady_clock::now();
    profile_.phases.push_back({phase, std::chrono::duration<double, std::milli>(now - last_).count()});
    last_ = now;
  }

 private:
  Profile& profile_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

bool library_takes(const Node& node) {
  const DType d = node.types[0].dtype;
  if (d != DType::f32 && d != DType::f64) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const Var& v) { return v.type().dtype == d; });
}

std::string symbol_of(const Cluster& c, size_t number) {
  std::string name = "k" + std::to_string(number);
  size_t shown = 0;
  for (size_t k = c.members.size(); k-- > 0 && shown < 6; ++shown) name += "_" + std::string(c.members[k]->op->name);
  if (c.kind == Cluster::Kind::update) name += "_" + std::string(c.node->op->name);
  return name;
}

class Planner {
 public:
  Planner(const PlanRequest& request, Profile& profile) : request_(request), profile_(profile), clock_(profile) {}

  std::shared_ptr<Program> run() {
    std::vector<Var> needed = request_.outputs;
    for (const auto& [cell, v] : request_.updates) needed.push_back(v);
    order_ = toposort(needed);
    schedule_and_lower(needed);
    number_constants();
    add_leaf_slots();
    shape_leaves();
    mark_given_away(needed);
    for (size_t k = 0; k < schedule_.clusters.size(); ++k) add_cluster(k);
    finish();
    assign_buffers();
    clock_.end("plan");
    generate_code();
    clock_.end("codegen");
    return program_;
  }

 private:
  // ------------------------------------------------------------------------------------------- kernels
  void schedule_and_lower(std::span<const Var> needed) {
    const Mode& mode = *request_.mode;
    ScheduleOptions options{.fuse = mode.fuse, .interpret = mode.interpret, .library = library_takes, .apart = {}};
    sizes_ = std::make_unique<GraphSizes>(order_, request_.strided);
    clock_.end("sizes");
    for (;;) {
      schedule_ = make_schedule(order_, needed, *sizes_, options);
      lowered_.assign(schedule_.clusters.size(), {});
      try {
        for (size_t k = 0; k < schedule_.clusters.size(); ++k) {
          const Cluster& c = schedule_.clusters[k];
          if (c.kind != Cluster::Kind::map && c.kind != Cluster::Kind::update) continue;
          lowered_[k] = lower(c, *sizes_, schedule_.materialised, symbol_of(c, k));
        }
        break;
      } catch (const NotFusable& apart) {
        if (!options.apart.insert(apart.node).second) {
          raise<InternalError>("{} can be put neither into a kernel nor apart", apart.node->op->name);
        }
      }
    }
    clock_.end("schedule and lower");
  }

  // ------------------------------------------------------------------------------------------- registers
  void number_constants() {
    const SizeTable& t = sizes_->table();
    registers_.assign(static_cast<size_t>(t.count()), no_reg);
    for (SizeId id = 0; id < t.count(); ++id) {
      int64_t value = 0;
      if (!t.is_constant(id, value)) continue;
      registers_[static_cast<size_t>(id)] = static_cast<SizeReg>(program_->constants.size());
      program_->constants.push_back(value);
    }
    program_->register_count = static_cast<int>(program_->constants.size());
  }

  SizeReg& register_of(SizeId id) {
    if (static_cast<size_t>(id) >= registers_.size()) registers_.resize(static_cast<size_t>(id) + 1, no_reg);
    return registers_[static_cast<size_t>(id)];
  }

  // The leaf's value can be read now: it is an argument, or its step has been planned.
  bool ready(const Var& v) const { return v.op().has(leaf) ? slots_.contains(v) : written_.contains(v); }
  bool computable(SizeId id) {
    if (register_of(id) != no_reg) return true;
    const SizeExpr& e = sizes_->table()[id];
    if (e.kind == SizeExpr::Kind::apply)
      return std::all_of(e.args.begin(), e.args.end(), [&](SizeId a) { return computable(a); });
    return ready(e.leaf) || (sizes_->is_view(e.leaf) && ready(e.leaf.node->inputs[0]));
  }

  SizeReg reg(SizeId id) { return id == no_size ? no_reg : computed(sizes_->canonical(id), false); }
  // The register of this very expression: a guard compares what others take for equal.
  SizeReg plain_reg(SizeId id) { return id == no_size ? no_reg : computed(id, sizes_->canonical(id) != id); }

  SizeReg computed(SizeId id, bool plain) {
    if (const SizeReg known = register_of(id); known != no_reg) return known;
    const SizeExpr e = sizes_->table()[id];
    SizeInstruction i{};
    switch (e.kind) {
      case SizeExpr::Kind::input_dim:
        i.kind = SizeInstruction::Kind::dim;
        break;
      case SizeExpr::Kind::input_stride:
        i.kind = SizeInstruction::Kind::stride;
        break;
      case SizeExpr::Kind::input_scalar:
        i.kind = SizeInstruction::Kind::scalar;
        break;
      default:
        i.kind = SizeInstruction::Kind::apply;
    }
    if (e.kind == SizeExpr::Kind::apply) {
      i.op = e.op;
      for (const SizeId arg : e.args) i.args.push_back(plain ? plain_reg(arg) : reg(arg));
    } else {
      i.slot = slot(e.leaf);
      if (i.kind == SizeInstruction::Kind::scalar) scalar_slots_.push_back(i.slot);
      i.axis = static_cast<int>(e.value);
    }
    i.target = program_->register_count++;
    register_of(id) = i.target;
    program_->size_instructions.push_back(std::move(i));
    return register_of(id);
  }
  std::vector<SizeReg> regs(const std::vector<SizeId>& ids) {
    std::vector<SizeReg> result;
    for (const SizeId id : ids) result.push_back(reg(id));
    return result;
  }

  // Guards whose sizes are known by now.
  void add_guards() {
    const std::vector<SizeGuard>& guards = sizes_->guards();
    guard_done_.resize(guards.size(), false);
    for (size_t k = 0; k < guards.size(); ++k) {
      const SizeGuard& g = guards[k];
      if (guard_done_[k]) continue;
      std::vector<SizeId> all = g.many;
      all.insert(all.end(), g.others.begin(), g.others.end());
      if (g.left != no_size) all.push_back(g.left);
      if (g.right != no_size) all.push_back(g.right);
      if (!std::all_of(all.begin(), all.end(), [&](SizeId id) { return computable(id); })) continue;
      guard_done_[k] = true;
      Guard guard{};
      guard.kind = g.kind == SizeGuard::Kind::equal          ? Guard::Kind::equal
                   : g.kind == SizeGuard::Kind::not_negative ? Guard::Kind::not_negative
                   : g.kind == SizeGuard::Kind::reshape      ? Guard::Kind::reshape
                                                             : Guard::Kind::index;
      guard.left = plain_reg(g.left);
      guard.right = plain_reg(g.right);
      for (const SizeId id : g.many) guard.many.push_back(plain_reg(id));
      for (const SizeId id : g.others) guard.others.push_back(plain_reg(id));
      guard.text = g.text;
      guard.site = site(g.node, g.line);
      program_->guards.push_back(std::move(guard));
    }
  }
  int site(const Var& v, LineId line) {
    program_->sites.push_back({v, line ? line : v.node->line});
    return static_cast<int>(program_->sites.size()) - 1;
  }

  // ------------------------------------------------------------------------------------------- slots
  int add_slot(Slot s) {
    program_->slots.push_back(std::move(s));
    return static_cast<int>(program_->slots.size()) - 1;
  }

  void add_leaf_slots() {
    for (size_t k = 0; k < request_.inputs.size(); ++k) {
      const Var& v = request_.inputs[k];
      const bool used = std::any_of(order_.begin(), order_.end(), [&](const NodePtr& n) { return n == v.node; });
      program_->input_slots.push_back(used ? add_leaf(v, Slot::Source::input, static_cast<int>(k)) : -1);
      program_->assumes_contiguous.push_back(used && !request_.strided.contains(v));
    }
    std::vector<std::shared_ptr<SharedCell>>& cells = program_->shared;
    std::vector<Var> shared;
    for (const NodePtr& n : order_) {
      if (const auto cell = cell_of({n, 0})) {
        cells.push_back(cell);
        shared.push_back({n, 0});
      }
    }
    for (const auto& [cell, value] : request_.updates) {
      if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells.push_back(cell);
    }
    std::sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a->id() < b->id(); });
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    for (const Var& v : shared) {
      const auto at = std::find(cells.begin(), cells.end(), cell_of(v)) - cells.begin();
      add_leaf(v, Slot::Source::shared, static_cast<int>(at));
    }
    program_->shared_updated.assign(cells.size(), false);
    for (const NodePtr& n : order_) {
      const Var v{n, 0};
      if (n->attributes.literal && literal_of(v)) {
        program_->literals.push_back(array_of(n->attributes.literal));
        add_leaf(v, Slot::Source::constant, static_cast<int>(program_->literals.size()) - 1);
      }
    }
  }
  int add_leaf(const Var& v, Slot::Source source, int index) {
    Slot s{};
    s.source = source;
    s.index = index;
    s.dtype = v.type().dtype;
    const int k = add_slot(s);
    slots_[v] = k;
    prepared_.insert(k);
    leaf_slots_.push_back({v, k});
    return k;
  }
  // After all leaves have slots: a size of one may be read off another.
  void shape_leaves() {
    for (const auto& [v, k] : leaf_slots_) {
      const std::vector<SizeReg> shape = regs(sizes_->dims(v)), strides = regs(sizes_->strides(v));
      program_->slots[static_cast<size_t>(k)].shape = shape;
      program_->slots[static_cast<size_t>(k)].strides = strides;
    }
  }

  // Function outputs and update values that a step computes are made in memory that can be handed over.
  void mark_given_away(std::span<const Var> needed) {
    for (const Var& v : needed) given_away_.insert(v);
  }

  // The slot of a variable that has memory, or of a view of one.
  int slot(const Var& v) {
    if (const auto it = slots_.find(v); it != slots_.end()) return it->second;
    if (!sizes_->is_view(v)) raise<InternalError>("{} has no memory", v.op().name);
    Slot s{};
    s.source = Slot::Source::view;
    s.index = slot(v.node->inputs[0]);
    s.dtype = v.type().dtype;
    s.shape = regs(sizes_->dims(v));
    s.strides = regs(sizes_->strides(v));
    s.offset = reg(sizes_->view_offset(v));
    return slots_[v] = add_slot(std::move(s));
  }
  int new_slot(const Var& v, Slot::Source source) {
    Slot s{};
    s.source = source;
    s.dtype = v.type().dtype;
    const int k = add_slot(s);
    slots_[v] = k;
    const std::vector<SizeReg> shape = regs(sizes_->dims(v)), strides = regs(sizes_->strides(v));
    program_->slots[static_cast<size_t>(k)].shape = shape;
    program_->slots[static_cast<size_t>(k)].strides = strides;
    return k;
  }
  int result_slot(const Var& v) {
    return new_slot(v, given_away_.contains(v) ? Slot::Source::output : Slot::Source::buffer);
  }

  void prepare(Step& step, int k) {
    if (prepared_.contains(k)) return;
    const Slot& s = program_->slots[static_cast<size_t>(k)];
    if (s.source == Slot::Source::view) prepare(step, s.index);
    prepared_.insert(k);
    step.prepares.push_back(k);
  }

  // ------------------------------------------------------------------------------------------- steps
  // Puts what sizes and guards became known before the step in front of it.
  void flush_sizes() {
    add_guards();
    const int instructions = static_cast<int>(program_->size_instructions.size());
    const int guards = static_cast<int>(program_->guards.size());
    if (instructions == instructions_done_ && guards == guards_done_) return;
    Step s{};
    s.kind = Step::Kind::sizes;
    s.first_instruction = instructions_done_;
    s.last_instruction = instructions;
    s.first_guard = guards_done_;
    s.last_guard = guards;
    for (const int k : scalar_slots_) prepare(s, k);
    scalar_slots_.clear();
    instructions_done_ = instructions;
    guards_done_ = guards;
    program_->body.steps.push_back(std::move(s));
  }

  void add_cluster(size_t number) {
    const Cluster& c = schedule_.clusters[number];
    switch (c.kind) {
      case Cluster::Kind::map:
      case Cluster::Kind::update:
        add_kernels(c, lowered_[number]);
        return;
      case Cluster::Kind::library:
        add_gemm(c);
        return;
      case Cluster::Kind::branch:
      case Cluster::Kind::host:
        add_host(c);
        return;
    }
  }

  void add_kernels(const Cluster& c, LoweredCluster& lowered) {
    for (const Var& root : c.roots) result_slot(root);
    std::vector<int> temporaries;
    for (const Temporary& t : lowered.temporaries) {
      Slot s{};
      s.dtype = t.dtype;
      s.shape = {reg(t.count)};
      s.strides = {reg(sizes_->table().constant(1))};
      temporaries.push_back(add_slot(std::move(s)));
    }
    for (LoweredKernel& k : lowered.kernels) add_kernel(c, k, temporaries);
    written_.insert(c.roots.begin(), c.roots.end());
  }

  void add_kernel(const Cluster& c, LoweredKernel& k, const std::vector<int>& temporaries) {
    Step step{};
    step.kind = Step::Kind::kernel;
    KernelStep& s = step.kernel;
    for (const Operand& o : k.buffers)
      s.buffers.push_back(o.var ? slot(o.var) : temporaries[static_cast<size_t>(o.temporary)]);
    s.ints = regs(k.ints);
    s.count = reg(k.count);
    s.cost_items = reg(k.items);
    s.cost = k.cost;
    s.scratch = reg(k.scratch);
    s.serial = k.serial;
    for (const Var& v : k.sites) s.sites.push_back(site(v, 0));
    flush_sizes();
    for (const int b : s.buffers) prepare(step, b);
    step.site = site(c.node ? c.roots[0] : Var{c.members.back(), 0}, 0);
    s.kernel = static_cast<int>(program_->kernels.size());
    step.profile = profile_step(k.loops.name, "kernel", c.members, c.node);
    program_->kernels.push_back({std::move(k.loops), nullptr, nullptr, {}});
    program_->body.steps.push_back(std::move(step));
  }

  int profile_step(std::string name, std::string kind, const std::vector<NodePtr>& nodes, const NodePtr& also) {
    ProfileStep s;
    s.name = std::move(name);
    s.kind = std::move(kind);
    const auto add = [&](const Node& n) {
      s.ops.emplace_back(n.op->name);
      if (n.line && std::find(s.lines.begin(), s.lines.end(), n.line) == s.lines.end()) s.lines.push_back(n.line);
    };
    for (size_t k = nodes.size(); k-- > 0;) add(*nodes[k]);
    if (also) add(*also);
    (s.kind == "kernel" ? profile_.kernel_count : s.kind == "gemm" ? profile_.library_count : profile_.host_count)++;
    profile_.steps.push_back(std::move(s));
    return static_cast<int>(profile_.steps.size()) - 1;
  }

  // A rank-0 operand that scales a product: a number when it is constant.
  void scale(const Var& v, double& number, int& slot_number) {
    if (!uniform_value(v, number)) slot_number = slot(v);
  }

  void add_gemm(const Cluster& c) {
    const Node& node = *c.node;
    Step step{};
    step.kind = Step::Kind::gemm;
    GemmStep& g = step.gemm;
    const bool scaled = node.inputs.size() == 5;  // gemm: c, alpha, a, b, beta; dot: a, b
    g.a = slot(node.inputs[scaled ? 2 : 0]);
    g.b = slot(node.inputs[scaled ? 3 : 1]);
    if (scaled) {
      scale(node.inputs[1], g.alpha, g.alpha_slot);
      scale(node.inputs[4], g.beta, g.beta_slot);
      g.c = slot(node.inputs[0]);
    }
    g.out = result_slot(c.roots[0]);
    flush_sizes();
    for (const int k : {g.a, g.b, g.c, g.alpha_slot, g.beta_slot, g.out}) {
      if (k >= 0) prepare(step, k);
    }
    step.site = site(c.roots[0], 0);
    step.profile = profile_step(std::string(node.op->name), "gemm", {}, c.node);
    program_->body.steps.push_back(std::move(step));
    written_.insert(c.roots[0]);
  }

  void add_host(const Cluster& c) {
    Step step{};
    step.kind = Step::Kind::host;
    step.host.node = c.node;
    for (const Var& v : c.node->inputs) {
      if (!v.type().is_tensor()) raise<NotImplementedError>("{} takes something that is no tensor", c.node->op->name);
      step.host.inputs.push_back(slot(v));
    }
    flush_sizes();
    for (const int k : step.host.inputs) prepare(step, k);
    for (const Var& root : c.roots) {
      Slot s{};
      s.source = Slot::Source::dynamic;
      s.dtype = root.type().dtype;
      const int k = add_slot(s);
      slots_[root] = k;
      prepared_.insert(k);
      step.host.outputs.push_back(k);
    }
    step.site = site(c.roots[0], 0);
    step.profile = profile_step(std::string(c.node->op->name), "host", {}, c.node);
    program_->body.steps.push_back(std::move(step));
    written_.insert(c.roots.begin(), c.roots.end());
    // Its shape is known from here on.
    for (const Var& root : c.roots) {
      const std::vector<SizeReg> shape = regs(sizes_->dims(root)), strides = regs(sizes_->strides(root));
      Slot& s = program_->slots[static_cast<size_t>(slots_[root])];
      s.shape = shape;
      s.strides = strides;
    }
  }

  void finish() {
    for (const Var& v : request_.outputs) program_->output_slots.push_back(slot(v));
    for (const auto& [cell, v] : request_.updates) {
      const auto at = static_cast<size_t>(std::find(program_->shared.begin(), program_->shared.end(), cell) -
                                          program_->shared.begin());
      program_->shared_updated[at] = true;
      program_->updates.push_back({static_cast<int>(at), slot(v)});
    }
    flush_sizes();
    Step commit{};
    commit.kind = Step::Kind::commit;
    for (const int k : program_->output_slots) prepare(commit, k);
    for (const auto& [cell, k] : program_->updates) prepare(commit, k);
    program_->body.steps.push_back(std::move(commit));
    program_->checked = request_.mode->checked;
  }

  // Arena buffers by lifetime: a step's result may take the memory of what was last used before that step.
  void assign_buffers() {
    std::vector<Slot>& slots = program_->slots;
    std::vector<int> last(slots.size(), -1);
    const auto base = [&](int k) {
      while (slots[static_cast<size_t>(k)].source == Slot::Source::view) k = slots[static_cast<size_t>(k)].index;
      return k;
    };
    const std::vector<Step>& steps = program_->body.steps;
    for (size_t n = 0; n < steps.size(); ++n) {
      const auto use = [&](int k) {
        if (k >= 0) last[static_cast<size_t>(base(k))] = static_cast<int>(n);
      };
      const Step& s = steps[n];
      for (const int k : s.prepares) use(k);
      for (const int k : s.kernel.buffers) use(k);
      for (const int k : {s.gemm.out, s.gemm.a, s.gemm.b, s.gemm.c, s.gemm.alpha_slot, s.gemm.beta_slot}) use(k);
      for (const int k : s.host.inputs) use(k);
      for (int i = s.first_instruction; s.kind == Step::Kind::sizes && i < s.last_instruction; ++i) {
        use(program_->size_instructions[static_cast<size_t>(i)].slot);
      }
    }
    for (const int k : program_->output_slots) last[static_cast<size_t>(base(k))] = static_cast<int>(steps.size());
    for (const auto& [cell, k] : program_->updates) last[static_cast<size_t>(base(k))] = static_cast<int>(steps.size());
    std::vector<std::pair<int, int>> busy;  // (last use, buffer)
    std::vector<int> free;
    for (size_t n = 0; n < steps.size(); ++n) {
      for (size_t b = busy.size(); b-- > 0;) {
        if (busy[b].first >= static_cast<int>(n)) continue;
        free.push_back(busy[b].second);
        busy.erase(busy.begin() + static_cast<std::ptrdiff_t>(b));
      }
      for (const int k : steps[n].prepares) {
        Slot& s = slots[static_cast<size_t>(k)];
        if (s.source != Slot::Source::buffer) continue;
        s.index = free.empty() ? program_->buffer_count++ : free.back();
        if (!free.empty()) free.pop_back();
        busy.emplace_back(last[static_cast<size_t>(k)], s.index);
      }
    }
  }

  void generate_code() {
    const CompileOptions options{.checked = request_.mode->checked};
    std::vector<CompiledCode>& kernels = program_->kernels;
    default_pool().for_each_chunk(static_cast<int64_t>(kernels.size()), 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t k = begin; k < end; ++k) {
        CompiledCode& c = kernels[static_cast<size_t>(k)];
        CompiledKernel compiled = compile_kernel(c.loops, options);
        c.entry = compiled.entry;
        c.code = std::move(compiled.code);
      }
    });
  }

  const PlanRequest& request_;
  Profile& profile_;
  PhaseClock clock_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
  std::vector<NodePtr> order_;
  std::unique_ptr<GraphSizes> sizes_;
  Schedule schedule_;
  std::vector<LoweredCluster> lowered_;
  std::vector<SizeReg> registers_;
  std::vector<bool> guard_done_;
  VarMap<int> slots_;
  VarSet given_away_;
  VarSet written_;  // computed by the steps planned so far
  std::unordered_set<int> prepared_;
  std::vector<int> scalar_slots_;
  std::vector<std::pair<Var, int>> leaf_slots_;
  int instructions_done_ = 0, guards_done_ = 0;
};

}  // namespace

std::shared_ptr<Program> make_program(const PlanRequest& request, Profile& profile) {
  return Planner(request, profile).run();
}

}  // namespace croton
