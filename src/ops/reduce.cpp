// Rows of reductions over axes: sum, prod, any, all. The list of the family; extrema stand in extremum.cpp.
#include "base/error.h"
#include "ops/reduce_support.h"
#include "ops/registry.h"
#include "ops/structure_rows.h"

namespace croton {
namespace {

using loop::Value;
using Values = std::vector<Value>;
using Operands = std::span<const Value>;

DType output_dtype(const Node& node) { return node.types[0].dtype; }

// Half floats are added and multiplied in float32.
DType sum_accumulator(const Node& node, int) {
  return output_dtype(node) == DType::f16 ? DType::f32 : output_dtype(node);
}
DType bool_accumulator(const Node&, int) { return DType::b1; }

Values element_itself(loop::Builder&, const Node&, Value value, Value) { return {value}; }
Values finish_cast(loop::Builder&, const Node& node, Operands c) { return {loop::cast(c[0], output_dtype(node))}; }

template <int identity>
Values start_at(loop::Builder& b, const Node& node) {
  return {b.constant(node.op->reduce.accumulator(node, 0), identity)};
}

std::vector<Type> accumulated_type(const TypeQuery& q) {
  return reduced_types(q, {to_accumulator(tensor_input(q, 0).dtype)});
}
std::vector<Type> bool_type(const TypeQuery& q) { return reduced_types(q, {DType::b1}); }

// All elements of x joined in a number of type Number, which `read` and `write` convert.
template <class Number, class Join, class Read, class Write>
void accumulate_in(const Node& node, const Array& x, const Array& result, int identity, Join&& join, Read&& read,
                   Write&& write) {
  std::vector<Number> totals(static_cast<size_t>(result.size()), static_cast<Number>(identity));
  for_each_reduced(node, x, [&](const std::byte* p, int64_t to, int64_t) {
    Number& total = totals[static_cast<size_t>(to)];
    total = join(total, static_cast<Number>(read(p, x.dtype)));
  });
  for_each_element(result, [&](int64_t k, std::byte* p) { write(p, result.dtype, totals[static_cast<size_t>(k)]); });
}

// Reference: floats in long double, integers modulo 2^64. `join` takes all.
template <class Join>
void accumulate_value(const Node& node, const Array& x, std::vector<Array>& outputs, int identity, Join&& join) {
  Array result = new_array(output_dtype(node), kept_shape(node, x));
  if (is_discrete(result.dtype)) {
    accumulate_in<uint64_t>(node, x, result, identity, join, element_as_integer,
                            [](std::byte* p, DType d, uint64_t v) { store_integer(p, d, static_cast<int64_t>(v)); });
  } else if (is_complex(result.dtype)) {
    accumulate_in<std::complex<long double>>(
        node, x, result, identity, join, element_as_complex,
        [](std::byte* p, DType d, std::complex<long double> v) { store_complex(p, d, Complex(v)); });
  } else {
    accumulate_in<long double>(
        node, x, result, identity, join, element_as_double,
        [](std::byte* p, DType d, long double v) { store_double(p, d, static_cast<double>(v)); });
  }
  outputs.assign(1, result);
}

// ------------------------------------------------------------------------------------------------------------- sum

void sum_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  accumulate_value(node, inputs[0], outputs, 0, [](auto a, auto b) { return a + b; });
}

std::vector<Expr> sum_vjp(const Vjp& v) { return {broadcast_like(with_axes(v.dy[0], v.node), v.x[0])}; }

// ------------------------------------------------------------------------------------------------------------ prod

void prod_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  accumulate_value(node, inputs[0], outputs, 1, [](auto a, auto b) { return a * b; });
}

// The product of all other elements, exact beside zeros: without zeros prod / x; of one zero the product of the others
// at its place and zero elsewhere; of several zeros zero. (The second derivative is exact where there is no zero.)
Expr product_of_others(const Expr& x, const Node& node, DType dtype) {
  const std::vector<int64_t>& axes = node.attributes.ints;
  Builder& builder = *x.builder;
  const Expr zero = builder.constant(dtype, 0), one = builder.constant(dtype, 1);
  const Expr is_zero = call("eq", {x, builder.integer(0, DType::i8)});
  const Expr factors = call("switch", {is_zero, one, cast(x, dtype)});
  const Expr product = with_axes(builder.apply("prod", {factors}, axes), node);
  const Expr zeros = with_axes(builder.apply("sum", {is_zero}, axes), node);
  const Expr at_single_zero = call("switch", {is_zero, product, zero});
  const Expr none = call("eq", {zeros, builder.integer(0, DType::i8)}),
             single = call("eq", {zeros, builder.integer(1, DType::i8)});
  return call("switch", {none, product / factors, call("switch", {single, at_single_zero, zero})});
}

std::vector<Expr> prod_vjp(const Vjp& v) {
  return {with_axes(v.dy[0], v.node) * conjugate(product_of_others(v.x[0], v.node, v.dy[0].dtype()))};
}

std::vector<Expr> prod_jvp(const Jvp& v) {
  if (!v.dx[0]) return {Expr{}};
  return {
      v.builder.apply("sum", {v.dx[0] * product_of_others(v.x[0], v.node, v.dx[0].dtype())}, v.node.attributes.ints)};
}

// -------------------------------------------------------------------------------------------------------- any, all

template <bool all>
void bool_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  Array result = new_array(DType::b1, kept_shape(node, inputs[0]));
  for_each_element(result, [](int64_t, std::byte* p) { store_integer(p, DType::b1, all); });
  for_each_reduced(node, inputs[0], [&](const std::byte* p, int64_t to, int64_t) {
    if ((element_as_complex(p, inputs[0].dtype) != 0.0) != all) store_integer(result.data + to, DType::b1, !all);
  });
  outputs.assign(1, result);
}

Op reduce_row(Op op) {
  op.sizes = reduce_sizes;
  op.batch = reduce_batch;
  op.axes = reduce_axes;
  op.attributes_doc = "the axes, in order; the result drops them";
  op.reduce.element = element_itself;
  op.reduce.finish = finish_cast;
  return op;
}

std::vector<Op> make_rows() {
  std::vector<Op> rows = {
      reduce_row({.name = "sum",
                  .doc = "The sum over axes. Integers are added in 64 bits.",
                  .traits = linear,
                  .theano_name = "Sum",
                  .type = accumulated_type,
                  .value = sum_value,
                  .vjp = sum_vjp,
                  .jvp = linear_jvp,
                  .reduce = {.accumulator = sum_accumulator,
                             .initial = start_at<0>,
                             .combine = [](loop::Builder&, const Node&, Operands l,
                                           Operands r) { return Values{l[0] + r[0]}; }}}),
      reduce_row({.name = "prod",
                  .doc = "The product over axes. Integers are multiplied in 64 bits.",
                  .theano_name = "Prod",
                  .type = accumulated_type,
                  .value = prod_value,
                  .vjp = prod_vjp,
                  .jvp = prod_jvp,
                  .reduce = {.accumulator = sum_accumulator,
                             .initial = start_at<1>,
                             .combine = [](loop::Builder&, const Node&, Operands l,
                                           Operands r) { return Values{l[0] * r[0]}; }}}),
      reduce_row({.name = "any",
                  .doc = "True where an element along the axes is not zero.",
                  .theano_name = "Any",
                  .type = bool_type,
                  .value = bool_value<false>,
                  .vjp = no_vjp,
                  .jvp = no_jvp,
                  .reduce = {.accumulator = bool_accumulator,
                             .initial = start_at<0>,
                             .combine = [](loop::Builder&, const Node&, Operands l,
                                           Operands r) { return Values{l[0] | r[0]}; }}}),
      reduce_row({.name = "all",
                  .doc = "True where no element along the axes is zero.",
                  .theano_name = "All",
                  .type = bool_type,
                  .value = bool_value<true>,
                  .vjp = no_vjp,
                  .jvp = no_jvp,
                  .reduce = {.accumulator = bool_accumulator,
                             .initial = start_at<1>,
                             .combine = [](loop::Builder&, const Node&, Operands l,
                                           Operands r) { return Values{l[0] & r[0]}; }}}),
  };
  for (const Op& row : extremum_rows()) rows.push_back(row);
  return rows;
}

}  // namespace

std::span<const Op> reduce_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
