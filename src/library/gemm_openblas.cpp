// Matrix products by OpenBLAS (the serial library): float64, small float32, and products with a vector.
#include <cblas.h>

#include "library/gemm_layout.h"

namespace croton {
namespace {

CBLAS_TRANSPOSE transpose_of(const BlasLayout& layout) { return layout.transposed ? CblasTrans : CblasNoTrans; }

void run_product(const GemmProblem& problem) {
  const GemmProblem p = with_c_in_output(problem);
  const BlasLayout a = *blas_layout(p.m, p.k, p.a_row, p.a_column), b = *blas_layout(p.k, p.n, p.b_row, p.b_column);
  const BlasLayout out = *blas_layout(p.m, p.n, p.out_row, p.out_column);
  if (p.dtype == DType::f32) {
    cblas_sgemm(CblasRowMajor, transpose_of(a), transpose_of(b), p.m, p.n, p.k, static_cast<float>(p.alpha),
                static_cast<const float*>(p.a), a.leading, static_cast<const float*>(p.b), b.leading,
                static_cast<float>(p.beta), static_cast<float*>(p.out), out.leading);
  } else {
    cblas_dgemm(CblasRowMajor, transpose_of(a), transpose_of(b), p.m, p.n, p.k, p.alpha,
                static_cast<const double*>(p.a), a.leading, static_cast<const double*>(p.b), b.leading, p.beta,
                static_cast<double*>(p.out), out.leading);
  }
}

std::string refuse_product(const GemmProblem& p) {
  std::string reason = refuse_for_blas(p);
  return reason.empty() ? verdict<run_product, 37, 41, 43>(p.dtype) : reason;
}

// matrix (rows x columns) times vector, with the strides that BLAS wants.
struct VectorProduct {
  const void *matrix, *vector;
  BlasLayout layout;
  int64_t rows, columns, vector_stride, out_stride;
};

VectorProduct vector_product_of(const GemmProblem& p) {
  if (p.n == 1) {
    return {p.a,
            p.b,
            *blas_layout(p.m, p.k, p.a_row, p.a_column),
            p.m,
            p.k,
            p.k == 1 ? 1 : p.b_row,
            p.m == 1 ? 1 : p.out_row};
  }
  // A row times a matrix: the transposed matrix times the row.
  return {p.b, p.a, *blas_layout(p.n, p.k, p.b_column, p.b_row), p.n, p.k, p.k == 1 ? 1 : p.a_column, p.out_column};
}

void run_vector(const GemmProblem& p) {
  scale_into_output(p);  // also keeps what beta 0 must not read out of the library's hands
  const VectorProduct v = vector_product_of(p);
  const CBLAS_TRANSPOSE transpose = transpose_of(v.layout);
  const int64_t rows = v.layout.transposed ? v.columns : v.rows, columns = v.layout.transposed ? v.rows : v.columns;
  if (p.dtype == DType::f32) {
    cblas_sgemv(CblasRowMajor, transpose, rows, columns, static_cast<float>(p.alpha),
                static_cast<const float*>(v.matrix), v.layout.leading, static_cast<const float*>(v.vector),
                v.vector_stride, 1.0f, static_cast<float*>(p.out), v.out_stride);
  } else {
    cblas_dgemv(CblasRowMajor, transpose, rows, columns, p.alpha, static_cast<const double*>(v.matrix),
                v.layout.leading, static_cast<const double*>(v.vector), v.vector_stride, 1.0,
                static_cast<double*>(p.out), v.out_stride);
  }
}

std::string refuse_vector(const GemmProblem& p) {
  if (p.m != 1 && p.n != 1) return "no operand is a vector";
  std::string reason = refuse_for_blas(p);
  return reason.empty() ? verdict<run_vector, 1, 41, 43, 41, 1, 43>(p.dtype) : reason;
}

}  // namespace

GemmImplementation openblas_implementation() { return {"OpenBLAS gemm", refuse_product, run_product}; }
GemmImplementation openblas_vector_implementation() { return {"OpenBLAS gemv", refuse_vector, run_vector}; }

}  // namespace croton
