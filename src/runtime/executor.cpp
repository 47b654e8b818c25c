// The executor: takes a state and the locks, runs the tree of blocks, commits, publishes.
#include "runtime/executor.h"

#include <chrono>

#include "base/error.h"
#include "base/interrupt.h"
#include "runtime/execution_state.h"

namespace croton {
namespace {

using Clock = std::chrono::steady_clock;

int64_t nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

/// Holds the update locks of all cells that the program updates; they are taken in id order, so no two calls wait in a
/// ring.
class UpdateLocks {
 public:
  explicit UpdateLocks(const Program& program) : program_(program) {}
  UpdateLocks(const UpdateLocks&) = delete;
  UpdateLocks& operator=(const UpdateLocks&) = delete;
  ~UpdateLocks() {
    while (held_-- > 0) {
      if (updated(held_)) program_.shared[held_]->update_lock().unlock();
    }
  }
  void take(CallControl* control) {
    for (; held_ < program_.shared.size(); ++held_) {
      if (updated(held_)) take(*program_.shared[held_], control);
    }
  }

 private:
  bool updated(size_t k) const { return k < program_.shared_updated.size() && program_.shared_updated[k]; }
  static void take(const SharedCell& cell, CallControl* control) {
    UpdateLock& lock = cell.update_lock();
    if (lock.try_lock()) return;
    if (lock.held_by_this_thread()) {
      raise<ValueError>("shared variable '{}' cannot be updated by a call from within a call that updates it",
                        cell.name);
    }
    if (control != nullptr) control->turn_long();  // who has it may want the caller's own lock
    lock.lock();
  }
  const Program& program_;
  size_t held_ = 0;
};

int64_t bytes_of(const ExecutionState& state, const Step& step) {
  int64_t bytes = 0;
  const auto add = [&](int slot) {
    if (slot >= 0) bytes += state.elements(slot) * item_size(state.slot(slot).dtype);
  };
  if (step.kind == Step::Kind::kernel) {
    for (const int slot : step.kernel.buffers) add(slot);
  } else if (step.kind == Step::Kind::gemm) {
    for (const int slot : {step.gemm.a, step.gemm.b, step.gemm.c, step.gemm.out}) add(slot);
  }
  return bytes;
}

int run_step(ExecutionState& state, const Step& step) {
  switch (step.kind) {
    case Step::Kind::sizes:
      run_sizes(state, step);
      break;
    case Step::Kind::kernel:
      return run_kernel(state, step.kernel);
    case Step::Kind::gemm:
      return run_gemm_step(state, step.gemm);
    case Step::Kind::host:
      run_host(state, step.host, step.site);
      break;
    case Step::Kind::branch:
      run_branch(state, step.branch);
      break;
    case Step::Kind::loop:
      run_loop(state, step);
      break;
    case Step::Kind::commit:
      commit(state);
      break;
  }
  return 1;
}

// Sizes that no memory can have are errors of the user's line, like those that do not fit.
void prepare_all(ExecutionState& state, const Step& step) {
  try {
    for (const int slot : step.prepares) state.prepare(slot, step.site);
  } catch (const OverflowError& error) {
    throw OverflowError(error.what() + error_trailer(state.program, step.site, {}));
  } catch (const MemoryError& error) {
    throw MemoryError(error.what() + error_trailer(state.program, step.site, {}));
  }
}

void run_timed_step(ExecutionState& state, const Step& step) {
  const Clock::time_point start = Clock::now();
  const int threads = run_step(state, step);
  StepTime& time = state.times[static_cast<size_t>(step.profile)];
  time.nanoseconds += nanoseconds_since(start);
  time.calls += 1;
  time.bytes = bytes_of(state, step);
  time.threads = std::max(time.threads, threads);
}

void add_times(Profile& profile, const ExecutionState& state, int64_t nanoseconds) {
  const std::lock_guard guard(*profile.lock);
  profile.calls += 1;
  profile.call_nanoseconds += nanoseconds;
  for (size_t k = 0; k < state.times.size() && k < profile.steps.size(); ++k) {
    const StepTime& time = state.times[k];
    if (time.calls == 0) continue;
    ProfileStep& step = profile.steps[k];
    step.calls += time.calls;
    step.nanoseconds += time.nanoseconds;
    step.bytes = time.bytes;
    step.threads = std::max(step.threads, time.threads);
  }
}

}  // namespace

void run_block(ExecutionState& state, const Block& block) {
  for (const Step& step : block.steps) {
    if (state.stopped()) throw_interrupted(state);
    // Views that a size step prepares may start where its own registers say.
    const bool prepare_after = step.kind == Step::Kind::sizes;
    if (!prepare_after) prepare_all(state, step);
    if (state.profile != nullptr && step.profile >= 0) {
      run_timed_step(state, step);
    } else {
      run_step(state, step);
    }
    if (prepare_after) prepare_all(state, step);
  }
}

// The engine's own flag is cleared by whoever throws; a caller's flag is the caller's.
void throw_interrupted(const ExecutionState& state) {
  if (state.control == nullptr) stop_requested().store(false);
  throw Interrupted("interrupted");
}

Executor::Executor(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

Executor::~Executor() {
  for (const std::atomic<ExecutionState*>& place : kept_) delete place.load(std::memory_order_acquire);
}

std::unique_ptr<ExecutionState> Executor::take_state() {
  for (std::atomic<ExecutionState*>& place : kept_) {
    if (place.load(std::memory_order_relaxed) == nullptr) continue;
    std::unique_ptr<ExecutionState> state(place.exchange(nullptr, std::memory_order_acquire));
    if (state != nullptr) return state;
  }
  return std::make_unique<ExecutionState>(program_);
}

void Executor::keep_state(std::unique_ptr<ExecutionState> state) noexcept {
  for (std::atomic<ExecutionState*>& place : kept_) {
    ExecutionState* none = nullptr;
    if (place.load(std::memory_order_relaxed) != nullptr) continue;
    if (!place.compare_exchange_strong(none, state.get(), std::memory_order_release, std::memory_order_relaxed))
      continue;
    static_cast<void>(state.release());
    return;
  }
}

void Executor::run(const Call& call) {
  const Clock::time_point start = call.profile != nullptr ? Clock::now() : Clock::time_point{};
  if (call.profile != nullptr && call.control != nullptr) call.control->turn_long();  // it will wait for a lock
  std::unique_ptr<ExecutionState> state = take_state();
  {
    UpdateLocks locks(*program_);
    locks.take(call.control);
    try {
      state->begin(call);
      run_block(*state, program_->body);
      if (!state->committed) commit(*state);
      publish(*state);
    } catch (...) {
      state->end();
      throw;  // the state goes too: what failed may have left it large
    }
    state->end();
  }
  if (call.profile != nullptr) add_times(*call.profile, *state, nanoseconds_since(start));
  keep_state(std::move(state));
}

void Executor::run(std::span<const Array> inputs, std::vector<Array>& outputs, Profile* profile) {
  outputs.resize(program_->output_slots.size());
  run({inputs, outputs, profile});
}

}  // namespace croton
