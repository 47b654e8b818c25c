// Rows of extrema over axes: max, min, argmax, max_and_argmax. A NaN wins over every number, in max and in min; its
// position is that of the first NaN. Of equal elements the first one counts.
#include <limits>

#include "base/error.h"
#include "ops/reduce_support.h"
#include "ops/structure_rows.h"

namespace croton {
namespace {

using loop::Value;
using Values = std::vector<Value>;
using Operands = std::span<const Value>;

constexpr const char* empty_message = "zero-size array to reduction operation which has no identity";

// Theano has no order of complex numbers here either.
const Type& ordered_input(const TypeQuery& q) {
  const Type& x = tensor_input(q, 0);
  if (is_complex(x.dtype)) raise<TypeError>("{}: {} operands are not supported", q.op.name, dtype_name(x.dtype));
  return x;
}

DType input_dtype(const Node& node) { return node.inputs[0].type().dtype; }

DType value_accumulator(const Node& node) { return input_dtype(node) == DType::f16 ? DType::f32 : input_dtype(node); }
DType accumulator(const Node& node, int carried) { return carried == 0 ? value_accumulator(node) : DType::i64; }

// The least (or greatest) value of the accumulator.
template <bool greatest>
Value bound(loop::Builder& b, const Node& node) {
  const DType dtype = value_accumulator(node);
  if (is_float(dtype)) {
    return b.constant(dtype,
                      greatest ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity());
  }
  if (is_bool(dtype)) return b.constant(dtype, greatest);
  const int bits = 8 * item_size(dtype);
  if (is_unsigned_integer(dtype)) {
    const uint64_t all = ~uint64_t{0} >> (64 - bits);
    return b.integer(greatest ? static_cast<int64_t>(all) : 0, dtype);
  }
  const int64_t top = static_cast<int64_t>(~uint64_t{0} >> (65 - bits));
  return b.integer(greatest ? top : -top - 1, dtype);
}

// -------------------------------------------------------------------------------------------------------- max, min

Values element_itself(loop::Builder&, const Node&, Value value, Value) { return {value}; }
Values finish_value(loop::Builder&, const Node& node, Operands c) { return {loop::cast(c[0], node.types[0].dtype)}; }

template <bool smallest>
Values initial_value(loop::Builder& b, const Node& node) {
  return {bound<smallest>(b, node)};
}

template <bool smallest>
Values combine_values(loop::Builder&, const Node&, Operands l, Operands r) {
  if (is_bool(l[0].dtype())) return {smallest ? l[0] & r[0] : l[0] | r[0]};
  return {smallest ? loop::min(l[0], r[0]) : loop::max(l[0], r[0])};
}

std::vector<Type> extremum_type(const TypeQuery& q) { return reduced_types(q, {ordered_input(q).dtype}); }

// Every element that equals the extremum gets the whole gradient, as in Theano.
Expr at_extremum(const Expr& x, const Expr& y, const Node& node, const Expr& g) {
  return call("switch", {call("eq", {x, with_axes(y, node)}), g, x.builder->constant(g.dtype(), 0)});
}

std::vector<Expr> extremum_vjp(const Vjp& v) {
  if (!v.dy[0]) return {Expr{}};
  return {at_extremum(v.x[0], v.y[0], v.node, with_axes(v.dy[0], v.node))};
}

std::vector<Expr> extremum_jvp(const Jvp& v) {
  std::vector<Expr> dy(v.y.size());
  if (v.dx[0]) dy[0] = v.builder.apply("sum", {at_extremum(v.x[0], v.y[0], v.node, v.dx[0])}, v.node.attributes.ints);
  return dy;
}

// ---------------------------------------------------------------------------------------------------------- argmax

Values value_and_position(loop::Builder&, const Node&, Value value, Value position) { return {value, position}; }

// The identity stands behind every element: its value is the least, its position the last.
constexpr int64_t behind_all = std::numeric_limits<int64_t>::max();

Values initial_with_position(loop::Builder& b, const Node& node) {
  return {bound<false>(b, node), b.integer(behind_all)};
}

Value greater(Value a, Value b) { return is_bool(a.dtype()) ? a & ~b : a > b; }
Value equal(Value a, Value b) { return is_bool(a.dtype()) ? ~(a ^ b) : a == b; }

Values combine_with_position(loop::Builder&, const Node&, Operands l, Operands r) {
  Value better = greater(r[0], l[0]), tie = equal(l[0], r[0]);
  if (is_float(l[0].dtype())) {
    const Value l_nan = loop::is_nan(l[0]), r_nan = loop::is_nan(r[0]);
    better = (better | r_nan) & ~l_nan;
    tie = tie | (l_nan & r_nan);
  }
  const Value right = better | (tie & (r[1] < l[1]));
  return {loop::select(right, r[0], l[0]), loop::select(right, r[1], l[1])};
}

// An element that equals the one before does not replace it, nor the identity.
Values append_with_position(loop::Builder&, const Node&, Operands l, Operands r) {
  Value better = greater(r[0], l[0]);
  if (is_float(l[0].dtype())) better = (better | loop::is_nan(r[0])) & ~loop::is_nan(l[0]);
  return {loop::select(better, r[0], l[0]), loop::select(better, r[1], l[1])};
}

// Where nothing replaced the identity, all elements equal it: the first one counts.
Value first_position(loop::Builder& b, Value position) {
  return loop::select(position == b.integer(behind_all), b.integer(0), position);
}

Values finish_both(loop::Builder& b, const Node& node, Operands c) {
  return {loop::cast(c[0], node.types[0].dtype), first_position(b, c[1])};
}
Values finish_position(loop::Builder& b, const Node&, Operands c) { return {first_position(b, c[1])}; }

std::vector<Type> position_type(const TypeQuery& q) { return ordered_input(q), reduced_types(q, {DType::i64}); }
std::vector<Type> both_types(const TypeQuery& q) { return reduced_types(q, {ordered_input(q).dtype, DType::i64}); }

// ------------------------------------------------------------------------------------------------ reference values

bool less_element(const std::byte* a, const std::byte* b, DType dtype) {
  if (!is_discrete(dtype)) return element_as_double(a, dtype) < element_as_double(b, dtype);
  const int64_t x = element_as_integer(a, dtype), y = element_as_integer(b, dtype);
  return dtype == DType::u64 ? static_cast<uint64_t>(x) < static_cast<uint64_t>(y) : x < y;
}

bool is_nan_element(const std::byte* p, DType dtype) {
  if (is_discrete(dtype)) return false;
  const double value = element_as_double(p, dtype);
  return value != value;
}

struct Best {
  const std::byte* element = nullptr;
  int64_t position = 0;
};

std::vector<Best> best_elements(const Node& node, const Array& x, bool smallest) {
  const std::vector<int64_t> shape = kept_shape(node, x);
  int64_t count = 1;
  for (const int64_t n : shape) count *= n;
  if (count > 0 && reduced_count(node, x) == 0) raise<ValueError>("{}: {}", node.op->name, empty_message);
  std::vector<Best> best(static_cast<size_t>(count));
  for_each_reduced(node, x, [&](const std::byte* p, int64_t to, int64_t position) {
    Best& b = best[static_cast<size_t>(to)];
    const bool first = b.element == nullptr;
    const bool better = first || (!is_nan_element(b.element, x.dtype) &&
                                  (is_nan_element(p, x.dtype) || (smallest ? less_element(p, b.element, x.dtype)
                                                                           : less_element(b.element, p, x.dtype))));
    if (better) b = {p, position};
  });
  return best;
}

Array values_of(const std::vector<Best>& best, const Node& node, const Array& x) {
  Array result = new_array(x.dtype, kept_shape(node, x));
  for_each_element(result,
                   [&](int64_t k, std::byte* p) { copy_element(p, best[static_cast<size_t>(k)].element, x.dtype); });
  return result;
}

Array positions_of(const std::vector<Best>& best, const Node& node, const Array& x) {
  Array result = new_array(DType::i64, kept_shape(node, x));
  for (size_t k = 0; k < best.size(); ++k) result.as<int64_t>()[k] = best[k].position;
  return result;
}

template <bool smallest>
void extremum_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  outputs.assign(1, values_of(best_elements(node, inputs[0], smallest), node, inputs[0]));
}

void argmax_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  outputs.assign(1, positions_of(best_elements(node, inputs[0], false), node, inputs[0]));
}

void both_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const std::vector<Best> best = best_elements(node, inputs[0], false);
  outputs = {values_of(best, node, inputs[0]), positions_of(best, node, inputs[0])};
}

// ------------------------------------------------------------------------------------------------------------ rows

std::vector<std::vector<bool>> value_connected(const Node&) { return {{true, false}}; }

Op extremum_row(Op op) {
  op.traits |= may_fail | associative;
  op.sizes = reduce_sizes;
  op.batch = reduce_batch;
  op.axes = reduce_axes;
  op.attributes_doc = "the axes, in order; the result drops them; positions count in C order over them";
  op.reduce.accumulator = accumulator;
  op.reduce.empty_error = empty_message;
  return op;
}

}  // namespace

std::vector<Op> extremum_rows() {
  return {
      extremum_row({.name = "max",
                    .doc = "The greatest element along the axes; NaN if there is one.",
                    .theano_name = "Max",
                    .type = extremum_type,
                    .value = extremum_value<false>,
                    .vjp = extremum_vjp,
                    .jvp = extremum_jvp,
                    .reduce = {.initial = initial_value<false>,
                               .element = element_itself,
                               .combine = combine_values<false>,
                               .finish = finish_value}}),
      extremum_row({.name = "min",
                    .doc = "The least element along the axes; NaN if there is one.",
                    .theano_name = "Min",
                    .type = extremum_type,
                    .value = extremum_value<true>,
                    .vjp = extremum_vjp,
                    .jvp = extremum_jvp,
                    .reduce = {.initial = initial_value<true>,
                               .element = element_itself,
                               .combine = combine_values<true>,
                               .finish = finish_value}}),
      extremum_row(
          {.name = "argmax",
           .doc = "The position of the greatest element along the axes: of the first NaN, else of the first greatest.",
           .theano_name = "Argmax",
           .type = position_type,
           .value = argmax_value,
           .vjp = no_vjp,
           .jvp = no_jvp,
           .connects = nothing_connected,
           .reduce = {.carried = 2,
                      .initial = initial_with_position,
                      .element = value_and_position,
                      .combine = combine_with_position,
                      .append = append_with_position,
                      .finish = finish_position}}),
      extremum_row({.name = "max_and_argmax",
                    .doc = "The greatest element along the axes and its position, of one pass.",
                    .theano_name = "MaxAndArgmax",
                    .type = both_types,
                    .value = both_value,
                    .vjp = extremum_vjp,
                    .jvp = extremum_jvp,
                    .connects = value_connected,
                    .reduce = {.carried = 2,
                               .initial = initial_with_position,
                               .element = value_and_position,
                               .combine = combine_with_position,
                               .append = append_with_position,
                               .finish = finish_both}}),
  };
}

}  // namespace croton
