// The inner kernels of our own matrix products for processors with AVX2 and FMA.
#include <immintrin.h>

#include <algorithm>
#include <type_traits>

#include "library/gemm_tiles.h"

// After all includes: templates of the library's headers stay what they are.
#pragma GCC target("avx2,fma")

namespace croton {
namespace {

constexpr int tile_rows = 6, tile_vectors = 2;

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = __m256;
};
template <>
struct VectorOf<double> {
  using Type = __m256d;
};
template <class T>
using Vector = typename VectorOf<T>::Type;
template <class T>
using Mask = __m256i;

template <class T>
Mask<T> mask_of(int64_t lanes) {
  constexpr int words = sizeof(T) / 4;  // the mask counts words of 32 bits
  const __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(lanes * words)), place);
}

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* p) {
  if constexpr (sizeof(T) == 4) {
    return _mm256_loadu_ps(p);
  } else {
    return _mm256_loadu_pd(p);
  }
}
[[gnu::always_inline]] inline __m256 load(const float* p, __m256i mask) { return _mm256_maskload_ps(p, mask); }
[[gnu::always_inline]] inline __m256d load(const double* p, __m256i mask) { return _mm256_maskload_pd(p, mask); }

template <class T>
[[gnu::always_inline]] inline void store(T* p, Vector<T> value) {
  if constexpr (sizeof(T) == 4) {
    _mm256_storeu_ps(p, value);
  } else {
    _mm256_storeu_pd(p, value);
  }
}
[[gnu::always_inline]] inline void store(float* p, __m256i mask, __m256 value) { _mm256_maskstore_ps(p, mask, value); }
[[gnu::always_inline]] inline void store(double* p, __m256i mask, __m256d value) {
  _mm256_maskstore_pd(p, mask, value);
}

// By name, since the build keeps compilers from contracting.
[[gnu::always_inline]] inline __m256 multiply_add(float a, __m256 b, __m256 c) {
  return _mm256_fmadd_ps(_mm256_set1_ps(a), b, c);
}
[[gnu::always_inline]] inline __m256d multiply_add(double a, __m256d b, __m256d c) {
  return _mm256_fmadd_pd(_mm256_set1_pd(a), b, c);
}

#include "library/gemm_tiles.inc"

}  // namespace

const Tiles<float>& tiles_avx2(float) {
  static const Tiles<float> tiles = make_tiles<float>();
  return tiles;
}
const Tiles<double>& tiles_avx2(double) {
  static const Tiles<double> tiles = make_tiles<double>();
  return tiles;
}

}  // namespace croton
