// Activations and losses of networks, composed from rows with Theano's formulas (so also their values at the edges).
#include <array>

#include "base/error.h"
#include "compile/front.h"
#include "ir/op.h"

namespace croton::front {
namespace {

Expr switch_(const Expr& condition, const Expr& a, const Expr& b) { return call("switch", {condition, a, b}); }

Expr like(const Expr& x, double value) { return x.builder->constant(literal_dtype(x.dtype(), value), value); }

}  // namespace

Expr softmax(const Expr& x, bool logarithm) {
  if (!x.type().is_tensor() || x.rank() > 2) {
    raise<ValueError>("softmax takes a vector or a matrix, not {}", type_name(x.type()));
  }
  const Expr rows = pad_left(x, 2);
  return call(logarithm ? "logsoftmax" : "softmax", {is_discrete(rows.dtype()) ? cast(rows, DType::f64) : rows});
}

Expr relu(const Expr& x, const Expr& alpha) {
  // 0.5 * (x + |x|): its gradient at zero is one half, as Theano's is.
  if (!alpha) return 0.5 * (x + call("abs", {x}));
  return (0.5 * (1.0 + alpha)) * x + (0.5 * (1.0 - alpha)) * call("abs", {x});
}

Expr elu(const Expr& x, const Expr& alpha) {
  return switch_(call("gt", {x, like(x, 0)}), x, alpha * call("expm1", {x}));
}

Expr selu(const Expr& x) {
  constexpr double alpha = 1.6732632423543772848170429916717, scale = 1.0507009873554804934193349852946;
  return scale * elu(x, like(x, alpha));
}

Expr softsign(const Expr& x) { return x / (1.0 + call("abs", {x})); }

Expr hard_sigmoid(const Expr& x) {
  const Expr line = 0.2 * x + 0.5;
  return call("clip", {line, like(line, 0), like(line, 1)});
}

Expr binary_crossentropy(const Expr& output, const Expr& target) {
  return -(target * call("log", {output}) + (1.0 - target) * call("log", {1.0 - output}));
}

Expr sigmoid_binary_crossentropy(const Expr& output, const Expr& target) {
  // (|x| + x)/2 is max(x, 0) with the derivative 1/2 at zero, so that the gradient there is sigmoid(0) - target.
  const Expr size = call("abs", {output});
  return 0.5 * (size + output) - output * target + call("log1p", {call("exp", {-size})});
}

Expr categorical_crossentropy(const Expr& coding, const Expr& target) {
  if (target.rank() == coding.rank()) {
    return -sum(target * call("log", {coding}), {coding.rank() - 1});
  }
  if (target.rank() != coding.rank() - 1 || coding.rank() != 2) {
    raise<TypeError>(
        "categorical_crossentropy takes rows of probabilities, and as target rows like them or a vector of "
        "positions; the ranks are {} and {}",
        coding.rank(), target.rank());
  }
  if (!is_integer(target.dtype()))
    raise<TypeError>("positions of the true classes must be integers, not {}", dtype_name(target.dtype()));
  Builder& b = *coding.builder;
  std::array<IndexItem, 2> items;
  items[0].kind = items[1].kind = IndexItem::Kind::array;
  items[0].value = arange(b.integer(0), dim(target, 0), b.integer(1), DType::i64);
  items[1].value = target;
  return -index(call("log", {coding}), {items.begin(), items.end()});
}

Expr one_hot(const Expr& y, const Expr& classes, DType dtype) {
  if (y.rank() != 1 || !is_integer(y.dtype()))
    raise<TypeError>("to_one_hot takes a vector of integers, not {}", type_name(y.type()));
  Builder& b = *y.builder;
  const Expr zeros = alloc(b.constant(dtype, 0), {dim(y, 0), classes});
  std::array<IndexItem, 2> items;
  items[0].kind = items[1].kind = IndexItem::Kind::array;
  items[0].value = arange(b.integer(0), dim(y, 0), b.integer(1), DType::i64);
  items[1].value = y;
  return set_region(index(zeros, {items.begin(), items.end()}), b.constant(dtype, 1), false);
}

}  // namespace croton::front
