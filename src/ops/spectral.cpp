// Rows of eigenvalues and singular values.
#include "base/error.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace croton {
namespace {

using namespace matrices;

// ------------------------------------------------------------------------------------------------- eigh and eigvalsh

bool is_lower(const Node& node) { return node.attributes.ints[0] != 0; }

void check_triangle(const TypeQuery& q) {
  matrix_input(q, 0);
  if (q.attributes.ints.size() != 1) raise<ValueError>("{}: the attribute names the triangle that is read", q.op.name);
}

std::vector<Type> eigh_type(const TypeQuery& q) {
  check_triangle(q);
  const DType dtype = float_dtype(q);
  return {stack_type(q, dtype, 1), stack_type(q, dtype, 2)};
}
std::vector<Type> eigvalsh_type(const TypeQuery& q) {
  check_triangle(q);
  return {stack_type(q, float_dtype(q), 1)};
}

Sizes eigen_sizes(SizeQuery& q) {
  const SizeId n = columns_of(q, 0);
  Sizes sizes = {stack_sizes(q, {n})};
  if (q.node->types.size() == 2) sizes.push_back(stack_sizes(q, {n, n}));
  return sizes;
}

std::vector<std::vector<int64_t>> eigen_shapes(const Node& node, const Array& x) {
  const int64_t n = x.shape.back();
  std::vector<std::vector<int64_t>> shapes = {stack_shape(x, {n})};
  if (node.types.size() == 2) shapes.push_back(stack_shape(x, {n, n}));
  return shapes;
}

void eigh_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  const bool vectors = node.types.size() == 2;
  compute_matrices(node, inputs, outputs, eigen_shapes(node, inputs[0]), [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]);
    const int64_t n = from.rows();
    if (n == 0) return;
    for_each_matrix(from.count(), 10 * cube(n), [&](int64_t k, WorkMemory& memory) {
      T* const a = from.load<T>(k, memory);
      if (!all_finite(a, n * n) ||
          lapack::symmetric_eigen(a, n, is_lower(node), vectors, v.out[0].as<T>() + k * n, memory) > 0) {
        raise<LinearAlgebraError>("Eigenvalues did not converge{}", place_in_stack(from, k));
      }
      if (vectors) MatrixStack(v.out[1]).store(k, a);
    });
  });
}

// With P = V' dA V: dw is its diagonal, dV = V (P / (w[j] - w[i])).
std::vector<Expr> eigh_vjp(const Vjp& v) {
  const Expr &w = v.y[0], &vectors = v.y[1], vt = transposed(vectors);
  Expr inner;
  if (v.dy[1]) inner = product(vt, v.dy[1]) * inverse_differences(w);
  if (v.dy[0]) inner = sum_or_null(inner, diagonal_matrix(v.dy[0]));
  return {folded(product(vectors, inner, vt), is_lower(v.node))};
}

std::vector<Expr> eigh_jvp(const Jvp& v) {
  const Expr& vectors = v.y[1];
  const Expr p = product(transposed(vectors), symmetric(v.dx[0], is_lower(v.node)), vectors);
  return {diagonal(p), product(vectors, p * inverse_differences(v.y[0]))};
}

Expr vectors_of(const Node& node, const Expr& x) { return call_all("eigh", {x}, node.attributes.ints)[1]; }

std::vector<Expr> eigvalsh_vjp(const Vjp& v) {
  const Expr vectors = vectors_of(v.node, v.x[0]);
  return {folded(product(vectors * as_row(v.dy[0]), transposed(vectors)), is_lower(v.node))};
}

std::vector<Expr> eigvalsh_jvp(const Jvp& v) {
  const Expr vectors = vectors_of(v.node, v.x[0]);
  return {diagonal(product(transposed(vectors), symmetric(v.dx[0], is_lower(v.node)), vectors))};
}

// ------------------------------------------------------------------------------------------------------------- eig

// As Theano has it, the results have the dtype of the matrix: of complex ones only the real part is left.
std::vector<Type> eig_type(const TypeQuery& q) {
  const DType dtype = matrix_input(q, 0).dtype;
  return {stack_type(q, dtype, 1), stack_type(q, dtype, 2)};
}

void eig_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  require_square(inputs[0]);
  compute_matrices(node, inputs, outputs, eigen_shapes(node, inputs[0]), [&]<class T>(const MatrixValues& v, T) {
    const MatrixStack from(v.in[0]), to(v.out[1]);
    const int64_t n = from.rows();
    if (n == 0) return;
    for_each_matrix(from.count(), 25 * cube(n), [&](int64_t k, WorkMemory& memory) {
      T *const a = from.load<T>(k, memory), *const vectors = memory.take<T>(n * n),
               *const imaginary = memory.take<T>(n);
      if (!all_finite(a, n * n)) raise<LinearAlgebraError>("Array must not contain infs or NaNs");
      if (lapack::eigen(a, n, v.out[0].as<T>() + k * n, imaginary, vectors, memory) > 0) {
        raise<LinearAlgebraError>("Eigenvalues did not converge{}", place_in_stack(from, k));
      }
      // The vectors of a pair are the sum and the difference of a real and an imaginary column.
      for (int64_t j = 1; j < n; ++j) {
        if (imaginary[j] < 0) std::copy_n(vectors + (j - 1) * n, n, vectors + j * n);
      }
      to.store(k, vectors);
    });
  });
}

// With P = 1/V dA V, F = 1 / (w[j] - w[i]) and columns of length one: dw is the diagonal of P, dV = V (M - diag(V'V
// M)), M = F * P. Where values are complex there is none: V, cut to its real part, is singular.
std::vector<Expr> eig_vjp(const Vjp& v) {
  const Expr &w = v.y[0], &vectors = v.y[1], vt = transposed(vectors);
  Expr inner;
  if (v.dy[1]) {
    const Expr g = product(vt, v.dy[1]);
    inner = (g - product(vt, vectors) * as_row(diagonal(g))) * inverse_differences(w);
  }
  if (v.dy[0]) inner = sum_or_null(inner, diagonal_matrix(v.dy[0]));
  return {call("solve", {vt, product(inner, vt)})};
}

std::vector<Expr> eig_jvp(const Jvp& v) {
  const Expr &w = v.y[0], &vectors = v.y[1];
  const Expr p = call("solve", {vectors, product(v.dx[0], vectors)}), m = p * inverse_differences(w);
  const Expr along = diagonal(product(transposed(vectors), product(vectors, m)));
  return {diagonal(p), product(vectors, m) - vectors * as_row(along)};
}

// ------------------------------------------------------------------------------------------------------------- svd

enum class Mode : int64_t { thin, full, values };
Mode mode_of(const Node& node) { return Mode{node.attributes.ints[0]}; }

std::vector<Type> svd_type(const TypeQuery& q) {
  matrix_input(q, 0);
  const std::vector<int64_t>& ints = q.attributes.ints;
  if (ints.size() != 1 || ints[0] < 0 || ints[0] > 2) raise<ValueError>("svd: the attribute is 0, 1 or 2");
  const DType dtype = float_dtype(q);
  const Type values = stack_type(q, dtype, 1), matrix = stack_type(q, dtype, 2);
  if (Mode{ints[0]} == Mode::values) return {values};
  return {matrix, values, matrix};
}

Sizes svd_sizes(SizeQuery& q) {
  const SizeId m = rows_of(q, 0), n = columns_of(q, 0), less = q.table().min(m, n);
  if (mode_of(*q.node) == Mode::values) return {stack_sizes(q, {less})};
  const bool full = mode_of(*q.node) == Mode::full;
  return {stack_sizes(q, {m, full ? m : less}), stack_sizes(q, {less}), stack_sizes(q, {full ? n : less, n})};
}

struct SvdSizes {
  int64_t m, n, less, u_columns, vt_rows;
  SvdSizes(const Node& node, const Array& x) : m(x.shape[x.shape.size() - 2]), n(x.shape.back()), less(std::min(m, n)) {
    const bool full = mode_of(node) == Mode::full;
    u_columns = full ? m : less, vt_rows = full ? n : less;
  }
};

template <class T>
void svd_one(const Node& node, const MatrixValues& v, const SvdSizes& z, int64_t k, WorkMemory& memory) {
  const MatrixStack from(v.in[0]);
  const bool vectors = mode_of(node) != Mode::values;
  T* const a = from.load<T>(k, memory);
  T *const u = vectors ? memory.take<T>(z.m * z.u_columns) : nullptr, *const vt = vectors
                                                                                      ? memory.take<T>(z.vt_rows * z.n)
                                                                                      : nullptr;
  const auto mode = !vectors                      ? lapack::Singular::values
                    : mode_of(node) == Mode::full ? lapack::Singular::full
                                                  : lapack::Singular::thin;
  T* const s = v.out[vectors ? 1 : 0].as<T>() + k * z.less;
  if (!all_finite(a, z.m * z.n) || lapack::svd(a, z.m, z.n, mode, u, s, vt, memory) > 0) {
    raise<LinearAlgebraError>("SVD did not converge{}", place_in_stack(from, k));
  }
  if (!vectors) return;
  MatrixStack(v.out[0]).store(k, u);
  MatrixStack(v.out[2]).store(k, vt);
}

// Without elements full vectors are those of the identity.
template <class T>
void set_identities(const Array& x) {
  const MatrixStack stack(x);
  for (int64_t k = 0; k < stack.count(); ++k) {
    T* const p = reinterpret_cast<T*>(stack.item(k));
    for (int64_t i = 0; i < stack.rows(); ++i) {
      for (int64_t j = 0; j < stack.columns(); ++j) p[i * stack.columns() + j] = i == j ? 1 : 0;
    }
  }
}

void svd_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array& x = inputs[0];
  const SvdSizes z(node, x);
  std::vector<std::vector<int64_t>> shapes = {stack_shape(x, {z.less})};
  if (mode_of(node) != Mode::values) {
    shapes = {stack_shape(x, {z.m, z.u_columns}), shapes[0], stack_shape(x, {z.vt_rows, z.n})};
  }
  compute_matrices(node, inputs, outputs, std::move(shapes), [&]<class T>(const MatrixValues& v, T) {
    if (z.less == 0) {
      for (size_t k = 0; k < v.out.size(); k += 2) {
        if (v.out.size() == 3) set_identities<T>(v.out[k]);
      }
      return;
    }
    for_each_matrix(MatrixStack(v.in[0]).count(), 20 * cube(std::max(z.m, z.n)),
                    [&](int64_t k, WorkMemory& memory) { svd_one<T>(node, v, z, k, memory); });
  });
}

// Full vectors taken apart: the first ones belong to singular values; how the others turn among themselves is nobody's
// choice, so only how they turn towards the first ones counts.
struct SvdParts {
  Expr u, s, vt, rest_u, rest_vt, less;

  SvdParts(Mode mode, std::span<const Expr> y) : u(y[0]), s(y[1]), vt(y[2]) {
    if (mode != Mode::full) return;
    less = dim(s, s.rank() - 1);
    rest_u = columns_from(u, less), rest_vt = rows_from(vt, less);
    u = first_columns(u, less), vt = first_rows(vt, less);
  }
};

std::vector<Expr> parts_or_svd(const Node& node, const std::vector<Expr>& y, const Expr& x) {
  return mode_of(node) == Mode::values ? call_all("svd", {x}, {0}) : y;
}

// J. Townsend, Differentiating the singular value decomposition, 2016
std::vector<Expr> svd_vjp(const Vjp& v) {
  const Mode mode = mode_of(v.node);
  if (mode == Mode::values) {
    const std::vector<Expr> y = parts_or_svd(v.node, v.y, v.x[0]);
    return {product(y[0] * as_row(v.dy[0]), y[2])};
  }
  const SvdParts p(mode, v.y);
  Expr du = v.dy[0], dvt = v.dy[2];
  if (p.less) {  // the others move by -U dU' R
    if (du) du = first_columns(du, p.less) - product(p.rest_u, transposed(columns_from(du, p.less)), p.u);
    if (dvt) dvt = first_rows(dvt, p.less) - product(p.vt, transposed(rows_from(dvt, p.less)), p.rest_vt);
  }
  const Expr ut = transposed(p.u), vectors = transposed(p.vt);
  const Expr inverse_s = 1.0 / p.s, f = inverse_differences(p.s * p.s);
  Expr inner, result;
  if (v.dy[1]) inner = diagonal_matrix(v.dy[1]);
  if (du) {
    const Expr g = product(ut, du);
    inner = sum_or_null(inner, f * (g - transposed(g)) * as_row(p.s));
    result = product((du - product(p.u, g)) * as_row(inverse_s), p.vt);
  }
  if (dvt) {
    const Expr g = product(transposed(vectors), transposed(dvt));
    inner = sum_or_null(inner, as_column(p.s) * (f * (g - transposed(g))));
    const Expr across = dvt - product(transposed(g), p.vt);
    result = sum_or_null(result, product(p.u * as_row(inverse_s), across));
  }
  return {sum_or_null(result, inner ? product(p.u, inner, p.vt) : Expr{})};
}

std::vector<Expr> svd_jvp(const Jvp& v) {
  const Mode mode = mode_of(v.node);
  const std::vector<Expr> y = parts_or_svd(v.node, v.y, v.x[0]);
  const SvdParts p(mode, y);
  const Expr ut = transposed(p.u), vectors = transposed(p.vt), &da = v.dx[0];
  const Expr inner = product(ut, da, vectors), ds = diagonal(inner);
  if (mode == Mode::values) return {ds};
  const Expr inverse_s = 1.0 / p.s, f = inverse_differences(p.s * p.s);
  const Expr right = inner * as_row(p.s), left = as_column(p.s) * inner;
  const Expr across_u = product(da, vectors) - product(p.u, inner);
  const Expr across_v = product(transposed(da), p.u) - product(vectors, transposed(inner));
  Expr du = product(p.u, f * (right + transposed(right))) + across_u * as_row(inverse_s);
  Expr dvt = transposed(product(vectors, f * (left + transposed(left))) + across_v * as_row(inverse_s));
  if (p.less) {
    du = beside(du, -product(p.u, transposed(du), p.rest_u));
    dvt = below(dvt, -product(p.rest_vt, transposed(dvt), p.vt));
  }
  return {du, ds, dvt};
}

// ------------------------------------------------------------------------------------------------------------ rows

Op spectral_row(Op op) {
  op.traits |= expensive | may_fail;
  op.sizes = op.sizes != nullptr ? op.sizes : eigen_sizes;
  op.batch = stack_batch;
  op.axes = stack_axes;
  return op;
}

std::vector<Op> make_rows() {
  return {
      spectral_row({.name = "eigh",
                    .doc = "The eigenvalues of each symmetric matrix, of which one triangle is read, in ascending "
                           "order, and its eigenvectors as columns.",
                    .attributes_doc = "whether the lower triangle is read",
                    .theano_name = "Eigh",
                    .type = eigh_type,
                    .value = eigh_value,
                    .vjp = eigh_vjp,
                    .jvp = eigh_jvp}),
      spectral_row({.name = "eigvalsh",
                    .doc = "The eigenvalues of each symmetric matrix, of which one triangle is read, in ascending "
                           "order.",
                    .attributes_doc = "whether the lower triangle is read",
                    .theano_name = "Eigvalsh",
                    .type = eigvalsh_type,
                    .value = eigh_value,
                    .vjp = eigvalsh_vjp,
                    .jvp = eigvalsh_jvp}),
      spectral_row({.name = "eig",
                    .doc = "The eigenvalues of each square matrix and its eigenvectors as columns; of complex ones the "
                           "real part.",
                    .theano_name = "Eig",
                    .type = eig_type,
                    .value = eig_value,
                    .vjp = eig_vjp,
                    .jvp = eig_jvp}),
      spectral_row({.name = "svd",
                    .doc = "The singular value decomposition of each matrix: left vectors as columns, values in "
                           "descending order, right vectors as rows; or the values alone.",
                    .attributes_doc = "0: as many vectors as values; 1: all vectors; 2: only the values",
                    .theano_name = "SVD",
                    .type = svd_type,
                    .sizes = svd_sizes,
                    .value = svd_value,
                    .vjp = svd_vjp,
                    .jvp = svd_jvp}),
  };
}

}  // namespace

std::span<const Op> spectral_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
