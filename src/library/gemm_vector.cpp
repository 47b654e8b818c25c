// Our own products of a matrix with a vector, on processors with AVX2.
#include <immintrin.h>

#include "library/gemm_layout.h"

namespace croton {
namespace {

// By name, since the build keeps compilers from contracting.
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

bool has_avx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

// matrix times vector: rows of the matrix either contiguous (inner products) or, transposed, weighted and added.
template <class T>
void run_vector_of(const GemmProblem& p) {
  scale_into_output(p);
  const bool column = p.n == 1;
  const T* matrix = static_cast<const T*>(column ? p.a : p.b);
  const T* vector = static_cast<const T*>(column ? p.b : p.a);
  const int64_t rows = column ? p.m : p.n;
  const BlasLayout layout =
      column ? *blas_layout(rows, p.k, p.a_row, p.a_column) : *blas_layout(rows, p.k, p.b_column, p.b_row);
  const int64_t vector_stride = p.k == 1 ? 1 : column ? p.b_row : p.a_column;
  const int64_t out_stride = rows == 1 ? 1 : column ? p.out_row : p.out_column;
  T* out = static_cast<T*>(p.out);
  const T alpha = static_cast<T>(p.alpha);
  if (layout.transposed) {
    add_weighted_rows(matrix, layout.leading, p.k, rows, vector, vector_stride, alpha, out);
  } else {
    add_row_products(matrix, layout.leading, rows, p.k, vector, alpha, out, out_stride);
  }
}

void run_vector(const GemmProblem& p) { p.dtype == DType::f32 ? run_vector_of<float>(p) : run_vector_of<double>(p); }

std::string refuse_vector(const GemmProblem& p) {
  if (p.m != 1 && p.n != 1) return "no operand is a vector";
  if (!has_avx2()) return "the processor has no AVX2";
  std::string reason = refuse_for_blas(p);
  if (!reason.empty()) return reason;
  const bool column = p.n == 1;
  const int64_t rows = column ? p.m : p.n;
  const bool transposed = column ? blas_layout(rows, p.k, p.a_row, p.a_column)->transposed
                                 : blas_layout(rows, p.k, p.b_column, p.b_row)->transposed;
  if (!transposed && p.k != 1 && (column ? p.b_row : p.a_column) != 1) return "the vector is not contiguous";
  if (transposed && rows != 1 && (column ? p.out_row : p.out_column) != 1) return "the output is not contiguous";
  return verdict<run_vector, 1, 41, 43, 41, 1, 43>(p.dtype);
}

}  // namespace

GemmImplementation native_vector_implementation() {
  return {.name = "own gemv", .refuse = refuse_vector, .run = run_vector, .never_fails = true};
}

}  // namespace croton
