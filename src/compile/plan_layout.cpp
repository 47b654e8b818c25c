// Registers, guards and slots of a program, in the order in which its steps need them.
#include "compile/plan_layout.h"

#include <algorithm>

#include "base/error.h"
#include "ir/op.h"

namespace croton {
namespace {

Guard::Kind guard_kind(SizeGuard::Kind kind) {
  switch (kind) {
    case SizeGuard::Kind::equal:
      return Guard::Kind::equal;
    case SizeGuard::Kind::not_negative:
      return Guard::Kind::not_negative;
    case SizeGuard::Kind::reshape:
      return Guard::Kind::reshape;
    case SizeGuard::Kind::index:
      return Guard::Kind::index;
  }
  return Guard::Kind::equal;
}

}  // namespace

Layout::Layout(Program& program, GraphSizes& sizes, const Regions& regions)
    : program_(program), sizes_(sizes), regions_(regions), guards_to_try_(static_cast<size_t>(regions.count())) {
  const SizeTable& t = sizes_.table();
  registers_.assign(static_cast<size_t>(t.count()), no_reg);
  for (SizeId id = 0; id < t.count(); ++id) {
    int64_t value = 0;
    if (!t.is_constant(id, value)) continue;
    registers_[static_cast<size_t>(id)] = static_cast<SizeReg>(program_.constants.size());
    program_.constants.push_back(value);
  }
  program_.register_count = static_cast<int>(program_.constants.size());
  const std::vector<SizeGuard>& guards = sizes_.guards();
  for (size_t k = 0; k < guards.size(); ++k) {
    guards_to_try_[static_cast<size_t>(regions_.of(guards[k].node.node.get()))].push_back(k);
  }
  open(program_.body, Regions::always);
}

// ------------------------------------------------------------------------------------------------------- registers

SizeReg& Layout::register_of(SizeId id) {
  if (static_cast<size_t>(id) >= registers_.size()) registers_.resize(static_cast<size_t>(id) + 1, no_reg);
  return registers_[static_cast<size_t>(id)];
}

// The register of this very expression: a guard compares what others take for equal.
SizeReg Layout::plain_reg(SizeId id) { return id == no_size ? no_reg : computed(id, sizes_.canonical(id) != id); }

// Expressions may be as deep as the graph: what they are made of is computed first, without recursion.
SizeReg Layout::computed(SizeId id, bool plain) {
  struct Wanted {
    SizeId id;
    bool plain;
  };
  for (std::vector<Wanted> todo = {{id, plain}}; !todo.empty();) {
    const Wanted w = todo.back();
    const SizeExpr& e = sizes_.table()[w.id];
    const size_t before = todo.size();
    if (register_of(w.id) == no_reg && e.kind == SizeExpr::Kind::apply) {
      for (const SizeId arg : e.args) {
        const SizeId meant = w.plain ? arg : sizes_.canonical(arg);
        if (register_of(meant) == no_reg) todo.push_back({meant, w.plain && sizes_.canonical(arg) != arg});
      }
    }
    if (todo.size() > before) continue;
    if (register_of(w.id) == no_reg) compute(w.id, w.plain);
    todo.pop_back();
  }
  return register_of(id);
}

void Layout::compute(SizeId id, bool plain) {
  const SizeExpr e = sizes_.table()[id];
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
  i.target = program_.register_count++;
  register_of(id) = i.target;
  register_log_.push_back(id);
  program_.size_instructions.push_back(std::move(i));
}

std::vector<SizeReg> Layout::regs(const std::vector<SizeId>& ids) {
  std::vector<SizeReg> result;
  for (const SizeId id : ids) result.push_back(reg(id));
  return result;
}

// ---------------------------------------------------------------------------------------------------------- guards

// The node that has to run before the size can be read; null: it can be read now.
const Node* Layout::awaited(SizeId id) {
  std::unordered_set<SizeId> seen;
  for (std::vector<SizeId> todo = {id}; !todo.empty();) {
    const SizeId next = todo.back();
    todo.pop_back();
    if (next == no_size || register_of(next) != no_reg || !seen.insert(next).second) continue;
    const SizeExpr& e = sizes_.table()[next];
    todo.insert(todo.end(), e.args.rbegin(), e.args.rend());
    if (e.kind == SizeExpr::Kind::apply) continue;
    Var v = e.leaf;
    while (!written_.contains(v) && sizes_.is_view(v)) v = Var(v.node->inputs[0]);
    if (!written_.contains(v) && !v.op().has(leaf)) return v.node.get();
  }
  return nullptr;
}

const Node* Layout::awaited(const SizeGuard& guard) {
  for (const SizeId id : {guard.left, guard.right}) {
    if (const Node* node = awaited(id)) return node;
  }
  for (const std::vector<SizeId>* list : {&guard.many, &guard.others}) {
    for (const SizeId id : *list) {
      if (const Node* node = awaited(id)) return node;
    }
  }
  return nullptr;
}

// Guards of the open block whose sizes are known by now; the others wait for a node.
void Layout::add_guards() {
  const std::vector<size_t> to_try = std::move(guards_to_try_[static_cast<size_t>(region())]);
  guards_to_try_[static_cast<size_t>(region())].clear();
  for (const size_t k : to_try) {
    const SizeGuard& guard = sizes_.guards()[k];
    if (const Node* node = awaited(guard)) {
      guards_waiting_[node].push_back(k);
    } else {
      add_guard(guard);
    }
  }
}

void Layout::add_guard(const SizeGuard& g) {
  Guard guard{};
  guard.kind = guard_kind(g.kind);
  guard.left = plain_reg(g.left);
  guard.right = plain_reg(g.right);
  for (const SizeId id : g.many) guard.many.push_back(plain_reg(id));
  for (const SizeId id : g.others) guard.others.push_back(plain_reg(id));
  guard.text = g.text;
  guard.site = add_site(g.node, g.line);
  program_.guards.push_back(std::move(guard));
}

int Layout::add_site(const Var& v, LineId line) {
  program_.sites.push_back({v, line ? line : v.node->line});
  return static_cast<int>(program_.sites.size()) - 1;
}

// ----------------------------------------------------------------------------------------------------------- slots

int Layout::add_slot(Slot s) {
  program_.slots.push_back(std::move(s));
  return static_cast<int>(program_.slots.size()) - 1;
}

void Layout::set_slot(const Var& v, int k) {
  slots_[v] = k;
  slot_log_.push_back(v);
}

int Layout::add_leaf(const Var& v, Slot::Source source, int index) {
  Slot s{};
  s.source = source;
  s.index = index;
  s.dtype = v.type().dtype;
  const int k = add_slot(std::move(s));
  set_slot(v, k);
  prepared_.insert(k);
  leaf_slots_.emplace_back(v, k);
  return k;
}

void Layout::shape_leaves() {
  for (const auto& [v, k] : leaf_slots_) shape_known(v);
}

int Layout::slot(const Var& wanted) {
  std::vector<Var> views;  // from the wanted one towards what has a slot
  for (Var v = wanted; !slots_.contains(v); v = Var(v.node->inputs[0])) {
    if (!sizes_.is_view(v)) raise<InternalError>("{} has no memory", v.op().name);
    views.push_back(v);
  }
  for (; !views.empty(); views.pop_back()) {
    const Var& v = views.back();
    if (slots_.contains(v)) continue;  // its sizes needed it
    Slot s{};
    s.source = Slot::Source::view;
    s.index = slots_.at(v.node->inputs[0]);
    s.dtype = v.type().dtype;
    s.shape = regs(sizes_.dims(v));
    s.strides = regs(sizes_.strides(v));
    s.offset = reg(sizes_.view_offset(v));
    set_slot(v, add_slot(std::move(s)));
  }
  return slots_.at(wanted);
}

int Layout::new_slot(const Var& v, Slot::Source source) {
  Slot s{};
  s.source = source;
  s.dtype = v.type().dtype;
  const int k = add_slot(std::move(s));
  set_slot(v, k);
  shape_known(v);
  return k;
}

int Layout::dynamic_slot(const Var& v) {
  Slot s{};
  s.source = Slot::Source::dynamic;
  s.dtype = v.type().dtype;
  const int k = add_slot(std::move(s));
  set_slot(v, k);
  prepared_.insert(k);
  prepared_log_.push_back(k);
  return k;
}

void Layout::shape_known(const Var& v) {
  std::vector<SizeReg> shape = regs(sizes_.dims(v)), strides = regs(sizes_.strides(v));
  Slot& s = program_.slots[static_cast<size_t>(slots_.at(v))];  // regs may have added slots
  s.shape = std::move(shape);
  s.strides = std::move(strides);
}

void Layout::written(std::span<const Var> results) {
  for (const Var& v : results) {
    written_.insert(v);
    written_log_.push_back(v);
    const auto waiting = guards_waiting_.find(v.node.get());
    if (waiting == guards_waiting_.end()) continue;
    for (const size_t k : waiting->second) {
      guards_to_try_[static_cast<size_t>(regions_.of(sizes_.guards()[k].node.node.get()))].push_back(k);
    }
    guards_waiting_.erase(waiting);
  }
}

// ---------------------------------------------------------------------------------------------------------- blocks

void Layout::prepare(Step& step, int k) {
  std::vector<int> chain;  // of views, and what they look at
  while (!prepared_.contains(k)) {
    chain.push_back(k);
    const Slot& s = program_.slots[static_cast<size_t>(k)];
    if (s.source != Slot::Source::view) break;
    k = s.index;
  }
  for (; !chain.empty(); chain.pop_back()) {
    prepared_.insert(chain.back());
    prepared_log_.push_back(chain.back());
    step.prepares.push_back(chain.back());
  }
}

void Layout::flush() {
  add_guards();
  const int instructions = static_cast<int>(program_.size_instructions.size());
  const int guards = static_cast<int>(program_.guards.size());
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
  add_step(std::move(s));
}

void Layout::open(Block& block, int region) {
  scopes_.push_back(
      {&block, region, register_log_.size(), slot_log_.size(), written_log_.size(), prepared_log_.size()});
}

void Layout::close() {
  const Scope scope = scopes_.back();
  scopes_.pop_back();
  for (; register_log_.size() > scope.registers; register_log_.pop_back()) register_of(register_log_.back()) = no_reg;
  for (; slot_log_.size() > scope.slots; slot_log_.pop_back()) slots_.erase(slot_log_.back());
  for (; written_log_.size() > scope.written; written_log_.pop_back()) written_.erase(written_log_.back());
  for (; prepared_log_.size() > scope.prepared; prepared_log_.pop_back()) prepared_.erase(prepared_log_.back());
}

}  // namespace croton
