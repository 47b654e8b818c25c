// Rows that take complex numbers apart and put them together: real, imag, angle, conj, complex, complex_from_polar; and
// the scalar meaning of the other rows on complex numbers.
#include <cmath>

#include "base/error.h"
#include "ops/complex_code.h"
#include "ops/elementwise_family.h"
#include "ops/registry.h"

namespace croton {

namespace {

using Code = loop::Builder;
using Operands = std::span<const loop::Value>;

bool is_nan(const Complex& z) { return std::isnan(z.real()) || std::isnan(z.imag()); }

Expr imaginary_part(const Expr& z) { return call("imag", {z}); }
Expr complex_of(const Expr& real, const Expr& imag) { return call("complex", {real, imag}); }
// Re(conj(a) b): the inner product of two numbers seen as points of the plane.
Expr inner(const Expr& a, const Expr& b) { return real_part(conjugate(a) * b); }
Expr squared_abs(const Expr& z) { return call("sqr", {call("real", {z})}) + call("sqr", {imaginary_part(z)}); }

// ------------------------------------------------------------------------------------------------------ dtype rules

DType at_least_int8(std::span<const DType> dtypes) { return is_bool(dtypes[0]) ? DType::i8 : dtypes[0]; }
DType always_double(std::span<const DType> dtypes) { return is_complex(dtypes[0]) ? DType::c128 : DType::f64; }

// complex64 holds pairs of floats and small integers only, as in Theano.
DType complex_of_parts(std::span<const DType> dtypes) {
  for (const DType dtype : dtypes) {
    if (is_complex(dtype)) raise<TypeError>("the parts of a complex number are real, not {}", dtype_name(dtype));
  }
  const DType part = promoted(dtypes);
  return part == DType::f64 || (is_integer(part) && item_size(part) >= 4) ? DType::c128 : DType::c64;
}

// -------------------------------------------------------------------------------------------------------- gradients

std::vector<Expr> zeros_in(const Expr& x, const Expr& g) {
  return {fill_like(x, 0, is_discrete(x.dtype()) ? g.dtype() : x.dtype())};
}

// Of a part of a number: `part_of` makes the gradient in the number from that in the part.
template <Expr (*part_of)(const Expr& x, const Expr& g)>
std::vector<Expr> part_vjp(const Vjp& v) {
  if (!is_complex(v.x[0].dtype()) && v.node.op->name != "real") return zeros_in(v.x[0], v.dy[0]);
  if (!is_complex(v.x[0].dtype())) return {v.dy[0]};
  return {part_of(v.x[0], v.dy[0])};
}

Expr real_gradient(const Expr&, const Expr& g) { return complex_of(g, zeros_like(g)); }
Expr imag_gradient(const Expr&, const Expr& g) { return complex_of(zeros_like(g), g); }
// The angle grows along i z / |z|^2.
Expr angle_gradient(const Expr& z, const Expr& g) {
  const Expr share = g / squared_abs(z);
  return complex_of(-(share * imaginary_part(z)), share * real_part(z));
}

std::vector<Expr> real_jvp(const Jvp& v) { return {real_part(v.dx[0])}; }
std::vector<Expr> imag_jvp(const Jvp& v) {
  return {is_complex(v.dx[0].dtype()) ? imaginary_part(v.dx[0]) : zeros_like(v.dx[0])};
}
std::vector<Expr> angle_jvp(const Jvp& v) {
  const Expr &z = v.x[0], &dz = v.dx[0];
  if (!is_complex(dz.dtype())) return {zeros_like(dz)};
  return {(real_part(z) * imaginary_part(dz) - imaginary_part(z) * real_part(dz)) / squared_abs(z)};
}

std::vector<Expr> conj_vjp(const Vjp& v) { return {conjugate(v.dy[0])}; }
std::vector<Expr> conj_jvp(const Jvp& v) { return {conjugate(v.dx[0])}; }

std::vector<Expr> complex_vjp(const Vjp& v) {
  return {sum_to(real_part(v.dy[0]), v.x[0]), sum_to(imaginary_part(v.dy[0]), v.x[1])};
}
std::vector<Expr> complex_jvp(const Jvp& v) {
  return {complex_of(v.dx[0] ? v.dx[0] : zeros_like(v.dx[1]), v.dx[1] ? v.dx[1] : zeros_like(v.dx[0]))};
}

// z = r exp(i t): dz = exp(i t) dr + i z dt.
Expr direction(const Expr& angle) { return complex_of(call("cos", {angle}), call("sin", {angle})); }
Expr turned(const Expr& z) { return complex_of(-imaginary_part(z), real_part(z)); }

std::vector<Expr> polar_vjp(const Vjp& v) {
  return {sum_to(inner(direction(v.x[1]), v.dy[0]), v.x[0]), sum_to(inner(turned(v.y[0]), v.dy[0]), v.x[1])};
}
std::vector<Expr> polar_jvp(const Jvp& v) {
  const Expr along = v.dx[0] ? direction(v.x[1]) * v.dx[0] : Expr{};
  const Expr around = v.dx[1] ? turned(v.y[0]) * v.dx[1] : Expr{};
  if (!along) return {around};
  return {around ? along + around : along};
}

// ------------------------------------------------------------------------------------------------------------- rows

loop::Value itself(Code&, Operands x, const Attributes&) { return x[0]; }
loop::Value nothing(Code&, Operands x, const Attributes&) { return loop::like(x[0], 0); }
loop::Value angle_code(Code&, Operands x, const Attributes&) {
  constexpr double pi = 0x1.921fb54442d18p+1;
  const loop::Value sign = loop::copysign(loop::like(x[0], 1), x[0]);
  const loop::Value angle = loop::select(sign < 0.0, loop::like(x[0], pi), loop::like(x[0], 0));
  return loop::select(loop::is_nan(x[0]), x[0], angle);
}

Complex from_polar(const Complex* x) {
  if (x[0].real() < 0) raise<ValueError>("polar radius must be non-negative, not {}", x[0].real());
  return std::polar(1.0, x[1].real()) * x[0].real();
}

std::vector<Op> make_rows() {
  return {
      elementwise_row({.name = "real",
                       .doc = "The real part of each element.",
                       .vjp = part_vjp<real_gradient>,
                       .jvp = real_jvp,
                       .elementwise = {.compute = promoted,
                                       .result = to_real,
                                       .value = [](const double* x) { return x[0]; },
                                       .value_integer = [](const int64_t* x, DType) { return x[0]; },
                                       .value_complex = [](const Complex* x) { return Complex(x[0].real()); },
                                       .code = itself}}),
      elementwise_row({.name = "imag",
                       .doc = "The imaginary part of each element; zero for real ones.",
                       .vjp = part_vjp<imag_gradient>,
                       .jvp = imag_jvp,
                       .elementwise = {.compute = promoted,
                                       .result = to_real,
                                       .value = [](const double*) { return 0.0; },
                                       .value_integer = [](const int64_t*, DType) { return int64_t{0}; },
                                       .value_complex = [](const Complex* x) { return Complex(x[0].imag()); },
                                       .code = nothing}}),
      elementwise_row(
          {.name = "angle",
           .doc = "The angle of each element in the complex plane, in radians, as float64.",
           .vjp = part_vjp<angle_gradient>,
           .jvp = angle_jvp,
           .elementwise = {.compute = always_double,
                           .result = to_real,
                           .value = [](const double* x) { return std::isnan(x[0]) ? x[0] : std::arg(x[0]); },
                           .value_complex = [](const Complex* x) { return Complex(std::arg(x[0])); },
                           .code = angle_code}}),
      elementwise_row({.name = "conj",
                       .doc = "The complex conjugate of each element; real ones stay.",
                       .vjp = conj_vjp,
                       .jvp = conj_jvp,
                       .elementwise = {.compute = at_least_int8,
                                       .value = [](const double* x) { return x[0]; },
                                       .value_integer = [](const int64_t* x, DType) { return x[0]; },
                                       .value_complex = [](const Complex* x) { return std::conj(x[0]); },
                                       .code = itself}}),
      elementwise_row(
          {.name = "complex",
           .min_inputs = 2,
           .max_inputs = 2,
           .doc = "The complex number of a real and an imaginary part, element by element.",
           .vjp = complex_vjp,
           .jvp = complex_jvp,
           .elementwise = {.compute = complex_of_parts,
                           .value_complex = [](const Complex* x) { return Complex(x[0].real(), x[1].real()); }}}),
      elementwise_row(
          {.name = "complex_from_polar",
           .min_inputs = 2,
           .max_inputs = 2,
           .doc = "The complex number of a radius, which is not negative, and an angle, element by element.",
           .traits = may_fail,
           .vjp = polar_vjp,
           .jvp = polar_jvp,
           .elementwise = {.compute = complex_of_parts, .value_complex = from_polar},
           .domain = {0.2, 3}}),
  };
}

}  // namespace

// -------------------------------------------------------------------------------------- the meaning of other rows

bool complex_less(const Complex& a, const Complex& b) {
  if (a.real() == b.real()) return a.imag() < b.imag();
  return a.real() < b.real() && !std::isnan(a.imag()) && !std::isnan(b.imag());
}

bool complex_not_greater(const Complex& a, const Complex& b) {
  if (a.real() == b.real()) return a.imag() <= b.imag();
  return a.real() < b.real() && !std::isnan(a.imag()) && !std::isnan(b.imag());
}

Complex complex_maximum(const Complex* x) { return is_nan(x[0]) || complex_not_greater(x[1], x[0]) ? x[0] : x[1]; }
Complex complex_minimum(const Complex* x) { return is_nan(x[0]) || complex_not_greater(x[0], x[1]) ? x[0] : x[1]; }

// Small whole powers by multiplication, which keeps them exact; zero to a power as the limit has it.
Complex complex_power(const Complex* x) {
  const Complex &base = x[0], &exponent = x[1];
  if (exponent == 0.0) return 1;
  if (base == 0.0) {
    const double nan = std::nan("");
    return exponent.real() > 0 && exponent.imag() == 0 ? Complex(0) : Complex(nan, nan);
  }
  const double n = exponent.real();
  if (exponent.imag() != 0 || n != std::trunc(n) || std::fabs(n) > 100) return std::exp(exponent * std::log(base));
  Complex result = 1, factor = base;
  for (auto bits = static_cast<unsigned>(std::fabs(n)); bits != 0; bits >>= 1) {
    if (bits & 1) result = complex_product(result, factor);
    factor = complex_product(factor, factor);
  }
  return n < 0 ? 1.0 / result : result;
}

Complex complex_log1p(const Complex& z) {
  return {std::log(std::hypot(z.real() + 1, z.imag())), std::atan2(z.imag(), z.real() + 1)};
}

// exp(x) cos(y) - 1 = expm1(x) cos(y) - 2 sin(y/2)^2
Complex complex_expm1(const Complex& z) {
  const double half = std::sin(z.imag() / 2);
  return {std::expm1(z.real()) * std::cos(z.imag()) - 2 * half * half, std::exp(z.real()) * std::sin(z.imag())};
}

std::vector<Expr> complex_abs_vjp(const Vjp& v) {
  const Expr &z = v.x[0], &y = v.y[0];
  const Expr at_zero = call("eq", {y, v.builder.constant(y.dtype(), 0)});
  return {where_not(at_zero, v.dy[0] / y) * z};
}

std::vector<Expr> complex_abs_jvp(const Jvp& v) {
  const Expr &z = v.x[0], &y = v.y[0];
  const Expr at_zero = call("eq", {y, v.builder.constant(y.dtype(), 0)});
  return {where_not(at_zero, inner(z, v.dx[0]) / y)};
}

std::span<const Op> complex_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
