// Strided arrays: an owning handle used by literals, the interpreter, the executor and the faces.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ir/type.h"

namespace croton {

struct Literal;
using Complex = std::complex<double>;

/// Reference-counted memory of an array. `owner` keeps foreign memory (NumPy's, a literal's) alive.
struct Storage {
  std::byte* data = nullptr;
  size_t bytes = 0;
  bool read_only = false;
  std::shared_ptr<void> owner;  // null: allocated by allocate_block and freed with the storage
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage();
};

/// A strided view of a storage. Strides are in BYTES (as NumPy's), shape in elements.
struct Array {
  DType dtype = DType::f64;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  std::byte* data = nullptr;  // element (0, 0, ...)
  std::shared_ptr<Storage> storage;

  int rank() const { return static_cast<int>(shape.size()); }
  int64_t size() const;        // elements
  bool is_contiguous() const;  // C order
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
};

std::shared_ptr<Storage> new_storage(size_t bytes);
Array new_array(DType dtype, std::vector<int64_t> shape);  // uninitialised, C order

// A storage whose memory was taken out may stay with its array and get new memory: no allocation but the memory.
/// Gives the array memory of its own, in an emptied storage if it has one.
void give_memory(Array& array, size_t bytes);
/// The memory of an array that alone owns all of it in C order, which is left with an emptied storage; else null.
std::byte* take_memory(Array& array);
/// Lets go of the storage, unless it is an emptied one of this array.
void leave_memory(Array& array) noexcept;

Array zeros(DType dtype, std::vector<int64_t> shape);
Array view_memory(void* data, DType dtype, std::vector<int64_t> shape, std::vector<int64_t> byte_strides,
                  std::shared_ptr<void> owner, bool read_only);
Array array_of(std::shared_ptr<const Literal> literal);  // read-only view of the literal's bytes
std::shared_ptr<const Literal> literal_of_array(const Array& array, uint32_t ones);
Array contiguous(const Array& array);                      // itself when it is contiguous
Array converted(const Array& array, DType dtype);          // C's conversions, contiguous
void copy_into(const Array& target, const Array& source);  // same shape and dtype
/// C-ordered elements at `target`, which does not overlap the source. Allocates nothing: it runs after commits too.
void copy_elements(std::byte* target, const Array& source);
double element_as_double(const std::byte* p, DType dtype);
int64_t element_as_integer(const std::byte* p, DType dtype);
Complex element_as_complex(const std::byte* p, DType dtype);
void store_double(std::byte* p, DType dtype, double value);
void store_complex(std::byte* p, DType dtype, Complex value);  // a dtype that is not complex gets the real part
void store_integer(std::byte* p, DType dtype, int64_t value);
double half_to_double(uint16_t bits);
uint16_t half_from_double(double value);  // rounds to nearest, ties to even
/// Calls f(linear position, byte pointer) for every element in C order.
template <class F>
void for_each_element(const Array& a, F&& f) {
  const int n = a.rank();
  const int64_t count = a.size();
  std::vector<int64_t> index(static_cast<size_t>(n), 0);
  std::byte* p = a.data;
  for (int64_t k = 0; k < count; ++k) {
    f(k, p);
    for (int d = n - 1; d >= 0; --d) {
      const auto i = static_cast<size_t>(d);
      p += a.strides[i];
      if (++index[i] < a.shape[i]) break;
      p -= a.strides[i] * a.shape[i];
      index[i] = 0;
    }
  }
}

}  // namespace croton
