// Rows of comparisons, bits, tests, choices and conversions.
#include <cmath>

#include "base/error.h"
#include "ops/arithmetic_code.h"
#include "ops/complex_code.h"
#include "ops/elementwise_family.h"
#include "ops/registry.h"

namespace croton {
namespace {

using arithmetic::less;
using Attr = Attributes;
using Code = loop::Builder;
using Operands = std::span<const loop::Value>;

// Bools compare as the numbers 0 and 1.
loop::Value comparable(loop::Value x) { return is_bool(x.dtype()) ? loop::cast(x, DType::u8) : x; }

template <loop::Value (*compare)(loop::Value, loop::Value)>
loop::Value comparison_code(Code&, Operands x, const Attr&) {
  return compare(comparable(x[0]), comparable(x[1]));
}

/// A test that holds for no bool and no integer.
template <loop::Value (*test)(loop::Value)>
loop::Value float_test_code(Code& b, Operands x, const Attr&) {
  return is_float(x[0].dtype()) ? test(x[0]) : b.constant(DType::b1, 0);
}
loop::Value is_infinite(loop::Value x) { return loop::abs(x) == HUGE_VAL; }
int64_t never(const int64_t*, DType) { return 0; }

loop::Value clip_code(Code&, Operands x, const Attr&) {
  const loop::Value value = comparable(x[0]), low = comparable(x[1]), high = comparable(x[2]);
  return loop::select(value < low, x[1], loop::select(value > high, x[2], x[0]));
}
double clip_value(const double* x) { return x[0] < x[1] ? x[1] : x[0] > x[2] ? x[2] : x[0]; }
int64_t clip_integer(const int64_t* x, DType d) {
  return less(x[0], x[1], d) ? x[1] : less(x[2], x[0], d) ? x[2] : x[0];
}

// The gradient is one at the bounds, as in Theano.
Expr clip_partial(const Partial& p) {
  const Expr &x = p.x[0], &low = p.x[1], &high = p.x[2];
  if (p.k == 1) return where(call("lt", {x, low}), p.g);
  if (p.k == 2) return where(call("gt", {x, high}), p.g);
  return where(call("and_", {call("ge", {x, low}), call("le", {x, high})}), p.g);
}

DType branches_promoted(std::span<const DType> dtypes) { return promoted(dtypes.subspan(1)); }
Expr switch_partial(const Partial& p) { return p.k == 1 ? where(p.x[0], p.g) : where_not(p.x[0], p.g); }
std::vector<std::vector<bool>> switch_connects(const Node&) { return {{false}, {true}, {true}}; }

// The conversion itself: the result's dtype stands in the attributes.
DType cast_dtype(const Attributes& attributes) { return static_cast<DType>(attributes.ints.at(0)); }
DType any_dtype(std::span<const DType> dtypes) { return dtypes[0]; }
std::vector<Type> cast_type(const TypeQuery& query) {
  const Type& from = query.in(0);
  const DType to = cast_dtype(query.attributes);
  if (!from.is_tensor()) raise<TypeError>("cast: {} is not a tensor", type_name(from));
  if (is_complex(from.dtype) && !is_complex(to)) {
    raise<TypeError>("cast: {} to {} would lose the imaginary part; take real() or abs()", dtype_name(from.dtype),
                     dtype_name(to));
  }
  Type result = from;
  result.dtype = to;
  return {result};
}
void cast_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  outputs.assign(1, converted(inputs[0], cast_dtype(node.attributes)));
}
loop::Value cast_code(Code&, Operands x, const Attr& attributes) { return loop::cast(x[0], cast_dtype(attributes)); }
Expr cast_partial(const Partial& p) { return cast(p.g, p.y.dtype()); }

Op comparison(Op op) {
  op.min_inputs = op.max_inputs = 2;
  op.elementwise.compute = promoted;
  op.elementwise.result = to_bool;
  return elementwise_row<zero_partial>(op);
}

Op bitwise(Op op) {
  op.min_inputs = op.max_inputs = 2;
  op.traits = commutative | associative;
  op.elementwise.compute = bits_only;
  op.elementwise.value = nullptr;
  return elementwise_row<zero_partial>(op);
}

std::vector<Op> make_rows() {
  return {
      comparison({
          .name = "eq",
          .doc = "True where two tensors are equal, element by element.",
          .traits = commutative,
          .elementwise = {.value = [](const double* x) { return double(x[0] == x[1]); },
                          .value_integer = [](const int64_t* x, DType) { return int64_t{x[0] == x[1]}; },
                          .value_complex = [](const Complex* x) { return Complex(x[0] == x[1]); },
                          .code = comparison_code<(loop::operator==)>},
      }),
      comparison({
          .name = "neq",
          .doc = "True where two tensors differ, element by element; NaN differs from everything.",
          .traits = commutative,
          .elementwise = {.value = [](const double* x) { return double(x[0] != x[1]); },
                          .value_integer = [](const int64_t* x, DType) { return int64_t{x[0] != x[1]}; },
                          .value_complex = [](const Complex* x) { return Complex(x[0] != x[1]); },
                          .code = comparison_code<(loop::operator!=)>},
      }),
      comparison({
          .name = "lt",
          .doc = "True where the first tensor is smaller, element by element.",
          .elementwise = {.value = [](const double* x) { return double(x[0] < x[1]); },
                          .value_integer = [](const int64_t* x, DType d) { return int64_t{less(x[0], x[1], d)}; },
                          .value_complex = [](const Complex* x) { return Complex(complex_less(x[0], x[1])); },
                          .code = comparison_code<(loop::operator<)>},
      }),
      comparison({
          .name = "le",
          .doc = "True where the first tensor is smaller or equal, element by element.",
          .elementwise = {.value = [](const double* x) { return double(x[0] <= x[1]); },
                          .value_integer = [](const int64_t* x, DType d) { return int64_t{!less(x[1], x[0], d)}; },
                          .value_complex = [](const Complex* x) { return Complex(complex_not_greater(x[0], x[1])); },
                          .code = comparison_code<(loop::operator<=)>},
      }),
      comparison({
          .name = "gt",
          .doc = "True where the first tensor is larger, element by element.",
          .elementwise = {.value = [](const double* x) { return double(x[0] > x[1]); },
                          .value_integer = [](const int64_t* x, DType d) { return int64_t{less(x[1], x[0], d)}; },
                          .value_complex = [](const Complex* x) { return Complex(complex_less(x[1], x[0])); },
                          .code = comparison_code<(loop::operator>)>},
      }),
      comparison({
          .name = "ge",
          .doc = "True where the first tensor is larger or equal, element by element.",
          .elementwise = {.value = [](const double* x) { return double(x[0] >= x[1]); },
                          .value_integer = [](const int64_t* x, DType d) { return int64_t{!less(x[0], x[1], d)}; },
                          .value_complex = [](const Complex* x) { return Complex(complex_not_greater(x[1], x[0])); },
                          .code = comparison_code<(loop::operator>=)>},
      }),
      bitwise({
          .name = "and_",
          .doc = "Bitwise and of integers, logical and of bools, element by element.",
          .elementwise = {.value_integer = [](const int64_t* x, DType) { return x[0] & x[1]; },
                          .code = [](Code&, Operands x, const Attr&) { return x[0] & x[1]; }},
      }),
      bitwise({
          .name = "or_",
          .doc = "Bitwise or of integers, logical or of bools, element by element.",
          .elementwise = {.value_integer = [](const int64_t* x, DType) { return x[0] | x[1]; },
                          .code = [](Code&, Operands x, const Attr&) { return x[0] | x[1]; }},
      }),
      bitwise({
          .name = "xor",
          .doc = "Bitwise exclusive or of integers, inequality of bools, element by element.",
          .elementwise = {.value_integer = [](const int64_t* x, DType) { return x[0] ^ x[1]; },
                          .code = [](Code&, Operands x, const Attr&) { return x[0] ^ x[1]; }},
      }),
      elementwise_row<zero_partial>({
          .name = "invert",
          .doc = "Bitwise complement of integers, logical not of bools.",
          .elementwise = {.compute = discrete_only,
                          .value_integer = [](const int64_t* x, DType d) { return is_bool(d) ? x[0] ^ 1 : ~x[0]; },
                          .code = [](Code&, Operands x, const Attr&) { return ~x[0]; }},
      }),
      elementwise_row<zero_partial>({
          .name = "isnan",
          .doc = "True where an element is NaN.",
          .elementwise = {
              .compute = promoted,
              .result = to_bool,
              .value = [](const double* x) { return double(std::isnan(x[0])); },
              .value_integer = never,
              .value_complex =
                  [](const Complex* x) { return Complex(std::isnan(x[0].real()) || std::isnan(x[0].imag())); },
              .code = float_test_code<loop::is_nan>},
      }),
      elementwise_row<zero_partial>({
          .name = "isinf",
          .doc = "True where an element is infinite.",
          .elementwise = {
              .compute = promoted,
              .result = to_bool,
              .value = [](const double* x) { return double(std::isinf(x[0])); },
              .value_integer = never,
              .value_complex =
                  [](const Complex* x) { return Complex(std::isinf(x[0].real()) || std::isinf(x[0].imag())); },
              .code = float_test_code<is_infinite>},
      }),
      elementwise_row<switch_partial>({
          .name = "switch",
          .min_inputs = 3,
          .max_inputs = 3,
          .doc = "The second operand where the first is true (not zero), else the third, element by element.",
          .connects = switch_connects,
          .elementwise = {.compute = branches_promoted,
                          .value = [](const double* x) { return x[0] != 0 ? x[1] : x[2]; },
                          .value_integer = [](const int64_t* x, DType) { return x[0] != 0 ? x[1] : x[2]; },
                          .value_complex = [](const Complex* x) { return x[0] != 0.0 ? x[1] : x[2]; },
                          .code = [](Code&, Operands x, const Attr&) { return loop::select(x[0], x[1], x[2]); },
                          .first = DType::b1,
                          .first_kept = true},
      }),
      elementwise_row<clip_partial>({
          .name = "clip",
          .min_inputs = 3,
          .max_inputs = 3,
          .doc = "Each element kept between a lower and an upper bound.",
          .elementwise = {.compute = promoted, .value = clip_value, .value_integer = clip_integer, .code = clip_code},
      }),
      elementwise_row<cast_partial>({
          .name = "cast",
          .doc = "Each element converted to another dtype, by C's rules.",
          .attributes_doc = "[dtype]",
          .type = cast_type,
          .size_value =
              [](SizeQuery& q) { return is_discrete(q.node->inputs[0].type().dtype) ? q.scalar(0) : no_size; },
          .value = cast_value,
          .elementwise = {.compute = any_dtype, .code = cast_code},
      }),
  };
}

}  // namespace

std::span<const Op> logic_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
