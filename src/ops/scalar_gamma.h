// The gamma function's logarithm and its derivatives as loop code, and the derivatives on doubles.
#pragma once

#include "ir/loop_builder.h"

namespace croton::scalar_math {

loop::Value gammaln(loop::Value x);               // log |gamma(x)|: the C library's
loop::Value psi(loop::Value x);                   // its derivative; absolute error below 1e-15 where it is of order one
loop::Value polygamma(int order, loop::Value x);  // derivative of psi, `order` times (at least once)
loop::Value erfc(loop::Value x);                  // the C library's

double psi(double x);
double polygamma(int order, double x);

}  // namespace croton::scalar_math
