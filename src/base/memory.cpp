// The cache of freed blocks: free lists per thread, shared lists of small blocks, and the store of the larger ones.
#include "base/memory.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "base/error.h"
#include "base/size_class.h"
#include "base/system_memory.h"
#include "base/text.h"

namespace croton {

namespace {

// How many blocks of a class a thread keeps for itself: about 1 MiB per thread if all lists are full.
constexpr int magazine_most = 16;
constexpr int magazine_slots(int size_class) { return size_class < 12 ? 16 : size_class < 24 ? 8 : 2; }
// How much of a small class the shared lists keep.
constexpr size_t depot_bytes = size_t{512} << 10;
// Below this limit threads keep nothing for themselves, so that the limit means what it says.
constexpr size_t least_limit_for_magazines = size_t{16} << 20;

constexpr std::array<size_t, small_class_count> small_capacities = [] {
  std::array<size_t, small_class_count> capacities{};
  for (size_t bytes = block_alignment; bytes <= small_block_bytes; bytes += block_alignment) {
    capacities[small_class(bytes)] = bytes;
  }
  return capacities;
}();

// The free lists of one thread. Only the owner touches them; others read `bytes`.
struct Magazine {
  uint32_t trim_epoch = 0;
  bool enabled = true;
  std::atomic<size_t> bytes{0};
  std::array<uint8_t, small_class_count> counts{};
  std::array<std::array<void*, magazine_most>, small_class_count> blocks;

  void push(int size_class, void* block) {
    blocks[size_class][counts[size_class]++] = block;
    bytes.store(bytes.load(std::memory_order_relaxed) + small_capacities[size_class], std::memory_order_relaxed);
  }
  void* pop(int size_class) {
    bytes.store(bytes.load(std::memory_order_relaxed) - small_capacities[size_class], std::memory_order_relaxed);
    return blocks[size_class][--counts[size_class]];
  }
};

// Freed small blocks of one class that no thread keeps.
struct alignas(64) Depot {
  std::mutex mutex;
  std::vector<void*> blocks;
};

// A freed block above the small sizes; stamps grow with time.
struct Resting {
  void* block;
  uint64_t stamp;
  bool large;
};

class BlockCache {
 public:
  BlockCache();

  // Blocks above the small sizes.
  void* take(size_t capacity, bool large);
  void keep(void* block, size_t capacity, bool large) noexcept;

  void* take_small(int size_class);
  void keep_small(void* block, int size_class) noexcept;

  void trim();
  void set_limit(size_t bytes);
  size_t cached();

  std::atomic<uint32_t> trim_epoch{1};
  std::atomic<int64_t> failure_countdown{0};
  std::atomic<size_t> limit;

 private:
  friend struct MagazineOwner;

  Magazine* refreshed_magazine() noexcept;
  void flush(Magazine& magazine) noexcept;
  bool give_back_oldest();
  void keep_in_depot(void* block, int size_class) noexcept;
  void lock_all();
  void unlock_all();

  std::atomic<size_t> shared_bytes_{0};  // in the depots and in resting_
  std::array<Depot, small_class_count> depots_;
  std::mutex resting_mutex_;
  std::map<size_t, std::vector<Resting>> resting_;  // by capacity, each list in the order of release
  uint64_t stamp_ = 0;
  std::mutex magazines_mutex_;
  std::vector<Magazine*> magazines_;
};

// Never destroyed: static destructors and threads still running at exit release blocks too.
BlockCache& block_cache() {
  static BlockCache& cache = *new BlockCache;
  return cache;
}

// The thread's magazine; null before the first use and once the thread's objects are being destroyed.
thread_local constinit Magazine* my_magazine = nullptr;
thread_local constinit bool thread_ends = false;

// Gives the blocks of an ending thread to the others.
struct MagazineOwner {
  std::unique_ptr<Magazine> magazine;

  ~MagazineOwner() {
    my_magazine = nullptr;
    thread_ends = true;
    if (!magazine) return;
    BlockCache& cache = block_cache();
    const std::lock_guard lock(cache.magazines_mutex_);
    cache.flush(*magazine);
    std::erase(cache.magazines_, magazine.get());
  }
};
thread_local MagazineOwner magazine_owner;

BlockCache::BlockCache() : limit(initial_cache_limit()) {
  pthread_atfork([] { block_cache().lock_all(); }, [] { block_cache().unlock_all(); },
                 [] {
                   // The other threads' magazines are lost: they may have been caught in the middle of a change.
                   BlockCache& cache = block_cache();
                   std::erase_if(cache.magazines_, [](Magazine* magazine) { return magazine != my_magazine; });
                   cache.unlock_all();
                 });
}

void BlockCache::lock_all() {
  magazines_mutex_.lock();
  for (Depot& depot : depots_) depot.mutex.lock();
  resting_mutex_.lock();
}

void BlockCache::unlock_all() {
  resting_mutex_.unlock();
  for (Depot& depot : depots_) depot.mutex.unlock();
  magazines_mutex_.unlock();
}

void* BlockCache::take(size_t capacity, bool large) {
  {
    const std::lock_guard lock(resting_mutex_);
    const auto found = resting_.find(capacity);
    if (found != resting_.end() && !found->second.empty()) {
      void* const block = found->second.back().block;  // the latest is the likeliest to lie in a processor's cache
      found->second.pop_back();
      shared_bytes_.fetch_sub(capacity, std::memory_order_relaxed);
      return block;
    }
  }
  return obtain(capacity, large);
}

void BlockCache::keep(void* block, size_t capacity, bool large) noexcept {
  bool kept = false;
  if (capacity <= limit.load(std::memory_order_relaxed)) {
    try {
      const std::lock_guard lock(resting_mutex_);
      resting_[capacity].push_back({block, ++stamp_, large});
      shared_bytes_.fetch_add(capacity, std::memory_order_relaxed);
      kept = true;
    } catch (const std::bad_alloc&) {
      // No memory for the list entry: then the system needs the block more than we do.
    }
  }
  if (!kept) give_back(block, capacity, large);
  while (shared_bytes_.load(std::memory_order_relaxed) > limit.load(std::memory_order_relaxed)) {
    if (!give_back_oldest()) return;
  }
}

bool BlockCache::give_back_oldest() {
  Resting oldest{nullptr, std::numeric_limits<uint64_t>::max(), false};
  size_t capacity = 0;
  {
    const std::lock_guard lock(resting_mutex_);
    auto list = resting_.end();
    for (auto entry = resting_.begin(); entry != resting_.end(); ++entry) {
      if (entry->second.empty() || entry->second.front().stamp >= oldest.stamp) continue;
      oldest = entry->second.front();
      list = entry;
    }
    if (list == resting_.end()) return false;
    capacity = list->first;
    list->second.erase(list->second.begin());
    if (list->second.empty()) resting_.erase(list);
    shared_bytes_.fetch_sub(capacity, std::memory_order_relaxed);
  }
  give_back(oldest.block, capacity, oldest.large);  // unmapping takes long; outside of the lock
  return true;
}

// The thread's magazine after a trim or a new limit has been followed; null if the thread can have none.
Magazine* BlockCache::refreshed_magazine() noexcept {
  if (!my_magazine) {
    if (thread_ends) return nullptr;
    try {
      auto magazine = std::make_unique<Magazine>();
      const std::lock_guard lock(magazines_mutex_);
      magazines_.push_back(magazine.get());
      magazine_owner.magazine = std::move(magazine);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    my_magazine = magazine_owner.magazine.get();
  }
  Magazine& magazine = *my_magazine;
  const uint32_t epoch = trim_epoch.load(std::memory_order_acquire);
  if (magazine.trim_epoch != epoch) {
    flush(magazine);
    magazine.trim_epoch = epoch;
    magazine.enabled = limit.load(std::memory_order_relaxed) >= least_limit_for_magazines;
  }
  return &magazine;
}

void BlockCache::flush(Magazine& magazine) noexcept {
  // After a trim the blocks go to the system, else to the other threads.
  const bool trimmed = magazine.trim_epoch != trim_epoch.load(std::memory_order_acquire);
  for (int size_class = 0; size_class < small_class_count; ++size_class) {
    while (magazine.counts[size_class] > 0) {
      void* const block = magazine.pop(size_class);
      if (trimmed) {
        give_back(block, small_capacities[size_class], false);
      } else {
        keep_in_depot(block, size_class);
      }
    }
  }
}

void* BlockCache::take_small(int size_class) {
  Magazine* const magazine = refreshed_magazine();
  const size_t capacity = small_capacities[size_class];
  {
    Depot& depot = depots_[size_class];
    const std::lock_guard lock(depot.mutex);
    if (!depot.blocks.empty()) {
      const auto pop = [&] {
        void* const block = depot.blocks.back();
        depot.blocks.pop_back();
        shared_bytes_.fetch_sub(capacity, std::memory_order_relaxed);
        return block;
      };
      void* const block = pop();
      const int wanted = magazine && magazine->enabled ? magazine_slots(size_class) / 2 : 0;
      for (int i = 0; i < wanted && !depot.blocks.empty(); ++i) magazine->push(size_class, pop());
      return block;
    }
  }
  return obtain(capacity, false);
}

void BlockCache::keep_small(void* block, int size_class) noexcept {
  Magazine* const magazine = refreshed_magazine();
  if (!magazine || !magazine->enabled) return keep_in_depot(block, size_class);
  const int slots = magazine_slots(size_class);
  if (magazine->counts[size_class] == slots) {
    for (int i = 0; i < slots / 2; ++i) keep_in_depot(magazine->pop(size_class), size_class);
  }
  magazine->push(size_class, block);
}

void BlockCache::keep_in_depot(void* block, int size_class) noexcept {
  const size_t capacity = small_capacities[size_class];
  if (shared_bytes_.load(std::memory_order_relaxed) + capacity <= limit.load(std::memory_order_relaxed)) {
    try {
      Depot& depot = depots_[size_class];
      const std::lock_guard lock(depot.mutex);
      if ((depot.blocks.size() + 1) * capacity <= depot_bytes) {
        depot.blocks.push_back(block);
        shared_bytes_.fetch_add(capacity, std::memory_order_relaxed);
        return;
      }
    } catch (const std::bad_alloc&) {
      // As in keep().
    }
  }
  give_back(block, capacity, false);
}

void BlockCache::trim() {
  trim_epoch.fetch_add(1, std::memory_order_acq_rel);
  if (my_magazine) refreshed_magazine();
  for (int size_class = 0; size_class < small_class_count; ++size_class) {
    std::vector<void*> blocks;
    {
      const std::lock_guard lock(depots_[size_class].mutex);
      blocks.swap(depots_[size_class].blocks);
    }
    shared_bytes_.fetch_sub(blocks.size() * small_capacities[size_class], std::memory_order_relaxed);
    for (void* block : blocks) give_back(block, small_capacities[size_class], false);
  }
  while (give_back_oldest()) {
  }
}

void BlockCache::set_limit(size_t bytes) {
  const size_t before = limit.exchange(bytes, std::memory_order_relaxed);
  // The lists of small blocks are short: a lower limit empties them instead of choosing among them.
  if (bytes < before) {
    trim();
  } else {
    trim_epoch.fetch_add(1, std::memory_order_acq_rel);
  }
}

size_t BlockCache::cached() {
  const std::lock_guard lock(magazines_mutex_);
  size_t bytes = shared_bytes_.load(std::memory_order_relaxed);
  for (const Magazine* magazine : magazines_) bytes += magazine->bytes.load(std::memory_order_relaxed);
  return bytes;
}

[[noreturn, gnu::cold]] void raise_memory_error(size_t bytes) {
  raise<MemoryError>("cannot allocate {} ({} bytes)", bytes_text(bytes), bytes);
}

[[gnu::cold]] void count_down_failure(BlockCache& cache, size_t bytes) {
  if (cache.failure_countdown.fetch_sub(1, std::memory_order_relaxed) == 1) raise_memory_error(bytes);
}

// The magazine if it may be used without looking at anything shared but the epoch.
Magazine* ready_magazine(BlockCache& cache) {
  Magazine* const magazine = my_magazine;
  const bool ready = magazine && magazine->trim_epoch == cache.trim_epoch.load(std::memory_order_relaxed);
  return ready ? magazine : nullptr;
}

}  // namespace

void* allocate_block(size_t bytes) {
  BlockCache& cache = block_cache();
  if (cache.failure_countdown.load(std::memory_order_relaxed) > 0) [[unlikely]]
    count_down_failure(cache, bytes);
  if (bytes > largest_block_bytes) raise_memory_error(bytes);
  const bool small = bytes <= small_block_bytes;
  const int size_class = small ? small_class(bytes) : 0;
  void* block = nullptr;
  if (Magazine * magazine; small && (magazine = ready_magazine(cache)) && magazine->counts[size_class] > 0) {
    block = magazine->pop(size_class);
  } else {
    const auto take = [&] {
      return small ? cache.take_small(size_class) : cache.take(capacity_of(bytes), is_large(bytes));
    };
    block = take();
    if (!block) {
      cache.trim();
      block = take();
    }
    if (!block) raise_memory_error(bytes);
  }
  mark_used(block, bytes);
  return block;
}

void release_block(void* block, size_t bytes) noexcept {
  if (!block) return;
  BlockCache& cache = block_cache();
  mark_resting(block, capacity_of(bytes));
  if (bytes > small_block_bytes) return cache.keep(block, capacity_of(bytes), is_large(bytes));
  const int size_class = small_class(bytes);
  Magazine* const magazine = ready_magazine(cache);
  if (magazine && magazine->enabled && magazine->counts[size_class] < magazine_slots(size_class)) {
    magazine->push(size_class, block);
  } else {
    cache.keep_small(block, size_class);
  }
}

size_t block_capacity(size_t bytes) { return capacity_of(bytes); }

size_t cached_bytes() { return block_cache().cached(); }

void trim_cache() { block_cache().trim(); }

size_t cache_limit() { return block_cache().limit.load(std::memory_order_relaxed); }

void set_cache_limit(size_t bytes) { block_cache().set_limit(bytes); }

int64_t fail_nth_allocation(int64_t n) {
  return block_cache().failure_countdown.exchange(n, std::memory_order_relaxed);
}

}  // namespace croton
