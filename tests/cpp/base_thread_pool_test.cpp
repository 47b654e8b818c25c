// The thread pool: every index once, same chunks for any team, nesting, failures, concurrent callers, fork, resize.
#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/checked.h"
#include "base/error.h"

#if defined(__SANITIZE_THREAD__)
// The thread sanitizer ends a forked child that starts threads, unless told not to.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

namespace croton {
namespace {

using namespace std::chrono_literals;

// Runs one region and checks that every index was visited once, in the chunks that count and grain dictate.
void check_coverage(ThreadPool& pool, int64_t count, int64_t grain) {
  std::vector<int> visits(count, 0);
  std::vector<std::atomic<bool>> busy(pool.size());
  std::atomic<bool> wrong_chunk{false}, shared_worker{false};
  pool.for_each_chunk(count, grain, [&](int64_t begin, int64_t end, int worker) {
    if (worker < 0 || worker >= pool.size() || busy[worker].exchange(true)) shared_worker = true;
    if (begin % grain != 0 || end != std::min(begin + grain, count)) wrong_chunk = true;
    for (int64_t i = begin; i < end; ++i) ++visits[i];
    busy[worker] = false;
  });
  EXPECT_FALSE(wrong_chunk);
  EXPECT_FALSE(shared_worker);
  for (const int visit : visits) ASSERT_EQ(visit, 1);
}

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 8, 33}) {
    ThreadPool pool(threads);
    for (const int64_t count : {0, 1, 2, 7, 64, 1000, 4097}) {
      for (const int64_t grain : {1, 3, 64, 5000}) check_coverage(pool, count, grain);
    }
  }
}

TEST(ThreadPool, AcceptsCountsNearTheLargest) {
  ThreadPool pool(2);
  const int64_t largest = INT64_MAX;
  std::atomic<int64_t> end_seen{0}, chunks{0};
  pool.for_each_chunk(largest, int64_t{1} << 61, [&](int64_t, int64_t end) {
    ++chunks;
    for (int64_t seen = end_seen; seen < end && !end_seen.compare_exchange_weak(seen, end);) {
    }
  });
  EXPECT_EQ(end_seen, largest);
  EXPECT_EQ(chunks, 4);
}

TEST(ThreadPool, RefusesABadGrainAndABadSize) {
  ThreadPool pool(2);
  EXPECT_THROW(pool.for_each_chunk(10, 0, [](int64_t, int64_t) {}), InternalError);
  EXPECT_THROW(ThreadPool(0), ValueError);
  EXPECT_THROW(ThreadPool(ThreadPool::max_threads + 1), ValueError);
  EXPECT_THROW(pool.resize(-1), ValueError);
}

TEST(ThreadPool, RunsManyRegionsInARow) {
  ThreadPool pool(4);
  std::atomic<int64_t> sum{0};
  for (int round = 0; round < 20000; ++round) {
    pool.for_each_chunk(8, 1, [&](int64_t begin, int64_t) { sum += begin; });
  }
  EXPECT_EQ(sum, 20000 * 28);
}

TEST(ThreadPool, UsesMoreThanOneThread) {
  ThreadPool pool(2);
  // Each body waits for the other, so the region ends only if two threads run it.
  std::atomic<int> arrived{0};
  std::set<std::thread::id> threads;
  std::mutex mutex;
  pool.for_each_chunk(2, 1, [&](int64_t, int64_t) {
    {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  EXPECT_EQ(threads.size(), 2u);
}

TEST(ThreadPool, WakesSleepingWorkers) {
  ThreadPool pool(5);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(2ms);
    std::atomic<int> arrived{0};
    // The whole team must come.
    pool.for_each_chunk(5, 1, [&](int64_t, int64_t) {
      ++arrived;
      while (arrived < 5) std::this_thread::yield();
    });
    EXPECT_EQ(arrived, 5);
  }
}

TEST(ThreadPool, CallerSleepsThroughALongLastChunk) {
  ThreadPool pool(3);
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> done{0};
    pool.for_each_chunk(6, 1, [&](int64_t begin, int64_t) {
      if (begin > 2) std::this_thread::sleep_for(3ms);
      ++done;
    });
    EXPECT_EQ(done, 6);
  }
}

TEST(ThreadPool, RunsNestedRegionsSerially) {
  ThreadPool pool(4);
  std::atomic<int64_t> visits{0};
  std::atomic<bool> wrong{false};
  pool.for_each_chunk(16, 1, [&](int64_t, int64_t) {
    const auto outer = std::this_thread::get_id();
    int64_t expected = 0;
    pool.for_each_chunk(100, 7, [&](int64_t begin, int64_t end, int worker) {
      if (std::this_thread::get_id() != outer || worker != 0 || begin != expected) wrong = true;
      if (!ThreadPool::inside_region()) wrong = true;
      expected = end;
      visits += end - begin;
    });
  });
  EXPECT_FALSE(wrong);
  EXPECT_EQ(visits, 1600);
  EXPECT_FALSE(ThreadPool::inside_region());
}

TEST(ThreadPool, LetsASingleChunkUseTheTeam) {
  ThreadPool pool(2);
  bool outer_inside = true;
  std::atomic<bool> inner_inside{true};
  pool.for_each_chunk(5, 5, [&](int64_t, int64_t) {
    outer_inside = ThreadPool::inside_region();
    pool.for_each_chunk(2, 1, [&](int64_t, int64_t) {
      if (!ThreadPool::inside_region()) inner_inside = false;
    });
  });
  EXPECT_FALSE(outer_inside);
  EXPECT_TRUE(inner_inside);
}

TEST(ThreadPool, RethrowsTheFailureOfTheLowestChunk) {
  for (const int threads : {1, 2, 8}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::atomic<int64_t> started{0};
      try {
        pool.for_each_chunk(100000, 1, [&](int64_t begin, int64_t) {
          ++started;
          if (begin >= 37) throw IndexError(std::to_string(begin));
        });
        FAIL() << "nothing was thrown";
      } catch (const IndexError& error) {
        EXPECT_EQ(error.message, "37");
      }
      EXPECT_LT(started, 1000);
    }
    check_coverage(pool, 1000, 3);
  }
}

TEST(ThreadPool, ServesConcurrentCallers) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        int64_t own[20] = {};
        pool.for_each_chunk(20, 1, [&](int64_t begin, int64_t) { own[begin] = begin; });
        sum += std::accumulate(own, own + 20, int64_t{0});
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 8 * 500 * 190);
}

TEST(ThreadPool, NeverWaitsForTheTeamOfAnotherCaller) {
  ThreadPool pool(2);
  std::atomic<bool> inside{false}, release{false};
  std::thread other([&] {
    pool.for_each_chunk(2, 1, [&](int64_t, int64_t) {
      inside = true;
      while (!release) std::this_thread::yield();
    });
  });
  while (!inside) std::this_thread::yield();
  check_coverage(pool, 100, 9);  // would hang here if it waited
  release = true;
  other.join();
}

TEST(ThreadPool, Resizes) {
  ThreadPool pool(1);
  for (const int threads : {4, 2, 1, 7, 3}) {
    pool.resize(threads);
    EXPECT_EQ(pool.size(), threads);
    check_coverage(pool, 500, 3);
  }
  EXPECT_THROW(pool.for_each_chunk(2, 1, [&](int64_t, int64_t) { pool.resize(2); }), ValueError);
}

TEST(ThreadPool, ResizesWhileOthersCall) {
  ThreadPool pool(2);
  std::atomic<bool> stop{false};
  std::atomic<int64_t> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      while (!stop) {
        std::atomic<int64_t> visits{0};
        pool.for_each_chunk(30, 1, [&](int64_t, int64_t) { ++visits; });
        if (visits != 30) ++wrong;
      }
    });
  }
  for (int round = 0; round < 50; ++round) pool.resize(1 + round % 5);
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

// Forks, runs `in_child` there and expects status 0; a child that hangs is ended by its alarm.
template <class F>
void expect_child_succeeds(F&& in_child) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    _exit(in_child() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

bool pool_works(ThreadPool& pool) {
  std::atomic<int> arrived{0};
  pool.for_each_chunk(2, 1, [&](int64_t, int64_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();  // needs two threads
  });
  return arrived == 2;
}

TEST(ThreadPool, WorksInAForkedChild) {
  ThreadPool pool(3);
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(pool_works(pool));
    expect_child_succeeds([&] { return pool_works(pool) && pool_works(pool); });
  }
  ASSERT_TRUE(pool_works(pool));
}

TEST(ThreadPool, WorksInAChildForkedWhileBusy) {
  ThreadPool pool(3);
  std::atomic<bool> stop{false};
  std::thread caller([&] {
    while (!stop) {
      pool.for_each_chunk(64, 1, [&](int64_t begin, int64_t) {
        for (std::atomic<int> i = 0; i < 100; ++i) {
        }
        if (begin == 63) std::this_thread::yield();
      });
    }
  });
  for (int round = 0; round < 60; ++round) {
    expect_child_succeeds([&] { return pool_works(pool); });
    if (round % 10 == 0) std::this_thread::sleep_for(1ms);
  }
  stop = true;
  caller.join();
}

TEST(ThreadPool, SaysThatARegionCannotBeForked) {
  ThreadPool pool(2);
  const pid_t parent = getpid();
  const auto caller = std::this_thread::get_id();
  std::atomic<pid_t> child{0};
  try {
    pool.for_each_chunk(2, 1, [&](int64_t, int64_t) {
      if (std::this_thread::get_id() == caller) {
        child = fork();
        if (child == 0) alarm(60);
      } else {
        while (child == 0) std::this_thread::yield();
      }
    });
    if (getpid() != parent) _exit(1);
  } catch (const Error&) {
    _exit(getpid() != parent && pool_works(pool) ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(ThreadPool, TheProcessEndsWhileOthersCompute) {
  // exit() runs static destructors while another thread keeps the default pool busy.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    std::atomic<int64_t>& rounds = *new std::atomic<int64_t>(0);
    default_pool().resize(3);
    std::thread([&rounds] {
      while (true) default_pool().for_each_chunk(16, 1, [&](int64_t, int64_t) { ++rounds; });
    }).detach();
    while (rounds < 1000) std::this_thread::yield();
    std::exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// The size that default_pool() has in a fresh process image with these variables, or -1 if it raises ValueError.
int default_size_with(const char* own, const char* openmp) {
  const pid_t child = fork();
  if (child == 0) {
    own ? setenv("CROTON_NUM_THREADS", own, 1) : unsetenv("CROTON_NUM_THREADS");
    openmp ? setenv("OMP_NUM_THREADS", openmp, 1) : unsetenv("OMP_NUM_THREADS");
    try {
      _exit(default_thread_count());
    } catch (const ValueError&) {
      _exit(255);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

TEST(ThreadPool, DefaultSizeFollowsTheEnvironment) {
  EXPECT_EQ(default_size_with("3", "5"), 3);
  EXPECT_EQ(default_size_with(nullptr, "5"), 5);
  EXPECT_EQ(default_size_with("", " 4,2"), 4);
  EXPECT_EQ(default_size_with("none", "5"), -1);
  EXPECT_EQ(default_size_with("0", nullptr), -1);
  EXPECT_EQ(default_size_with("5000", nullptr), -1);
  EXPECT_GE(default_size_with(nullptr, "rubbish"), 1);
}

}  // namespace
}  // namespace croton
