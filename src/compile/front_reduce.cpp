// Reductions with axes, kept axes and dtypes as users write them; means and products of any rank, composed from rows.
#include <algorithm>

#include "base/error.h"
#include "compile/front.h"
#include "ir/op.h"

namespace croton::front {
namespace {

void require_tensor(const Expr& x, std::string_view what) {
  if (!x.type().is_tensor()) raise<TypeError>("{} takes a tensor, not {}", what, type_name(x.type()));
}

// Puts reduced axes back with size one.
Expr with_axes(const Expr& reduced, const std::vector<int64_t>& axes) {
  std::vector<int64_t> pattern;
  const int rank = reduced.rank() + static_cast<int>(axes.size());
  int64_t kept = 0;
  for (int axis = 0; axis < rank; ++axis) {
    pattern.push_back(std::binary_search(axes.begin(), axes.end(), axis) ? -1 : kept++);
  }
  return dimshuffle(reduced, std::move(pattern));
}

// The number of elements that a reduction over `axes` joins, as a scalar of `dtype`.
Expr count_of(const Expr& x, const std::vector<int64_t>& axes, DType dtype) {
  Expr count;
  for (const int64_t axis : axes) {
    const Expr size = dim(x, static_cast<int>(axis));
    count = count ? count * size : size;
  }
  return count ? cast(count, dtype) : x.builder->constant(dtype, 1);
}

}  // namespace

Expr accumulate(std::string_view row, const Expr& x, const Axes& axes, const SumOptions& options) {
  require_tensor(x, row);
  const std::vector<int64_t> reduced = normal_axes(axes, x.rank(), row);
  const DType result = options.dtype.value_or(to_accumulator(x.dtype()));
  if (!is_discrete(x.dtype()) && is_discrete(result)) {
    raise<TypeError>("{} of {} cannot have dtype {}: cast the result", row, type_name(x.type()), dtype_name(result));
  }
  // The sum runs in the wider of its input's and the asked dtype, and is rounded once at the end.
  const DType wide =
      options.accumulator.value_or(options.dtype && !is_discrete(*options.dtype)
                                       ? promote(*options.dtype, is_discrete(x.dtype()) ? *options.dtype : x.dtype())
                                       : result);
  const Expr source = cast(x, wide);
  const Expr total = reduced.empty() ? source : x.builder->apply(row, {source}, reduced);
  const Expr rounded = cast(total, result);
  return options.keep_axes ? with_axes(rounded, reduced) : rounded;
}

Expr reduce(std::string_view row, const Expr& x, const Axes& axes, bool keep_axes) {
  require_tensor(x, row);
  const std::vector<int64_t> reduced = normal_axes(axes, x.rank(), row);
  const Expr result = x.builder->apply(row, {x}, reduced);
  return keep_axes ? with_axes(result, reduced) : result;
}

Expr argmin(const Expr& x, const Axes& axes, bool keep_axes) {
  require_tensor(x, "argmin");
  // ~x turns the order of integers around without overflow, and of bools.
  return reduce("argmax", is_discrete(x.dtype()) ? call("invert", {x}) : -x, axes, keep_axes);
}

std::pair<Expr, Expr> max_and_argmax(const Expr& x, const Axes& axes, bool keep_axes) {
  require_tensor(x, "max_and_argmax");
  Attributes attributes;
  attributes.ints = normal_axes(axes, x.rank(), "max_and_argmax");
  const std::vector<int64_t> reduced = attributes.ints;
  const std::vector<Expr> both = x.builder->apply_all(op_named("max_and_argmax"), {x}, std::move(attributes));
  if (!keep_axes) return {both.at(0), both.at(1)};
  return {with_axes(both.at(0), reduced), with_axes(both.at(1), reduced)};
}

Expr mean(const Expr& x, const Axes& axes, const SumOptions& options) {
  require_tensor(x, "mean");
  const std::vector<int64_t> reduced = normal_axes(axes, x.rank(), "mean");
  if (options.dtype && is_discrete(*options.dtype)) {
    raise<TypeError>("a mean cannot have dtype {}", dtype_name(*options.dtype));
  }
  SumOptions sums = options;
  if (!sums.dtype && is_discrete(x.dtype())) sums.dtype = DType::f64;
  const Expr total = accumulate("sum", x, reduced, sums);
  const DType counted =
      is_complex(total.dtype()) ? (total.dtype() == DType::c64 ? DType::f32 : DType::f64) : total.dtype();
  // Sizes beyond float16's range are common, so its quotient is taken in float32.
  const DType work = counted == DType::f16 ? DType::f32 : counted;
  return cast(total / count_of(x, reduced, work), total.dtype());
}

// Theano divides by (size - ddof) of each axis, one after the other. The quotient by an int64 has its dtype.
Expr var(const Expr& x, const Axes& axes, double ddof, bool keep_axes, bool corrected) {
  const std::vector<int64_t> reduced = normal_axes(axes, x.rank(), "var");
  SumOptions kept, last;
  kept.keep_axes = true;
  last.keep_axes = keep_axes;
  const Expr centred = x - mean(x, reduced, kept);
  const auto divided = [&](Expr total, bool by_sizes) {
    for (const int64_t axis : reduced) {
      const Expr size = dim(x, static_cast<int>(axis)), freedom = size - ddof;
      total = total / (by_sizes ? freedom * size : freedom);
    }
    return total;
  };
  // The two-pass correction takes the rounding error of the mean out.
  if (ddof == 0) {
    const Expr result = mean(call("sqr", {centred}), reduced, last);
    return corrected ? result - call("sqr", {mean(centred, reduced, last)}) : result;
  }
  const Expr result = divided(accumulate("sum", call("sqr", {centred}), reduced, last), false);
  if (!corrected) return result;
  return result - divided(call("sqr", {accumulate("sum", centred, reduced, last)}), true);
}

Expr true_div(const Expr& a, const Expr& b, DType float_x) {
  const bool integers = is_discrete(a.dtype()) && is_discrete(b.dtype());
  return integers ? call("true_div", {cast(a, float_x), cast(b, float_x)}) : call("true_div", {a, b});
}

Expr dot(const Expr& a, const Expr& b) {
  require_tensor(a, "dot");
  require_tensor(b, "dot");
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  if (a.rank() <= 2 && b.rank() <= 2) return call("dot", {a, b});
  return tensordot(a, b, {a.rank() - 1}, {std::max(0, b.rank() - 2)});
}

Expr tensordot(const Expr& a, const Expr& b, std::vector<int64_t> a_axes, std::vector<int64_t> b_axes) {
  require_tensor(a, "tensordot");
  require_tensor(b, "tensordot");
  if (a_axes.size() != b_axes.size()) {
    raise<ValueError>("tensordot: {} axes of the first and {} of the second array", a_axes.size(), b_axes.size());
  }
  for (int64_t& axis : a_axes) axis = normal_axis(axis, a.rank(), "tensordot");
  for (int64_t& axis : b_axes) axis = normal_axis(axis, b.rank(), "tensordot");
  Builder& builder = *a.builder;
  std::vector<Expr> sizes;  // of the result
  const auto matrix = [&](const Expr& x, const std::vector<int64_t>& summed, bool first) {
    std::vector<int64_t> order;
    Expr kept = builder.integer(1), joined = builder.integer(1);
    for (int axis = 0; axis < x.rank(); ++axis) {
      if (std::find(summed.begin(), summed.end(), axis) != summed.end()) continue;
      order.push_back(axis);
      sizes.push_back(dim(x, axis));
      kept = constant_integer(kept) == 1 ? dim(x, axis) : kept * dim(x, axis);
    }
    for (const int64_t axis : summed) {
      joined = constant_integer(joined) == 1 ? dim(x, static_cast<int>(axis)) : joined * dim(x, static_cast<int>(axis));
    }
    order.insert(first ? order.end() : order.begin(), summed.begin(), summed.end());
    const Expr turned = dimshuffle(x, std::move(order));
    if (turned.rank() == 2 && summed.size() == 1) return turned;
    return first ? reshape(turned, {kept, joined}) : reshape(turned, {joined, kept});
  };
  const Expr left = matrix(a, a_axes, true);
  const Expr right = matrix(b, b_axes, false);
  const Expr product = call("dot", {left, right});
  if (sizes.size() == 2 && a.rank() - static_cast<int>(a_axes.size()) == 1) return product;
  return reshape(product, std::move(sizes));
}

Expr outer(const Expr& a, const Expr& b) { return call("dot", {pad_right(flatten(a), 1), pad_left(flatten(b), 2)}); }

}  // namespace croton::front
