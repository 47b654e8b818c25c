// The thread pool: hand-off, claiming, join; starting, stopping and forking of the team.
//
// A region is handed over by opening a gate. Workers that come while it is open enter, claim chunks and leave; the
// caller claims too, closes the gate when nothing is left to claim, and waits only for those who are inside. A worker
// that the system has not scheduled is therefore never waited for, and it cannot touch a region that is over.
#include "base/thread_pool.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string_view>

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"
#include "base/waiting.h"

namespace croton {

namespace {

constexpr uint32_t inside_mask = (1u << 11) - 1;
constexpr uint32_t open_bit = 1u << 11;
constexpr int epoch_shift = 12;
static_assert(ThreadPool::max_threads <= static_cast<int>(inside_mask));

constexpr uint32_t epoch_of(uint32_t gate) { return gate >> epoch_shift; }

// Who waits at the gate's futex: a wake reaches one kind only.
constexpr uint32_t worker_waits = 1;
constexpr uint32_t caller_waits = 2;

thread_local constinit bool in_region = false;

// Marks the thread as working inside a region, until the end of the scope.
class RegionMark {
 public:
  RegionMark() : outer_(in_region) { in_region = true; }
  ~RegionMark() { in_region = outer_; }
  RegionMark(const RegionMark&) = delete;
  RegionMark& operator=(const RegionMark&) = delete;

 private:
  bool outer_;
};

// Gives the team back, also when an exception leaves.
class TeamLease {
 public:
  explicit TeamLease(std::atomic<bool>& taken) : taken_(taken) {}
  ~TeamLease() { taken_.store(false, std::memory_order_release); }
  TeamLease(const TeamLease&) = delete;
  TeamLease& operator=(const TeamLease&) = delete;

 private:
  std::atomic<bool>& taken_;
};

int available_processors() {
  // The mask of a machine with more than 1024 processors does not fit in cpu_set_t: grow until the kernel is content.
  for (size_t processors = 1024; processors <= size_t{1} << 20; processors *= 2) {
    std::vector<cpu_set_t> mask(ceil_div(static_cast<int64_t>(CPU_ALLOC_SIZE(processors)), sizeof(cpu_set_t)));
    const size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, mask.data()) == 0) return std::max(1, CPU_COUNT_S(bytes, mask.data()));
  }
  return 1;
}

// Threads started meanwhile leave signals to the threads of the program (Python's handlers belong to its main thread),
// except those that a thread's own fault or a profiler sends it.
sigset_t block_signals() {
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF}) sigdelset(&blocked, own);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  return before;
}

// A positive number, or 0 if the text is not one.
int positive_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

void check_thread_count(int threads) {
  if (threads < 1 || threads > ThreadPool::max_threads) {
    raise<ValueError>("a thread pool has 1 to {} threads, not {}", ThreadPool::max_threads, threads);
  }
}

}  // namespace

// All pools, so that a forked child can repair them. Its mutex is also held while a team starts or stops: fork waits,
// and the child never sees half a team.
struct PoolRegistry {
  std::mutex mutex;
  std::vector<ThreadPool*> pools;

  PoolRegistry();
  // Never destroyed: fork handlers stay registered until the process ends.
  static PoolRegistry& instance() {
    static PoolRegistry& registry = *new PoolRegistry;
    return registry;
  }
  static void repair_child() {
    PoolRegistry& registry = instance();
    for (ThreadPool* pool : registry.pools) pool->forget_workers_after_fork();
    registry.mutex.unlock();
  }
};

PoolRegistry::PoolRegistry() {
  pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); }, repair_child);
}

ThreadPool::ThreadPool(int threads) : size_(threads) {
  check_thread_count(threads);
  PoolRegistry& registry = PoolRegistry::instance();
  const std::lock_guard lock(registry.mutex);
  registry.pools.push_back(this);
}

ThreadPool::~ThreadPool() {
  stop_workers();
  PoolRegistry& registry = PoolRegistry::instance();
  const std::lock_guard lock(registry.mutex);
  std::erase(registry.pools, this);
}

bool ThreadPool::inside_region() { return in_region; }

void ThreadPool::resize(int threads) {
  check_thread_count(threads);
  if (in_region) raise<ValueError>("a thread pool cannot be resized from inside a parallel region");
  // Calls that start now run serially, else they could keep the team from us for ever.
  resizers_.fetch_add(1, std::memory_order_relaxed);
  while (team_taken_.exchange(true, std::memory_order_acquire)) sched_yield();
  const TeamLease lease(team_taken_);
  resizers_.fetch_sub(1, std::memory_order_relaxed);
  if (threads != size()) {
    stop_workers();
    size_.store(threads, std::memory_order_relaxed);
  }
}

void ThreadPool::parallel_for(int64_t count, int64_t grain, Body body, void* context) {
  if (count <= 0) return;
  if (grain <= 0) raise<InternalError>("the grain of a parallel loop must be positive, not {}", grain);
  const Region region{body, context, count, grain, ceil_div(count, grain)};
  if (region.chunks == 1) {
    body(context, 0, count, 0);
  } else if (in_region || size() == 1 || !try_take_team()) {
    run_serially(region);
  } else {
    run_with_team(region);
  }
}

bool ThreadPool::try_take_team() {
  // Looking first keeps callers that will be refused from writing to the line that the team's caller needs.
  if (team_taken_.load(std::memory_order_relaxed) || resizers_.load(std::memory_order_relaxed) > 0) return false;
  return !team_taken_.exchange(true, std::memory_order_acquire);
}

void ThreadPool::run_serially(const Region& region) {
  const RegionMark mark;
  for (int64_t chunk = 0; chunk < region.chunks; ++chunk) {
    const int64_t begin = chunk * region.grain;
    region.body(region.context, begin, begin + std::min(region.grain, region.count - begin), 0);
  }
}

void ThreadPool::run_with_team(const Region& region) {
  const TeamLease lease(team_taken_);
  const int forks = forks_;
  if (!started_ && !try_start_workers()) return run_serially(region);
  {
    const RegionMark mark;
    region_ = region;
    next_chunk_.store(0, std::memory_order_relaxed);
    open_gate();
    claim_chunks(0);
    if (forks != forks_) {
      // A body called fork() and this is the child: the chunks that other threads had claimed are lost.
      raise<Error>("the process was forked inside a parallel region; the child cannot finish the region");
    }
    close_gate_and_join();
  }
  if (failed_.load(std::memory_order_relaxed)) rethrow_lowest_failure();
}

// Claims in order until nothing is left. Never throws: a failure is kept, and ends the claiming of all.
void ThreadPool::claim_chunks(int worker) {
  const int forks = forks_;
  const Region region = region_;
  while (true) {
    const int64_t chunk = next_chunk_.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= region.chunks) return;
    const int64_t begin = chunk * region.grain;
    try {
      region.body(region.context, begin, begin + std::min(region.grain, region.count - begin), worker);
    } catch (...) {
      if (forks != forks_) return;
      failures_[worker] = {chunk, std::current_exception()};
      failed_.store(true, std::memory_order_relaxed);
      next_chunk_.store(region.chunks, std::memory_order_relaxed);
      return;
    }
    if (forks != forks_) return;
  }
}

void ThreadPool::rethrow_lowest_failure() {
  Failure lowest;
  for (Failure& failure : failures_) {
    if (failure.exception && (!lowest.exception || failure.chunk < lowest.chunk)) std::swap(lowest, failure);
    failure = Failure();
  }
  failed_.store(false, std::memory_order_relaxed);
  std::rethrow_exception(std::move(lowest.exception));
}

// The stores to region_ happen before the opening, and the opening before any entering (release and acquire).
void ThreadPool::open_gate() {
  const uint32_t epoch = epoch_of(gate_.load(std::memory_order_relaxed)) + 1;
  gate_.exchange(epoch << epoch_shift | open_bit, std::memory_order_seq_cst);
  wake_workers(region_.chunks);
}

void ThreadPool::close_gate_and_join() {
  uint32_t gate = gate_.fetch_and(~open_bit, std::memory_order_seq_cst) & ~open_bit;
  const auto all_left = [&] {
    gate = gate_.load(std::memory_order_acquire);
    return (gate & inside_mask) == 0;
  };
  if (all_left() || (may_spin_ && spin_until(all_left))) return;
  // The last one to leave wakes a sleeping caller. Either it sees caller_sleeps_, or we see that it has left.
  caller_sleeps_.store(true, std::memory_order_seq_cst);
  gate = gate_.load(std::memory_order_seq_cst);
  while ((gate & inside_mask) != 0) {
    futex_wait(gate_, gate, caller_waits);
    gate = gate_.load(std::memory_order_seq_cst);
  }
  caller_sleeps_.store(false, std::memory_order_relaxed);
}

bool ThreadPool::enter(uint32_t gate) {
  const uint32_t epoch = epoch_of(gate);
  while ((gate & open_bit) && epoch_of(gate) == epoch) {
    if (gate_.compare_exchange_weak(gate, gate + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
  }
  return false;
}

void ThreadPool::leave() {
  const uint32_t gate = gate_.fetch_sub(1, std::memory_order_seq_cst) - 1;
  const bool last = (gate & (inside_mask | open_bit)) == 0;
  if (last && caller_sleeps_.load(std::memory_order_seq_cst)) futex_wake(gate_, 1, caller_waits);
}

// A sleeper counts itself before it looks at the gate again, an opener opens before it looks at the count: one of them
// sees the other. Whoever was woken wakes two more: the whole team is up in a logarithmic number of steps, off the
// caller's path.
void ThreadPool::wake_workers(int64_t chunks_left) {
  if (chunks_left <= 1 || sleepers_.load(std::memory_order_seq_cst) == 0) return;
  futex_wake(gate_, chunks_left > 2 ? 2 : 1, worker_waits);
}

// Returns the gate when its epoch is no longer `seen_epoch`.
uint32_t ThreadPool::wait_for_region(uint32_t seen_epoch, bool& slept) {
  uint32_t gate = 0;
  const auto changed = [&] {
    gate = gate_.load(std::memory_order_acquire);
    return epoch_of(gate) != seen_epoch;
  };
  slept = false;
  if (changed() || (may_spin_ && spin_until(changed))) return gate;
  slept = true;
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  gate = gate_.load(std::memory_order_seq_cst);
  while (epoch_of(gate) == seen_epoch) {
    futex_wait(gate_, gate, worker_waits);
    gate = gate_.load(std::memory_order_seq_cst);
  }
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
  return gate;
}

void ThreadPool::work(int worker, uint32_t epoch) {
  const RegionMark mark;
  const int forks = forks_;
  while (true) {
    bool slept = false;
    const uint32_t gate = wait_for_region(epoch, slept);
    if (stopping_.load(std::memory_order_acquire)) return;
    epoch = epoch_of(gate);
    if (!enter(gate)) continue;
    if (slept) wake_workers(region_.chunks - next_chunk_.load(std::memory_order_relaxed));
    claim_chunks(worker);
    // A body called fork() and this is the child, which is nothing but this worker: there is nowhere to return to.
    if (forks != forks_) _exit(EXIT_FAILURE);
    leave();
  }
}

// Without memory for the lists of the team the caller works alone, which computes the same.
bool ThreadPool::try_start_workers() {
  try {
    start_workers();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void ThreadPool::start_workers() {
  const std::lock_guard lock(PoolRegistry::instance().mutex);
  const int threads = size();
  // More threads than processors: a spinning thread would keep a working one from running.
  may_spin_ = threads <= available_processors();
  failures_.assign(threads, Failure());
  starts_.clear();
  for (int worker = 1; worker < threads; ++worker) starts_.push_back({this, worker, epoch_of(gate_.load())});
  workers_.reserve(starts_.size());
  const sigset_t before = block_signals();
  for (WorkerStart& start : starts_) {
    const auto run = [](void* argument) -> void* {
      const auto* start = static_cast<const WorkerStart*>(argument);
      start->pool->work(start->worker, start->epoch);
      return nullptr;
    };
    pthread_t thread;
    // A system that refuses more threads leaves a smaller team, which computes the same.
    if (pthread_create(&thread, nullptr, run, &start) != 0) break;
    pthread_setname_np(thread, "croton-worker");
    workers_.push_back(thread);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  started_ = true;
}

// The caller has the team or is the last user of the pool, so the gate is closed and nobody is inside.
void ThreadPool::stop_workers() {
  const std::lock_guard lock(PoolRegistry::instance().mutex);
  if (!started_) return;
  stopping_.store(true, std::memory_order_release);
  gate_.fetch_add(1u << epoch_shift, std::memory_order_seq_cst);
  futex_wake(gate_, INT_MAX, worker_waits);
  for (const pthread_t worker : workers_) pthread_join(worker, nullptr);
  workers_.clear();
  stopping_.store(false, std::memory_order_relaxed);
  started_ = false;
}

// In the child only the thread that forked is left. The team may have been busy: all of its state starts afresh.
void ThreadPool::forget_workers_after_fork() {
  ++forks_;
  workers_.clear();
  started_ = false;
  gate_.store(gate_.load(std::memory_order_relaxed) & ~(open_bit | inside_mask), std::memory_order_relaxed);
  sleepers_.store(0, std::memory_order_relaxed);
  caller_sleeps_.store(false, std::memory_order_relaxed);
  failed_.store(false, std::memory_order_relaxed);
  stopping_.store(false, std::memory_order_relaxed);
  team_taken_.store(false, std::memory_order_relaxed);
  resizers_.store(0, std::memory_order_relaxed);
}

int default_thread_count() {
  if (const char* own = std::getenv("CROTON_NUM_THREADS"); own && *own) {
    const int number = positive_number(strip(own));
    if (number == 0 || number > ThreadPool::max_threads) {
      raise<ValueError>("CROTON_NUM_THREADS must be a number from 1 to {}, not {}", ThreadPool::max_threads,
                        quote(own));
    }
    return number;
  }
  // OpenMP allows one number per nesting level, "4,2"; the outermost is the team's. Its own runtimes ignore what they
  // cannot read, and so do we.
  if (const char* openmp = std::getenv("OMP_NUM_THREADS"); openmp && *openmp) {
    const int number = positive_number(strip(split(openmp, ',').front()));
    if (number > 0) return std::min(number, ThreadPool::max_threads);
  }
  return std::min(available_processors(), ThreadPool::max_threads);
}

// A process has one team (a second one would fight for the same cores). It is never destroyed: at exit another thread
// may still compute, and joining it from a static destructor could hang. Sleeping workers end with the process.
ThreadPool& default_pool() {
  static ThreadPool& pool = *new ThreadPool(default_thread_count());
  return pool;
}

}  // namespace croton
