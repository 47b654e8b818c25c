// Element types of arrays, and which of them stands for a C++ type.
#pragma once

#include <complex>
#include <cstdint>
#include <type_traits>

namespace croton {

enum class DType : uint8_t { b1, i8, i16, i32, i64, u8, u16, u32, u64, f16, f32, f64, c64, c128 };
inline constexpr int dtype_count = 14;

/// The dtype of a C++ type: dtype_of<double>() is DType::f64.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return DType::b1;
  } else if constexpr (std::is_same_v<T, float>) {
    return DType::f32;
  } else if constexpr (std::is_same_v<T, double>) {
    return DType::f64;
  } else if constexpr (std::is_same_v<T, std::complex<float>>) {
    return DType::c64;
  } else if constexpr (std::is_same_v<T, std::complex<double>>) {
    return DType::c128;
  } else {
    static_assert(std::is_integral_v<T>, "no element type of Croton is stored like this type");
    constexpr int step = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return static_cast<DType>(static_cast<int>(std::is_signed_v<T> ? DType::i8 : DType::u8) + step);
  }
}

}  // namespace croton
