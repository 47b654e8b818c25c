// Measures what the machine can do: bandwidth of reading and of a triad at a working set, and multiply-adds per second.
//
// Stays alive and answers one line per request, so that limits are measured in between the runs that they belong to:
//   read BYTES THREADS | triad BYTES THREADS -> GB/s        fma 4|8 THREADS -> GF/s of float32 or float64
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr double least_seconds = 0.02;
constexpr int repeats = 3;

// Two operations each, on as many chains as hide the latency of a multiply-add.
template <class T>
[[gnu::target("avx512f")]] double multiply_adds_avx512(int64_t steps) {
  typedef T Vector __attribute__((vector_size(64)));
  Vector sums[16] = {};
  Vector factor = Vector{} + T(0.999), term = Vector{} + T(0.001);
  for (int64_t i = 0; i < steps; ++i) {
    asm volatile("" : "+v"(factor), "+v"(term));
#pragma GCC unroll 16
    for (Vector& sum : sums) sum = sum * factor + term;
  }
  for (Vector& sum : sums) asm volatile("" : : "v"(sum));
  return 2.0 * 16 * 64 / sizeof(T) * static_cast<double>(steps);
}

template <class T>
[[gnu::target("avx2,fma")]] double multiply_adds_avx2(int64_t steps) {
  typedef T Vector __attribute__((vector_size(32)));
  Vector sums[12] = {};
  Vector factor = Vector{} + T(0.999), term = Vector{} + T(0.001);
  for (int64_t i = 0; i < steps; ++i) {
    asm volatile("" : "+x"(factor), "+x"(term));
#pragma GCC unroll 12
    for (Vector& sum : sums) sum = sum * factor + term;
  }
  for (Vector& sum : sums) asm volatile("" : : "x"(sum));
  return 2.0 * 12 * 32 / sizeof(T) * static_cast<double>(steps);
}

typedef double Wide __attribute__((vector_size(32), may_alias));

[[gnu::target("avx2")]] void read_all(const double* x, int64_t count) {
  Wide sums[4] = {};
  const Wide* wide = reinterpret_cast<const Wide*>(x);
  for (int64_t i = 0; i < count / 16; ++i) {
#pragma GCC unroll 4
    for (int way = 0; way < 4; ++way) sums[way] += wide[4 * i + way];
  }
  for (Wide& sum : sums) asm volatile("" : : "x"(sum));
}

[[gnu::target("avx2,fma")]] void triad(double* out, const double* x, const double* y, int64_t count) {
  for (int64_t i = 0; i < count / 4; ++i) {
    reinterpret_cast<Wide*>(out)[i] = reinterpret_cast<const Wide*>(x)[i] + 3.0 * reinterpret_cast<const Wide*>(y)[i];
  }
  asm volatile("" : : "r"(out) : "memory");
}

// Seconds of one round of `work(thread)` on all threads, the best of several spans of repeated rounds.
double seconds_of(int threads, const std::function<void(int, int64_t)>& work) {
  using Clock = std::chrono::steady_clock;
  const auto time = [&](int64_t rounds) {
    std::atomic<int> waiting{threads};
    std::vector<std::thread> team;
    Clock::time_point start;
    const auto body = [&](int thread) {
      waiting.fetch_sub(1);
      while (waiting.load() > 0) std::this_thread::yield();
      if (thread == 0) start = Clock::now();
      work(thread, rounds);
    };
    for (int thread = 1; thread < threads; ++thread) team.emplace_back(body, thread);
    body(0);
    for (std::thread& member : team) member.join();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  int64_t rounds = 1;
  while (time(rounds) < least_seconds) rounds *= 2;
  double best = 1e30;
  for (int repeat = 0; repeat < repeats; ++repeat) best = std::min(best, time(rounds) / static_cast<double>(rounds));
  return best;
}

struct Free {
  void operator()(void* block) const { std::free(block); }
};

double bandwidth(bool reads_only, int64_t bytes, int threads) {
  const int64_t streams = reads_only ? 1 : 3;
  const int64_t count = std::max<int64_t>(16, bytes / 8 / streams / threads / 16 * 16);  // per stream and thread
  const size_t total = static_cast<size_t>(count * 8 * streams * threads);
  const size_t page = size_t{1} << 21;
  std::unique_ptr<double, Free> block(static_cast<double*>(std::aligned_alloc(page, (total + page - 1) / page * page)));
  std::fill(block.get(), block.get() + total / 8, 1.0);
  const double seconds = seconds_of(threads, [&](int thread, int64_t rounds) {
    double* mine = block.get() + thread * count * streams;
    for (int64_t round = 0; round < rounds; ++round) {
      if (reads_only) {
        read_all(mine, count);
      } else {
        triad(mine, mine + count, mine + 2 * count, count);
      }
    }
  });
  return static_cast<double>(total) / seconds / 1e9;
}

template <class T>
double multiply_add_rate(int threads) {
  constexpr int64_t steps = 100000;
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  double operations = 0;
  const double seconds = seconds_of(threads, [&](int thread, int64_t rounds) {
    for (int64_t round = 0; round < rounds; ++round) {
      const double done = wide ? multiply_adds_avx512<T>(steps) : multiply_adds_avx2<T>(steps);
      if (thread == 0) operations = done;
    }
  });
  return operations * threads / seconds / 1e9;
}

}  // namespace

int main() {
  std::string what;
  int64_t size = 0;
  int threads = 1;
  while (std::cin >> what >> size >> threads) {
    if (what == "fma") {
      std::cout << (size == 4 ? multiply_add_rate<float>(threads) : multiply_add_rate<double>(threads)) << std::endl;
    } else {
      std::cout << bandwidth(what == "read", size, threads) << std::endl;
    }
  }
}
