// Elementary functions as loop code: polynomials inlined into kernels, for float32 and float64 (float16 works in
// float32).
//
// Errors are below 1.5 units in the last place over the whole range, denormals included; signed zeros, infinities and
// NaN follow IEEE 754 (C's Annex F). tests/cpp/scalar_math_test.cpp measures every function against a wider reference.
#pragma once

#include "ir/loop_builder.h"

namespace croton::scalar_math {

using loop::Value;

Value exp(Value x);
Value expm1(Value x);
Value log(Value x);
Value log1p(Value x);
Value tanh(Value x);
Value sigmoid(Value x);   // 1 / (1 + exp(-x))
Value softplus(Value x);  // log(1 + exp(x))
Value pow(Value x, Value y);

}  // namespace croton::scalar_math
