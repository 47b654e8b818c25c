// What the matrix products share: BLAS's view of strides, sub-blocks, and the implementations that gemm.cpp puts in
// order.
#pragma once

#include <algorithm>
#include <climits>
#include <optional>

#include "library/gemm.h"

namespace croton {

/// A matrix as BLAS sees it: rows (or, transposed, columns) of unit stride, `leading` elements apart.
struct BlasLayout {
  bool transposed = false;
  int64_t leading = 1;
};

/// Empty where BLAS cannot walk these strides: both differ from one, negative, zero, or rows that overlap.
inline std::optional<BlasLayout> blas_layout(int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
  if ((columns == 1 || column_stride == 1) && (rows == 1 || row_stride >= columns)) {
    return BlasLayout{false, rows == 1 ? columns : row_stride};
  }
  if ((rows == 1 || row_stride == 1) && (columns == 1 || column_stride >= rows)) {
    return BlasLayout{true, columns == 1 ? rows : column_stride};
  }
  return std::nullopt;
}

/// "" where a BLAS library can run the problem as it stands: the output by rows, operands in either order.
inline std::string refuse_for_blas(const GemmProblem& p) {
  if (std::max({p.m, p.n, p.k, p.a_row, p.a_column, p.b_row, p.b_column, p.out_row}) > INT_MAX) {
    return "a size or stride does not fit the library's int";
  }
  const auto out = blas_layout(p.m, p.n, p.out_row, p.out_column);
  if (!out || out->transposed) return "the output is not stored by rows";
  if (!blas_layout(p.m, p.k, p.a_row, p.a_column)) return "the strides of the first operand fit no BLAS layout";
  if (!blas_layout(p.k, p.n, p.b_row, p.b_column)) return "the strides of the second operand fit no BLAS layout";
  return "";
}

/// out = beta * c of the block, c not read where beta is 0. Nothing to do where c is out and beta is 1.
void scale_into_output(const GemmProblem& problem);

/// "" when products of known values (both orders of the operands, a nonzero beta) come out right: a library can be
/// wrong on a processor newer than itself.
using GemmRun = void (*)(const GemmProblem&);
std::string check_implementation(GemmRun run, DType dtype, int64_t m, int64_t n, int64_t k);

/// The same of an implementation on some sizes that try its edges, found once per dtype.
template <GemmRun run, int64_t... sizes>
const std::string& verdict(DType dtype) {
  constexpr int64_t all[] = {sizes...};
  const auto check = [&](DType of) {
    for (size_t k = 0; k < sizeof...(sizes); k += 3) {
      std::string failure = check_implementation(run, of, all[k], all[k + 1], all[k + 2]);
      if (!failure.empty()) return failure;
    }
    return std::string();
  };
  if (dtype == DType::f32) {
    static const std::string single = check(DType::f32);
    return single;
  }
  static const std::string full = check(DType::f64);
  return full;
}

/// The product's part of that many rows and columns, fewer at the edge, from row i and column j on.
GemmProblem part_of(const GemmProblem& problem, int64_t i, int64_t j, int64_t rows, int64_t columns);

/// The problem after c, where it is another matrix than out, was scaled into out.
GemmProblem with_c_in_output(const GemmProblem& problem);

GemmImplementation onednn_implementation();
GemmImplementation native_implementation();
GemmImplementation native_vector_implementation();
GemmImplementation native_outer_implementation();
GemmImplementation openblas_implementation();
GemmImplementation openblas_vector_implementation();
GemmImplementation outer_implementation();
GemmImplementation reference_implementation();

}  // namespace croton
