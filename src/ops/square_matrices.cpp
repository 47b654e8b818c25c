// Rows of square matrices: inverse, determinant, Cholesky factor, exponential. LAPACK computes them.
#include <cmath>
#include <limits>

#include "base/error.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace croton {
namespace {

using namespace matrices;

Expr inverse_of(const Expr& x) { return call("matrix_inverse", {x}); }

// -------------------------------------------------------------------------------------------------- matrix_inverse

// Theano converts the result to the dtype of the matrix, also where that is of integers.
std::vector<Type> same_matrix_type(const TypeQuery& q) { return {matrix_input(q, 0)}; }

void inverse_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  compute_matrices(node, inputs, outputs, {inputs[0].shape}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]), to(v.out[0]);
    const int64_t n = from.rows();
    for_each_matrix(from.count(), 2 * cube(n), [&](int64_t k, WorkMemory& memory) {
      T* const a = from.load<T>(k, memory);
      auto* const pivots = memory.take<lapack::Integer>(n);
      if (n > 0 && lapack::lu(a, n, pivots) > 0) {
        raise<LinearAlgebraError>("Singular matrix: it has no inverse{}", place_in_stack(from, k));
      }
      if (n > 0) lapack::lu_inverse(a, pivots, n, memory);
      to.store(k, a);
    });
  });
}

// d(1/X) = -1/X dX 1/X
std::vector<Expr> inverse_vjp(const Vjp& v) {
  const Expr y = transposed(v.y[0]);
  return {-product(y, v.dy[0], y)};
}
std::vector<Expr> inverse_jvp(const Jvp& v) { return {-product(v.y[0], v.dx[0], v.y[0])}; }

// ------------------------------------------------------------------------------------------------------------- det

std::vector<Type> det_type(const TypeQuery& q) { return {stack_type(q, matrix_input(q, 0).dtype, 0)}; }
Sizes det_sizes(SizeQuery& q) { return {stack_sizes(q, {})}; }

void det_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  compute_matrices(node, inputs, outputs, {stack_shape(inputs[0], {})}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]);
    const int64_t n = from.rows();
    for_each_matrix(from.count(), 2 * cube(n) / 3, [&](int64_t k, WorkMemory& memory) {
      T* const a = from.load<T>(k, memory);
      auto* const pivots = memory.take<lapack::Integer>(n);
      if (n > 0) lapack::lu(a, n, pivots);  // a pivot of zero makes the product zero
      T result = 1;
      for (int64_t i = 0; i < n; ++i) result *= pivots[i] == i + 1 ? a[i * n + i] : -a[i * n + i];
      v.out[0].as<T>()[k] = result;
    });
  });
}

// d det(X) = det(X) trace(1/X dX)
std::vector<Expr> det_vjp(const Vjp& v) {
  return {as_column(as_column(v.dy[0] * v.y[0])) * transposed(inverse_of(v.x[0]))};
}
std::vector<Expr> det_jvp(const Jvp& v) {
  const int rank = v.x[0].rank();
  return {v.y[0] * sum(transposed(inverse_of(v.x[0])) * v.dx[0], {rank - 2, rank - 1})};
}

// --------------------------------------------------------------------------------------------------------- slogdet

enum SlogdetOutput : size_t { sign, logarithm };

std::vector<Type> slogdet_type(const TypeQuery& q) {
  matrix_input(q, 0);
  return std::vector<Type>(2, stack_type(q, float_dtype(q), 0));
}
Sizes slogdet_sizes(SizeQuery& q) { return Sizes(2, stack_sizes(q, {})); }

void slogdet_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  const std::vector<int64_t> shape = stack_shape(inputs[0], {});
  compute_matrices(node, inputs, outputs, {shape, shape}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]);
    const int64_t n = from.rows();
    for_each_matrix(from.count(), 2 * cube(n) / 3, [&](int64_t k, WorkMemory& memory) {
      T* const a = from.load<T>(k, memory);
      auto* const pivots = memory.take<lapack::Integer>(n);
      if (n > 0) lapack::lu(a, n, pivots);
      T positive = 1, total = 0;
      for (int64_t i = 0; i < n; ++i) {
        const T pivot = pivots[i] == i + 1 ? a[i * n + i] : -a[i * n + i];
        positive *= pivot > 0 ? T{1} : pivot < 0 ? T{-1} : pivot * 0;
        total += std::log(std::abs(pivot));
      }
      v.out[sign].as<T>()[k] = positive;
      v.out[logarithm].as<T>()[k] = total;
    });
  });
}

std::vector<Expr> slogdet_vjp(const Vjp& v) {
  return {as_column(as_column(v.dy[logarithm])) * transposed(inverse_of(v.x[0]))};
}
std::vector<Expr> slogdet_jvp(const Jvp& v) {
  const int rank = v.x[0].rank();
  return {Expr{}, sum(transposed(inverse_of(v.x[0])) * v.dx[0], {rank - 2, rank - 1})};
}
std::vector<std::vector<bool>> slogdet_connects(const Node&) { return {{false, true}}; }

// -------------------------------------------------------------------------------------------------------- cholesky

bool is_lower(const Node& node) { return node.attributes.ints[0] != 0; }
bool gives_nan(const Node& node) { return node.attributes.ints[1] != 0; }

std::vector<Type> cholesky_type(const TypeQuery& q) {
  if (q.attributes.ints.size() != 2) raise<ValueError>("cholesky: attributes are [lower, NaN instead of an error]");
  return same_matrix_type(q);
}

template <class T>
void clear_other_triangle(T* a, int64_t n, bool lower) {
  for (int64_t j = 0; j < n; ++j) {
    const int64_t begin = lower ? 0 : j + 1, end = lower ? j : n;
    std::fill(a + j * n + begin, a + j * n + std::max(begin, end), T{0});
  }
}

void cholesky_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  const bool lower = is_lower(node);
  compute_matrices(node, inputs, outputs, {inputs[0].shape}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]), to(v.out[0]);
    const int64_t n = from.rows();
    for_each_matrix(from.count(), cube(n) / 3, [&](int64_t k, WorkMemory& memory) {
      T* const a = from.load<T>(k, memory);
      if (!all_finite(a, n * n)) refuse_infinite();
      const int64_t minor = n > 0 ? lapack::cholesky(a, n, lower) : 0;
      if (minor > 0 && !gives_nan(node)) {
        raise<LinearAlgebraError>("{}-th leading minor of the array is not positive definite{}", minor,
                                  place_in_stack(from, k));
      }
      if (minor > 0) std::fill(a, a + n * n, std::numeric_limits<T>::quiet_NaN());
      if (minor == 0) clear_other_triangle(a, n, lower);
      to.store(k, a);
    });
  });
}

// The factor as a lower one. Where a matrix has none, ones stand in, which can be solved for; `ok` tells.
struct Factor {
  Expr l, ok;

  Factor(const Node& node, const Expr& y) : l(is_lower(node) ? y : transposed(y)) {
    if (!gives_nan(node)) return;
    const Expr any = call("any", {call("isnan", {y})}, {y.rank() - 2, y.rank() - 1});
    ok = as_column(as_column(call("invert", {any})));
    l = call("switch", {ok, l, y.builder->constant(y.dtype(), 1)});
  }
  Expr checked(const Expr& x) const {
    if (!ok) return x;
    return call("switch", {ok, x, x.builder->constant(x.dtype(), std::numeric_limits<double>::quiet_NaN())});
  }
};

Expr solved(const Expr& a, const Expr& b, bool lower) { return call("solve_triangular", {a, b}, {lower ? 1 : 0}); }
// The lower triangle with half the diagonal.
Expr halved(const Expr& x) { return lower(x) - 0.5 * only_diagonal(x); }

// I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527
std::vector<Expr> cholesky_vjp(const Vjp& v) {
  const Factor f(v.node, v.y[0]);
  const bool is_lower_factor = is_lower(v.node);
  Expr dl = is_lower_factor ? v.dy[0] : transposed(v.dy[0]);
  if (f.ok) dl = call("switch", {f.ok, dl, dl.builder->constant(dl.dtype(), 1)});
  const Expr back = transposed(f.l);
  const Expr half = solved(back, halved(product(back, dl)), false);
  const Expr s = solved(back, transposed(half), false);
  return {f.checked((is_lower_factor ? lower(s + transposed(s)) : upper(s + transposed(s))) - only_diagonal(s))};
}

std::vector<Expr> cholesky_jvp(const Jvp& v) {
  const Factor f(v.node, v.y[0]);
  const Expr half = solved(f.l, symmetric(v.dx[0], is_lower(v.node)), true);
  const Expr dl = product(f.l, halved(solved(f.l, transposed(half), true)));
  return {f.checked(is_lower(v.node) ? dl : transposed(dl))};
}

// ------------------------------------------------------------------------------------------------------------ expm

std::vector<Type> expm_type(const TypeQuery& q) {
  Type type = matrix_input(q, 0);
  type.dtype = float_dtype(q);
  return {type};
}

void expm_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  compute_matrices(node, inputs, outputs, {inputs[0].shape}, [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]), to(v.out[0]);
    for_each_matrix(from.count(), 20 * cube(from.rows()), [&](int64_t k, WorkMemory& memory) {
      T* const a = from.load<T>(k, memory);
      lapack::exponential(a, from.rows(), memory);
      to.store(k, a);
    });
  });
}

// The derivative of e^A in direction E is the upper right quarter of e to the power of [A E; 0 A].
Expr expm_tangent(const Expr& a, const Expr& e) {
  const Expr zero = zeros_like(e), n = dim(a, a.rank() - 1);
  const Expr power = call("expm", {below(beside(a, e), beside(zero, a))});
  return columns_from(first_rows(power, n), n);
}

std::vector<Expr> expm_vjp(const Vjp& v) { return {expm_tangent(transposed(v.x[0]), v.dy[0])}; }
std::vector<Expr> expm_jvp(const Jvp& v) { return {expm_tangent(v.x[0], v.dx[0])}; }

// ------------------------------------------------------------------------------------------------------------ rows

Op square_row(Op op) {
  op.traits |= expensive | may_fail;
  op.sizes = op.sizes != nullptr ? op.sizes : sizes_of_first;
  op.batch = stack_batch;
  op.axes = stack_axes;
  return op;
}

std::vector<Op> make_rows() {
  return {
      square_row({.name = "matrix_inverse",
                  .doc = "The inverse of each square matrix. LinAlgError where there is none.",
                  .theano_name = "MatrixInverse",
                  .type = same_matrix_type,
                  .value = inverse_value,
                  .vjp = inverse_vjp,
                  .jvp = inverse_jvp}),
      square_row({.name = "det",
                  .doc = "The determinant of each square matrix.",
                  .theano_name = "Det",
                  .type = det_type,
                  .sizes = det_sizes,
                  .value = det_value,
                  .vjp = det_vjp,
                  .jvp = det_jvp}),
      square_row({.name = "slogdet",
                  .doc = "The sign of the determinant of each square matrix, and the logarithm of its magnitude.",
                  .theano_name = "SLogDet",
                  .type = slogdet_type,
                  .sizes = slogdet_sizes,
                  .value = slogdet_value,
                  .vjp = slogdet_vjp,
                  .jvp = slogdet_jvp,
                  .connects = slogdet_connects}),
      square_row({.name = "cholesky",
                  .doc = "The triangular factor of each symmetric matrix, of which one triangle is read. LinAlgError, "
                         "or NaN, where a matrix is not positive definite.",
                  .attributes_doc = "whether the factor is lower, whether NaN takes the place of an error",
                  .theano_name = "Cholesky",
                  .type = cholesky_type,
                  .value = cholesky_value,
                  .vjp = cholesky_vjp,
                  .jvp = cholesky_jvp}),
      square_row({.name = "expm",
                  .doc = "e to the power of each square matrix.",
                  .theano_name = "Expm",
                  .type = expm_type,
                  .value = expm_value,
                  .vjp = expm_vjp,
                  .jvp = expm_jvp}),
  };
}

}  // namespace

std::span<const Op> square_matrix_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
