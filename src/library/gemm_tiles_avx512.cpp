// The inner kernels of our own matrix products for processors with AVX-512.
#include <immintrin.h>

#include <algorithm>
#include <type_traits>

#include "library/gemm_tiles.h"

// After all includes: templates of the library's headers stay what they are.
#pragma GCC target("avx512f")

namespace croton {
namespace {

constexpr int tile_rows = 8, tile_vectors = 3;

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  using Type = __m512;
};
template <>
struct VectorOf<double> {
  using Type = __m512d;
};
template <class T>
using Vector = typename VectorOf<T>::Type;
template <class T>
using Mask = std::conditional_t<sizeof(T) == 4, __mmask16, __mmask8>;

template <class T>
Mask<T> mask_of(int64_t lanes) {
  return static_cast<Mask<T>>((1u << lanes) - 1);
}

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* p) {
  if constexpr (sizeof(T) == 4) {
    return _mm512_loadu_ps(p);
  } else {
    return _mm512_loadu_pd(p);
  }
}
[[gnu::always_inline]] inline __m512 load(const float* p, __mmask16 mask) { return _mm512_maskz_loadu_ps(mask, p); }
[[gnu::always_inline]] inline __m512d load(const double* p, __mmask8 mask) { return _mm512_maskz_loadu_pd(mask, p); }

template <class T>
[[gnu::always_inline]] inline void store(T* p, Vector<T> value) {
  if constexpr (sizeof(T) == 4) {
    _mm512_storeu_ps(p, value);
  } else {
    _mm512_storeu_pd(p, value);
  }
}
[[gnu::always_inline]] inline void store(float* p, __mmask16 mask, __m512 value) {
  _mm512_mask_storeu_ps(p, mask, value);
}
[[gnu::always_inline]] inline void store(double* p, __mmask8 mask, __m512d value) {
  _mm512_mask_storeu_pd(p, mask, value);
}

// By name, since the build keeps compilers from contracting.
[[gnu::always_inline]] inline __m512 multiply_add(float a, __m512 b, __m512 c) {
  return _mm512_fmadd_ps(_mm512_set1_ps(a), b, c);
}
[[gnu::always_inline]] inline __m512d multiply_add(double a, __m512d b, __m512d c) {
  return _mm512_fmadd_pd(_mm512_set1_pd(a), b, c);
}

#include "library/gemm_tiles.inc"

}  // namespace

const Tiles<float>& tiles_avx512(float) {
  static const Tiles<float> tiles = make_tiles<float>();
  return tiles;
}
const Tiles<double>& tiles_avx512(double) {
  static const Tiles<double> tiles = make_tiles<double>();
  return tiles;
}

}  // namespace croton
