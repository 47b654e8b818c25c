// Inner kernels of our own matrix products: one register tile of the output, and products of a matrix with a vector.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace croton {

// The tile of the output that stays in registers: 24 (AVX-512) or 12 (AVX2) accumulators, whose multiply-adds hide each
// other's latency, of three vectors per row.
constexpr int tile_vectors = 3;
constexpr int tile_rows_avx512 = 8;
constexpr int tile_rows_avx2 = 4;

// By name, since the build keeps compilers from contracting: a product is rounded once per multiply-add here.
[[gnu::target("avx512f"), gnu::always_inline]] inline __m512 multiply_add(float a, __m512 b, __m512 c) {
  return _mm512_fmadd_ps(_mm512_set1_ps(a), b, c);
}
[[gnu::target("avx512f"), gnu::always_inline]] inline __m512d multiply_add(double a, __m512d b, __m512d c) {
  return _mm512_fmadd_pd(_mm512_set1_pd(a), b, c);
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 multiply_add(__m256 a, __m256 b, __m256 c) {
  return _mm256_fmadd_ps(a, b, c);
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256d multiply_add(__m256d a, __m256d b, __m256d c) {
  return _mm256_fmadd_pd(a, b, c);
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 multiply_add(float a, __m256 b, __m256 c) {
  return _mm256_fmadd_ps(_mm256_set1_ps(a), b, c);
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256d multiply_add(double a, __m256d b, __m256d c) {
  return _mm256_fmadd_pd(_mm256_set1_pd(a), b, c);
}

/// out (rows of `leading` elements) = alpha * sum over depth of a b, added to out where `add` is true. `a` and `b` are
/// packed: for each step of depth a column of the tile, then a row of the tile.
template <class T>
using TileKernel = void (*)(int64_t depth, const T* a, const T* b, T alpha, bool add, T* out, int64_t leading);

// The two differ in the width of a vector and the rows of the tile only; a target attribute cannot be a template
// parameter. The address sanitizer of GCC 12 puts locals of 64 bytes where they are not aligned to that (its stack for
// uses after return), so it leaves this function alone.
template <class T>
[[gnu::target("avx512f"), gnu::no_sanitize_address]] void tile_avx512(int64_t depth, const T* a, const T* b, T alpha,
                                                                      bool add, T* out, int64_t leading) {
  typedef T Vector __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));
  constexpr int rows = tile_rows_avx512, lanes = 64 / sizeof(T);
  Vector sums[rows][tile_vectors] = {};
  for (int64_t l = 0; l < depth; ++l, a += rows, b += tile_vectors * lanes) {
    Vector row[tile_vectors];
#pragma GCC unroll 3
    for (int j = 0; j < tile_vectors; ++j) row[j] = *reinterpret_cast<const Vector*>(b + j * lanes);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 3
      for (int j = 0; j < tile_vectors; ++j) sums[i][j] = multiply_add(a[i], row[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < tile_vectors; ++j) {
      Vector* target = reinterpret_cast<Vector*>(out + i * leading + j * lanes);
      *target = add ? *target + alpha * sums[i][j] : alpha * sums[i][j];
    }
  }
}

template <class T>
[[gnu::target("avx2,fma")]] void tile_avx2(int64_t depth, const T* a, const T* b, T alpha, bool add, T* out,
                                           int64_t leading) {
  typedef T Vector __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
  constexpr int rows = tile_rows_avx2, lanes = 32 / sizeof(T);
  Vector sums[rows][tile_vectors] = {};
  for (int64_t l = 0; l < depth; ++l, a += rows, b += tile_vectors * lanes) {
    Vector row[tile_vectors];
#pragma GCC unroll 3
    for (int j = 0; j < tile_vectors; ++j) row[j] = *reinterpret_cast<const Vector*>(b + j * lanes);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 3
      for (int j = 0; j < tile_vectors; ++j) sums[i][j] = multiply_add(a[i], row[j], sums[i][j]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < tile_vectors; ++j) {
      Vector* target = reinterpret_cast<Vector*>(out + i * leading + j * lanes);
      *target = add ? *target + alpha * sums[i][j] : alpha * sums[i][j];
    }
  }
}

/// out[i * out_stride] += alpha * matrix[i, :] . vector, rows contiguous.
template <class T>
[[gnu::target("avx2,fma")]] void add_row_products(const T* matrix, int64_t leading, int64_t rows, int64_t columns,
                                                  const T* vector, T alpha, T* out, int64_t out_stride) {
  typedef T Vector __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
  constexpr int lanes = 32 / sizeof(T), ways = 4;
  for (int64_t i = 0; i < rows; ++i) {
    const T* row = matrix + i * leading;
    Vector sums[ways] = {};
    int64_t j = 0;
    for (; j + ways * lanes <= columns; j += ways * lanes) {
#pragma GCC unroll 4
      for (int w = 0; w < ways; ++w) {
        const Vector of_row = *reinterpret_cast<const Vector*>(row + j + w * lanes);
        sums[w] = multiply_add(of_row, *reinterpret_cast<const Vector*>(vector + j + w * lanes), sums[w]);
      }
    }
    const Vector total = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    T sum = 0;
    for (int lane = 0; lane < lanes; ++lane) sum += total[lane];
    for (; j < columns; ++j) sum += row[j] * vector[j];
    out[i * out_stride] += alpha * sum;
  }
}

/// out[j] += alpha * sum_i matrix[i, j] * vector[i * vector_stride], rows contiguous.
template <class T>
[[gnu::target("avx2,fma")]] void add_weighted_rows(const T* matrix, int64_t leading, int64_t rows, int64_t columns,
                                                   const T* vector, int64_t vector_stride, T alpha, T* out) {
  typedef T Vector __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
  constexpr int lanes = 32 / sizeof(T), ways = 4;
  const auto weight = [&](int64_t i) { return alpha * vector[i * vector_stride]; };
  int64_t i = 0;
  for (; i + ways <= rows; i += ways) {
    const T* row = matrix + i * leading;
    const T weights[ways] = {weight(i), weight(i + 1), weight(i + 2), weight(i + 3)};
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      Vector sum = *reinterpret_cast<Vector*>(out + j);
#pragma GCC unroll 4
      for (int w = 0; w < ways; ++w) {
        sum = multiply_add(weights[w], *reinterpret_cast<const Vector*>(row + w * leading + j), sum);
      }
      *reinterpret_cast<Vector*>(out + j) = sum;
    }
    for (; j < columns; ++j) {
      for (int w = 0; w < ways; ++w) out[j] += weights[w] * row[w * leading + j];
    }
  }
  for (; i < rows; ++i) {
    const T factor = weight(i);
    for (int64_t j = 0; j < columns; ++j) out[j] += factor * matrix[i * leading + j];
  }
}

}  // namespace croton
