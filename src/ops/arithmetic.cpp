// Rows of arithmetic: sums, products, divisions, powers, minima and maxima, and filling.
#include <cmath>

#include "ops/arithmetic_code.h"
#include "ops/complex_code.h"
#include "ops/elementwise_family.h"
#include "ops/registry.h"
#include "ops/scalar_math.h"

namespace croton {
namespace {

using arithmetic::less;
using Attr = Attributes;
using Code = loop::Builder;
using Operands = std::span<const loop::Value>;

// On bools, sum is `or` and product is `and`, as in NumPy.
loop::Value add_code(Code&, Operands x, const Attr&) { return is_bool(x[0].dtype()) ? x[0] | x[1] : x[0] + x[1]; }
loop::Value mul_code(Code&, Operands x, const Attr&) { return is_bool(x[0].dtype()) ? x[0] & x[1] : x[0] * x[1]; }
loop::Value maximum_code(Code&, Operands x, const Attr&) {
  return is_bool(x[0].dtype()) ? x[0] | x[1] : loop::max(x[0], x[1]);
}
loop::Value minimum_code(Code&, Operands x, const Attr&) {
  return is_bool(x[0].dtype()) ? x[0] & x[1] : loop::min(x[0], x[1]);
}

loop::Value pow_code(Code&, Operands x, const Attr&) {
  return is_float(x[0].dtype()) ? scalar_math::pow(x[0], x[1]) : arithmetic::integer_power(x[0], x[1]);
}

int64_t add_integers(const int64_t* x, DType dtype) {
  return is_bool(dtype) ? x[0] | x[1] : arithmetic::wrapping_add(x[0], x[1]);
}
int64_t mul_integers(const int64_t* x, DType dtype) {
  return is_bool(dtype) ? x[0] & x[1] : arithmetic::wrapping_mul(x[0], x[1]);
}

double maximum_value(const double* x) { return std::isnan(x[0]) || x[0] > x[1] ? x[0] : x[1]; }
double minimum_value(const double* x) { return std::isnan(x[0]) || x[0] < x[1] ? x[0] : x[1]; }

// Of bools x // y is x & y, since nothing divided by zero gives zero; and no remainder is left.
loop::Value int_div_code(Code&, Operands x, const Attr&) {
  return is_bool(x[0].dtype()) ? x[0] & x[1] : arithmetic::floor_division(x[0], x[1]);
}
loop::Value mod_code(Code& b, Operands x, const Attr&) {
  return is_bool(x[0].dtype()) ? b.constant(DType::b1, 0) : arithmetic::modulo(x[0], x[1]);
}

// Partials: p.g times the derivative in operand p.k.

Expr add_partial(const Partial& p) { return p.g; }
Expr sub_partial(const Partial& p) { return p.k == 0 ? p.g : -p.g; }
Expr mul_partial(const Partial& p) { return p.g * p.x[1 - p.k]; }
Expr true_div_partial(const Partial& p) { return p.k == 0 ? p.g / p.x[1] : -(p.g * p.y) / p.x[1]; }
Expr mod_partial(const Partial& p) { return p.k == 0 ? p.g : -(p.g * call("int_div", {p.x[0], p.x[1]})); }
// In the exponent: log(x) x^y, where the logarithm of zero counts as zero (x^y is flat there for positive y).
Expr pow_partial(const Partial& p) {
  const Expr &x = p.x[0], &y = p.x[1];
  if (p.k == 0) return p.g * y * call("pow", {x, y - 1.0});
  return where(call("neq", {x, p.builder.constant(x.dtype(), 0)}), p.g * call("log", {x}) * p.y);
}
// At a tie the first operand gets the gradient, as in Theano.
Expr extremum_partial(const Partial& p) {
  const Expr first = call("eq", {p.y, p.x[0]});
  return p.k == 0 ? where(first, p.g) : where_not(first, p.g);
}
Expr second_partial(const Partial& p) { return p.g; }

std::vector<std::vector<bool>> second_connects(const Node&) { return {{false}, {true}}; }

DType second_dtype(std::span<const DType> dtypes) { return dtypes[1]; }

Op binary(Op op) {
  op.min_inputs = op.max_inputs = 2;
  return op;
}

std::vector<Op> make_rows() {
  return {
      elementwise_row<add_partial>(binary({
          .name = "add",
          .doc = "Sum of two tensors, element by element. On bools it is `or`.",
          .traits = commutative | associative | linear,
          .elementwise = {.compute = promoted,
                          .value = [](const double* x) { return x[0] + x[1]; },
                          .value_integer = add_integers,
                          .value_complex = [](const Complex* x) { return x[0] + x[1]; },
                          .code = add_code},
      })),
      elementwise_row<sub_partial>(binary({
          .name = "sub",
          .doc = "Difference of two tensors, element by element.",
          .traits = linear,
          .elementwise = {.compute = promoted_number,
                          .value = [](const double* x) { return x[0] - x[1]; },
                          .value_integer = [](const int64_t* x, DType) { return arithmetic::wrapping_sub(x[0], x[1]); },
                          .value_complex = [](const Complex* x) { return x[0] - x[1]; },
                          .code = [](Code&, Operands x, const Attr&) { return x[0] - x[1]; }},
      })),
      elementwise_row<mul_partial>(binary({
          .name = "mul",
          .doc = "Product of two tensors, element by element. On bools it is `and`.",
          .traits = commutative | associative,
          .elementwise = {.compute = promoted,
                          .value = [](const double* x) { return x[0] * x[1]; },
                          .value_integer = mul_integers,
                          .value_complex = [](const Complex* x) { return complex_product(x[0], x[1]); },
                          .code = mul_code},
      })),
      elementwise_row<true_div_partial>(binary({
          .name = "true_div",
          .doc = "Quotient of two tensors, element by element; integers are divided as floats.",
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return x[0] / x[1]; },
                          .value_complex = [](const Complex* x) { return x[0] / x[1]; },
                          .code = [](Code&, Operands x, const Attr&) { return x[0] / x[1]; }},
          .domain = {0.3, 3},
      })),
      elementwise_row<zero_partial>(binary({
          .name = "int_div",
          .doc = "Quotient rounded down to an integer, element by element. An integer divided by zero gives zero.",
          .elementwise = {
              .compute = promoted,
              .value = [](const double* x) { return arithmetic::floor_division(x[0], x[1]); },
              .value_integer = [](const int64_t* x, DType d) { return arithmetic::floor_division(x[0], x[1], d); },
              .code = int_div_code},
          .domain = {0.3, 3},
          .ulp = 1,  // above 2^24 or 2^53 the quotient itself is rounded
      })),
      elementwise_row<mod_partial>(binary({
          .name = "mod",
          .doc = "Remainder of the division rounded down: it has the divisor's sign, as Python's. An integer modulo "
                 "zero gives zero.",
          .elementwise = {.compute = promoted,
                          .value = [](const double* x) { return arithmetic::modulo(x[0], x[1]); },
                          .value_integer = [](const int64_t* x, DType d) { return arithmetic::modulo(x[0], x[1], d); },
                          .code = mod_code},
          .domain = {0.3, 3},
          .ulp = 1,  // adding the divisor to a negative remainder rounds
      })),
      elementwise_row<pow_partial>(binary({
          .name = "pow",
          .doc = "First operand to the power of the second, element by element. Integers stay integers and wrap.",
          .traits = expensive,
          .elementwise = {
              .compute = promoted_integer,
              .value = [](const double* x) { return std::pow(x[0], x[1]); },
              .value_integer = [](const int64_t* x, DType d) { return arithmetic::integer_power(x[0], x[1], d); },
              .value_complex = complex_power,
              .code = pow_code},
          .domain = {0.2, 3},
          .ulp = 1.5,
      })),
      elementwise_row<extremum_partial>(binary({
          .name = "maximum",
          .doc = "The larger of two tensors, element by element; NaN where either is NaN.",
          .traits = commutative | associative,
          .elementwise = {.compute = promoted,
                          .value = maximum_value,
                          .value_integer = [](const int64_t* x, DType d) { return less(x[0], x[1], d) ? x[1] : x[0]; },
                          .value_complex = complex_maximum,
                          .code = maximum_code},
      })),
      elementwise_row<extremum_partial>(binary({
          .name = "minimum",
          .doc = "The smaller of two tensors, element by element; NaN where either is NaN.",
          .traits = commutative | associative,
          .elementwise = {.compute = promoted,
                          .value = minimum_value,
                          .value_integer = [](const int64_t* x, DType d) { return less(x[1], x[0], d) ? x[1] : x[0]; },
                          .value_complex = complex_minimum,
                          .code = minimum_code},
      })),
      elementwise_row<second_partial>(binary({
          .name = "second",
          .doc = "The second operand stretched to the common shape of both; the values of the first do not matter.",
          .connects = second_connects,
          .elementwise = {.compute = second_dtype,
                          .value = [](const double* x) { return x[1]; },
                          .value_integer = [](const int64_t* x, DType) { return x[1]; },
                          .value_complex = [](const Complex* x) { return x[1]; },
                          .code = [](Code&, Operands x, const Attr&) { return x[1]; }},
      })),
  };
}

}  // namespace

std::span<const Op> arithmetic_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
