// The type of a variable: a tagged kind; a tensor has dtype, rank and the set of axes known to have size one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/dtype.h"

namespace croton {

/// Everything a variable can be. Only tensors take part in kernels.
enum class Kind : uint8_t { tensor, random_state, sparse, list, slice, none, null, disconnected, object };

inline constexpr int max_rank = 32;

struct Type {
  Kind kind = Kind::tensor;
  DType dtype = DType::f64;
  uint8_t rank = 0;
  uint32_t ones = 0;     // bit a set: axis a is known to have size one (and so it broadcasts)
  uint32_t context = 0;  // 0: not placed by the user

  bool operator==(const Type&) const = default;
  bool is_tensor() const { return kind == Kind::tensor; }
  /// Its values are arrays: tensors, and random states, vectors of words that only the rows of random numbers take.
  bool is_array() const { return kind == Kind::tensor || kind == Kind::random_state; }
  bool broadcasts(int axis) const { return (ones >> axis) & 1u; }
};

Type tensor_type(DType dtype, const std::vector<bool>& broadcastable);
Type tensor_type(DType dtype, int rank);  // no axis broadcasts
inline Type scalar_type(DType dtype) { return tensor_type(dtype, 0); }
Type kind_type(Kind kind);
std::vector<bool> broadcastable(const Type& type);
std::string type_name(const Type& type);  // "TensorType(float64, matrix)", as Theano prints it

}  // namespace croton
