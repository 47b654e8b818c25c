// Rows of mathematics on one operand: signs, exponentials, logarithms, roots, sigmoids and rounding.
#include <cmath>

#include "ops/arithmetic_code.h"
#include "ops/complex_code.h"
#include "ops/elementwise_family.h"
#include "ops/registry.h"
#include "ops/scalar_math.h"

namespace croton {
namespace {

using Attr = Attributes;
using Code = loop::Builder;
using Operands = std::span<const loop::Value>;

/// Scalar code of a function of one value.
template <loop::Value (*function)(loop::Value)>
loop::Value code_of(Code&, Operands x, const Attr&) {
  return function(x[0]);
}

loop::Value abs_code(Code&, Operands x, const Attr&) {
  return is_signed_integer(x[0].dtype()) || is_float(x[0].dtype()) ? loop::abs(x[0]) : x[0];
}
loop::Value sqr_code(Code&, Operands x, const Attr&) { return is_bool(x[0].dtype()) ? x[0] : x[0] * x[0]; }

int64_t abs_integer(const int64_t* x, DType dtype) {
  return is_signed_integer(dtype) && x[0] < 0 ? arithmetic::wrapping_sub(0, x[0]) : x[0];
}
int64_t sign_integer(const int64_t* x, DType dtype) {
  if (x[0] == 0) return 0;
  return is_signed_integer(dtype) && x[0] < 0 ? -1 : 1;
}
int64_t sqr_integer(const int64_t* x, DType dtype) {
  return is_bool(dtype) ? x[0] : arithmetic::wrapping_mul(x[0], x[0]);
}

double sign_value(const double* x) { return std::isnan(x[0]) ? x[0] : (x[0] > 0) - (x[0] < 0); }
double sigmoid_value(const double* x) {
  const double e = std::exp(-std::fabs(x[0]));
  return (x[0] < 0 ? e : 1) / (1 + e);
}
double softplus_value(const double* x) {
  if (std::isnan(x[0])) return x[0];
  return (x[0] > 0 ? x[0] : 0) + std::log1p(std::exp(-std::fabs(x[0])));
}

// Partials: p.g times the derivative.

Expr neg_partial(const Partial& p) { return -p.g; }
Expr abs_partial(const Partial& p) { return p.g * call("sgn", {p.x[0]}); }  // zero at zero
std::vector<Expr> abs_vjp(const Vjp& v) {
  return is_complex(v.x[0].dtype()) ? complex_abs_vjp(v) : elementwise_vjp(v, abs_partial);
}
std::vector<Expr> abs_jvp(const Jvp& v) {
  return is_complex(v.x[0].dtype()) ? complex_abs_jvp(v) : elementwise_jvp(v, abs_partial);
}
Expr exp_partial(const Partial& p) { return p.g * p.y; }
Expr log_partial(const Partial& p) { return p.g / p.x[0]; }
Expr log1p_partial(const Partial& p) { return p.g / (p.x[0] + 1.0); }
Expr expm1_partial(const Partial& p) { return p.g * call("exp", {p.x[0]}); }
Expr sqrt_partial(const Partial& p) { return p.g * 0.5 / p.y; }
Expr sqr_partial(const Partial& p) { return p.g * p.x[0] * 2.0; }
Expr inv_partial(const Partial& p) { return -(p.g * call("sqr", {p.y})); }
Expr tanh_partial(const Partial& p) { return p.g * (1.0 - call("sqr", {p.y})); }
Expr sigmoid_partial(const Partial& p) { return p.g * p.y * (1.0 - p.y); }
Expr softplus_partial(const Partial& p) { return p.g * call("sigmoid", {p.x[0]}); }

std::vector<Op> make_rows() {
  return {
      elementwise_row<neg_partial>({
          .name = "neg",
          .doc = "The negative of a tensor, element by element.",
          .traits = linear,
          .elementwise = {.compute = promoted_number,
                          .value = [](const double* x) { return -x[0]; },
                          .value_integer = [](const int64_t* x, DType) { return arithmetic::wrapping_sub(0, x[0]); },
                          .value_complex = [](const Complex* x) { return -x[0]; },
                          .code = [](Code&, Operands x, const Attr&) { return -x[0]; }},
      }),
      elementwise_row({
          .name = "abs",
          .doc = "Absolute value, element by element.",
          .traits = idempotent,
          .vjp = abs_vjp,
          .jvp = abs_jvp,
          .elementwise = {.compute = promoted,
                          .result = to_real,
                          .value = [](const double* x) { return std::fabs(x[0]); },
                          .value_integer = abs_integer,
                          .value_complex = [](const Complex* x) { return Complex(std::abs(x[0])); },
                          .code = abs_code},
      }),
      elementwise_row<zero_partial>({
          .name = "sgn",
          .doc = "Sign of each element: -1, 0 or 1; NaN for NaN.",
          .traits = idempotent | monotone,
          .elementwise = {.compute = promoted_number,
                          .value = sign_value,
                          .value_integer = sign_integer,
                          .code = code_of<arithmetic::sign>},
      }),
      elementwise_row<exp_partial>({
          .name = "exp",
          .doc = "e to the power of each element.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::exp(x[0]); },
                          .value_complex = [](const Complex* x) { return std::exp(x[0]); },
                          .code = code_of<scalar_math::exp>},
          .ulp = 1.5,
      }),
      elementwise_row<log_partial>({
          .name = "log",
          .doc = "Natural logarithm of each element.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::log(x[0]); },
                          .value_complex = [](const Complex* x) { return std::log(x[0]); },
                          .code = code_of<scalar_math::log>},
          .domain = {0.05, 5},
          .ulp = 1.5,
      }),
      elementwise_row<log1p_partial>({
          .name = "log1p",
          .doc = "Natural logarithm of one plus each element; accurate for small elements.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::log1p(x[0]); },
                          .value_complex = [](const Complex* x) { return complex_log1p(x[0]); },
                          .code = code_of<scalar_math::log1p>},
          .domain = {-0.9, 5},
          .ulp = 1.5,
      }),
      elementwise_row<expm1_partial>({
          .name = "expm1",
          .doc = "e to the power of each element, minus one; accurate for small elements.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::expm1(x[0]); },
                          .value_complex = [](const Complex* x) { return complex_expm1(x[0]); },
                          .code = code_of<scalar_math::expm1>},
          .ulp = 1.5,
      }),
      elementwise_row<sqrt_partial>({
          .name = "sqrt",
          .doc = "Square root of each element.",
          .traits = monotone,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::sqrt(x[0]); },
                          .value_complex = [](const Complex* x) { return std::sqrt(x[0]); },
                          .code = code_of<loop::sqrt>},
          .domain = {0.05, 5},
      }),
      elementwise_row<sqr_partial>({
          .name = "sqr",
          .doc = "Square of each element.",
          .elementwise = {.compute = promoted,
                          .value = [](const double* x) { return x[0] * x[0]; },
                          .value_integer = sqr_integer,
                          .value_complex = [](const Complex* x) { return complex_product(x[0], x[0]); },
                          .code = sqr_code},
      }),
      elementwise_row<inv_partial>({
          .name = "inv",
          .doc = "One divided by each element.",
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return 1 / x[0]; },
                          .value_complex = [](const Complex* x) { return 1.0 / x[0]; },
                          .code = [](Code&, Operands x, const Attr&) { return 1.0 / x[0]; }},
          .domain = {0.2, 3},
      }),
      elementwise_row<tanh_partial>({
          .name = "tanh",
          .doc = "Hyperbolic tangent of each element.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::tanh(x[0]); },
                          .value_complex = [](const Complex* x) { return std::tanh(x[0]); },
                          .code = code_of<scalar_math::tanh>},
          .ulp = 1.5,
      }),
      elementwise_row<sigmoid_partial>({
          .name = "sigmoid",
          .doc = "Logistic function of each element: 1 / (1 + exp(-x)), without overflow.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = sigmoid_value,
                          .value_complex = [](const Complex* x) { return 1.0 / (1.0 + std::exp(-x[0])); },
                          .code = code_of<scalar_math::sigmoid>},
          .ulp = 1.5,
      }),
      elementwise_row<softplus_partial>({
          .name = "softplus",
          .doc = "log(1 + exp(x)) of each element, without overflow.",
          .traits = monotone | expensive,
          .elementwise = {.compute = promoted_float,
                          .value = softplus_value,
                          .value_complex = [](const Complex* x) { return complex_log1p(std::exp(x[0])); },
                          .code = code_of<scalar_math::softplus>},
          .ulp = 1.5,
      }),
      elementwise_row<zero_partial>({
          .name = "floor",
          .doc = "The largest integer not above each element, as a float.",
          .traits = monotone | idempotent,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::floor(x[0]); },
                          .code = code_of<loop::floor>},
      }),
      elementwise_row<zero_partial>({
          .name = "ceil",
          .doc = "The smallest integer not below each element, as a float.",
          .traits = monotone | idempotent,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::ceil(x[0]); },
                          .code = code_of<loop::ceil>},
      }),
      elementwise_row<zero_partial>({
          .name = "trunc",
          .doc = "Each element without its fraction, as a float.",
          .traits = monotone | idempotent,
          .elementwise = {.compute = promoted_float,
                          .value = [](const double* x) { return std::trunc(x[0]); },
                          .code = code_of<loop::trunc>},
      }),
      elementwise_row<zero_partial>({
          .name = "round",
          .doc = "The nearest integer of each element, as a float; halves go to the even neighbour.",
          .traits = monotone | idempotent,
          .elementwise = {.compute = float_only,
                          .value = [](const double* x) { return std::nearbyint(x[0]); },
                          .code = code_of<loop::rint>},
      }),
  };
}

}  // namespace

std::span<const Op> math_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
