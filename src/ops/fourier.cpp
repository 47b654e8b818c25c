// Rows of Fourier transforms of real arrays. Complex numbers are pairs along one more, last axis, as in Theano.
#include "library/fourier.h"

#include "base/error.h"
#include "ops/registry.h"
#include "ops/support.h"

namespace croton {
namespace {

// The transformed axes are the last ones (of irfft: before that of the pairs).
int transformed_axes(const Node& node) { return static_cast<int>(node.attributes.ints[0]); }

const Type& transform_input(const TypeQuery& q, int pairs) {
  const Type& x = tensor_input(q, 0);
  const std::vector<int64_t>& ints = q.attributes.ints;
  if (ints.size() != 1 || ints[0] < 1) raise<ValueError>("{}: the attribute counts the transformed axes", q.op.name);
  if (x.rank < ints[0] + pairs) {
    raise<TypeError>("{}: {} has too few axes to transform {} of them", q.op.name, type_name(x), ints[0]);
  }
  if (is_complex(x.dtype)) raise<TypeError>("{}: the input must be real, not {}", q.op.name, type_name(x));
  return x;
}

DType float_of(DType dtype) { return is_float(dtype) ? dtype : DType::f64; }

void keep_leading_ones(const TypeQuery& q, Type& type, int count) {
  for (int axis = 0; axis < count; ++axis) {
    if (q.in(0).broadcasts(axis)) set_one(type, axis);
  }
}

// ------------------------------------------------------------------------------------------------------------ rfft

std::vector<Type> rfft_type(const TypeQuery& q) {
  const Type& x = transform_input(q, 0);
  Type type = plain_type(float_of(x.dtype), static_cast<size_t>(x.rank) + 1, q.op.name);
  keep_leading_ones(q, type, x.rank - 1);
  return {type};
}

SizeId half(SizeTable& t, SizeId n) { return t.add(t.floor_div(n, t.constant(2)), t.constant(1)); }

Sizes rfft_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes = sizes_of_input(q, 0);
  sizes.back() = half(q.table(), sizes.back());
  sizes.push_back(q.table().constant(2));
  return {sizes};
}

DType computed(DType dtype) { return dtype == DType::f32 ? DType::f32 : DType::f64; }

void finish(const Node& node, Array result, std::vector<Array>& outputs) {
  const DType wanted = node.types[0].dtype;
  outputs.assign(1, result.dtype == wanted ? result : converted(result, wanted));
}

void rfft_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const DType dtype = computed(inputs[0].dtype);
  const Array x = inputs[0].dtype == dtype ? contiguous(inputs[0]) : converted(inputs[0], dtype);
  if (x.shape.back() == 0) raise<ValueError>("Invalid number of FFT data points (0) specified.");
  std::vector<int64_t> shape = x.shape;
  shape.back() = shape.back() / 2 + 1;
  shape.push_back(2);
  Array result = node.types[0].dtype == dtype ? result_array(outputs, 0, dtype, shape) : new_array(dtype, shape);
  transform_real(x, result, transformed_axes(node));
  finish(node, std::move(result), outputs);
}

// Elements that stand for two of the whole spectrum: all along the last transformed axis but the first and, of an even
// length n, the last one.
Expr scaled_doubles(const Expr& spectrum, const Expr& n, double factor) {
  Builder& b = *spectrum.builder;
  const int axis = spectrum.rank() - 2;
  const Expr k =
      b.apply("arange", {b.integer(0), dim(spectrum, axis), b.integer(1)}, {static_cast<int64_t>(DType::i64)});
  const Expr single = call("or_", {call("eq", {k, b.integer(0)}), call("eq", {k * b.integer(2), n})});
  const DType dtype = spectrum.dtype();
  const Expr factors = call("switch", {single, b.constant(dtype, 1), b.constant(dtype, factor)});
  return spectrum * dimshuffle(factors, {0, -1});
}

Expr irfft(const Expr& spectrum, const Expr& n, const Attributes& attributes) {
  return spectrum.builder->apply(op_named("irfft"), {spectrum, n}, attributes);
}

std::vector<Expr> rfft_vjp(const Vjp& v) {
  const Expr n = dim(v.x[0], v.x[0].rank() - 1);
  return {irfft(scaled_doubles(v.dy[0], n, 0.5), n, v.node.attributes)};
}

AxisMap leading_axes(const Node& node) {
  AxisMap map{no_axis(static_cast<size_t>(node.types[0].rank), node.inputs.size())};
  const int pairs = node.op->name == "irfft" ? 1 : 0;
  for (int axis = 0; axis < node.inputs[0].type().rank - pairs - transformed_axes(node); ++axis) {
    map[0][static_cast<size_t>(axis)][0] = axis;
  }
  return map;
}

// ----------------------------------------------------------------------------------------------------------- irfft

std::vector<Type> irfft_type(const TypeQuery& q) {
  const Type& x = transform_input(q, 1);
  require_integer_scalar(q, 1, "the length of the last transformed axis");
  Type type = plain_type(float_of(x.dtype), static_cast<size_t>(x.rank) - 1, q.op.name);
  keep_leading_ones(q, type, x.rank - 2);
  return {type};
}

constexpr const char* half_message = "irfft: the last transformed axis has {0} elements, but {1} are wanted";

Sizes irfft_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes = sizes_of_input(q, 0);
  SizeTable& t = q.table();
  q.require_equal(sizes.back(), t.constant(2), "irfft: the last axis has {0} elements, but complex numbers have {1}");
  sizes.pop_back();
  const SizeId n = q.scalar(1);
  q.require_not_negative(t.sub(n, t.constant(1)), "irfft: one element less than {0}");
  q.require_equal(sizes.back(), half(t, n), half_message);
  sizes.back() = n;
  return {sizes};
}

void irfft_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const int64_t n = integer_value(inputs[1]);
  const DType dtype = computed(inputs[0].dtype);
  const Array x = inputs[0].dtype == dtype ? copied(inputs[0]) : converted(inputs[0], dtype);  // it is overwritten
  std::vector<int64_t> shape = x.shape;
  if (shape.back() != 2)
    raise<ValueError>("irfft: the last axis has {} elements, but complex numbers have 2", shape.back());
  shape.pop_back();
  if (n < 1 || shape.back() != n / 2 + 1) {
    throw ValueError(fmt::format(fmt::runtime(half_message), shape.back(), n / 2 + 1));
  }
  shape.back() = n;
  Array result = node.types[0].dtype == dtype ? result_array(outputs, 0, dtype, shape) : new_array(dtype, shape);
  transform_to_real(x, result, transformed_axes(node));
  finish(node, std::move(result), outputs);
}

std::vector<Expr> irfft_vjp(const Vjp& v) {
  const Expr spectrum = v.builder.apply(op_named("rfft"), {v.dy[0]}, v.node.attributes);
  return {scaled_doubles(spectrum, v.x[1], 2), Expr{}};
}

std::vector<Expr> irfft_batch(const Batch& b) {
  refuse_stacked(b, 1, "the length of the last axis");
  return {apply_again(b.builder, b.node, {b.x[0], b.x[1]})};
}

// ------------------------------------------------------------------------------------------------------------ rows

std::vector<Op> make_rows() {
  return {
      {.name = "rfft",
       .doc = "The first half of the Fourier transform of a real array over its last axes: pairs of real and imaginary "
              "part along a new last axis.",
       .traits = expensive | linear | may_fail,
       .attributes_doc = "how many axes are transformed",
       .theano_name = "RFFTOp",
       .type = rfft_type,
       .sizes = rfft_sizes,
       .value = rfft_value,
       .vjp = rfft_vjp,
       .jvp = linear_jvp,
       .batch = batch_first,
       .axes = leading_axes},
      {.name = "irfft",
       .min_inputs = 2,
       .max_inputs = 2,
       .doc = "The real array that has this half of a Fourier transform, times the number of its elements. The second "
              "input is the size of the last axis, which the half leaves open.",
       .traits = expensive | linear | may_fail,
       .attributes_doc = "how many axes are transformed",
       .theano_name = "IRFFTOp",
       .type = irfft_type,
       .sizes = irfft_sizes,
       .value = irfft_value,
       .vjp = irfft_vjp,
       .jvp = linear_jvp,
       .connects = first_connected,
       .batch = irfft_batch,
       .axes = leading_axes},
  };
}

}  // namespace

std::span<const Op> fourier_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
