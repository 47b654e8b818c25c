// Decides how a vector loop is widened: which of its values differ from lane to lane, and how many lanes there are.
#include "backend/cpu/llvm/lanes.h"

#include <algorithm>

#include "base/error.h"

namespace croton::codegen {
namespace {

using loop::Code;
using loop::Instruction;
using loop::Region;
using loop::ValueId;

// So many operations on a vector that the processor cannot look ahead to the next one while they wait for each other:
// vectors of twice the width are computed in two registers side by side. (A loop that carries sums keeps its width,
// for that decides their order.)
constexpr int many_operations = 24;
// From here on a body is written once: a test for the rest of the loop at each access costs little beside it. Work is
// counted in operations on values, without the arithmetic of addresses.
constexpr int some_work = 12, work_per_access = 4;
constexpr int work_of_gather = 6;
// Sums: what a body does besides hides the time that operations on carried values wait for each other.
constexpr int little_work = 4, work_per_wait = 8;

class Planner {
 public:
  Planner(const loop::Kernel& kernel, const Instruction& vector_loop)
      : kernel_(kernel), loop_(vector_loop), varying_(kernel.value_dtypes.size(), false) {}

  VectorPlan run(int vector_bytes) {
    for (const ValueId id : loop_.regions[0].params) mark(id);
    spread(loop_.regions[0]);
    widest(loop_.regions[0]);
    for (size_t i = 1; i < loop_.regions[0].params.size(); ++i) count(dtype(loop_.regions[0].params[i]));
    const int element = float_bytes_ > 0 ? float_bytes_ : integer_bytes_ > 0 ? integer_bytes_ : 8;
    const bool doubled = loop_.regions[0].params.size() == 1 && operations(loop_.regions[0]) >= many_operations;
    affine_.assign(varying_.size(), false);
    affine_[static_cast<size_t>(loop_.regions[0].params[0])] = true;
    carried_.assign(varying_.size(), false);
    for (size_t i = 1; i < loop_.regions[0].params.size(); ++i)
      carried_[static_cast<size_t>(loop_.regions[0].params[i])] = true;
    weigh(loop_.regions[0]);
    const bool one_body =
        work_ >= some_work && work_ >= work_per_access * accesses_ && work_ >= work_per_wait * waiting_;
    const bool fewer = work_ > little_work && work_ >= 3 * waiting_;
    const int interleave = one_body ? 1 : fewer ? std::min(2, loop_.interleave) : loop_.interleave;
    return {std::move(varying_), (doubled ? 2 : 1) * vector_bytes / element, interleave, one_body};
  }

 private:
  DType dtype(ValueId id) const { return kernel_.value_dtypes[static_cast<size_t>(id)]; }
  bool varies(ValueId id) const { return varying_[static_cast<size_t>(id)]; }
  bool any(const std::vector<ValueId>& ids) const {
    return std::ranges::any_of(ids, [this](ValueId id) { return varies(id); });
  }

  bool mark(ValueId id, bool varying = true) {
    if (!varying || varies(id)) return false;
    varying_[static_cast<size_t>(id)] = true;
    return true;
  }

  // Loops and while loops: a carried value varies if its start or any next value does.
  void spread_carried(const Instruction& i, size_t first_operand, size_t first_param) {
    for (bool changed = true; changed;) {
      changed = false;
      for (const Region& r : i.regions) spread(r);
      const Region& body = i.regions.back();
      for (size_t k = 0; k < i.results.size(); ++k) {
        if (!varies(i.operands[first_operand + k]) && !varies(body.yields[k])) continue;
        for (const Region& r : i.regions) changed |= mark(r.params[first_param + k]);
        changed |= mark(i.results[k]);
      }
    }
  }

  void need_uniform(ValueId id, const char* what) const {
    if (varies(id)) raise<InternalError>("kernel '{}': {} differs from lane to lane", kernel_.name, what);
  }

  void spread(const Region& r) {
    for (const Instruction& i : r.body) {
      switch (i.code) {
        case Code::loop:
          need_uniform(i.operands[0], "the begin of a loop in a vector loop");
          need_uniform(i.operands[1], "the end of a loop in a vector loop");
          spread_carried(i, 2, 1);
          break;
        case Code::while_loop:
          spread_carried(i, 0, 0);
          need_uniform(i.regions[0].yields[0], "the condition of a while loop in a vector loop");
          break;
        case Code::branch:
          need_uniform(i.operands[0], "the condition of a branch in a vector loop");
          for (const Region& inner : i.regions) spread(inner);
          for (size_t k = 0; k < i.results.size(); ++k) {
            mark(i.results[k], varies(i.regions[0].yields[k]) || varies(i.regions[1].yields[k]));
          }
          break;
        default:
          for (const ValueId id : i.results) mark(id, any(i.operands));
      }
    }
  }

  void count(DType d) {
    int& bytes = is_float(d) ? float_bytes_ : integer_bytes_;
    bytes = std::max(bytes, item_size(d));
  }

  // Floats count wherever they vary; integers only where memory holds them, since indices are int64 everywhere.
  void widest(const Region& r) {
    for (const Instruction& i : r.body) {
      const bool stores = i.code == Code::store || i.code == Code::local_store;
      const bool loads = i.code == Code::load || i.code == Code::local_load;
      if (stores && any(i.operands)) count(dtype(i.operands[1]));
      for (const ValueId id : i.results) {
        if (varies(id) && (loads || is_float(dtype(id)))) count(dtype(id));
      }
      for (const Region& inner : i.regions) widest(inner);
    }
  }

  int operations(const Region& r) const {
    int count = 0;
    for (const Instruction& i : r.body) {
      count += static_cast<int>(any(i.operands));
      for (const Region& inner : i.regions) count += operations(inner);
    }
    return count;
  }

  // Offsets that grow by the same step from lane to lane cost nothing.
  bool stays_affine(const Instruction& i) const {
    if (i.code != Code::add && i.code != Code::sub && i.code != Code::mul) return false;
    const auto is_affine = [this](ValueId id) { return !varies(id) || affine_[static_cast<size_t>(id)]; };
    if (!std::ranges::all_of(i.operands, is_affine)) return false;
    return i.code != Code::mul || !varies(i.operands[0]) || !varies(i.operands[1]);
  }

  void weigh(const Region& r) {
    for (const Instruction& i : r.body) {
      const bool stores = i.code == Code::store || i.code == Code::local_store;
      const bool loads = i.code == Code::load || i.code == Code::local_load;
      if (!i.operands.empty() && (stores || loads) && varies(i.operands[0])) {
        const bool regular = affine_[static_cast<size_t>(i.operands[0])];
        (regular ? accesses_ : work_) += regular ? 1 : work_of_gather;
      } else if (i.code == Code::checked_index && any(i.operands)) {
        work_ += work_of_gather;
      } else if (stays_affine(i)) {
        for (const ValueId id : i.results) affine_[static_cast<size_t>(id)] = true;
      } else if (any(i.operands)) {
        ++work_;
        const bool waits =
            std::ranges::any_of(i.operands, [this](ValueId id) { return carried_[static_cast<size_t>(id)]; });
        waiting_ += static_cast<int>(waits);
        for (const ValueId id : i.results) carried_[static_cast<size_t>(id)] = waits;
      }
      for (const Region& inner : i.regions) weigh(inner);
    }
  }

  const loop::Kernel& kernel_;
  const Instruction& loop_;
  std::vector<bool> varying_, affine_, carried_;
  int work_ = 0, accesses_ = 0, waiting_ = 0;
  int float_bytes_ = 0, integer_bytes_ = 0;
};

}  // namespace

VectorPlan plan_vector_loop(const loop::Kernel& kernel, const Instruction& vector_loop, int vector_bytes) {
  return Planner(kernel, vector_loop).run(vector_bytes);
}

}  // namespace croton::codegen
