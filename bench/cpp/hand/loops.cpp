// Loops written by hand for one machine: what a kernel of Croton is measured against (workloads/fused.py).
#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

typedef float Floats __attribute__((vector_size(64), may_alias));
typedef double Doubles __attribute__((vector_size(64), may_alias));

// (x y + x) / 2 - y from `begin` to `end`; vectors where `out` is aligned, past the caches if wanted.
template <class T, class Vector>
[[gnu::target("avx2,fma")]] void fused_range(T* out, const T* x, const T* y, int64_t begin, int64_t end,
                                             bool streaming) {
  constexpr int64_t lanes = sizeof(Vector) / sizeof(T);
  int64_t i = begin;
  const auto scalar = [&](int64_t k) { out[k] = (x[k] * y[k] + x[k]) * T(0.5) - y[k]; };
  for (; i < end && reinterpret_cast<uintptr_t>(out + i) % sizeof(Vector) != 0; ++i) scalar(i);
  for (; i + lanes <= end; i += lanes) {
    Vector a, b;
    __builtin_memcpy(&a, x + i, sizeof a);
    __builtin_memcpy(&b, y + i, sizeof b);
    const Vector result = (a * b + a) * T(0.5) - b;
    __m256i halves[2];
    __builtin_memcpy(halves, &result, sizeof result);
    __m256i* place = reinterpret_cast<__m256i*>(out + i);
    if (streaming) {
      _mm256_stream_si256(place, halves[0]);
      _mm256_stream_si256(place + 1, halves[1]);
    } else {
      _mm256_store_si256(place, halves[0]);
      _mm256_store_si256(place + 1, halves[1]);
    }
  }
  for (; i < end; ++i) scalar(i);
  _mm_sfence();
}

template <class T, class Vector>
void fused(T* out, const T* x, const T* y, int64_t count, int threads, bool streaming) {
  std::vector<std::thread> team;
  const auto part = [&](int64_t thread) {
    fused_range<T, Vector>(out, x, y, count * thread / threads, count * (thread + 1) / threads, streaming);
  };
  for (int thread = 1; thread < threads; ++thread) team.emplace_back(part, thread);
  part(0);
  for (std::thread& member : team) member.join();
}

}  // namespace

extern "C" {

void fused_float32(float* out, const float* x, const float* y, int64_t count, int threads, int streaming) {
  fused<float, Floats>(out, x, y, count, threads, streaming != 0);
}

void fused_float64(double* out, const double* x, const double* y, int64_t count, int threads, int streaming) {
  fused<double, Doubles>(out, x, y, count, threads, streaming != 0);
}

}  // extern "C"
