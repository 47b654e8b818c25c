// Linear algebra composed from rows.
#include "compile/front_linear.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "compile/front.h"
#include "ops/matrices.h"

namespace croton::front {
namespace {

void require_matrix(const Expr& x, std::string_view what) {
  if (x.type().is_tensor() && x.rank() >= 2) return;
  raise<TypeError>("{} takes a matrix or a stack of matrices, not {}", what, type_name(x.type()));
}

Expr product_of(Builder& b, const std::vector<Expr>& sizes) {
  Expr product = b.integer(1);
  for (size_t k = 0; k < sizes.size(); ++k) product = k == 0 ? sizes[k] : product * sizes[k];
  return product;
}

std::vector<Expr> sizes_between(const Expr& x, int begin, int end) {
  std::vector<Expr> sizes;
  for (int axis = begin; axis < end; ++axis) sizes.push_back(dim(x, axis));
  return sizes;
}

}  // namespace

std::vector<Expr> lstsq(const Expr& a, const Expr& b, const Expr& cutoff) {
  if (a.type().is_tensor() && a.rank() < 2) {
    raise<LinearAlgebraError>("{}-dimensional array given. Array must be two-dimensional", a.rank());
  }
  require_matrix(a, "lstsq");
  const bool one_column = b.rank() == a.rank() - 1;
  const Expr columns = one_column ? matrices::as_column(b) : b;
  const std::vector<Expr> found = matrices::call_all("lstsq", {a, columns, cutoff}, {});
  const Expr rest = columns - matrices::product(a, found[0]);
  Expr squares = sum(rest * rest, {rest.rank() - 2});
  if (a.rank() == 2) {
    const Expr m = dim(a, 0), n = dim(a, 1);
    const Expr has_rest = call("and_", {call("eq", {found[1], n}), call("gt", {m, n})});
    const Expr mask = alloc(has_rest, {dim(squares, 0)});
    squares = call("advanced_subtensor", {squares, nonzero(mask)[0]}, {1});
  }
  const Expr x = one_column ? sum(found[0], {found[0].rank() - 1}) : found[0];
  return {x, squares, found[1], found[2]};
}

Expr pinv(const Expr& a) {
  return call("pinv", {a, a.builder->constant(a.dtype() == DType::f32 ? DType::f32 : DType::f64, 1e-15)});
}

// With b = L L', the equations are those of the symmetric matrix 1/L a 1/L'.
Expr eigvalsh(const Expr& a, const Expr& b, bool lower) {
  if (!b) return call("eigvalsh", {a}, {lower ? 1 : 0});
  require_matrix(a, "eigvalsh");
  require_matrix(b, "eigvalsh");
  Expr factor = call("cholesky", {b}, {lower ? 1 : 0, 0});
  if (!lower) factor = matrices::transposed(factor);
  const Expr half = call("solve_triangular", {factor, matrices::symmetric(a, lower)}, {1});
  const Expr whole = call("solve_triangular", {factor, matrices::transposed(half)}, {1});
  return call("eigvalsh", {whole}, {1});
}

Expr matrix_power(const Expr& a, int64_t exponent) {
  require_matrix(a, "matrix_power");
  Builder& b = *a.builder;
  if (exponent == 0) return matrices::only_diagonal(ones_like(a));
  Expr square = exponent < 0 ? b.apply("matrix_inverse", {a}) : a, result;
  for (auto left = static_cast<uint64_t>(exponent < 0 ? -exponent : exponent); left != 0; left /= 2) {
    if (left % 2 == 1) result = result ? matrices::product(result, square) : square;
    if (left > 1) square = matrices::product(square, square);
  }
  return result;
}

Expr tensorinv(const Expr& a, int64_t count) {
  if (count <= 0) raise<ValueError>("Invalid ind argument.");
  if (count > a.rank()) raise<ValueError>("tensorinv: ind is {}, but the array has {} axes", count, a.rank());
  const int first = static_cast<int>(count);
  const std::vector<Expr> left = sizes_between(a, 0, first), right = sizes_between(a, first, a.rank());
  Builder& b = *a.builder;
  const Expr matrix = reshape(a, {product_of(b, left), product_of(b, right)});
  std::vector<Expr> sizes = right;
  sizes.insert(sizes.end(), left.begin(), left.end());
  return reshape(b.apply("matrix_inverse", {matrix}), std::move(sizes));
}

Expr tensorsolve(const Expr& a, const Expr& b, std::optional<std::vector<int64_t>> axes) {
  Expr moved = a;
  if (axes) {
    std::vector<int64_t> order;
    for (int64_t& axis : *axes) axis = normal_axis(axis, a.rank(), "tensorsolve");
    for (int axis = 0; axis < a.rank(); ++axis) {
      if (std::find(axes->begin(), axes->end(), axis) == axes->end()) order.push_back(axis);
    }
    order.insert(order.end(), axes->begin(), axes->end());
    moved = dimshuffle(a, std::move(order));
  }
  if (b.rank() >= moved.rank()) {
    raise<ValueError>("tensorsolve: the right side has {} axes, the array only {}", b.rank(), moved.rank());
  }
  Builder& builder = *a.builder;
  const std::vector<Expr> sizes = sizes_between(moved, b.rank(), moved.rank());
  const Expr wide = product_of(builder, sizes);
  const Expr matrix = reshape(moved, {builder.integer(-1), wide});
  return reshape(call("solve", {matrix, flatten(b)}), sizes);
}

namespace {

// The items' axes in the order of a product: those that are kept and those that are summed, on the right the other way.
struct ProductAxes {
  std::vector<int64_t> kept, summed;

  ProductAxes(const Expr& x, std::vector<int64_t> axes) : summed(std::move(axes)) {
    for (int64_t& axis : summed) {
      axis = normal_axis(axis, x.rank(), "batched_tensordot");
      if (axis == 0) raise<ValueError>("axes to sum over must not contain the batch axis");
    }
    for (int axis = 1; axis < x.rank(); ++axis) {
      if (std::find(summed.begin(), summed.end(), axis) == summed.end()) kept.push_back(axis);
    }
  }
  Expr matrices(const Expr& x, bool left) const {
    const std::vector<int64_t>&first = left ? kept : summed, &second = left ? summed : kept;
    std::vector<int64_t> order = {0};
    order.insert(order.end(), first.begin(), first.end());
    order.insert(order.end(), second.begin(), second.end());
    return reshape(dimshuffle(x, std::move(order)),
                   {dim(x, 0), product_of(*x.builder, sizes(x, first)), product_of(*x.builder, sizes(x, second))});
  }
  static std::vector<Expr> sizes(const Expr& x, const std::vector<int64_t>& axes) {
    std::vector<Expr> result;
    for (const int64_t axis : axes) result.push_back(dim(x, static_cast<int>(axis)));
    return result;
  }
};

}  // namespace

Expr batched_tensordot(const Expr& a, const Expr& b, std::vector<int64_t> a_axes, std::vector<int64_t> b_axes) {
  if (a_axes.size() != b_axes.size()) raise<ValueError>("Axes elements must have the same length.");
  if (a.rank() == 0 || b.rank() == 0) raise<ValueError>("batched_tensordot takes arrays with a leading axis");
  const ProductAxes left(a, std::move(a_axes)), right(b, std::move(b_axes));
  const Expr products = call("batched_dot", {left.matrices(a, true), right.matrices(b, false)});
  std::vector<Expr> sizes = {dim(a, 0)};
  for (const Expr& size : ProductAxes::sizes(a, left.kept)) sizes.push_back(size);
  for (const Expr& size : ProductAxes::sizes(b, right.kept)) sizes.push_back(size);
  return reshape(products, std::move(sizes));
}

// Theano's, which is SciPy's: axes beyond the second stay the second operand's.
Expr kron(const Expr& a, const Expr& b) {
  if (a.rank() + b.rank() <= 2) {
    raise<TypeError>("kron: inputs dimensions must sum to 3 or more. You passed {} and {}.", a.rank(), b.rank());
  }
  const Expr all = pad_right(a, b.rank()) * pad_left(b, a.rank() + b.rank());
  if (all.rank() == 3) return flatten(dimshuffle(all, {1, 0, 2}));
  std::vector<int64_t> order(static_cast<size_t>(all.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[1], order[2]);
  std::vector<Expr> sizes = sizes_between(all, 2, all.rank());
  sizes[0] = dim(all, 0) * dim(all, 2);
  sizes[1] = dim(all, 1) * dim(all, 3);
  return reshape(dimshuffle(all, std::move(order)), std::move(sizes));
}

Expr alloc_diag(const Expr& v, int64_t offset, int64_t axis1, int64_t axis2) {
  if (v.rank() < 1)
    raise<ValueError>("AllocDiag needs an input with 1 or more dimensions, not {}", type_name(v.type()));
  const int rank = v.rank() + 1, first = normal_axis(std::min(axis1, axis2), rank, "AllocDiag"),
            second = normal_axis(std::max(axis1, axis2), rank, "AllocDiag");
  if (first == second) raise<ValueError>("AllocDiag: the two axes are the same");
  Expr filled = v;
  Builder& b = *v.builder;
  if (offset != 0) {
    std::vector<Expr> sizes = sizes_between(v, 0, v.rank() - 1);
    sizes.push_back(b.integer(std::abs(offset)));
    const Expr zeros = alloc(b.constant(v.dtype(), 0), std::move(sizes));
    filled = join(v.rank() - 1, offset > 0 ? std::vector{zeros, v} : std::vector{v, zeros});
  }
  const Expr n = arange(b.integer(0), dim(filled, v.rank() - 1), b.integer(1), DType::i64);
  const Expr on_diagonal = call("eq", {pad_left(n, 2) - pad_right(n, 1), b.integer(offset)});
  const Expr matrix = call("switch", {on_diagonal, matrices::as_row(filled), b.constant(v.dtype(), 0)});
  std::vector<int64_t> order(static_cast<size_t>(v.rank() - 1));
  std::iota(order.begin(), order.end(), 0);
  order.insert(order.begin() + first, rank - 2);
  order.insert(order.begin() + second, rank - 1);
  return v.rank() == 1 ? matrix : dimshuffle(matrix, std::move(order));
}

// --------------------------------------------------------------------------------------------------------- transforms

namespace {

// The axis cut or filled with zeros.
Expr resized(const Expr& x, int axis, const Expr& size) {
  std::vector<int64_t> entries(static_cast<size_t>(axis), 0);
  entries.push_back(2);
  const Expr cut = x.builder->apply("subtensor", {x, size}, std::move(entries));
  std::vector<Expr> sizes = sizes_between(x, 0, x.rank());
  sizes[static_cast<size_t>(axis)] = size - dim(cut, axis);
  return join(axis, {cut, alloc(x.builder->constant(x.dtype(), 0), std::move(sizes))});
}

int64_t check_transform(const Expr& x, const std::optional<std::vector<Expr>>& sizes, int pairs,
                        std::string_view what) {
  if (x.rank() < 2 + pairs) {
    raise<TypeError>("{}: the input must have {} or more axes: the first one counts items{}, not {}", what, 2 + pairs,
                     pairs == 1 ? ", the last one holds real and imaginary parts" : "", type_name(x.type()));
  }
  const int64_t axes = x.rank() - 1 - pairs;
  if (sizes && static_cast<int64_t>(sizes->size()) != axes) {
    raise<ValueError>("{}: {} sizes for {} transformed axes", what, sizes->size(), axes);
  }
  return axes;
}

Expr length_of(const Expr& size) {
  if (!size.type().is_tensor() || !is_discrete(size.dtype())) {
    raise<TypeError>("the length of a transformed axis must be of type integer, not {}", type_name(size.type()));
  }
  return cast(size, DType::i64);
}

bool is_own_size(const Expr& size, const Expr& x, int axis) {
  const Node& node = *size.var.node;
  return node.op->name == "shape_i" && node.inputs[0] == x.var && node.attributes.ints[0] == axis;
}

}  // namespace

Expr rfft(const Expr& x, const std::optional<std::vector<Expr>>& sizes) {
  const int64_t axes = check_transform(x, sizes, 0, "RFFTOp");
  Expr whole = x;
  for (size_t k = 0; sizes && k < sizes->size(); ++k) {
    const int axis = static_cast<int>(k) + 1;
    if (!is_own_size((*sizes)[k], x, axis)) whole = resized(whole, axis, length_of((*sizes)[k]));
  }
  return call("rfft", {whole}, {axes});
}

Expr irfft(const Expr& x, const std::optional<std::vector<Expr>>& sizes, bool odd) {
  const int64_t axes = check_transform(x, sizes, 1, "IRFFTOp");
  Builder& b = *x.builder;
  const int last = static_cast<int>(axes);
  if (!sizes) {
    return call("irfft", {x, (dim(x, last) - b.integer(1)) * b.integer(2) + b.integer(odd ? 1 : 0)}, {axes});
  }
  Expr whole = x;
  for (int axis = 1; axis < last; ++axis) {
    const Expr& size = (*sizes)[static_cast<size_t>(axis - 1)];
    if (!is_own_size(size, x, axis)) whole = resized(whole, axis, length_of(size));
  }
  const Expr n = length_of(sizes->back());
  whole = resized(whole, last, call("int_div", {n, b.integer(2)}) + b.integer(1));
  return call("irfft", {whole, n}, {axes});
}

}  // namespace croton::front
