// Our own products of a matrix with a vector, and of a column with a row, on processors with AVX2: the matrix is read
// or written once, as it lies in memory.
#include <immintrin.h>

#include <algorithm>
#include <array>

#include "base/thread_pool.h"
#include "library/gemm_layout.h"

namespace croton {
namespace {

template <class T>
constexpr int lanes_of = 32 / sizeof(T);
constexpr int rows_together = 4;        // of inner products, each of two chains of multiply-adds
constexpr int weighted_together = 8;    // for which the output is loaded and stored once
constexpr int64_t block_bytes = 16384;  // of the output, which stays in the first-level cache

#define CROTON_AVX2 [[gnu::target("avx2,fma"), gnu::always_inline]] inline

// By name, since the build keeps compilers from contracting.
CROTON_AVX2 __m256 multiply_add(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
CROTON_AVX2 __m256d multiply_add(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
CROTON_AVX2 __m256 load(const float* p) { return _mm256_loadu_ps(p); }
CROTON_AVX2 __m256d load(const double* p) { return _mm256_loadu_pd(p); }
CROTON_AVX2 __m256 load(const float* p, __m256i mask) { return _mm256_maskload_ps(p, mask); }
CROTON_AVX2 __m256d load(const double* p, __m256i mask) { return _mm256_maskload_pd(p, mask); }
CROTON_AVX2 void store(float* p, __m256 v) { _mm256_storeu_ps(p, v); }
CROTON_AVX2 void store(double* p, __m256d v) { _mm256_storeu_pd(p, v); }
CROTON_AVX2 void store(float* p, __m256i mask, __m256 v) { _mm256_maskstore_ps(p, mask, v); }
CROTON_AVX2 void store(double* p, __m256i mask, __m256d v) { _mm256_maskstore_pd(p, mask, v); }
CROTON_AVX2 __m256 all(float x) { return _mm256_set1_ps(x); }
CROTON_AVX2 __m256d all(double x) { return _mm256_set1_pd(x); }

CROTON_AVX2 __m256i mask_of(int64_t elements, int64_t size) {
  const __m256i words = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(elements * size / 4)), words);
}

// The sums of the lanes of four vectors.
CROTON_AVX2 void sum_lanes(const __m256* v, float* sums) {
  const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
  _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
}
CROTON_AVX2 void sum_lanes(const __m256d* v, double* sums) {
  for (int half = 0; half < 2; ++half) {
    const __m256d pairs = _mm256_hadd_pd(v[2 * half], v[2 * half + 1]);
    _mm_storeu_pd(sums + 2 * half, _mm_add_pd(_mm256_castpd256_pd128(pairs), _mm256_extractf128_pd(pairs, 1)));
  }
}

#undef CROTON_AVX2

/// out[i * out_stride] += alpha * matrix[i, :] . vector for `rows` contiguous rows; each sum is the same in any
/// company.
template <int rows, class T>
[[gnu::target("avx2,fma")]] void add_row_group(const T* matrix, int64_t leading, int64_t columns, const T* vector,
                                               T alpha, T* out, int64_t out_stride) {
  constexpr int lanes = lanes_of<T>;
  using Vector = decltype(load(vector));
  Vector sums[rows_together][2] = {};
  int64_t j = 0;
  for (; j + 2 * lanes <= columns; j += 2 * lanes) {
    const Vector first = load(vector + j), second = load(vector + j + lanes);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      sums[r][0] = multiply_add(load(matrix + r * leading + j), first, sums[r][0]);
      sums[r][1] = multiply_add(load(matrix + r * leading + j + lanes), second, sums[r][1]);
    }
  }
  for (int chain = 0; j < columns; j += lanes, ++chain) {
    const __m256i mask = mask_of(std::min<int64_t>(lanes, columns - j), sizeof(T));
    const Vector part = load(vector + j, mask);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      sums[r][chain] = multiply_add(load(matrix + r * leading + j, mask), part, sums[r][chain]);
    }
  }
  Vector totals[rows_together];
  for (int r = 0; r < rows_together; ++r) totals[r] = sums[r][0] + sums[r][1];
  T values[rows_together];
  sum_lanes(totals, values);
  for (int r = 0; r < rows; ++r) out[r * out_stride] += alpha * values[r];
}

template <class T>
void add_row_products(const T* matrix, int64_t leading, int64_t rows, int64_t columns, const T* vector, T alpha, T* out,
                      int64_t out_stride) {
  int64_t i = 0;
  for (; i + rows_together <= rows; i += rows_together) {
    add_row_group<rows_together>(matrix + i * leading, leading, columns, vector, alpha, out + i * out_stride,
                                 out_stride);
  }
  for (; i < rows; ++i)
    add_row_group<1>(matrix + i * leading, leading, columns, vector, alpha, out + i * out_stride, 1);
}

/// out[j] += sum_r weights[r] * matrix[r, j], one row after the other.
template <int rows, class T>
[[gnu::target("avx2,fma")]] void add_weighted_group(const T* matrix, int64_t leading, int64_t columns, const T* weights,
                                                    T* out) {
  constexpr int lanes = lanes_of<T>;
  using Vector = decltype(load(out));
  Vector factors[rows];
  for (int r = 0; r < rows; ++r) factors[r] = all(weights[r]);
  int64_t j = 0;
  for (; j + 2 * lanes <= columns; j += 2 * lanes) {
    Vector first = load(out + j), second = load(out + j + lanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      first = multiply_add(factors[r], load(matrix + r * leading + j), first);
      second = multiply_add(factors[r], load(matrix + r * leading + j + lanes), second);
    }
    store(out + j, first);
    store(out + j + lanes, second);
  }
  for (; j < columns; j += lanes) {
    const __m256i mask = mask_of(std::min<int64_t>(lanes, columns - j), sizeof(T));
    Vector sum = load(out + j, mask);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sum = multiply_add(factors[r], load(matrix + r * leading + j, mask), sum);
    store(out + j, mask, sum);
  }
}

template <class T>
void add_weighted_rows(const T* matrix, int64_t leading, int64_t rows, int64_t columns, const T* vector,
                       int64_t vector_stride, T alpha, T* out) {
  constexpr int64_t block = block_bytes / static_cast<int64_t>(sizeof(T));
  for (int64_t j = 0; j < columns; j += block) {
    const int64_t count = std::min(block, columns - j);
    T weights[weighted_together];
    int64_t i = 0;
    for (; i + weighted_together <= rows; i += weighted_together) {
      for (int r = 0; r < weighted_together; ++r) weights[r] = alpha * vector[(i + r) * vector_stride];
      add_weighted_group<weighted_together>(matrix + i * leading + j, leading, count, weights, out + j);
    }
    for (; i < rows; ++i) {
      weights[0] = alpha * vector[i * vector_stride];
      add_weighted_group<1>(matrix + i * leading + j, leading, count, weights, out + j);
    }
  }
}

/// out[r, :] = beta * c[r, :] + factors[r] * b. The multiply-add does not round the products, of which denormals would
/// be slow.
template <int rows, bool adds, class T>
[[gnu::target("avx2,fma")]] void write_outer_group(const T* factors, const T* b, int64_t columns, const T* c,
                                                   int64_t c_row, T beta, T* out, int64_t out_row) {
  constexpr int lanes = lanes_of<T>;
  using Vector = decltype(load(b));
  Vector scales[rows];
  for (int r = 0; r < rows; ++r) scales[r] = all(factors[r]);
  const Vector old = all(beta);
  int64_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    const Vector part = load(b + j);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      Vector value = adds ? multiply_add(scales[r], part, old * load(c + r * c_row + j)) : scales[r] * part;
      store(out + r * out_row + j, value);
    }
  }
  if (j == columns) return;
  const __m256i mask = mask_of(columns - j, sizeof(T));
  const Vector part = load(b + j, mask);
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
    Vector value = adds ? multiply_add(scales[r], part, old * load(c + r * c_row + j, mask)) : scales[r] * part;
    store(out + r * out_row + j, mask, value);
  }
}

constexpr int outer_together = 4;  // rows of an outer product

template <bool adds, class T>
void write_outer(const GemmProblem& p) {
  const T* a = static_cast<const T*>(p.a);
  const T* b = static_cast<const T*>(p.b);
  const T* c = static_cast<const T*>(p.c);
  T* out = static_cast<T*>(p.out);
  const T alpha = static_cast<T>(p.alpha), beta = static_cast<T>(p.beta);
  T factors[outer_together];
  int64_t i = 0;
  for (; i + outer_together <= p.m; i += outer_together) {
    for (int r = 0; r < outer_together; ++r) factors[r] = alpha * a[(i + r) * p.a_row];
    write_outer_group<outer_together, adds>(factors, b, p.n, adds ? c + i * p.c_row : nullptr, p.c_row, beta,
                                            out + i * p.out_row, p.out_row);
  }
  for (; i < p.m; ++i) {
    factors[0] = alpha * a[i * p.a_row];
    write_outer_group<1, adds>(factors, b, p.n, adds ? c + i * p.c_row : nullptr, p.c_row, beta, out + i * p.out_row,
                               p.out_row);
  }
}

template <class T>
void run_outer_of(const GemmProblem& p) {
  p.c != nullptr&& p.beta != 0 ? write_outer<true, T>(p) : write_outer<false, T>(p);
}

void run_outer(const GemmProblem& p) { p.dtype == DType::f32 ? run_outer_of<float>(p) : run_outer_of<double>(p); }

bool has_avx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

// Rows of the matrix either contiguous (inner products) or, transposed, weighted and added.
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

// From so many elements on a second thread brings more than it costs. Every element of the output is the same sum in
// the same order, however the output is cut.
constexpr int64_t least_spread_elements = 1 << 19;
constexpr int64_t least_spread_outer = 1 << 18;  // each is read and written
constexpr int64_t pieces_per_thread = 2;
constexpr int64_t edge_multiple = 16;

/// Cuts the output's rows, or else its columns, into pieces for several threads, where `worth` says so.
int spread(const GemmProblem& p, GemmRun run, bool by_rows, bool worth) {
  const int64_t threads = default_pool().size(), size = by_rows ? p.m : p.n;
  const int64_t pieces = threads * pieces_per_thread;
  const int64_t piece = ((size + pieces - 1) / pieces + edge_multiple - 1) / edge_multiple * edge_multiple;
  if (threads == 1 || !worth || piece >= size) {
    run(p);
    return 1;
  }
  std::array<bool, ThreadPool::max_threads> worked{};
  default_pool().for_each_chunk((size + piece - 1) / piece, 1, [&](int64_t begin, int64_t end, int worker) {
    worked[static_cast<size_t>(worker)] = true;
    for (int64_t k = begin; k < end; ++k) {
      run(by_rows ? part_of(p, k * piece, 0, piece, p.n) : part_of(p, 0, k * piece, p.m, piece));
    }
  });
  return static_cast<int>(std::count(worked.begin(), worked.end(), true));
}

int spread_vector(const GemmProblem& p) {
  return spread(p, run_vector, p.n == 1, std::max(p.m, p.n) * p.k >= least_spread_elements);
}

int spread_outer(const GemmProblem& p) { return spread(p, run_outer, p.m >= p.n, p.m * p.n >= least_spread_outer); }

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
  return verdict<run_vector, 1, 41, 43, 41, 1, 43, 6, 1, 9>(p.dtype);
}

std::string refuse_outer(const GemmProblem& p) {
  if (p.k != 1) return "not an outer product";
  if (!has_avx2()) return "the processor has no AVX2";
  if (p.n != 1 && (p.b_column != 1 || p.out_column != 1)) return "the rows are not contiguous";
  if (p.n != 1 && p.c != nullptr && p.beta != 0 && p.c_column != 1) return "the rows of c are not contiguous";
  return verdict<run_outer, 37, 41, 1, 3, 7, 1, 1, 8, 1>(p.dtype);
}

}  // namespace

GemmImplementation native_vector_implementation() {
  return {
      .name = "own gemv", .refuse = refuse_vector, .run = run_vector, .run_spread = spread_vector, .never_fails = true};
}
GemmImplementation native_outer_implementation() {
  return {
      .name = "own outer", .refuse = refuse_outer, .run = run_outer, .run_spread = spread_outer, .never_fails = true};
}

}  // namespace croton
