// The one executor: runs a program's block tree over an execution state that is kept between calls.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "ir/array.h"
#include "runtime/call_control.h"
#include "runtime/profile.h"
#include "runtime/program.h"

namespace croton {

/// Registers, slot pointers, arena buffers and frames of one running call. Reused: a warm call allocates only its
/// outputs.
struct ExecutionState;

/// What one call is given.
struct Call {
  std::span<const Array> inputs;
  std::span<Array> outputs;
  Profile* profile = nullptr;
  CallControl* control = nullptr;  // null: stop_requested() stops it
};

/// Runs programs. One per Function; safe for concurrent calls (each takes a state from a free list).
class Executor {
 public:
  explicit Executor(std::shared_ptr<const Program> program);
  ~Executor();
  /// Inputs have the slots' dtype and rank, aligned, strides divisible by the item size. `outputs` entries with data
  /// are written in place when shape and layout fit, else ValueError. Order: snapshots, steps up to commit, commit,
  /// in-place kernels, publication. Errors: sizes (ValueError with Theano's text and the user's line), IndexError of
  /// the lowest failing position, what host calls throw, MemoryError, Interrupted. No shared variable has changed then.
  void run(const Call& call);
  void run(std::span<const Array> inputs, std::vector<Array>& outputs, Profile* profile);

 private:
  std::unique_ptr<ExecutionState> take_state();
  void keep_state(std::unique_ptr<ExecutionState> state) noexcept;

  // As many calls at a time find a state; more make their own. Without a lock: none can be left locked in a forked
  // child.
  static constexpr size_t kept_states = 16;
  std::shared_ptr<const Program> program_;
  std::array<std::atomic<ExecutionState*>, kept_states> kept_{};
};

/// The trailer of a run-time error: node, input types, shapes, strides, the user's line, and the hint; Theano's order
/// (see notes).
std::string error_trailer(const Program& program, int site, const std::vector<std::string>& input_descriptions);

}  // namespace croton
