// Rows that solve linear equations: general and triangular ones.
#include <cmath>

#include "base/error.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace croton {
namespace {

using namespace matrices;

// ------------------------------------------------------------------------------------------- what both solvers share

// The right side is one column where it has an axis less than the matrix.
bool is_column(const Type& a, const Type& b) { return b.rank == a.rank - 1; }
bool is_column(const Node& node) { return is_column(node.inputs[0].type(), node.inputs[1].type()); }

std::vector<Type> solve_type(const TypeQuery& q) {
  const Type& a = matrix_input(q, 0);
  Type type = is_column(a, tensor_input(q, 1)) ? tensor_input(q, 1) : matrix_input(q, 1);
  if (!is_column(a, type)) require_same_rank(q);
  if (is_complex(type.dtype)) raise<TypeError>("{}: the right side is {}, not real", q.op.name, type_name(type));
  type.dtype = float_dtype(q, 2);
  return {type};
}

std::vector<Type> triangular_type(const TypeQuery& q) {
  if (q.attributes.ints.size() != 1) raise<ValueError>("solve_triangular: the attribute tells whether it is lower");
  return solve_type(q);
}

Sizes solve_sizes(SizeQuery& q) {
  require_same_stack(q);
  const int rows_axis = q.node->inputs[0].type().rank - 2;
  q.require_equal(rows_of(q, 0), q.dim(1, rows_axis), equations_message);
  return {sizes_of_input(q, 1)};
}

// A vector as a matrix of one column.
Array as_columns(const Array& b, const Array& a) {
  Array result = b;
  if (b.rank() == a.rank() - 1) {
    result.shape.push_back(1);
    result.strides.push_back(item_size(b.dtype));
  }
  return result;
}

void check_equations(std::span<const Array> inputs) {
  const Array &a = inputs[0], b = as_columns(inputs[1], a);
  const int64_t m = a.shape[a.shape.size() - 2], n = a.shape.back(), rows = b.shape[b.shape.size() - 2];
  if (m != n) raise<ValueError>("the matrix must be square, but it has {} rows and {} columns", m, n);
  if (rows != n) throw ValueError(fmt::format(fmt::runtime(equations_message), n, rows));
  if (stack_shape(a, {}) != stack_shape(b, {})) raise<ValueError>("stacks of matrices of two shapes");
}

// Right sides of all items become columns of one equation when the matrix is the same for all of them.
std::vector<Expr> solve_batch(const Batch& b) {
  if (b.batched[0] || b.x[0].rank() != 2) return stack_batch(b);
  if (is_column(b.node)) {
    return {matrices::transposed(apply_again(b.builder, b.node, {b.x[0], matrices::transposed(b.x[1])}))};
  }
  const Expr columns = dimshuffle(b.x[1], {1, 0, 2});
  const Expr wide = call("reshape", {columns, dim(columns, 0), dim(columns, 1) * dim(columns, 2)});
  const Expr solution = apply_again(b.builder, b.node, {b.x[0], wide});
  return {dimshuffle(call("reshape", {solution, dim(columns, 0), dim(columns, 1), dim(columns, 2)}), {1, 0, 2})};
}

AxisMap solve_axes(const Node& node) {
  AxisMap map = stack_axes(node);
  // Each column of the right side is solved for by itself.
  if (!is_column(node)) map[0].back()[1] = node.inputs[1].type().rank - 1;
  return map;
}

// ----------------------------------------------------------------------------------------------------------- solve

void solve_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  check_equations(inputs);
  compute_matrices(node, inputs, outputs, {inputs[1].shape}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack left(v.in[0]), right(as_columns(v.in[1], v.in[0])), to(as_columns(v.out[0], v.in[0]));
    const int64_t n = left.rows(), columns = right.columns();
    for_each_matrix(to.count(), cube(n) + static_cast<double>(n * n * columns), [&](int64_t k, WorkMemory& memory) {
      T *const a = left.load<T>(k, memory), *const b = right.load<T>(k, memory);
      if (!all_finite(a, n * n) || !all_finite(b, n * columns)) refuse_infinite();
      if (n == 0 || columns == 0) return;
      auto* const pivots = memory.take<lapack::Integer>(n);
      if (lapack::lu(a, n, pivots) > 0) {
        raise<LinearAlgebraError>("Matrix is singular{}", place_in_stack(left, k));
      }
      lapack::lu_solve(a, pivots, n, b, columns);
      to.store(k, b);
    });
  });
}

// a b' of columns or matrices of them.
Expr outer_product(const Node& node, const Expr& a, const Expr& b) {
  return is_column(node) ? as_column(a) * as_row(b) : product(a, transposed(b));
}

Expr applied(const Node& node, const Expr& a, const Expr& x) {
  return is_column(node) ? sum(a * as_row(x), {a.rank() - 1}) : product(a, x);
}

// A dX = dB - dA X
std::vector<Expr> solve_vjp(const Vjp& v) {
  const Expr db = call("solve", {transposed(v.x[0]), v.dy[0]});
  return {-outer_product(v.node, db, v.y[0]), db};
}

std::vector<Expr> solve_jvp(const Jvp& v) {
  const Expr moved = v.dx[0] ? -applied(v.node, v.dx[0], v.y[0]) : Expr{};
  return {call("solve", {v.x[0], sum_or_null(v.dx[1], moved)})};
}

// ------------------------------------------------------------------------------------------------- solve_triangular

bool is_lower(const Node& node) { return node.attributes.ints[0] != 0; }

template <class T>
void require_diagonal(const MatrixStack& stack, int64_t k) {
  const std::byte* p = stack.item(k);
  for (int64_t i = 0; i < stack.rows(); ++i, p += stack.row_stride() + stack.column_stride()) {
    if (*reinterpret_cast<const T*>(p) == 0) {
      raise<LinearAlgebraError>("singular matrix: resolution failed at diagonal {}{}", i, place_in_stack(stack, k));
    }
  }
}

template <class T>
bool finite_items(const MatrixStack& stack, int64_t k) {
  bool finite = true;
  for (int64_t i = 0; i < stack.rows(); ++i) {
    const std::byte* p = stack.item(k) + i * stack.row_stride();
    if (stack.column_stride() == sizeof(T)) {
      finite &= all_finite(reinterpret_cast<const T*>(p), stack.columns());
      continue;
    }
    for (int64_t j = 0; j < stack.columns(); ++j, p += stack.column_stride()) {
      finite &= std::isfinite(*reinterpret_cast<const T*>(p));
    }
  }
  return finite;
}

// A matrix that lies by rows is taken as it is: as the transpose of one by columns.
template <class T>
void solve_one_triangular(const MatrixStack& left, int64_t k, bool lower, T* b, int64_t columns, WorkMemory& memory) {
  const int64_t n = left.rows(), size = sizeof(T);
  const auto* const in_place = reinterpret_cast<const T*>(left.item(k));
  const int64_t row = left.row_stride() / size, column = left.column_stride() / size;
  if (left.column_stride() == size && left.row_stride() % size == 0 && row >= n) {
    return lapack::triangular_solve(in_place, row, n, !lower, true, b, columns);
  }
  if (left.row_stride() == size && left.column_stride() % size == 0 && column >= n) {
    return lapack::triangular_solve(in_place, column, n, lower, false, b, columns);
  }
  lapack::triangular_solve(left.load<T>(k, memory), n, n, lower, false, b, columns);
}

void triangular_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  check_equations(inputs);
  const bool lower = is_lower(node);
  compute_matrices(node, inputs, outputs, {inputs[1].shape}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack left(v.in[0]), right(as_columns(v.in[1], v.in[0])), to(as_columns(v.out[0], v.in[0]));
    const int64_t n = left.rows(), columns = right.columns();
    for_each_matrix(to.count(), static_cast<double>(n * n * (columns + 1)), [&](int64_t k, WorkMemory& memory) {
      T* const b = right.load<T>(k, memory);
      if (!finite_items<T>(left, k) || !all_finite(b, n * columns)) refuse_infinite();
      if (n == 0 || columns == 0) return;
      require_diagonal<T>(left, k);
      solve_one_triangular(left, k, lower, b, columns, memory);
      to.store(k, b);
    });
  });
}

Expr solved(const Expr& a, const Expr& b, bool lower) { return call("solve_triangular", {a, b}, {lower ? 1 : 0}); }

std::vector<Expr> triangular_vjp(const Vjp& v) {
  const bool lower_one = is_lower(v.node);
  const Expr db = solved(transposed(v.x[0]), v.dy[0], !lower_one);
  const Expr da = -outer_product(v.node, db, v.y[0]);
  return {lower_one ? lower(da) : upper(da), db};
}

std::vector<Expr> triangular_jvp(const Jvp& v) {
  const bool lower_one = is_lower(v.node);
  Expr moved;
  if (v.dx[0]) moved = -applied(v.node, lower_one ? lower(v.dx[0]) : upper(v.dx[0]), v.y[0]);
  return {solved(v.x[0], sum_or_null(v.dx[1], moved), lower_one)};
}

// ------------------------------------------------------------------------------------------------------------ rows

std::vector<Op> make_rows() {
  std::vector<Op> rows = {
      {.name = "solve",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc = "x with dot(a, x) = b, for each square matrix a. LinAlgError where a is singular.",
       .theano_name = "Solve",
       .type = solve_type,
       .sizes = solve_sizes,
       .value = solve_value,
       .vjp = solve_vjp,
       .jvp = solve_jvp,
       .batch = solve_batch,
       .axes = solve_axes},
      {.name = "solve_triangular",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc = "The same for triangular matrices: the other triangle is not used.",
       .attributes_doc = "whether the matrix is lower triangular",
       .theano_name = "Solve",
       .type = triangular_type,
       .sizes = solve_sizes,
       .value = triangular_value,
       .vjp = triangular_vjp,
       .jvp = triangular_jvp,
       .batch = solve_batch,
       .axes = solve_axes},
  };
  for (Op& op : rows) op.traits |= expensive | may_fail;
  return rows;
}

}  // namespace

std::span<const Op> solving_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
