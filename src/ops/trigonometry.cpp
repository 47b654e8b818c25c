// Rows of trigonometric and hyperbolic functions and their inverses.
#include <cmath>

#include "ops/elementwise_family.h"
#include "ops/registry.h"
#include "ops/scalar_math.h"

namespace croton {
namespace {

constexpr double degree = 0x1.1df46a2529d39p-6;          // pi / 180
constexpr double degrees_of_one = 0x1.ca5dc1a63c1f8p+5;  // 180 / pi

template <loop::Value (*function)(loop::Value)>
loop::Value code_of(loop::Builder&, std::span<const loop::Value> x, const Attributes&) {
  return function(x[0]);
}
loop::Value to_radians(loop::Value x) { return x * degree; }
loop::Value to_degrees(loop::Value x) { return x * degrees_of_one; }
loop::Value arctan2_code(loop::Builder&, std::span<const loop::Value> x, const Attributes&) {
  return scalar_math::arctan2(x[0], x[1]);
}

// Partials: p.g times the derivative.

Expr squared(const Expr& x) { return call("sqr", {x}); }
Expr root(const Expr& x) { return call("sqrt", {x}); }

Expr sin_partial(const Partial& p) { return p.g * call("cos", {p.x[0]}); }
Expr cos_partial(const Partial& p) { return -(p.g * call("sin", {p.x[0]})); }
Expr tan_partial(const Partial& p) { return p.g * (squared(p.y) + 1.0); }
Expr arcsin_partial(const Partial& p) { return p.g / root(1.0 - squared(p.x[0])); }
Expr arccos_partial(const Partial& p) { return -p.g / root(1.0 - squared(p.x[0])); }
Expr arctan_partial(const Partial& p) { return p.g / (squared(p.x[0]) + 1.0); }
Expr arctan2_partial(const Partial& p) {
  const Expr share = p.x[1 - p.k] / (squared(p.x[0]) + squared(p.x[1]));
  return p.k == 0 ? p.g * share : -(p.g * share);
}
Expr sinh_partial(const Partial& p) { return p.g * call("cosh", {p.x[0]}); }
Expr cosh_partial(const Partial& p) { return p.g * call("sinh", {p.x[0]}); }
Expr arcsinh_partial(const Partial& p) { return p.g / root(squared(p.x[0]) + 1.0); }
Expr arccosh_partial(const Partial& p) { return p.g / root(squared(p.x[0]) - 1.0); }
Expr arctanh_partial(const Partial& p) { return p.g / (1.0 - squared(p.x[0])); }
Expr deg2rad_partial(const Partial& p) { return p.g * degree; }
Expr rad2deg_partial(const Partial& p) { return p.g * degrees_of_one; }

template <PartialRule rule>
Op function(Op op) {
  op.elementwise.compute = promoted_float;
  return elementwise_row<rule>(op);
}

std::vector<Op> make_rows() {
  return {
      function<sin_partial>({
          .name = "sin",
          .doc = "Sine of each element, in radians.",
          .traits = expensive,
          .elementwise = {.value = [](const double* x) { return std::sin(x[0]); },
                          .value_complex = [](const Complex* x) { return std::sin(x[0]); },
                          .code = code_of<scalar_math::sin>},
          .ulp = 1,
      }),
      function<cos_partial>({
          .name = "cos",
          .doc = "Cosine of each element, in radians.",
          .traits = expensive,
          .elementwise = {.value = [](const double* x) { return std::cos(x[0]); },
                          .value_complex = [](const Complex* x) { return std::cos(x[0]); },
                          .code = code_of<scalar_math::cos>},
          .ulp = 1,
      }),
      function<tan_partial>({
          .name = "tan",
          .doc = "Tangent of each element, in radians.",
          .traits = expensive,
          .elementwise = {.value = [](const double* x) { return std::tan(x[0]); },
                          .value_complex = [](const Complex* x) { return std::tan(x[0]); },
                          .code = code_of<scalar_math::tan>},
          .domain = {-1.2, 1.2},
          .ulp = 1,
      }),
      function<arcsin_partial>({
          .name = "arcsin",
          .doc = "Angle between -pi/2 and pi/2 whose sine is each element.",
          .traits = monotone | expensive,
          .elementwise = {.value = [](const double* x) { return std::asin(x[0]); },
                          .value_complex = [](const Complex* x) { return std::asin(x[0]); },
                          .code = code_of<scalar_math::arcsin>},
          .domain = {-0.9, 0.9},
          .ulp = 2,
      }),
      function<arccos_partial>({
          .name = "arccos",
          .doc = "Angle between 0 and pi whose cosine is each element.",
          .traits = expensive,
          .elementwise = {.value = [](const double* x) { return std::acos(x[0]); },
                          .value_complex = [](const Complex* x) { return std::acos(x[0]); },
                          .code = code_of<scalar_math::arccos>},
          .domain = {-0.9, 0.9},
          .ulp = 2,
      }),
      function<arctan_partial>({
          .name = "arctan",
          .doc = "Angle between -pi/2 and pi/2 whose tangent is each element.",
          .traits = monotone | expensive,
          .elementwise = {.value = [](const double* x) { return std::atan(x[0]); },
                          .value_complex = [](const Complex* x) { return std::atan(x[0]); },
                          .code = code_of<scalar_math::arctan>},
          .ulp = 1,
      }),
      function<arctan2_partial>({
          .name = "arctan2",
          .min_inputs = 2,
          .max_inputs = 2,
          .doc = "Angle between -pi and pi of the point whose height is the first operand and whose distance to the "
                 "right is "
                 "the second.",
          .traits = expensive,
          .elementwise = {.value = [](const double* x) { return std::atan2(x[0], x[1]); }, .code = arctan2_code},
          .domain = {0.3, 3},
          .ulp = 1,
      }),
      function<sinh_partial>({
          .name = "sinh",
          .doc = "Hyperbolic sine of each element.",
          .traits = monotone | expensive,
          .elementwise = {.value = [](const double* x) { return std::sinh(x[0]); },
                          .value_complex = [](const Complex* x) { return std::sinh(x[0]); },
                          .code = code_of<scalar_math::sinh>},
          .ulp = 2.5,
      }),
      function<cosh_partial>({
          .name = "cosh",
          .doc = "Hyperbolic cosine of each element.",
          .traits = expensive,
          .elementwise = {.value = [](const double* x) { return std::cosh(x[0]); },
                          .value_complex = [](const Complex* x) { return std::cosh(x[0]); },
                          .code = code_of<scalar_math::cosh>},
          .ulp = 2.5,
      }),
      function<arcsinh_partial>({
          .name = "arcsinh",
          .doc = "Number whose hyperbolic sine is each element.",
          .traits = monotone | expensive,
          .elementwise = {.value = [](const double* x) { return std::asinh(x[0]); },
                          .value_complex = [](const Complex* x) { return std::asinh(x[0]); },
                          .code = code_of<scalar_math::arcsinh>},
          .ulp = 3,
      }),
      function<arccosh_partial>({
          .name = "arccosh",
          .doc = "Number, not negative, whose hyperbolic cosine is each element.",
          .traits = monotone | expensive,
          .elementwise = {.value = [](const double* x) { return std::acosh(x[0]); },
                          .value_complex = [](const Complex* x) { return std::acosh(x[0]); },
                          .code = code_of<scalar_math::arccosh>},
          .domain = {1.1, 5},
          .ulp = 3,
      }),
      function<arctanh_partial>({
          .name = "arctanh",
          .doc = "Number whose hyperbolic tangent is each element.",
          .traits = monotone | expensive,
          .elementwise = {.value = [](const double* x) { return std::atanh(x[0]); },
                          .value_complex = [](const Complex* x) { return std::atanh(x[0]); },
                          .code = code_of<scalar_math::arctanh>},
          .domain = {-0.9, 0.9},
          .ulp = 3,
      }),
      function<deg2rad_partial>({
          .name = "deg2rad",
          .doc = "Each element, in degrees, converted to radians.",
          .traits = linear | monotone,
          .elementwise = {.value = [](const double* x) { return x[0] * degree; },
                          .value_complex = [](const Complex* x) { return x[0] * degree; },
                          .code = code_of<to_radians>},
          .ulp = 1.5,  // the factor is rounded too
      }),
      function<rad2deg_partial>({
          .name = "rad2deg",
          .doc = "Each element, in radians, converted to degrees.",
          .traits = linear | monotone,
          .elementwise = {.value = [](const double* x) { return x[0] * degrees_of_one; },
                          .value_complex = [](const Complex* x) { return x[0] * degrees_of_one; },
                          .code = code_of<to_degrees>},
          .ulp = 1.5,
      }),
  };
}

}  // namespace

std::span<const Op> trigonometry_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
