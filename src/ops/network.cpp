// Rows of neural networks that are written in other rows: softmax, logsoftmax, and the gradient of softmax.
#include "base/error.h"
#include "ops/registry.h"
#include "ops/support.h"

namespace croton {
namespace {

// All work along the last axis of a matrix.
Expr as_column(const Expr& rows) { return dimshuffle(rows, {0, -1}); }
Expr row_sums(const Expr& a) { return as_column(sum(a, {1})); }
Expr row_maxima(const Expr& a) { return as_column(call("max", {a}, {1})); }
Expr exp(const Expr& a) { return call("exp", {a}); }
Expr log(const Expr& a) { return call("log", {a}); }
Expr softmax_grad(const Expr& dy, const Expr& y) { return call("softmax_grad", {dy, y}); }

const Type& float_matrix(const TypeQuery& q, size_t k) {
  const Type& x = tensor_input(q, k);
  if (x.rank != 2 || !is_float(x.dtype)) {
    raise<ValueError>("{}: x must be a 2-d tensor of floats. Got {}", q.op.name, type_name(x));
  }
  return x;
}

std::vector<Type> softmax_type(const TypeQuery& q) { return {float_matrix(q, 0)}; }

std::vector<Type> softmax_grad_type(const TypeQuery& q) {
  const Type &dy = float_matrix(q, 0), &y = float_matrix(q, 1);
  Type result = y;
  result.dtype = promote(dy.dtype, y.dtype);
  result.ones = dy.ones & y.ones;
  if (dy.ones != y.ones) raise<ValueError>("softmax_grad: {} and {} must have one shape", type_name(dy), type_name(y));
  return {result};
}

Sizes softmax_grad_sizes(SizeQuery& q) {
  for (int axis = 0; axis < 2; ++axis) {
    q.require_equal(q.dim(0, axis), q.dim(1, axis), "softmax_grad: the gradient has size {0}, the softmax {1}");
  }
  return sizes_of_first(q);
}

// Rows are independent; columns are not.
AxisMap row_axes(const Node& node) {
  AxisMap map{no_axis(2, node.inputs.size())};
  map[0][0].assign(node.inputs.size(), 0);
  return map;
}

// A stack of matrices is one taller matrix.
std::vector<Expr> row_batch(const Batch& b) {
  std::vector<Expr> flat;
  const Expr shape = stacked(b, 0);
  for (size_t k = 0; k < b.x.size(); ++k) {
    const Expr stack = stacked(b, k);
    flat.push_back(call("reshape", {stack, dim(stack, 0) * dim(stack, 1), dim(stack, 2)}));
  }
  const Expr rows = apply_again(b.builder, b.node, std::move(flat));
  return {call("reshape", {rows, dim(shape, 0), dim(shape, 1), dim(shape, 2)})};
}

// --------------------------------------------------------------------------------------------------------- softmax

// Subtracting the maximum of the row keeps exp from overflowing.
std::vector<Expr> softmax_expand(Builder&, const Node&, std::span<const Expr> x, const Drivers&) {
  const Expr e = exp(x[0] - row_maxima(x[0]));
  return {e / row_sums(e)};
}

// The Jacobian, diag(y) - y y^T, is symmetric.
std::vector<Expr> softmax_vjp(const Vjp& v) { return {softmax_grad(v.dy[0], v.y[0])}; }
std::vector<Expr> softmax_jvp(const Jvp& v) { return {v.dx[0] ? softmax_grad(v.dx[0], v.y[0]) : Expr{}}; }

// ------------------------------------------------------------------------------------------------------ logsoftmax

std::vector<Expr> logsoftmax_expand(Builder&, const Node&, std::span<const Expr> x, const Drivers&) {
  const Expr shifted = x[0] - row_maxima(x[0]);
  return {shifted - log(row_sums(exp(shifted)))};
}

std::vector<Expr> logsoftmax_vjp(const Vjp& v) {
  const Expr& dy = v.dy[0];
  return {dy - exp(v.y[0]) * row_sums(dy)};
}

std::vector<Expr> logsoftmax_jvp(const Jvp& v) {
  const Expr& dx = v.dx[0];
  if (!dx) return {Expr{}};
  return {dx - row_sums(exp(v.y[0]) * dx)};
}

// ---------------------------------------------------------------------------------------------------- softmax_grad

std::vector<Expr> softmax_grad_expand(Builder&, const Node&, std::span<const Expr> x, const Drivers&) {
  const Expr &dy = x[0], &y = x[1];
  return {(dy - row_sums(dy * y)) * y};
}

std::vector<Expr> softmax_grad_vjp(const Vjp& v) {
  const Expr &dy = v.x[0], &y = v.x[1], &g = v.dy[0];
  return {softmax_grad(g, y), g * (dy - row_sums(dy * y)) - dy * row_sums(g * y)};
}

std::vector<Expr> softmax_grad_jvp(const Jvp& v) {
  const Expr &dy = v.x[0], &y = v.x[1];
  const Expr first = v.dx[0] ? softmax_grad(v.dx[0], y) : Expr{};
  if (!v.dx[1]) return {first};
  const Expr second = v.dx[1] * (dy - row_sums(dy * y)) - y * row_sums(dy * v.dx[1]);
  return {first ? first + second : second};
}

std::vector<Op> make_rows() {
  return {
      {.name = "softmax",
       .doc = "exp(x) / sum(exp(x)) along the rows of a matrix.",
       .traits = expensive | may_fail,
       .theano_name = "Softmax",
       .type = softmax_type,
       .sizes = sizes_of_first,
       .vjp = softmax_vjp,
       .jvp = softmax_jvp,
       .batch = row_batch,
       .axes = row_axes,
       .expand = softmax_expand},
      {.name = "logsoftmax",
       .doc = "x - log(sum(exp(x))) along the rows of a matrix: the logarithm of softmax without its underflow.",
       .traits = expensive | may_fail,
       .theano_name = "LogSoftmax",
       .type = softmax_type,
       .sizes = sizes_of_first,
       .vjp = logsoftmax_vjp,
       .jvp = logsoftmax_jvp,
       .batch = row_batch,
       .axes = row_axes,
       .expand = logsoftmax_expand},
      {.name = "softmax_grad",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc =
           "(dy - sum(dy * y)) * y along the rows: the gradient of softmax from that of its result y. Inputs: dy, y.",
       .traits = expensive | may_fail,
       .theano_name = "SoftmaxGrad",
       .type = softmax_grad_type,
       .sizes = softmax_grad_sizes,
       .vjp = softmax_grad_vjp,
       .jvp = softmax_grad_jvp,
       .batch = row_batch,
       .axes = row_axes,
       .expand = softmax_grad_expand},
  };
}

}  // namespace

std::span<const Op> network_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
