// The thread pool of the process: chunks of an index range are claimed one by one, the caller works too.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <vector>

namespace croton {

class ThreadPool {
 public:
  static constexpr int max_threads = 1024;

  // Threads including the caller. They are started by the first call that needs them.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return size_.load(std::memory_order_relaxed); }

  // Waits until no thread uses the team; an error from inside a body.
  void resize(int threads);

  using Body = void (*)(void* context, int64_t begin, int64_t end, int worker);

  // Runs body over [0, count) in chunks of `grain` (the last may be shorter) and returns when all are done.
  // - Chunk boundaries depend on count and grain only, however many threads there are.
  // - `worker` lies in [0, size()) and is unique among the bodies of this call that run at the same time.
  // - Of several bodies that throw, the exception of the lowest chunk is rethrown; which one that is does not depend on
  //   timing, since chunks are claimed in order and each claimed chunk runs. No chunk is claimed after a failure.
  // - Inside a body, and while another thread has the team, the call runs serially, never waits, and worker is 0.
  //   (A range of one chunk is no region: what its body calls may still use the team.)
  void parallel_for(int64_t count, int64_t grain, Body body, void* context);

  // f(begin, end, worker) or f(begin, end)
  template <class F>
  void for_each_chunk(int64_t count, int64_t grain, F&& f) {
    using Function = std::remove_reference_t<F>;
    const Body body = [](void* context, int64_t begin, int64_t end, int worker) {
      Function& function = *static_cast<Function*>(context);
      if constexpr (std::is_invocable_v<Function&, int64_t, int64_t, int>) {
        function(begin, end, worker);
      } else {
        function(begin, end);
      }
    };
    parallel_for(count, grain, body, const_cast<std::remove_const_t<Function>*>(std::addressof(f)));
  }

  // True inside a body that runs as part of a region: whatever it calls will not be split again.
  static bool inside_region();

 private:
  friend struct PoolRegistry;

  // What the workers run. Written only while the gate is closed and nobody is inside.
  struct Region {
    Body body = nullptr;
    void* context = nullptr;
    int64_t count = 0;
    int64_t grain = 1;
    int64_t chunks = 0;
  };
  // The first failure of one thread.
  struct Failure {
    int64_t chunk = 0;
    std::exception_ptr exception;
  };
  struct WorkerStart {
    ThreadPool* pool;
    int worker;
    uint32_t epoch;
  };

  bool try_take_team();
  void run_serially(const Region& region);
  void run_with_team(const Region& region);
  void claim_chunks(int worker);
  void open_gate();
  void close_gate_and_join();
  uint32_t wait_for_region(uint32_t seen_epoch, bool& slept);
  bool enter(uint32_t gate);
  void leave();
  void wake_workers(int64_t chunks_left);
  void work(int worker, uint32_t epoch);
  bool try_start_workers();
  void start_workers();
  void stop_workers();
  void forget_workers_after_fork();
  void rethrow_lowest_failure();

  // Three cache lines that different threads write: the gate, the claims, the sleepers. 128: lines are fetched in
  // pairs. gate: bits 0..10 workers inside, bit 11 open, bits 12..31 epoch (number of the region, wrapping). Also the
  // futex word.
  alignas(128) std::atomic<uint32_t> gate_{0};
  alignas(128) std::atomic<int64_t> next_chunk_{0};
  alignas(128) std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  alignas(128) std::atomic<bool> team_taken_{false};
  std::atomic<int> resizers_{0};
  Region region_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<int> size_;
  int forks_ = 0;  // changes in a forked child only, where one thread is left
  bool started_ = false;
  bool may_spin_ = false;
  std::vector<Failure> failures_;  // one per thread, each written by its thread
  std::vector<WorkerStart> starts_;
  std::vector<pthread_t> workers_;
};

// CROTON_NUM_THREADS (a ValueError if it is not 1 to max_threads), else OMP_NUM_THREADS, else the number of processors
// that this process may run on.
int default_thread_count();

// The pool of the process, of default_thread_count() threads.
ThreadPool& default_pool();

}  // namespace croton
