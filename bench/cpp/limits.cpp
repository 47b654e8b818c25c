// Measures what the machine can do: bandwidth of reading and of a triad at a working set, and multiply-adds per second.
//
// Stays alive and answers one line per request, so that limits are measured in between the runs that they belong to:
//   read BYTES THREADS | triad BYTES THREADS -> GB/s        fma 4|8 THREADS -> GF/s of float32 or float64
#include <immintrin.h>
#include <sys/mman.h>

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

// Multiply-adds by name: the build keeps compilers from contracting. On as many chains as hide their latency, each with
// a start that the compiler does not know, for equal chains would become one. Twice, since a target attribute cannot be
// a template parameter.
constexpr int chains = 12;

[[gnu::target("avx512f")]] double multiply_adds_avx512(int64_t steps, bool single) {
  __m512 singles[chains] = {};
  __m512d doubles[chains] = {};
  for (int chain = 0; chain < chains; ++chain) asm volatile("" : "+v"(singles[chain]), "+v"(doubles[chain]));
  const __m512 half = _mm512_set1_ps(0.5f);
  const __m512d half_double = _mm512_set1_pd(0.5);
  for (int64_t i = 0; single && i < steps; ++i) {
#pragma GCC unroll 12
    for (__m512& value : singles) value = _mm512_fmadd_ps(value, half, half);
  }
  for (int64_t i = 0; !single && i < steps; ++i) {
#pragma GCC unroll 12
    for (__m512d& value : doubles) value = _mm512_fmadd_pd(value, half_double, half_double);
  }
  for (int chain = 0; chain < chains; ++chain) asm volatile("" : : "v"(singles[chain]), "v"(doubles[chain]));
  return 2.0 * chains * (single ? 16 : 8) * static_cast<double>(steps);
}

[[gnu::target("avx2,fma")]] double multiply_adds_avx2(int64_t steps, bool single) {
  __m256 singles[chains] = {};
  __m256d doubles[chains] = {};
  for (int chain = 0; chain < chains; ++chain) asm volatile("" : "+x"(singles[chain]), "+x"(doubles[chain]));
  const __m256 half = _mm256_set1_ps(0.5f);
  const __m256d half_double = _mm256_set1_pd(0.5);
  for (int64_t i = 0; single && i < steps; ++i) {
#pragma GCC unroll 12
    for (__m256& value : singles) value = _mm256_fmadd_ps(value, half, half);
  }
  for (int64_t i = 0; !single && i < steps; ++i) {
#pragma GCC unroll 12
    for (__m256d& value : doubles) value = _mm256_fmadd_pd(value, half_double, half_double);
  }
  for (int chain = 0; chain < chains; ++chain) asm volatile("" : : "x"(singles[chain]), "x"(doubles[chain]));
  return 2.0 * chains * (single ? 8 : 4) * static_cast<double>(steps);
}

typedef double Wide __attribute__((vector_size(32), may_alias));

constexpr int64_t prefetch_distance = 32;  // in vectors: 1 KiB ahead

[[gnu::target("avx2")]] void read_all(const double* x, int64_t count) {
  Wide sums[4] = {};
  const Wide* wide = reinterpret_cast<const Wide*>(x);
  for (int64_t i = 0; i < count / 16; ++i) {
    __builtin_prefetch(wide + 4 * i + prefetch_distance);
    __builtin_prefetch(wide + 4 * i + prefetch_distance + 2);
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

[[gnu::target("avx2,fma")]] void streaming_triad(double* out, const double* x, const double* y, int64_t count) {
  for (int64_t i = 0; i < count / 4; ++i) {
    const Wide sum = reinterpret_cast<const Wide*>(x)[i] + 3.0 * reinterpret_cast<const Wide*>(y)[i];
    _mm256_stream_pd(out + 4 * i, reinterpret_cast<const __m256d&>(sum));
  }
  _mm_sfence();
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

// The better of plain and streaming stores, as a kernel may choose.
double bandwidth(bool reads_only, int64_t bytes, int threads) {
  const int64_t streams = reads_only ? 1 : 3;
  const int64_t count = std::max<int64_t>(16, bytes / 8 / streams / threads / 16 * 16);  // per stream and thread
  const size_t total = static_cast<size_t>(count * 8 * streams * threads);
  const size_t page = size_t{1} << 21;
  std::unique_ptr<double, Free> block(static_cast<double*>(std::aligned_alloc(page, (total + page - 1) / page * page)));
  madvise(block.get(), (total + page - 1) / page * page, MADV_HUGEPAGE);  // as the engine's and the peers' memory
  std::fill(block.get(), block.get() + total / 8, 1.0);
  const auto seconds = [&](const std::function<void(double*)>& pass) {
    return seconds_of(threads, [&](int thread, int64_t rounds) {
      for (int64_t round = 0; round < rounds; ++round) pass(block.get() + thread * count * streams);
    });
  };
  const double least =
      reads_only
          ? seconds([&](double* mine) { read_all(mine, count); })
          : std::min(seconds([&](double* mine) { triad(mine, mine + count, mine + 2 * count, count); }),
                     seconds([&](double* mine) { streaming_triad(mine, mine + count, mine + 2 * count, count); }));
  return static_cast<double>(total) / least / 1e9;
}

double multiply_add_rate(int threads, bool single) {
  constexpr int64_t steps = 100000;
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  double operations = 0;
  const double seconds = seconds_of(threads, [&](int thread, int64_t rounds) {
    for (int64_t round = 0; round < rounds; ++round) {
      const double done = wide ? multiply_adds_avx512(steps, single) : multiply_adds_avx2(steps, single);
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
      std::cout << multiply_add_rate(threads, size == 4) << std::endl;
    } else {
      std::cout << bandwidth(what == "read", size, threads) << std::endl;
    }
  }
}
