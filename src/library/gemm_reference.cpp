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
std::string check_order(void (*run)(const GemmProblem&), GemmProblem p, const char* order) {
  // Small whole numbers: every product and sum is exact, whatever the order of the additions.
  std::vector<T> a(p.m * p.k), b(p.k * p.n), c(p.m * p.n), got, expected;
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<T>(static_cast<int>(i * 7 % 13) - 6);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<T>(static_cast<int>(i * 5 % 11) - 5);
  for (size_t i = 0; i < c.size(); ++i) c[i] = static_cast<T>(static_cast<int>(i * 3 % 7) - 3);
  got = expected = c;
  p.a = a.data(), p.b = b.data();
  p.alpha = 2, p.beta = 3;
  p.out_row = p.c_row = p.n;
  p.out_column = p.c_column = 1;
  p.c = p.out = expected.data();
  run_reference(p);
  p.c = p.out = got.data();
  run(p);
  return got == expected ? ""
                         : fmt::format("wrong on this processor: a {} x {} x {} product, {}", p.m, p.n, p.k, order);
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
  auto check = dtype == DType::f32 ? check_order<float> : check_order<double>;
  GemmProblem p;
  p.dtype = dtype;
  p.m = m, p.n = n, p.k = k;
  for (bool a_by_columns : {false, true}) {
    for (bool b_by_columns : {false, true}) {
      p.a_row = a_by_columns ? 1 : k, p.a_column = a_by_columns ? m : 1;
      p.b_row = b_by_columns ? 1 : n, p.b_column = b_by_columns ? k : 1;
      const char* order = a_by_columns ? (b_by_columns ? "both by columns" : "the first by columns")
                                       : (b_by_columns ? "the second by columns" : "both by rows");
      std::string failure = check(run, p, order);
      if (!failure.empty()) return failure;
    }
  }
  return "";
}

GemmImplementation outer_implementation() {
  return {.name = "outer product loops", .refuse = refuse_outer, .run = run_outer, .never_fails = true};
}
GemmImplementation reference_implementation() { return {"reference loops", refuse_reference, run_reference}; }

}  // namespace croton
