// Arena buffers by lifetime over the tree of blocks.
#include <algorithm>

#include "compile/plan_layout.h"

namespace croton {
namespace {

// Steps in the order in which they run; a choice stands after both of its blocks, since it reads their results. Only
// one of the blocks runs, so memory that the first gave up may serve the second.
void flatten(const Block& block, std::vector<const Step*>& steps) {
  for (const Step& step : block.steps) {
    if (step.kind == Step::Kind::branch) {
      flatten(*step.branch.then_block, steps);
      flatten(*step.branch.else_block, steps);
    }
    steps.push_back(&step);
  }
}

template <class F>
void for_each_use(const Program& program, const Step& s, F use) {
  for (const int k : s.prepares) use(k);
  for (const int k : s.kernel.buffers) use(k);
  for (const int k : {s.gemm.out, s.gemm.a, s.gemm.b, s.gemm.c, s.gemm.alpha_slot, s.gemm.beta_slot}) use(k);
  for (const int k : s.host.inputs) use(k);
  use(s.branch.condition);
  for (const int k : s.branch.then_results) use(k);
  for (const int k : s.branch.else_results) use(k);
  for (int i = s.first_instruction; s.kind == Step::Kind::sizes && i < s.last_instruction; ++i) {
    use(program.size_instructions[static_cast<size_t>(i)].slot);
  }
}

// By slot: the number of the last step that uses its memory.
std::vector<int> last_uses(const Program& program, const std::vector<const Step*>& steps) {
  const std::vector<Slot>& slots = program.slots;
  std::vector<int> last(slots.size(), -1);
  const auto use = [&](int k, int step) {
    if (k < 0) return;
    while (slots[static_cast<size_t>(k)].source == Slot::Source::view) k = slots[static_cast<size_t>(k)].index;
    last[static_cast<size_t>(k)] = step;
  };
  const int end = static_cast<int>(steps.size());
  for (int n = 0; n < end; ++n) for_each_use(program, *steps[static_cast<size_t>(n)], [&](int k) { use(k, n); });
  for (const int k : program.output_slots) use(k, end);
  for (const auto& [cell, k] : program.updates) use(k, end);
  return last;
}

// The step copies to slot `k` what nobody reads after it: the copy is that memory.
bool takes_over(const Program& program, const Step& step, int k, const std::vector<int>& last, int n) {
  const int copied = step.kernel.copied;
  return copied >= 0 && step.kernel.copy == k && last[static_cast<size_t>(copied)] == n &&
         program.slots[static_cast<size_t>(copied)].source == Slot::Source::buffer;
}

}  // namespace

void assign_buffers(Program& program) {
  std::vector<const Step*> steps;
  flatten(program.body, steps);
  const std::vector<int> last = last_uses(program, steps);
  std::vector<std::pair<int, int>> busy;  // (last use, buffer)
  std::vector<int> free;
  for (int n = 0; n < static_cast<int>(steps.size()); ++n) {
    for (size_t b = busy.size(); b-- > 0;) {
      if (busy[b].first >= n) continue;
      free.push_back(busy[b].second);
      busy.erase(busy.begin() + static_cast<std::ptrdiff_t>(b));
    }
    for (const int k : steps[static_cast<size_t>(n)]->prepares) {
      Slot& s = program.slots[static_cast<size_t>(k)];
      if (s.source != Slot::Source::buffer) continue;
      if (takes_over(program, *steps[static_cast<size_t>(n)], k, last, n)) {
        s.index = program.slots[static_cast<size_t>(steps[static_cast<size_t>(n)]->kernel.copied)].index;
        for (auto& [until, buffer] : busy) {
          if (buffer == s.index) until = last[static_cast<size_t>(k)];
        }
        continue;
      }
      s.index = free.empty() ? program.buffer_count++ : free.back();
      if (!free.empty()) free.pop_back();
      busy.emplace_back(last[static_cast<size_t>(k)], s.index);
    }
  }
}

}  // namespace croton
