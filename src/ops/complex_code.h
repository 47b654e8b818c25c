// Scalar meaning of the rows on complex numbers, as NumPy has it, and the gradient of the absolute value.
#pragma once

#include <vector>

#include "ir/op.h"

namespace croton {

/// Without C's search for infinities: an infinite factor may give NaN, as in NumPy.
inline Complex complex_product(const Complex& a, const Complex& b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
Complex complex_power(const Complex* x);
Complex complex_log1p(const Complex& z);
Complex complex_expm1(const Complex& z);
// Complex numbers are ordered by their real parts, then by their imaginary ones.
bool complex_less(const Complex& a, const Complex& b);
bool complex_not_greater(const Complex& a, const Complex& b);
Complex complex_maximum(const Complex* x);
Complex complex_minimum(const Complex* x);

/// |z| has no complex derivative: its gradient in z is g z / |z|, zero at zero.
std::vector<Expr> complex_abs_vjp(const Vjp& v);
std::vector<Expr> complex_abs_jvp(const Jvp& v);

}  // namespace croton
