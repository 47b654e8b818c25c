// Element types: sizes and classes, and Theano's promotion table.
#pragma once

#include <cstdint>
#include <string_view>

#include "croton/dtype.h"

namespace croton {

std::string_view dtype_name(DType dtype);      // "float32": NumPy's name
DType dtype_from_name(std::string_view name);  // TypeError when there is no such dtype; also "floatX"-free aliases
int item_size(DType dtype);                    // bytes in memory; bool is one byte
inline bool is_bool(DType d) { return d == DType::b1; }
inline bool is_signed_integer(DType d) { return d >= DType::i8 && d <= DType::i64; }
inline bool is_unsigned_integer(DType d) { return d >= DType::u8 && d <= DType::u64; }
inline bool is_integer(DType d) { return d >= DType::i8 && d <= DType::u64; }  // bool excluded
inline bool is_discrete(DType d) { return d <= DType::u64; }                   // bool and integers
inline bool is_float(DType d) { return d >= DType::f16 && d <= DType::f64; }
inline bool is_complex(DType d) { return d >= DType::c64; }

/// NumPy's array promotion of two dtypes (int32 + float32 -> float64).
DType promote(DType a, DType b);
/// The float dtype that a float function of this dtype works in: bool, 8 and 16 bit integers -> float32, wider ->
/// float64.
DType to_float(DType d);
/// The dtype in which sums and products of this dtype accumulate: bool, signed -> int64, unsigned -> uint64, floats
/// keep theirs.
DType to_accumulator(DType d);
/// What a call may convert without being asked, by Theano's rule: promote(from, to) is `to`. So int64 goes to float64.
bool safely_casts(DType from, DType to);
/// True when every value of `from` is exactly a value of `to` (int64 to float64 is not): what rewrites need.
bool exactly_casts(DType from, DType to);
/// 8 to 64 bit integer dtypes by size.
DType integer_of_size(int bytes, bool is_signed);

}  // namespace croton
