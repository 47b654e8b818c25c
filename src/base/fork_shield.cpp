// Sections that forks wait for: a count of the open ones, and whether somebody forks.
#include "base/fork_shield.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "base/memory.h"
#include "base/thread_pool.h"

namespace croton {
namespace {

std::atomic<int> open_sections{0};
std::atomic<bool> forking{false};

struct Repairs {
  std::mutex mutex;
  std::vector<void (*)()> all;
};

// Never destroyed: fork handlers stay registered until the process ends.
Repairs& repairs() {
  static Repairs& list = *new Repairs;
  return list;
}

// The last one whose handlers are registered is the first to be asked. Whoever is in a section may want the locks of
// the memory cache and of the pools, so a fork must wait for sections before it holds those.
void register_handlers() {
  cached_bytes();
  const ThreadPool pool(1);
  repairs();
  const auto prepare = [] {
    repairs().mutex.lock();
    forking.store(true, std::memory_order_seq_cst);
    while (open_sections.load(std::memory_order_seq_cst) != 0) sched_yield();
  };
  const auto finish = [] {
    forking.store(false, std::memory_order_release);
    repairs().mutex.unlock();
  };
  const auto finish_in_child = [] {
    for (void (*repair)() : repairs().all) repair();
    forking.store(false, std::memory_order_release);
    repairs().mutex.unlock();
  };
  pthread_atfork(prepare, finish, finish_in_child);
}

void ensure_handlers() {
  static std::once_flag once;
  std::call_once(once, register_handlers);
}

}  // namespace

// Either the forking thread sees our section, or we see that it forks.
ForkShield::ForkShield() {
  ensure_handlers();
  while (true) {
    open_sections.fetch_add(1, std::memory_order_seq_cst);
    if (!forking.load(std::memory_order_seq_cst)) return;
    open_sections.fetch_sub(1, std::memory_order_seq_cst);
    while (forking.load(std::memory_order_acquire)) sched_yield();
  }
}

ForkShield::~ForkShield() { open_sections.fetch_sub(1, std::memory_order_release); }

void after_fork_in_child(void (*repair)()) {
  ensure_handlers();
  const std::lock_guard lock(repairs().mutex);
  repairs().all.push_back(repair);
}

}  // namespace croton
