// Rows of the QR decomposition.
#include "base/error.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace croton {
namespace {

using namespace matrices;

// The sizes of one matrix, and how many columns Q has.
struct QrSizes {
  int64_t m, n, less, q_columns;
  explicit QrSizes(const Array& x, bool complete = false)
      : m(x.shape[x.shape.size() - 2]), n(x.shape.back()), less(std::min(m, n)), q_columns(complete ? m : less) {}
  double operations() const { return 2 * cube(std::max(m, n)); }
};

bool is_complete(const Node& node) { return node.attributes.ints[0] != 0; }

// ----------------------------------------------------------------------------------------------------- types, sizes

std::vector<Type> qr_type(const TypeQuery& q) {
  matrix_input(q, 0);
  if (q.attributes.ints.size() != 1) raise<ValueError>("qr: the attribute tells whether Q is square");
  return std::vector<Type>(2, stack_type(q, float_dtype(q), 2));
}
std::vector<Type> triangle_type(const TypeQuery& q) {
  matrix_input(q, 0);
  return {stack_type(q, float_dtype(q), 2)};
}
std::vector<Type> raw_type(const TypeQuery& q) {
  matrix_input(q, 0);
  const DType dtype = float_dtype(q);
  return {stack_type(q, dtype, 2), stack_type(q, dtype, 1)};
}

SizeId less_of(SizeQuery& q) { return q.table().min(rows_of(q, 0), columns_of(q, 0)); }
Sizes qr_sizes(SizeQuery& q) {
  const SizeId m = rows_of(q, 0), inner = is_complete(*q.node) ? m : less_of(q);
  return {stack_sizes(q, {m, inner}), stack_sizes(q, {inner, columns_of(q, 0)})};
}
Sizes triangle_sizes(SizeQuery& q) { return {stack_sizes(q, {less_of(q), columns_of(q, 0)})}; }
Sizes raw_sizes(SizeQuery& q) {
  return {stack_sizes(q, {columns_of(q, 0), rows_of(q, 0)}), stack_sizes(q, {less_of(q)})};
}

// ----------------------------------------------------------------------------------------------------------- values

// Writes the triangle of a factored matrix; rows from `z.less` on stay as they are.
template <class T>
void store_triangle(const T* a, const QrSizes& z, T* r) {
  for (int64_t i = 0; i < z.less; ++i) {
    for (int64_t j = 0; j < z.n; ++j) r[i * z.n + j] = i <= j ? a[j * z.m + i] : T{0};
  }
}

template <class T>
void qr_one(const MatrixValues& v, const QrSizes& z, int64_t k, WorkMemory& memory) {
  const MatrixStack from(v.in[0]), q(v.out[0]);
  T* const a = memory.take<T>(z.m * std::max(z.n, z.q_columns));
  T* const tau = memory.take<T>(z.less);
  std::copy_n(from.load<T>(k, memory), z.m * z.n, a);
  if (z.less > 0) lapack::qr(a, z.m, z.n, tau, memory);
  T* const r = v.out[1].as<T>() + k * z.q_columns * z.n;
  std::fill(r, r + z.q_columns * z.n, T{0});
  store_triangle(a, z, r);
  if (z.q_columns == 0) return;
  if (z.n == 0) std::fill(a, a + z.m * z.q_columns, T{0});
  lapack::qr_q(a, z.m, z.q_columns, z.less, tau, memory);
  q.store(k, a);
}

void qr_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array& x = inputs[0];
  const QrSizes z(x, is_complete(node));
  compute_matrices(node, inputs, outputs, {stack_shape(x, {z.m, z.q_columns}), stack_shape(x, {z.q_columns, z.n})},
                   [&]<class T>(const MatrixValues& v, T) {
                     for_each_matrix(MatrixStack(v.in[0]).count(), z.operations(),
                                     [&](int64_t k, WorkMemory& memory) { qr_one<T>(v, z, k, memory); });
                   });
}

void triangle_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const QrSizes z(inputs[0]);
  compute_matrices(node, inputs, outputs, {stack_shape(inputs[0], {z.less, z.n})},
                   [&]<class T>(const MatrixValues& v, T) {
                     const MatrixStack from(v.in[0]);
                     for_each_matrix(from.count(), z.operations(), [&](int64_t k, WorkMemory& memory) {
                       T* const a = from.load<T>(k, memory);
                       if (z.less > 0) lapack::qr(a, z.m, z.n, memory.take<T>(z.less), memory);
                       store_triangle(a, z, v.out[0].as<T>() + k * z.less * z.n);
                     });
                   });
}

// The factored matrix as it lies in LAPACK's memory, which is the transposed one by rows.
void raw_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const QrSizes z(inputs[0]);
  compute_matrices(node, inputs, outputs, {stack_shape(inputs[0], {z.n, z.m}), stack_shape(inputs[0], {z.less})},
                   [&]<class T>(const MatrixValues& v, T) {
                     const MatrixStack from(v.in[0]);
                     for_each_matrix(from.count(), z.operations(), [&](int64_t k, WorkMemory& memory) {
                       T* const a = from.load<T>(k, memory);
                       if (z.less > 0) lapack::qr(a, z.m, z.n, v.out[1].as<T>() + k * z.less, memory);
                       std::copy_n(a, z.m * z.n, v.out[0].as<T>() + k * z.m * z.n);
                     });
                   });
}

// -------------------------------------------------------------------------------------------------------- gradients

// The columns that determine Q, the others, and Q's columns beyond them. How these turn among themselves is nobody's
// choice, so only how they turn towards the first ones counts.
struct QrParts {
  Expr less, a_rest, q, q_rest, r, r_square;
  bool complete = false;

  QrParts(const Expr& a, std::span<const Expr> y, bool is_complete_q) : q(y[0]), r(y[1]), complete(is_complete_q) {
    const Expr m = dim(a, a.rank() - 2), n = dim(a, a.rank() - 1);
    less = call("minimum", {m, n});
    a_rest = columns_from(a, less);
    if (complete) q_rest = columns_from(q, less), q = first_columns(q, less), r = first_rows(r, less);
    r_square = first_columns(r, less);
  }
  /// x times the inverse of R's square part (transposed: of its transpose)
  Expr over_r(const Expr& x) const { return transposed(solved(transposed(r_square), transposed(x), true)); }
  Expr over_r_transposed(const Expr& x) const { return transposed(solved(r_square, transposed(x), false)); }

 private:
  static Expr solved(const Expr& a, const Expr& b, bool is_lower) {
    return call("solve_triangular", {a, b}, {is_lower ? 1 : 0});
  }
};

// Of A = [A1 A2] with as many columns in A1 as Q has: A1 = Q R1 and R2 = Q' A2.
// S. F. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, arXiv:1001.1654
Expr qr_gradient(const QrParts& p, Expr dq, const Expr& dr) {
  if (p.complete && dq) {  // the other columns move by -Q dQ' Q2
    dq = first_columns(dq, p.less) - product(p.q_rest, transposed(columns_from(dq, p.less)), p.q);
  }
  Expr left, right;  // gradients of A1 and A2
  Expr m;
  if (dr) {
    const Expr dr_rest = columns_from(dr, p.less);
    dq = sum_or_null(dq, product(p.a_rest, transposed(dr_rest)));
    right = product(p.q, dr_rest);
    m = product(p.r_square, transposed(first_columns(dr, p.less)));
  } else {
    right = zeros_like(p.a_rest);
  }
  m = m ? m - product(transposed(dq), p.q) : -product(transposed(dq), p.q);
  left = p.over_r_transposed(dq + product(p.q, lower(m) + transposed(strictly_lower(m))));
  return beside(left, right);
}

std::vector<Expr> qr_vjp(const Vjp& v) {
  const bool complete = is_complete(v.node);
  const QrParts p(v.x[0], v.y, complete);
  const Expr dr = v.dy[1] && complete ? first_rows(v.dy[1], p.less) : v.dy[1];
  return {qr_gradient(p, v.dy[0], dr)};
}

// Q' dQ is the skew W whose lower triangle is that of Q' dA1 / R1; dR = Q' dA - W R.
struct QrTangents {
  Expr dq, dr;

  QrTangents(const QrParts& p, const Expr& da) {
    const Expr da_left = first_columns(da, p.less), inner = p.over_r(product(transposed(p.q), da_left));
    const Expr skew = strictly_lower(inner) - transposed(strictly_lower(inner));
    dq = p.over_r(da_left) - product(p.q, inner) + product(p.q, skew);
    dr = product(transposed(p.q), da) - product(skew, p.r);
    if (!p.complete) return;
    dr = below(dr, zeros_like(product(transposed(p.q_rest), da)));
    dq = beside(dq, -product(p.q, transposed(dq), p.q_rest));
  }
};

std::vector<Expr> qr_jvp(const Jvp& v) {
  const QrTangents t(QrParts(v.x[0], v.y, is_complete(v.node)), v.dx[0]);
  return {t.dq, t.dr};
}

std::vector<Expr> reduced(const Expr& a) { return call_all("qr", {a}, {0}); }

std::vector<Expr> triangle_vjp(const Vjp& v) {
  return {qr_gradient(QrParts(v.x[0], reduced(v.x[0]), false), Expr{}, v.dy[0])};
}
std::vector<Expr> triangle_jvp(const Jvp& v) {
  return {QrTangents(QrParts(v.x[0], reduced(v.x[0]), false), v.dx[0]).dr};
}

// ------------------------------------------------------------------------------------------------------------ rows

std::vector<Op> make_rows() {
  std::vector<Op> rows = {
      {.name = "qr",
       .doc = "The QR decomposition of each matrix: orthonormal columns, and an upper triangle.",
       .attributes_doc = "whether Q is square",
       .theano_name = "QRFull",
       .type = qr_type,
       .sizes = qr_sizes,
       .value = qr_value,
       .vjp = qr_vjp,
       .jvp = qr_jvp},
      {.name = "qr_r",
       .doc = "The upper triangle of the QR decomposition of each matrix.",
       .theano_name = "QRIncomplete",
       .type = triangle_type,
       .sizes = triangle_sizes,
       .value = triangle_value,
       .vjp = triangle_vjp,
       .jvp = triangle_jvp},
      {.name = "qr_raw",
       .doc =
           "The QR decomposition as LAPACK has it: transposed, with reflectors below the triangle, and their factors.",
       .theano_name = "QRFull",
       .type = raw_type,
       .sizes = raw_sizes,
       .value = raw_value,
       .no_gradient = "reflectors are LAPACK's private form; qr has gradients"},
  };
  for (Op& op : rows) {
    op.traits |= expensive | may_fail;
    op.batch = stack_batch;
    op.axes = stack_axes;
  }
  return rows;
}

}  // namespace

std::span<const Op> qr_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
