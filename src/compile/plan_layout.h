// The plan's bookkeeping: registers for sizes, slots for variables, guards, and the block that steps are added to.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/walk.h"
#include "loops/regions.h"
#include "loops/sizes.h"
#include "runtime/program.h"

namespace croton {

/// Fills the tables of a program while its steps are planned in order. What is computed inside a block (registers,
/// slots of results and views, readiness) is known in that block only and forgotten when it closes.
class Layout {
 public:
  Layout(Program& program, GraphSizes& sizes, const Regions& regions);

  /// The register of a size, computed before the step planned next. `no_size` has none.
  SizeReg reg(SizeId id) { return id == no_size ? no_reg : computed(sizes_.canonical(id), false); }
  std::vector<SizeReg> regs(const std::vector<SizeId>& ids);

  int add_slot(Slot slot);
  int add_leaf(const Var& v, Slot::Source source, int index);
  /// After all leaves have slots: a size of one may be read off another.
  void shape_leaves();
  /// The slot of a variable that has memory, or of a view of one.
  int slot(const Var& v);
  int new_slot(const Var& v, Slot::Source source);
  /// A slot whose shape is known only when its step has run; to be followed by `shape_known` after that step.
  int dynamic_slot(const Var& v);
  void shape_known(const Var& v);
  void written(std::span<const Var> results);  // the step that computes them has been planned

  /// Has the memory of slot `k` made ready before `step`, unless that has happened.
  void prepare(Step& step, int k);
  /// Puts the sizes and guards that became known in front of the next step.
  void flush();
  void add_step(Step step) { block().steps.push_back(std::move(step)); }
  int add_site(const Var& v, LineId line);

  void open(Block& block, int region);
  void close();
  int region() const { return scopes_.back().region; }

 private:
  struct Scope {
    Block* block;
    int region;
    size_t registers, slots, written, prepared;  // lengths of the logs when it was opened
  };
  Block& block() { return *scopes_.back().block; }
  SizeReg plain_reg(SizeId id);
  SizeReg computed(SizeId id, bool plain);
  void compute(SizeId id, bool plain);
  SizeReg& register_of(SizeId id);
  void add_guards();
  void add_guard(const SizeGuard& guard);
  const Node* awaited(const SizeGuard& guard);
  const Node* awaited(SizeId id);
  void set_slot(const Var& v, int k);

  Program& program_;
  GraphSizes& sizes_;
  const Regions& regions_;
  std::vector<Scope> scopes_;
  std::vector<SizeReg> registers_;  // by size expression
  VarMap<int> slots_;
  VarSet written_;
  std::unordered_set<int> prepared_;
  // What the open blocks added, to take back when they close.
  std::vector<SizeId> register_log_;
  std::vector<Var> slot_log_, written_log_;
  std::vector<int> prepared_log_;
  std::vector<std::pair<Var, int>> leaf_slots_;
  std::vector<int> scalar_slots_;                                        // read by size instructions not yet flushed
  std::vector<std::vector<size_t>> guards_to_try_;                       // by region
  std::unordered_map<const Node*, std::vector<size_t>> guards_waiting_;  // for a node to have run
  int instructions_done_ = 0, guards_done_ = 0;
};

/// Arena buffers by lifetime: a step's result may take the memory of what was last used before that step.
void assign_buffers(Program& program);

}  // namespace croton
