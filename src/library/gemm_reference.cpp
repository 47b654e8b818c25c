// Matrix products without a library: any strides by plain loops, outer products, and the check of the libraries at
// first use.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "library/gemm_layout.h"

namespace croton {
namespace {

template <class T>
void run_loops(const GemmProblem& p) {
  const T* a = static_cast<const T*>(p.a);
  const T* b = static_cast<const T*>(p.b);
  const T* c = static_cast<const T*>(p.c);
  T* out = static_cast<T*>(p.out);
  const bool reads_c = c != nullptr && p.beta != 0;
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < p.k; ++l) {
        sum += static_cast<double>(a[i * p.a_row + l * p.a_column]) * b[l * p.b_row + j * p.b_column];
      }
      const double start = reads_c ? p.beta * c[i * p.c_row + j * p.c_column] : 0;
      out[i * p.out_row + j * p.out_column] = static_cast<T>(start + p.alpha * sum);
    }
  }
}

void run_reference(const GemmProblem& p) { p.dtype == DType::f32 ? run_loops<float>(p) : run_loops<double>(p); }

std::string refuse_reference(const GemmProblem&) { return ""; }

// k = 1 reads next to nothing and writes m n elements: one pass, where a library makes two.
template <class T>
void run_outer_loops(const GemmProblem& p) {
  const T* a = static_cast<const T*>(p.a);
  const T* b = static_cast<const T*>(p.b);
  const T* c = static_cast<const T*>(p.c);
  const bool reads_c = c != nullptr && p.beta != 0;
  const T beta = static_cast<T>(p.beta);
  for (int64_t i = 0; i < p.m; ++i) {
    const T factor = static_cast<T>(p.alpha) * a[i * p.a_row];
    T* out = static_cast<T*>(p.out) + i * p.out_row;
    if (!reads_c) {
      for (int64_t j = 0; j < p.n; ++j) out[j] = factor * b[j];
    } else {
      const T* row = c + i * p.c_row;
      for (int64_t j = 0; j < p.n; ++j) out[j] = beta * row[j * p.c_column] + factor * b[j];
    }
  }
}

void run_outer(const GemmProblem& p) { p.dtype == DType::f32 ? run_outer_loops<float>(p) : run_outer_loops<double>(p); }

std::string refuse_outer(const GemmProblem& p) {
  if (p.k != 1) return "not an outer product";
  if (p.n != 1 && (p.b_column != 1 || p.out_column != 1)) return "the rows are not contiguous";
  return "";
}

template <class T>
void scale_row(const T* c, T beta, T* out, int64_t count) {
  if (c == nullptr) {
    std::fill(out, out + count, T(0));
  } else if (beta == 1) {
    std::copy(c, c + count, out);
  } else {
    for (int64_t j = 0; j < count; ++j) out[j] = beta * c[j];
  }
}

template <class T>
void scale_loops(const GemmProblem& p) {
  const T* c = static_cast<const T*>(p.c);
  T* out = static_cast<T*>(p.out);
  const bool reads_c = c != nullptr && p.beta != 0;
  const T beta = static_cast<T>(p.beta);
  const bool contiguous = p.out_column == 1 && (p.c_column == 1 || !reads_c);
  for (int64_t i = 0; i < p.m; ++i) {
    if (contiguous) {
      scale_row(reads_c ? c + i * p.c_row : nullptr, beta, out + i * p.out_row, p.n);
      continue;
    }
    for (int64_t j = 0; j < p.n; ++j) {
      out[i * p.out_row + j * p.out_column] = reads_c ? beta * c[i * p.c_row + j * p.c_column] : T(0);
    }
  }
}

template <class T>
std::vector<T> transposed(const std::vector<T>& x, int64_t rows, int64_t columns) {
  std::vector<T> y(x.size());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j)
      y[static_cast<size_t>(j * rows + i)] = x[static_cast<size_t>(i * columns + j)];
  }
  return y;
}

// Small whole numbers: every product and sum is exact, whatever the order of the additions.
template <class T>
std::vector<T> small_numbers(int64_t count, int factor, int limit) {
  std::vector<T> x(static_cast<size_t>(count));
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<T>(static_cast<int>(i * static_cast<size_t>(factor) % static_cast<size_t>(limit)) - limit / 2);
  return x;
}

// Row by row, so that the first product of a process does not wait for it.
template <class T>
void add_product(const T* a, const T* b, T* out, int64_t m, int64_t n, int64_t k) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t l = 0; l < k; ++l) {
      const T factor = 2 * a[i * k + l];
      for (int64_t j = 0; j < n; ++j) out[i * n + j] += factor * b[l * n + j];
    }
  }
}

// out = 3 c + 2 a.b, with each operand by rows and by columns.
template <class T>
std::string check_orders(GemmRun run, GemmProblem p) {
  const std::vector<T> a = small_numbers<T>(p.m * p.k, 7, 13), b = small_numbers<T>(p.k * p.n, 5, 11),
                       c = small_numbers<T>(p.m * p.n, 3, 7), a_by_columns = transposed(a, p.m, p.k),
                       b_by_columns = transposed(b, p.k, p.n);
  std::vector<T> expected = c;
  for (T& value : expected) value *= 3;
  add_product(a.data(), b.data(), expected.data(), p.m, p.n, p.k);
  p.alpha = 2, p.beta = 3;
  p.out_row = p.c_row = p.n;
  p.out_column = p.c_column = 1;
  for (const bool first : {false, true}) {
    for (const bool second : {false, true}) {
      p.a = (first ? a_by_columns : a).data(), p.b = (second ? b_by_columns : b).data();
      p.a_row = first ? 1 : p.k, p.a_column = first ? p.m : 1;
      p.b_row = second ? 1 : p.n, p.b_column = second ? p.k : 1;
      std::vector<T> got = c;
      p.c = p.out = got.data();
      run(p);
      if (got == expected) continue;
      return fmt::format("wrong on this processor: a {} x {} x {} product, the first by {}, the second by {}", p.m, p.n,
                         p.k, first ? "columns" : "rows", second ? "columns" : "rows");
    }
  }
  return "";
}

}  // namespace

void scale_into_output(const GemmProblem& p) {
  if (p.c == p.out && p.beta == 1) return;
  p.dtype == DType::f32 ? scale_loops<float>(p) : scale_loops<double>(p);
}

GemmProblem with_c_in_output(const GemmProblem& problem) {
  GemmProblem p = problem;
  if (p.c != nullptr && p.beta != 0 && p.c != p.out) {
    scale_into_output(p);
    p.beta = 1;
  }
  return p;
}

std::string check_implementation(GemmRun run, DType dtype, int64_t m, int64_t n, int64_t k) {
  GemmProblem p;
  p.dtype = dtype;
  p.m = m, p.n = n, p.k = k;
  return dtype == DType::f32 ? check_orders<float>(run, p) : check_orders<double>(run, p);
}

GemmImplementation outer_implementation() {
  return {.name = "outer product loops", .refuse = refuse_outer, .run = run_outer, .never_fails = true};
}
GemmImplementation reference_implementation() { return {"reference loops", refuse_reference, run_reference}; }

}  // namespace croton
