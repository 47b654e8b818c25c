// What rows of linear algebra share. A matrix is the last two axes of an array; the axes before them are a stack of
// matrices, each of which is computed by itself.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "library/lapack.h"
#include "ops/support.h"

namespace croton {

// ------------------------------------------------------------------------------------------------- types and sizes

/// The type of an input that must be a matrix or a stack of them, of real numbers.
const Type& matrix_input(const TypeQuery& q, size_t k);
/// The dtype in which the real numbers of the first inputs are computed: a float.
DType float_dtype(const TypeQuery& q, size_t inputs = 1);
/// The stack's axes of input 0, then `trailing` axes of unknown size.
Type stack_type(const TypeQuery& q, DType dtype, int trailing);
/// Raises a ValueError unless the inputs are stacks of the same number of axes.
void require_same_rank(const TypeQuery& q);

/// The stack's sizes, followed by others.
std::vector<SizeId> stack_sizes(SizeQuery& q, std::initializer_list<SizeId> trailing);
SizeId rows_of(SizeQuery& q, size_t input);
SizeId columns_of(SizeQuery& q, size_t input);
void require_same_stack(SizeQuery& q);  // of the first two inputs
inline constexpr const char* equations_message = "incompatible dimensions: the matrix has {0} rows, the right side {1}";

std::vector<Expr> stack_batch(const Batch& b);  // a longer stack
AxisMap stack_axes(const Node& node);

// ----------------------------------------------------------------------------------------------------- expressions

namespace matrices {

Expr transposed(const Expr& x);
Expr product(const Expr& a, const Expr& b);
Expr product(const Expr& a, const Expr& b, const Expr& c);
/// A stack of vectors as rows or columns that broadcast.
Expr as_row(const Expr& v);
Expr as_column(const Expr& v);
/// x where `row` (ge, gt, le, lt, eq, neq) holds between the numbers of row and column, zero elsewhere.
Expr where(const Expr& x, std::string_view row);
inline Expr lower(const Expr& x) { return where(x, "ge"); }
inline Expr strictly_lower(const Expr& x) { return where(x, "gt"); }
inline Expr upper(const Expr& x) { return where(x, "le"); }
inline Expr strictly_upper(const Expr& x) { return where(x, "lt"); }
inline Expr only_diagonal(const Expr& x) { return where(x, "eq"); }
/// Whether row and column have equal numbers, for matrices like x (without its stack).
Expr on_diagonal(const Expr& x);
Expr diagonal(const Expr& x);         // a stack of vectors
Expr diagonal_matrix(const Expr& v);  // of a stack of vectors
/// The gradient of what reads one triangle of a symmetric matrix.
Expr folded(const Expr& gradient, bool lower);
/// The symmetric matrix of which x holds one triangle.
Expr symmetric(const Expr& x, bool lower);
/// 1 / (v[j] - v[i]) at row i and column j, zero on the diagonal.
Expr inverse_differences(const Expr& v);
/// Rows or columns of x up to or from `end` on.
Expr first_columns(const Expr& x, const Expr& end);
Expr columns_from(const Expr& x, const Expr& begin);
Expr first_rows(const Expr& x, const Expr& end);
Expr rows_from(const Expr& x, const Expr& begin);
Expr beside(const Expr& a, const Expr& b);  // columns of a, then of b
Expr below(const Expr& a, const Expr& b);   // rows of a, then of b
/// All outputs of a row with several.
std::vector<Expr> call_all(std::string_view row, std::vector<Expr> inputs, std::vector<int64_t> ints);
Expr sum_or_null(const Expr& a, const Expr& b);

}  // namespace matrices

// ---------------------------------------------------------------------------------------------------------- values

/// The matrices of an array.
class MatrixStack {
 public:
  explicit MatrixStack(const Array& array);

  int64_t count() const { return count_; }
  int64_t rows() const { return array_.shape[array_.shape.size() - 2]; }
  int64_t columns() const { return array_.shape.back(); }
  int64_t row_stride() const { return array_.strides[array_.strides.size() - 2]; }  // bytes
  int64_t column_stride() const { return array_.strides.back(); }
  std::byte* item(int64_t k) const;

  /// A copy by columns of matrix k, for LAPACK.
  template <class T>
  T* load(int64_t k, WorkMemory& memory, int64_t leading = 0) const {
    const int64_t m = rows(), n = columns(), step = std::max(leading, m);
    T* const result = memory.take<T>(step * n);
    for (int64_t j = 0; j < n; ++j) {
      const std::byte* p = item(k) + j * column_stride();
      for (int64_t i = 0; i < m; ++i, p += row_stride()) result[j * step + i] = *reinterpret_cast<const T*>(p);
    }
    return result;
  }
  /// Overwrites matrix k, which lies by rows, by one that lies by columns.
  template <class T>
  void store(int64_t k, const T* by_columns, int64_t leading = 0) const {
    const int64_t m = rows(), n = columns(), step = std::max(leading, m);
    T* const to = reinterpret_cast<T*>(item(k));
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) to[i * n + j] = by_columns[j * step + i];
    }
  }

 private:
  Array array_;
  int64_t count_ = 1;
};

/// The sizes of the stack's axes of an array of matrices, followed by others.
std::vector<int64_t> stack_shape(const Array& x, std::initializer_list<int64_t> trailing);
/// LinearAlgebraError unless the matrices are square, with NumPy's words.
void require_square(const Array& x);
/// Whether there are neither infinities nor NaN, which zero times anything shows.
template <class T>
bool all_finite(const T* x, int64_t count) {
  T total = 0;
  for (int64_t k = 0; k < count; ++k) total += x[k] * T{0};
  return total == 0;
}
/// The error of SciPy's functions, which refuse such matrices.
[[noreturn]] void refuse_infinite();
/// ", in matrix k of the stack" where there is more than one.
std::string place_in_stack(const MatrixStack& stack, int64_t k);

struct MatrixValues {
  std::vector<Array> in, out;
};

/// Calls f(values, T{}) with the inputs and the memory for results in the float type of the computation; results are
/// then converted to the node's dtypes.
template <class F>
void compute_matrices(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs,
                      std::vector<std::vector<int64_t>> shapes, F&& f) {
  bool all_single = true;
  for (const Array& x : inputs) all_single &= x.dtype == DType::f32 || x.rank() == 0;
  const DType dtype = all_single ? DType::f32 : DType::f64;
  MatrixValues values;
  for (const Array& x : inputs) values.in.push_back(x.dtype == dtype ? x : converted(x, dtype));
  for (size_t k = 0; k < shapes.size(); ++k) {
    values.out.push_back(node.types[k].dtype == dtype ? result_array(outputs, k, dtype, shapes[k])
                                                      : new_array(dtype, shapes[k]));
  }
  if (all_single) {
    f(values, float{});
  } else {
    f(values, double{});
  }
  outputs.resize(shapes.size());
  for (size_t k = 0; k < shapes.size(); ++k) {
    const DType wanted = node.types[k].dtype;
    outputs[k] = wanted == dtype ? values.out[k] : converted(values.out[k], wanted);
  }
}

/// Calls f(k, memory) for each of `count` matrices, on every core; `operations` counts the work on one.
template <class F>
void for_each_matrix(int64_t count, double operations, F&& f) {
  constexpr double chunk_operations = 1e5;
  const auto grain = static_cast<int64_t>(chunk_operations / std::max(operations, 100.0)) + 1;
  default_pool().for_each_chunk(count, grain, [&](int64_t begin, int64_t end) {
    WorkMemory memory;
    for (int64_t k = begin; k < end; ++k) {
      memory.reset();
      f(k, memory);
    }
  });
}
inline double cube(int64_t n) { return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n); }

}  // namespace croton
