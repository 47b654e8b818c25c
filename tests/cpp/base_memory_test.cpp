// Blocks of memory: alignment, reuse, the limit of the cache, failures, threads and fork.
#include "base/memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/size_class.h"

namespace croton {
namespace {

constexpr size_t KiB = 1024;
constexpr size_t MiB = 1024 * KiB;

// Each test starts with an empty cache and the same limit.
class Memory : public testing::Test {
 protected:
  void SetUp() override {
    limit_ = cache_limit();
    set_cache_limit(256 * MiB);
    trim_cache();
  }
  void TearDown() override {
    fail_nth_allocation(0);
    set_cache_limit(limit_);
  }

 private:
  size_t limit_ = 0;
};

const std::vector<size_t> some_sizes = {0,       1,           63,           64,           65,          1000,
                                        4096,    64 * KiB,    64 * KiB + 1, MiB - 1,      MiB,         MiB + 1,
                                        2 * MiB, 2 * MiB + 1, 5 * MiB,      16 * MiB + 1, 33 * MiB + 7};

TEST_F(Memory, AlignsBlocksAndGivesAllTheirBytes) {
  for (const size_t bytes : some_sizes) {
    void* const block = allocate_block(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % (bytes >= large_block_bytes ? huge_page_bytes : block_alignment),
              0u);
    std::memset(block, 0xa5, bytes);
    release_block(block, bytes);
  }
  release_block(nullptr, 100);
}

TEST_F(Memory, CapacitiesAreTightAndMonotone) {
  size_t before = 0;
  for (size_t bytes = 0; bytes < 3 * MiB; bytes += bytes < 70 * KiB ? 1 : 997) {
    const size_t capacity = block_capacity(bytes);
    ASSERT_GE(capacity, bytes);
    ASSERT_GE(capacity, before);
    ASSERT_EQ(block_capacity(capacity == MiB ? MiB - 1 : capacity), capacity) << bytes;
    if (bytes > 256 && bytes < MiB) {
      ASSERT_LE(capacity, bytes + bytes / 4 + block_alignment);
    }
    before = capacity;
  }
  for (size_t bytes = 1; bytes <= small_block_bytes; ++bytes) {
    ASSERT_LT(small_class(bytes), small_class_count);
    ASSERT_EQ(small_class(bytes), small_class(capacity_of(bytes)));
  }
  EXPECT_LE(block_capacity(100 * MiB), 113 * MiB);
}

TEST_F(Memory, ReusesTheBlockReleasedLast) {
  for (const size_t bytes : some_sizes) {
    void* const block = allocate_block(bytes);
    release_block(block, bytes);
    EXPECT_GE(cached_bytes(), block_capacity(bytes));
    void* const again = allocate_block(bytes);
    EXPECT_EQ(block, again) << bytes;
    release_block(again, bytes);
  }
}

TEST_F(Memory, BlocksInUseDoNotOverlap) {
  std::mt19937_64 random(7);
  std::vector<std::pair<unsigned char*, size_t>> used;
  for (int round = 0; round < 20000; ++round) {
    if (used.size() < 300 && random() % 2) {
      const size_t bytes = 1 + random() % (size_t{64} << random() % 13);
      auto* const block = static_cast<unsigned char*>(allocate_block(bytes));
      block[0] = block[bytes - 1] = static_cast<unsigned char>(bytes);
      used.emplace_back(block, bytes);
    } else if (!used.empty()) {
      std::swap(used[random() % used.size()], used.back());
      const auto [block, bytes] = used.back();
      ASSERT_EQ(block[0], static_cast<unsigned char>(bytes));
      ASSERT_EQ(block[bytes - 1], static_cast<unsigned char>(bytes));
      release_block(block, bytes);
      used.pop_back();
    }
  }
  for (const auto& [block, bytes] : used) release_block(block, bytes);
}

TEST_F(Memory, TrimGivesEverythingBack) {
  for (const size_t bytes : some_sizes) release_block(allocate_block(bytes), bytes);
  EXPECT_GT(cached_bytes(), 40 * MiB);
  trim_cache();
  EXPECT_EQ(cached_bytes(), 0u);
}

TEST_F(Memory, KeepsBelowTheLimitAndDropsTheOldest) {
  set_cache_limit(20 * MiB);
  void* blocks[4];
  for (void*& block : blocks) block = allocate_block(6 * MiB);
  for (void* block : blocks) release_block(block, 6 * MiB);
  EXPECT_EQ(cached_bytes(), 18 * MiB);
  for (int i = 3; i >= 1; --i) EXPECT_EQ(allocate_block(6 * MiB), blocks[i]);
  EXPECT_EQ(cached_bytes(), 0u);
  for (int i = 1; i <= 3; ++i) release_block(blocks[i], 6 * MiB);

  // Another size displaces the oldest; a block above the limit displaces nothing.
  release_block(allocate_block(4 * MiB), 4 * MiB);
  EXPECT_EQ(cached_bytes(), 16 * MiB);
  release_block(allocate_block(30 * MiB), 30 * MiB);
  EXPECT_EQ(cached_bytes(), 16 * MiB);
  set_cache_limit(0);
  EXPECT_EQ(cached_bytes(), 0u);
  for (const size_t bytes : some_sizes) release_block(allocate_block(bytes), bytes);
  EXPECT_EQ(cached_bytes(), 0u);
}

TEST_F(Memory, FailsTheNthAllocation) {
  fail_nth_allocation(3);
  void* const first = allocate_block(100);
  void* const second = allocate_block(2 * MiB);
  try {
    allocate_block(3 * MiB);
    FAIL() << "nothing was thrown";
  } catch (const MemoryError& error) {
    EXPECT_EQ(error.message, "cannot allocate 3.0 MiB (3145728 bytes)");
  }
  void* const fourth = allocate_block(100);
  release_block(first, 100);
  release_block(second, 2 * MiB);
  release_block(fourth, 100);
  fail_nth_allocation(1);
  EXPECT_THROW(allocate_block(0), MemoryError);
  release_block(allocate_block(0), 0);
}

TEST_F(Memory, RaisesWhenTheSystemRefuses) {
  EXPECT_THROW(allocate_block(SIZE_MAX), MemoryError);
  EXPECT_THROW(allocate_block(largest_block_bytes + 1), MemoryError);
  EXPECT_THROW(allocate_block(largest_block_bytes), MemoryError);
}

TEST_F(Memory, SharesBlocksAmongThreads) {
  // Blocks are passed around, so one thread releases what another allocated.
  struct Slot {
    std::mutex mutex;
    unsigned char* block = nullptr;
    size_t bytes = 0;
  };
  std::vector<Slot> slots(64);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int seed = 0; seed < 6; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937_64 random(seed);
      for (int round = 0; round < 5000; ++round) {
        const size_t bytes = 1 + random() % (size_t{64} << random() % 12);
        auto* block = static_cast<unsigned char*>(allocate_block(bytes));
        block[0] = block[bytes - 1] = static_cast<unsigned char>(bytes);
        size_t old_bytes = bytes;
        {
          Slot& slot = slots[random() % slots.size()];
          const std::lock_guard lock(slot.mutex);
          std::swap(block, slot.block);
          std::swap(old_bytes, slot.bytes);
        }
        if (block && (block[0] != static_cast<unsigned char>(old_bytes) || block[old_bytes - 1] != block[0])) ++wrong;
        release_block(block, old_bytes);
        if (round % 1000 == 0) trim_cache();
        if (round % 500 == 0) wrong += cached_bytes() > 512 * MiB;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Slot& slot : slots) release_block(slot.block, slot.bytes);
  EXPECT_EQ(wrong, 0);
  trim_cache();
  EXPECT_EQ(cached_bytes(), 0u);
}

TEST_F(Memory, AnEndingThreadLeavesItsBlocksToTheOthers) {
  void* block = nullptr;
  std::thread([&] {
    block = allocate_block(300);
    release_block(block, 300);
  }).join();
  EXPECT_EQ(cached_bytes(), block_capacity(300));
  void* const again = allocate_block(300);
  EXPECT_EQ(again, block);
  release_block(again, 300);
}

TEST_F(Memory, WorksInAChildForkedWhileOthersAllocate) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (const size_t bytes : {size_t{100}, 20 * KiB, 300 * KiB, 2 * MiB}) {
    others.emplace_back([&stop, bytes] {
      while (!stop) {
        void* blocks[5];
        for (void*& block : blocks) block = allocate_block(bytes);
        for (void* block : blocks) release_block(block, bytes);
      }
    });
  }
  for (int round = 0; round < 50; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(60);
      for (const size_t bytes : some_sizes) release_block(allocate_block(bytes), bytes);
      trim_cache();
      _exit(cached_bytes() == 0 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  stop = true;
  for (std::thread& other : others) other.join();
}

}  // namespace
}  // namespace croton
