// What one running call works on: registers, slot memory, arena buffers, scratch. Kept between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/fork_shield.h"
#include "base/memory.h"
#include "ir/array.h"
#include "runtime/call_control.h"
#include "runtime/executor.h"
#include "runtime/profile.h"
#include "runtime/program.h"

namespace croton {

/// Memory of one worker, grown when too small.
class ScratchBlock {
 public:
  ScratchBlock() = default;
  ScratchBlock(ScratchBlock&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  ScratchBlock& operator=(ScratchBlock&&) = delete;
  ~ScratchBlock() { release_block(data_, bytes_); }
  void* at_least(size_t bytes);

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

/// How the value of a slot reaches the caller or a shared variable.
struct Transfer {
  enum class How : uint8_t {
    move,        // the slot's own array, when it is contiguous and nobody else holds it, else a copy
    copy_early,  // of memory that in-place kernels may overwrite or that is not ours: copied at the commit step
    copy_late,   // of memory that steps after the commit may still write; its copy is allocated at the commit step
    in_place,    // updates only: the slot's array goes back to its cell
  };
  How how = How::move;
  int slot = -1;
  int target = -1;  // index of the function's output, or of the shared variable
  Array copy = {};  // allocated at the commit step
  Array view = {};  // of the slot, for a late copy
};

struct StepTime {
  int64_t calls = 0, nanoseconds = 0, bytes = 0;
  int threads = 1;
};

struct ExecutionState {
  explicit ExecutionState(std::shared_ptr<const Program> p);

  std::shared_ptr<const Program> owner;
  const Program& program;

  std::vector<int64_t> registers;
  int64_t sizes_version = 1;           // grows when a register changes
  std::vector<int64_t> sizes_seen;     // by size step: the version that it last left, its guards checked
  std::vector<int64_t> bytes_version;  // by slot: the version that `bytes` belongs to
  std::vector<size_t> bytes;           // by slot: what its memory takes
  std::vector<int64_t> shaped;         // by slot: the version that shape and strides of its array belong to

  std::vector<std::byte*> data;                   // by slot: the first element
  std::vector<Array> arrays;                      // by slot: what output, dynamic and in-place slots own
  std::vector<Array> snapshots;                   // by shared variable
  std::vector<const GemmStep*> late_products;     // that run after the commit
  std::vector<uint8_t> early;                     // by late product: it might fail, so it ran before the commit
  std::vector<uint8_t> taken;                     // by shared variable: its value is out of the cell, in `arrays`
  std::vector<std::shared_ptr<Storage>> buffers;  // the arena
  std::vector<ScratchBlock> scratch;              // by worker
  std::vector<void*> kernel_buffers;
  std::vector<int64_t> kernel_ints, kernel_bounds, shape;
  std::vector<Transfer> results, updates;
  bool plain = false;                  // no updates, and each result is the array of its own output slot
  std::vector<int> result_of_slot;     // by slot: the function's output that takes its memory, or -1
  std::vector<uint8_t> direct;         // by function output: the caller's array is written by the steps
  std::vector<int> inputs_and_shared;  // slots whose memory comes with the call
  std::vector<int> owners;             // slots whose array may own memory
  std::vector<StepTime> times;         // by profile step, of this call
  bool committed = false;

  // Of the running call only.
  std::span<const Array> inputs;
  std::span<Array> outputs;
  Profile* profile = nullptr;
  CallControl* control = nullptr;
  double estimated = 0;              // nanoseconds of the steps so far
  std::optional<ForkShield> shield;  // from the commit to the end of a call with updates

  const Slot& slot(int k) const { return program.slots[static_cast<size_t>(k)]; }
  int64_t value(SizeReg r) const { return registers[static_cast<size_t>(r)]; }
  int64_t value_or(SizeReg r, int64_t otherwise) const { return r == no_reg ? otherwise : value(r); }
  std::byte*& data_of(int k) { return data[static_cast<size_t>(k)]; }

  /// The array behind a slot, or null for buffers and views.
  const Array* array_behind(int k) const;
  int64_t dim(int k, int axis) const;
  int64_t stride(int k, int axis) const;  // in elements
  /// First and last element offset that lies in the slot; (0, -1) when it is empty.
  std::pair<int64_t, int64_t> extent(int k) const;
  int64_t elements(int k) const;
  /// Whether the late product of that slot has been computed.
  bool ran_early(int k) const {
    for (size_t i = 0; i < late_products.size(); ++i) {
      if (late_products[i]->out == k) return early[i] != 0;
    }
    return false;
  }
  /// An array over the slot's memory that keeps it alive.
  Array view_of(int k) const;

  void begin(const Call& call);
  void prepare(int k, int site);  // memory of a slot, before the step that first needs it
  /// Accounts for work that is about to be done; the one who called hears when it gets long.
  void expect(double nanoseconds) {
    estimated += nanoseconds;
    if (estimated > short_call_nanoseconds) turn_long();
  }
  void turn_long() {
    if (control != nullptr) control->turn_long();
  }
  const std::atomic<bool>& stop_flag() const;
  bool stopped() const { return !committed && stop_flag().load(std::memory_order_relaxed); }
  /// Gives back what was taken from cells, drops all references to values; memory of the arena stays.
  void end() noexcept;

 private:
  size_t bytes_of(int k, int site);
  size_t bytes_of_shape(int k, int site);  // sets `shape`
  void take_snapshots();
  void prepare_buffer(int k, int site);
  void prepare_output(int k, int site);
  void set_contiguous(Array& array, const Slot& s) const;
  void accept_outputs();
  void reserve_for_steps(const Block& block);
  bool accept_output(size_t k) const;  // whether the steps may write it
};

// The parts of a call (sizes.cpp, run_kernel.cpp, run_host.cpp, commit.cpp). `site` is of the step.
void run_sizes(ExecutionState& state, const Step& step);
int run_kernel(ExecutionState& state, const KernelStep& step);  // threads that worked
int run_gemm_step(ExecutionState& state, const GemmStep& step);
/// Whether the product, of operands of the sizes and strides at hand, can run when the call may not fail any more.
bool can_run_late(ExecutionState& state, const GemmStep& step);
void run_host(ExecutionState& state, const HostStep& step, int site);
void run_loop(ExecutionState& state, const Step& step);
void run_branch(ExecutionState& state, const BranchStep& step);
void run_block(ExecutionState& state, const Block& block);
/// Everything that can still fail: copies, memory of the new values, checks against the cells.
void commit(ExecutionState& state);
/// Results to the caller, new values to the cells. Cannot fail.
void publish(ExecutionState& state);
void plan_transfers(ExecutionState& state);
[[noreturn, gnu::cold]] void throw_interrupted(const ExecutionState& state);

/// Makes the array the result in that slot: dynamic slots keep it, others get a copy.
void put_result(ExecutionState& state, int slot, Array result);
bool is_zero(const std::byte* p, DType dtype);
std::string description_of(const Array& array);

}  // namespace croton
