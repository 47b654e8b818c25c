// Scalar meaning of the arithmetic rows where it is more than one instruction: loop code, and the same on C++ integers.
#pragma once

#include <cstdint>

#include "ir/loop_builder.h"

namespace croton::arithmetic {

// Loop code. Operands have one dtype.
loop::Value floor_division(loop::Value a, loop::Value b);  // rounded down; integers: x/0 is 0
loop::Value modulo(loop::Value a, loop::Value b);          // sign of the divisor, as Python's; integers: x%0 is 0
loop::Value integer_power(loop::Value base,
                          loop::Value exponent);  // wraps; negative exponents truncate 1/base**n, 1/0 is 0
loop::Value sign(loop::Value a);                  // -1, 0, 1; NaN for NaN

// The same on values of an integer dtype (uint64 as bits of int64). Results wrap when they are stored.
int64_t floor_division(int64_t a, int64_t b, DType dtype);
int64_t modulo(int64_t a, int64_t b, DType dtype);
int64_t integer_power(int64_t base, int64_t exponent, DType dtype);
bool less(int64_t a, int64_t b, DType dtype);
// Arithmetic that wraps without being undefined.
int64_t wrapping_add(int64_t a, int64_t b);
int64_t wrapping_sub(int64_t a, int64_t b);
int64_t wrapping_mul(int64_t a, int64_t b);

// The same on floats.
double floor_division(double a, double b);
double modulo(double a, double b);

}  // namespace croton::arithmetic
