// Rows of matrix products: dot of vectors and matrices, batched_dot of stacks of matrices, and gemm, which the compiler
// makes.
#include "base/error.h"
#include "ops/registry.h"
#include "ops/support.h"

namespace croton {
namespace {

// ------------------------------------------------------------------------------------------------------------- dot

int rank_of(const Node& node, size_t input) { return node.inputs[input].type().rank; }

std::vector<Type> dot_type(const TypeQuery& q) {
  for (size_t k = 0; k < 2; ++k) {
    const Type& type = tensor_input(q, k);
    if (type.rank != 1 && type.rank != 2) {
      raise<TypeError>(
          "theano.tensor.Dot: input {} (0-indexed) must have ndim of 1 or 2, {} given. Consider calling "
          "theano.tensor.dot "
          "instead.",
          k, type.rank);
    }
  }
  const Type &a = q.in(0), &b = q.in(1);
  Type result = tensor_type(promote(a.dtype, b.dtype), a.rank + b.rank - 2);
  if (a.rank == 2 && a.broadcasts(0)) set_one(result, 0);
  if (b.rank == 2 && b.broadcasts(1)) set_one(result, result.rank - 1);
  return {result};
}

constexpr const char* mismatch_message = "Shape mismatch: x has {0} cols but y has {1} rows";

Sizes dot_sizes(SizeQuery& q) {
  const int a = rank_of(*q.node, 0), b = rank_of(*q.node, 1);
  q.require_equal(q.dim(0, a - 1), q.dim(1, 0), mismatch_message);
  std::vector<SizeId> sizes;
  if (a == 2) sizes.push_back(q.dim(0, 0));
  if (b == 2) sizes.push_back(q.dim(1, 1));
  return {sizes};
}

// An operand as a matrix: a vector is a row on the left, a column on the right.
struct Operand {
  const std::byte* data;
  int64_t rows, cols, row_stride, col_stride;
};
Operand as_matrix(const Array& x, bool left) {
  if (x.rank() == 2) return {x.data, x.shape[0], x.shape[1], x.strides[0], x.strides[1]};
  return left ? Operand{x.data, 1, x.shape[0], 0, x.strides[0]} : Operand{x.data, x.shape[0], 1, x.strides[0], 0};
}

template <class Number, class Read>
Number inner_product(const Operand& a, const Operand& b, int64_t row, int64_t col, Read&& read) {
  Number total = 0;
  for (int64_t k = 0; k < a.cols; ++k) {
    total +=
        read(a.data + row * a.row_stride + k * a.col_stride) * read(b.data + k * b.row_stride + col * b.col_stride);
  }
  return total;
}

// Floats and complex numbers in long double, integers modulo 2^64; a bool is true when a pair of elements is.
void dot_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const DType dtype = node.types[0].dtype;
  const Array left = converted(inputs[0], dtype), right = converted(inputs[1], dtype);
  const Operand a = as_matrix(left, true), b = as_matrix(right, false);
  if (a.cols != b.rows) throw ValueError(fmt::format(fmt::runtime(mismatch_message), a.cols, b.rows));
  std::vector<int64_t> shape;
  if (left.rank() == 2) shape.push_back(a.rows);
  if (right.rank() == 2) shape.push_back(b.cols);
  Array result = new_array(dtype, shape);
  for_each_element(result, [&](int64_t position, std::byte* p) {
    const int64_t row = position / b.cols, col = position % b.cols;
    if (is_discrete(dtype)) {
      const auto read = [&](const std::byte* e) { return static_cast<uint64_t>(element_as_integer(e, dtype)); };
      store_integer(p, dtype, static_cast<int64_t>(inner_product<uint64_t>(a, b, row, col, read)));
    } else if (is_complex(dtype)) {
      using Wide = std::complex<long double>;
      const auto read = [&](const std::byte* e) { return Wide(element_as_complex(e, dtype)); };
      store_complex(p, dtype, Complex(inner_product<Wide>(a, b, row, col, read)));
    } else {
      const auto read = [&](const std::byte* e) { return static_cast<long double>(element_as_double(e, dtype)); };
      store_double(p, dtype, static_cast<double>(inner_product<long double>(a, b, row, col, read)));
    }
  });
  outputs.assign(1, result);
}

Expr dot(const Expr& a, const Expr& b) { return call("dot", {a, b}); }
Expr transposed(const Expr& a) { return dimshuffle(a, {1, 0}); }
Expr outer(const Expr& a, const Expr& b) { return dimshuffle(a, {0, -1}) * dimshuffle(b, {-1, 0}); }

std::vector<Expr> dot_vjp(const Vjp& v) {
  const Expr a = conjugate(v.x[0]), b = conjugate(v.x[1]), &dy = v.dy[0];
  if (a.rank() == 1 && b.rank() == 1) return {dy * b, dy * a};
  if (a.rank() == 2 && b.rank() == 1) return {outer(dy, b), dot(transposed(a), dy)};
  if (a.rank() == 1 && b.rank() == 2) return {dot(b, dy), outer(a, dy)};
  return {dot(dy, transposed(b)), dot(transposed(a), dy)};
}

std::vector<Expr> dot_jvp(const Jvp& v) {
  const Expr left = v.dx[0] ? dot(v.dx[0], v.x[1]) : Expr{}, right = v.dx[1] ? dot(v.x[0], v.dx[1]) : Expr{};
  if (!left) return {right};
  return {right ? left + right : left};
}

// (n, m, k) as (n * m, k), and back.
Expr merged(const Expr& a) { return call("reshape", {a, dim(a, 0) * dim(a, 1), dim(a, 2)}); }
Expr unmerged(const Expr& a, const Expr& like) { return call("reshape", {a, dim(like, 0), dim(like, 1), dim(a, 1)}); }

// A stack of matrices times one operand is one large product.
Expr batch_left(const Expr& a, const Expr& b) {
  if (a.rank() == 2) return dot(a, b);
  const Expr rows = dot(merged(a), b.rank() == 2 ? b : dimshuffle(b, {0, -1}));
  const Expr result = unmerged(rows, a);
  return b.rank() == 2 ? result : call("reshape", {rows, dim(a, 0), dim(a, 1)});
}

Expr batch_right(const Expr& a, const Expr& b) {
  if (b.rank() == 2) return dot(b, a.rank() == 2 ? transposed(a) : a);
  const Expr columns = dimshuffle(b, {0, 2, 1});
  if (a.rank() == 1) return batch_left(columns, a);
  return dimshuffle(batch_left(columns, transposed(a)), {0, 2, 1});
}

// Both are stacks: products by pairs, or summed over the inner axis in one kernel where a vector is among them.
Expr batch_both(const Expr& a, const Expr& b) {
  const bool has_library = a.dtype() == b.dtype() && (a.dtype() == DType::f32 || a.dtype() == DType::f64);
  if (a.rank() == 3 && b.rank() == 3 && has_library) return call("batched_dot", {a, b});
  if (a.rank() == 2 && b.rank() == 2) return sum(a * b, {1});
  if (a.rank() == 3 && b.rank() == 2) return sum(a * dimshuffle(b, {0, -1, 1}), {2});
  if (a.rank() == 2 && b.rank() == 3) return sum(dimshuffle(a, {0, 1, -1}) * b, {1});
  return sum(dimshuffle(a, {0, 1, 2, -1}) * dimshuffle(b, {0, -1, 1, 2}), {2});
}

std::vector<Expr> dot_batch(const Batch& b) {
  const DType dtype = b.node.types[0].dtype;
  const Expr left = b.x[0], right = b.x[1];
  if (!b.batched[1]) return {batch_left(left, right)};
  if (!b.batched[0]) return {batch_right(left, right)};
  return {cast(batch_both(left, right), dtype)};
}

AxisMap dot_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, 2)};
  if (rank_of(node, 0) == 2) map[0].front()[0] = 0;
  if (rank_of(node, 1) == 2) map[0].back()[1] = 1;
  return map;
}

// ----------------------------------------------------------------------------------------------------- batched_dot

std::vector<Type> batched_dot_type(const TypeQuery& q) {
  const Type &a = tensor_input(q, 0), &b = tensor_input(q, 1);
  if (a.rank != 3 || b.rank != 3 || a.dtype != b.dtype || !is_float(a.dtype)) {
    raise<TypeError>("batched_dot takes two stacks of matrices of one float dtype, not {} and {}", type_name(a),
                     type_name(b));
  }
  Type result = tensor_type(a.dtype, 3);
  if (a.broadcasts(0) || b.broadcasts(0)) set_one(result, 0);
  if (a.broadcasts(1)) set_one(result, 1);
  if (b.broadcasts(2)) set_one(result, 2);
  return {result};
}

Sizes batched_dot_sizes(SizeQuery& q) {
  q.require_equal(q.dim(0, 0), q.dim(1, 0), "batched_dot: {0} matrices on the left, {1} on the right");
  q.require_equal(q.dim(0, 2), q.dim(1, 1), mismatch_message);
  return {{q.dim(0, 0), q.dim(0, 1), q.dim(1, 2)}};
}

void batched_dot_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const std::vector<int64_t>&a = inputs[0].shape, &b = inputs[1].shape;
  if (a[0] != b[0]) raise<ValueError>("batched_dot: {} matrices on the left, {} on the right", a[0], b[0]);
  if (a[2] != b[1]) throw ValueError(fmt::format(fmt::runtime(mismatch_message), a[2], b[1]));
  Array result = new_array(node.types[0].dtype, {a[0], a[1], b[2]});
  const auto matrix = [](const Array& stack, int64_t k) {
    Array part = stack;
    part.data += k * stack.strides[0];
    part.shape.erase(part.shape.begin());
    part.strides.erase(part.strides.begin());
    return part;
  };
  for (int64_t k = 0; k < a[0]; ++k) {
    const Array pair[2] = {matrix(inputs[0], k), matrix(inputs[1], k)};
    std::vector<Array> product;
    dot_value(node, pair, product);
    std::copy_n(product[0].data, product[0].size() * item_size(result.dtype), result.data + k * result.strides[0]);
  }
  outputs.assign(1, result);
}

Expr products(const Expr& a, const Expr& b) { return call("batched_dot", {a, b}); }
Expr each_transposed(const Expr& a) { return dimshuffle(a, {0, 2, 1}); }

std::vector<Expr> batched_dot_vjp(const Vjp& v) {
  return {products(v.dy[0], each_transposed(v.x[1])), products(each_transposed(v.x[0]), v.dy[0])};
}

std::vector<Expr> batched_dot_jvp(const Jvp& v) {
  const Expr left = v.dx[0] ? products(v.dx[0], v.x[1]) : Expr{}, right = v.dx[1] ? products(v.x[0], v.dx[1]) : Expr{};
  if (!left) return {right};
  return {right ? left + right : left};
}

// Stacks of stacks are longer stacks.
std::vector<Expr> batched_dot_batch(const Batch& b) {
  const auto stack = [&](size_t k) {
    const Expr& x = b.x[k];
    const Expr all = b.batched[k] ? x : call("alloc", {x, b.size, dim(x, 0), dim(x, 1), dim(x, 2)});
    return call("reshape", {all, dim(all, 0) * dim(all, 1), dim(all, 2), dim(all, 3)});
  };
  const Expr result = products(stack(0), stack(1));
  const int of_matrix = b.batched[0] ? 1 : 0;
  return {call("reshape", {result, b.size, dim(b.x[0], of_matrix), dim(result, 1), dim(result, 2)})};
}

AxisMap batched_dot_axes(const Node&) {
  AxisMap map{no_axis(3, 2)};
  map[0][0] = {0, 0};
  map[0][1][0] = 1;
  map[0][2][1] = 2;
  return map;
}

// ------------------------------------------------------------------------------------------------------------ gemm

enum GemmInput : size_t { gemm_c, gemm_alpha, gemm_a, gemm_b, gemm_beta };

std::vector<Type> gemm_type(const TypeQuery& q) {
  const Type& c = tensor_input(q, gemm_c);
  for (size_t k = 0; k < q.inputs.size(); ++k) {
    const Type& type = tensor_input(q, k);
    const int rank = k == gemm_alpha || k == gemm_beta ? 0 : 2;
    if (type.rank != rank || type.dtype != c.dtype || !is_float(type.dtype)) {
      raise<TypeError>("gemm takes matrices and two scalars of one float dtype; input {} is {}", k, type_name(type));
    }
  }
  Type result = c;
  if (q.in(gemm_a).broadcasts(0)) set_one(result, 0);
  if (q.in(gemm_b).broadcasts(1)) set_one(result, 1);
  return {result};
}

Sizes gemm_sizes(SizeQuery& q) {
  q.require_equal(q.dim(gemm_a, 1), q.dim(gemm_b, 0), mismatch_message);
  q.require_equal(q.dim(gemm_c, 0), q.dim(gemm_a, 0), "gemm: the added matrix has {0} rows, the product {1}");
  q.require_equal(q.dim(gemm_c, 1), q.dim(gemm_b, 1), "gemm: the added matrix has {0} columns, the product {1}");
  return {sizes_of_input(q, gemm_c)};
}

void gemm_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array factors[2] = {inputs[gemm_a], inputs[gemm_b]};
  dot_value(node, factors, outputs);
  const DType dtype = node.types[0].dtype;
  const double alpha = element_as_double(inputs[gemm_alpha].data, dtype),
               beta = element_as_double(inputs[gemm_beta].data, dtype);
  if (outputs[0].shape != inputs[gemm_c].shape)
    raise<ValueError>("gemm: the added matrix has another shape than the product");
  for_each_index(outputs[0].shape, [&](const Index& index) {
    std::byte* p = element(outputs[0], index);
    const double added = beta == 0 ? 0 : beta * element_as_double(element(inputs[gemm_c], index), dtype);
    store_double(p, dtype, added + alpha * element_as_double(p, dtype));
  });
}

AxisMap gemm_axes(const Node& node) {
  AxisMap map{no_axis(2, node.inputs.size())};
  map[0][0][gemm_c] = map[0][0][gemm_a] = 0;
  map[0][1][gemm_c] = map[0][1][gemm_b] = 1;
  return map;
}

std::vector<Op> make_rows() {
  return {
      {.name = "dot",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc = "The product of two matrices, of a matrix and a vector, or the inner product of two vectors. A library "
              "computes "
              "floats, the reference value integers.",
       .traits = expensive | may_fail,
       .theano_name = "Dot",
       .type = dot_type,
       .sizes = dot_sizes,
       .value = dot_value,
       .vjp = dot_vjp,
       .jvp = dot_jvp,
       .batch = dot_batch,
       .axes = dot_axes,
       .library = {"dot"}},
      {.name = "batched_dot",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc = "The products of the matrices of two stacks, pair by pair.",
       .traits = expensive | may_fail,
       .theano_name = "BatchedDot",
       .type = batched_dot_type,
       .sizes = batched_dot_sizes,
       .value = batched_dot_value,
       .vjp = batched_dot_vjp,
       .jvp = batched_dot_jvp,
       .batch = batched_dot_batch,
       .axes = batched_dot_axes,
       .library = {"batched_dot"}},
      {.name = "gemm",
       .min_inputs = 5,
       .max_inputs = 5,
       .doc =
           "beta * c + alpha * dot(a, b) for matrices; c is not read when beta is zero. Inputs: c, alpha, a, b, beta.",
       .traits = expensive | may_fail,
       .theano_name = "Gemm",
       .type = gemm_type,
       .sizes = gemm_sizes,
       .value = gemm_value,
       .no_gradient = "it is made by the compiler after gradients",
       .no_batch = "it is made by the compiler after batching",
       .axes = gemm_axes,
       .library = {"gemm"}},
  };
}

}  // namespace

std::span<const Op> linear_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
