// Rows of matrices that need not be square: the pseudoinverse and least squares.
#include "base/error.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace croton {
namespace {

using namespace matrices;

// ------------------------------------------------------------------------------------------------------------ pinv

// One for all matrices, or one for each.
void require_cutoff(const TypeQuery& q, size_t k) {
  const Type& type = tensor_input(q, k);
  if ((type.rank != 0 && type.rank != q.in(0).rank - 2) || is_complex(type.dtype)) {
    raise<TypeError>("{}: the cutoff of singular values must be a real scalar, not {}", q.op.name, type_name(type));
  }
}

void require_cutoff_sizes(SizeQuery& q, size_t k) {
  for (int axis = 0; axis < q.node->inputs[k].type().rank; ++axis) {
    q.require_equal(q.dim(0, axis), q.dim(k, axis), "{0} matrices, but {1} cutoffs of singular values");
  }
}

double cutoff_at(const Array& cutoffs, int64_t k) { return cutoffs.as<double>()[cutoffs.rank() == 0 ? 0 : k]; }

std::vector<Type> pinv_type(const TypeQuery& q) {
  const Type& x = matrix_input(q, 0);
  require_cutoff(q, 1);
  Type type = stack_type(q, x.dtype, 2);
  if (x.broadcasts(x.rank - 1)) set_one(type, x.rank - 2);
  if (x.broadcasts(x.rank - 2)) set_one(type, x.rank - 1);
  return {type};
}
Sizes pinv_sizes(SizeQuery& q) {
  require_cutoff_sizes(q, 1);
  return {stack_sizes(q, {columns_of(q, 0), rows_of(q, 0)})};
}

// V diag(1/s) U', without the singular values that are no larger than `cutoff` times the largest.
template <class T>
void pinv_one(const MatrixStack& from, const MatrixStack& to, int64_t k, T cutoff, WorkMemory& memory) {
  const int64_t m = from.rows(), n = from.columns(), less = std::min(m, n);
  T* const a = from.load<T>(k, memory);
  T *const u = memory.take<T>(m * less), *const s = memory.take<T>(less), *const vt = memory.take<T>(less * n);
  if (!all_finite(a, m * n) || lapack::svd(a, m, n, lapack::Singular::thin, u, s, vt, memory) > 0) {
    raise<LinearAlgebraError>("SVD did not converge{}", place_in_stack(from, k));
  }
  T* const result = reinterpret_cast<T*>(to.item(k));  // n x m by rows
  std::fill(result, result + n * m, T{0});
  for (int64_t l = 0; l < less && s[l] > cutoff * s[0]; ++l) {
    for (int64_t j = 0; j < n; ++j) {
      const T factor = vt[j * less + l] / s[l];
      for (int64_t i = 0; i < m; ++i) result[j * m + i] += factor * u[l * m + i];
    }
  }
}

void pinv_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const int64_t m = inputs[0].shape[inputs[0].shape.size() - 2], n = inputs[0].shape.back();
  const Array cutoffs = converted(inputs[1], DType::f64);
  compute_matrices(node, inputs.first(1), outputs, {stack_shape(inputs[0], {n, m})},
                   [&]<class T>(const MatrixValues& v, T) {
                     const MatrixStack from(v.in[0]), to(v.out[0]);
                     if (m == 0 || n == 0) return;
                     for_each_matrix(from.count(), 20 * cube(std::max(m, n)), [&](int64_t k, WorkMemory& memory) {
                       pinv_one(from, to, k, static_cast<T>(cutoff_at(cutoffs, k)), memory);
                     });
                   });
}

// dP = -P dX P + P P' dX' (1 - X P) + (1 - P X) dX' P' P  (G. Golub, V. Pereyra, SIAM J. Numer. Anal. 10, 1973)
Expr without_range(const Expr& x, const Expr& p, const Expr& g) { return g - product(x, product(p, g)); }

std::vector<Expr> pinv_vjp(const Vjp& v) {
  const Expr &x = v.x[0], &p = v.y[0], &g = v.dy[0];
  const Expr pt = transposed(p), gt = transposed(g);
  const Expr second = product(without_range(x, p, gt), product(p, pt));
  const Expr third = product(product(pt, p), transposed(without_range(p, x, g)));
  return {second + third - product(pt, g, pt), Expr{}};
}

std::vector<Expr> pinv_jvp(const Jvp& v) {
  if (!v.dx[0]) return {Expr{}};
  const Expr &x = v.x[0], &p = v.y[0], &dx = v.dx[0];
  const Expr pt = transposed(p), dxt = transposed(dx);
  const Expr second = product(product(p, pt), transposed(without_range(x, p, dx)));
  const Expr third = product(without_range(p, x, dxt), product(pt, p));
  return {second + third - product(p, dx, p)};
}

// A cutoff that is one for all matrices stays so, or becomes one for each when it differs from item to item.
Expr cutoff_of_stack(const Batch& b) {
  const size_t last = b.x.size() - 1;
  const Expr& cutoff = b.x[last];
  const int leading = b.node.inputs[0].type().rank - 2;
  const bool single = b.node.inputs[last].type().rank == 0;
  if (!single) return stacked(b, last);
  if (!b.batched[last] || leading == 0) return cutoff;
  std::vector<int64_t> pattern(static_cast<size_t>(leading), -1);
  pattern.insert(pattern.begin(), 0);
  std::vector<Expr> inputs = {dimshuffle(cutoff, std::move(pattern)), b.size};
  for (int axis = 0; axis < leading; ++axis) inputs.push_back(dim(b.x[0], axis + (b.batched[0] ? 1 : 0)));
  return b.builder.apply("alloc", std::move(inputs));
}

std::vector<Expr> cutoff_batch(const Batch& b) {
  std::vector<Expr> inputs;
  for (size_t k = 0; k + 1 < b.x.size(); ++k) inputs.push_back(stacked(b, k));
  inputs.push_back(cutoff_of_stack(b));
  return b.builder.apply_all(*b.node.op, std::move(inputs), b.node.attributes);
}

std::vector<std::vector<bool>> all_but_cutoff(const Node& node, std::vector<bool> of_matrices) {
  std::vector<std::vector<bool>> result(node.inputs.size(), of_matrices);
  result.back().assign(node.types.size(), false);
  return result;
}
std::vector<std::vector<bool>> pinv_connects(const Node& node) { return all_but_cutoff(node, {true}); }

// ----------------------------------------------------------------------------------------------------------- lstsq

enum LstsqOutput : size_t { solution, rank_found, singular_values };

std::vector<Type> lstsq_type(const TypeQuery& q) {
  matrix_input(q, 0);
  matrix_input(q, 1);
  require_same_rank(q);
  require_cutoff(q, 2);
  const DType dtype = float_dtype(q, 2);
  return {stack_type(q, dtype, 2), stack_type(q, DType::i64, 0), stack_type(q, dtype, 1)};
}

Sizes lstsq_sizes(SizeQuery& q) {
  require_same_stack(q);
  require_cutoff_sizes(q, 2);
  q.require_equal(rows_of(q, 0), rows_of(q, 1), equations_message);
  SizeTable& t = q.table();
  return {stack_sizes(q, {columns_of(q, 0), columns_of(q, 1)}), stack_sizes(q, {}),
          stack_sizes(q, {t.min(rows_of(q, 0), columns_of(q, 0))})};
}

template <class T>
void lstsq_one(const MatrixValues& v, const MatrixStack& left, const MatrixStack& right, int64_t k, double cutoff,
               WorkMemory& memory) {
  const int64_t m = left.rows(), n = left.columns(), columns = right.columns(), less = std::min(m, n);
  T *const a = left.load<T>(k, memory), *const b = right.load<T>(k, memory, std::max(m, n));
  T* const s = v.out[singular_values].as<T>() + k * less;
  int64_t rank = 0;
  if (less > 0 && (!all_finite(a, m * n) ||
                   lapack::least_squares(a, m, n, b, columns, static_cast<T>(cutoff), s, rank, memory) > 0)) {
    raise<LinearAlgebraError>("SVD did not converge in Linear Least Squares{}", place_in_stack(left, k));
  }
  v.out[rank_found].as<T>()[k] = static_cast<T>(rank);
  if (less == 0) std::fill(b, b + std::max(m, n) * columns, T{0});
  MatrixStack(v.out[solution]).store(k, b, std::max(m, n));
}

void lstsq_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array &a = inputs[0], &b = inputs[1];
  const int64_t m = a.shape[a.shape.size() - 2], n = a.shape.back(), rows = b.shape[b.shape.size() - 2];
  if (rows != m) throw ValueError(fmt::format(fmt::runtime(equations_message), m, rows));
  if (stack_shape(a, {}) != stack_shape(b, {})) raise<ValueError>("stacks of matrices of two shapes");
  const Array cutoffs = converted(inputs[2], DType::f64);
  compute_matrices(node, inputs.first(2), outputs,
                   {stack_shape(a, {n, b.shape.back()}), stack_shape(a, {}), stack_shape(a, {std::min(m, n)})},
                   [&]<class T>(const MatrixValues& v, T) {
                     const MatrixStack left(v.in[0]), right(v.in[1]);
                     for_each_matrix(left.count(), 20 * cube(std::max(m, n)), [&](int64_t k, WorkMemory& memory) {
                       lstsq_one<T>(v, left, right, k, cutoff_at(cutoffs, k), memory);
                     });
                   });
}

Expr cut_pinv(const Expr& a, const Expr& cutoff) {
  const Expr none = fill_like(cutoff, 0), given = call("ge", {cutoff, none});
  const double smallest = a.dtype() == DType::f32 ? 0x1p-23 : 0x1p-52;  // what LAPACK takes for a negative one
  return call("pinv", {a, call("switch", {given, cutoff, fill_like(cutoff, smallest, a.dtype())})});
}

// X = P B with the pseudoinverse P of A, and the residual R = B - A X:
// dX = P dB - P dA X + P P' dA' R + (1 - P A) dA' P' X; the last is zero where A has full rank by columns.
std::vector<Expr> lstsq_vjp(const Vjp& v) {
  const Expr &a = v.x[0], &b = v.x[1], &x = v.y[solution], &g = v.dy[solution];
  Expr da, db;
  if (g) {
    const Expr p = cut_pinv(a, v.x[2]), pt = transposed(p), rest = b - product(a, x);
    db = product(pt, g);
    da = product(rest, transposed(product(p, db))) - product(db, transposed(x)) +
         product(product(pt, x), transposed(without_range(p, a, g)));
  }
  if (const Expr& gs = v.dy[singular_values]) {
    const std::vector<Expr> svd = call_all("svd", {a}, {0});
    da = sum_or_null(da, product(svd[0] * as_row(gs), svd[2]));
  }
  return {da, db, Expr{}};
}

std::vector<Expr> lstsq_jvp(const Jvp& v) {
  const Expr &a = v.x[0], &b = v.x[1], &x = v.y[solution], &da = v.dx[0], &db = v.dx[1];
  const Expr p = cut_pinv(a, v.x[2]), pt = transposed(p);
  Expr dx = db ? product(p, db) : Expr{}, ds;
  if (da) {
    const Expr dat = transposed(da), rest = b - product(a, x);
    const Expr moved = product(product(p, pt), product(dat, rest)) - product(p, product(da, x));
    dx = sum_or_null(dx, moved + without_range(p, a, product(dat, product(pt, x))));
    const std::vector<Expr> svd = call_all("svd", {a}, {0});
    ds = diagonal(product(transposed(svd[0]), da, transposed(svd[2])));
  }
  return {dx, Expr{}, ds};
}

std::vector<std::vector<bool>> lstsq_connects(const Node& node) {
  std::vector<std::vector<bool>> result = all_but_cutoff(node, {true, false, true});
  result[1][singular_values] = false;
  return result;
}

// ------------------------------------------------------------------------------------------------------------ rows

std::vector<Op> make_rows() {
  std::vector<Op> rows = {
      {.name = "pinv",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc = "The pseudoinverse of each matrix. Singular values up to the second input times the largest count as "
              "zero.",
       .theano_name = "MatrixPinv",
       .type = pinv_type,
       .sizes = pinv_sizes,
       .value = pinv_value,
       .vjp = pinv_vjp,
       .jvp = pinv_jvp,
       .connects = pinv_connects,
       .batch = cutoff_batch,
       .axes = stack_axes},
      {.name = "lstsq",
       .min_inputs = 3,
       .max_inputs = 3,
       .doc = "The shortest x that makes dot(a, x) - b shortest, the rank of a, and its singular values; those up to "
              "the third input times the largest count as zero.",
       .theano_name = "lstsq",
       .type = lstsq_type,
       .sizes = lstsq_sizes,
       .value = lstsq_value,
       .vjp = lstsq_vjp,
       .jvp = lstsq_jvp,
       .connects = lstsq_connects,
       .batch = cutoff_batch,
       .axes = stack_axes},
  };
  for (Op& op : rows) op.traits |= expensive | may_fail;
  return rows;
}

}  // namespace

std::span<const Op> least_squares_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
