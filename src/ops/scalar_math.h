// Elementary functions as loop code: polynomials inlined into kernels, for float32 and float64 (float16 works in
// float32).
//
// Errors are below 1.5 units in the last place over the whole range where nothing else is said, denormals included;
// signed zeros, infinities and NaN follow IEEE 754 (C's Annex F). tests/cpp/scalar_math_test.cpp measures every
// function against a wider reference.
#pragma once

#include "ir/loop_builder.h"

namespace croton::scalar_math {

using loop::Value;

Value exp(Value x);
Value exp2(Value x);
Value expm1(Value x);
Value log(Value x);
Value log2(Value x);
Value log10(Value x);
Value log1p(Value x);
Value tanh(Value x);
Value sigmoid(Value x);   // 1 / (1 + exp(-x))
Value softplus(Value x);  // log(1 + exp(x))
Value pow(Value x, Value y);

// Beyond 2^50 in magnitude the C library computes: float64 numbers lie a quarter apart there.
Value sin(Value x);
Value cos(Value x);
Value tan(Value x);
Value arctan(Value x);
Value arctan2(Value y, Value x);  // the angle of the point (x, y)
Value arcsin(Value x);
Value arccos(Value x);

// Within 3 units in the last place for float64.
Value sinh(Value x);
Value cosh(Value x);
Value arcsinh(Value x);
Value arccosh(Value x);
Value arctanh(Value x);

Value erf(Value x);

}  // namespace croton::scalar_math
