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
  explicit UpdateLocks(const Program& program) : program_(program) {
    for (; held_ < program.shared.size(); ++held_) {
      if (updated(held_)) program.shared[held_]->update_lock().lock();
    }
  }
  UpdateLocks(const UpdateLocks&) = delete;
  UpdateLocks& operator=(const UpdateLocks&) = delete;
  ~UpdateLocks() {
    while (held_-- > 0) {
      if (updated(held_)) program_.shared[held_]->update_lock().unlock();
    }
  }

 private:
  bool updated(size_t k) const { return k < program_.shared_updated.size() && program_.shared_updated[k]; }
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
    case Step::Kind::commit:
      commit(state);
      break;
  }
  return 1;
}

void prepare_all(ExecutionState& state, const Step& step) {
  for (const int slot : step.prepares) state.prepare(slot, step.site);
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
    if (!state.committed && stop_requested().load(std::memory_order_relaxed)) {
      stop_requested().store(false);
      throw Interrupted("interrupted");
    }
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

Executor::Executor(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
Executor::~Executor() = default;

void Executor::run(std::span<const Array> inputs, std::vector<Array>& outputs, Profile* profile) {
  const Clock::time_point start = profile != nullptr ? Clock::now() : Clock::time_point{};
  std::unique_ptr<ExecutionState> state;
  {
    const std::lock_guard guard(lock_);
    if (!free_.empty()) {
      state = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (state == nullptr) state = std::make_unique<ExecutionState>(program_);
  {
    const UpdateLocks locks(*program_);
    try {
      state->begin(inputs, outputs, profile);
      run_block(*state, program_->body);
      if (!state->committed) commit(*state);
      publish(*state);
    } catch (...) {
      state->end();
      throw;  // the state goes too: what failed may have left it large
    }
    state->end();
  }
  if (profile != nullptr) add_times(*profile, *state, nanoseconds_since(start));
  const std::lock_guard guard(lock_);
  free_.push_back(std::move(state));
}

}  // namespace croton
