// Names, sizes and promotion of element types; the promotion rule is NumPy's for arrays.
#include "ir/dtype.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"

namespace croton {
namespace {

struct Row {
  std::string_view name;
  int8_t size;
  int8_t exact_bits;  // bits of magnitude that the dtype holds exactly: 2^exact_bits integers on each side it has
};

constexpr std::array<Row, dtype_count> rows = {{{"bool", 1, 1},
                                                {"int8", 1, 7},
                                                {"int16", 2, 15},
                                                {"int32", 4, 31},
                                                {"int64", 8, 63},
                                                {"uint8", 1, 8},
                                                {"uint16", 2, 16},
                                                {"uint32", 4, 32},
                                                {"uint64", 8, 64},
                                                {"float16", 2, 11},
                                                {"float32", 4, 24},
                                                {"float64", 8, 53},
                                                {"complex64", 8, 24},
                                                {"complex128", 16, 53}}};

const Row& row(DType dtype) { return rows[static_cast<size_t>(dtype)]; }

// The smallest float whose kind of values covers the integers of that many bytes, by NumPy's rule.
DType float_over_integer(int bytes) { return bytes == 1 ? DType::f16 : bytes == 2 ? DType::f32 : DType::f64; }

DType promote_integers(DType a, DType b) {
  const int size_a = item_size(a), size_b = item_size(b);
  if (is_signed_integer(a) == is_signed_integer(b)) return size_a >= size_b ? a : b;
  const int size_signed = is_signed_integer(a) ? size_a : size_b;
  const int size_unsigned = is_signed_integer(a) ? size_b : size_a;
  if (size_signed > size_unsigned) return integer_of_size(size_signed, true);
  return size_unsigned == 8 ? DType::f64 : integer_of_size(2 * size_unsigned, true);
}

// The float dtype with which a dtype takes part in a promotion to floats.
DType as_float(DType d) {
  if (is_bool(d)) return DType::f16;
  if (is_integer(d)) return float_over_integer(item_size(d));
  if (is_complex(d)) return d == DType::c64 ? DType::f32 : DType::f64;
  return d;
}

}  // namespace

std::string_view dtype_name(DType dtype) { return row(dtype).name; }

DType dtype_from_name(std::string_view name) {
  for (int i = 0; i < dtype_count; ++i) {
    if (rows[static_cast<size_t>(i)].name == name) return static_cast<DType>(i);
  }
  raise<TypeError>(
      "'{}' is not a dtype; the dtypes are bool, int8 to int64, uint8 to uint64, float16 to float64, complex64 and "
      "complex128",
      name);
}

int item_size(DType dtype) { return row(dtype).size; }

DType promote(DType a, DType b) {
  if (a == b || is_bool(b)) return a;
  if (is_bool(a)) return b;
  if (is_integer(a) && is_integer(b)) return promote_integers(a, b);
  const DType wide = std::max(as_float(a), as_float(b));
  if (!is_complex(a) && !is_complex(b)) return wide;
  return wide == DType::f64 ? DType::c128 : DType::c64;
}

DType to_float(DType d) {
  if (is_discrete(d)) return item_size(d) <= 2 ? DType::f32 : DType::f64;
  return d;
}

DType to_accumulator(DType d) {
  if (is_unsigned_integer(d)) return DType::u64;
  return is_discrete(d) ? DType::i64 : d;
}

bool safely_casts(DType from, DType to) { return promote(from, to) == to; }

bool exactly_casts(DType from, DType to) {
  if (from == to || is_bool(from)) return true;
  if (is_bool(to) || (is_complex(from) && !is_complex(to)) || (is_float(from) && is_integer(to))) return false;
  if (is_signed_integer(from) && is_unsigned_integer(to)) return false;
  return row(from).exact_bits <= row(to).exact_bits;
}

DType integer_of_size(int bytes, bool is_signed) {
  switch (bytes) {
    case 1:
      return is_signed ? DType::i8 : DType::u8;
    case 2:
      return is_signed ? DType::i16 : DType::u16;
    case 4:
      return is_signed ? DType::i32 : DType::u32;
    case 8:
      return is_signed ? DType::i64 : DType::u64;
    default:
      raise<InternalError>("no integer dtype has {} bytes", bytes);
  }
}

}  // namespace croton
