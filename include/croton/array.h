// Arrays at the border of the engine: views of the caller's memory, and results that own theirs.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "croton/dtype.h"
#include "croton/error.h"

namespace croton {

using Shape = std::vector<int64_t>;

template <class T>
concept Element =
    std::is_arithmetic_v<T> || std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

/// Memory of the caller, read during a call. Strides are in bytes; none: C order. A view does not own: what it views
/// has to outlive the call (a temporary number in the call's own line does).
struct ArrayView {
  const void* data = nullptr;
  DType dtype = DType::f64;
  Shape shape;
  Shape strides;

  ArrayView() = default;
  ArrayView(const void* memory, DType type, Shape sizes, Shape byte_strides = {})
      : data(memory), dtype(type), shape(std::move(sizes)), strides(std::move(byte_strides)) {}
  template <Element T>
  ArrayView(const T* memory, Shape sizes) : ArrayView(memory, dtype_of<T>(), std::move(sizes)) {}
  template <Element T>
  ArrayView(const std::vector<T>& values)  // NOLINT: the calls read as if they took the vector
      : ArrayView(values.data(), dtype_of<T>(), {static_cast<int64_t>(values.size())}) {}
  template <Element T>
  ArrayView(const T& number) : ArrayView(&number, dtype_of<T>(), {}) {}  // NOLINT: likewise
};

/// Memory of the caller that a call writes a result into: of the result's dtype and shape, in C order.
struct OutputView {
  void* data = nullptr;
  DType dtype = DType::f64;
  Shape shape;

  template <Element T>
  OutputView(T* memory, Shape sizes) : data(memory), dtype(dtype_of<T>()), shape(std::move(sizes)) {}
};

/// An array that owns its memory, in C order. Copies share the memory.
class OwnedArray {
 public:
  OwnedArray() = default;
  OwnedArray(std::shared_ptr<void> data, DType dtype, Shape shape)
      : data_(std::move(data)), dtype_(dtype), shape_(std::move(shape)) {}
  /// A copy of `values`, which has as many elements as `shape`.
  template <Element T>
    requires(!std::is_same_v<T, bool>)
  OwnedArray(const std::vector<T>& values, Shape shape) : dtype_(dtype_of<T>()), shape_(std::move(shape)) {
    if (static_cast<int64_t>(values.size()) != size()) throw ValueError("the shape has another number of elements");
    auto copy = std::make_shared<std::vector<T>>(values);
    data_ = std::shared_ptr<void>(copy, copy->data());
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return static_cast<int>(shape_.size()); }
  int64_t size() const {
    int64_t count = 1;
    for (const int64_t length : shape_) count *= length;
    return count;
  }
  /// The elements; TypeError when T is not the array's element type.
  template <Element T>
  const T* data() const {
    if (dtype_of<T>() != dtype_) throw TypeError("the array has another element type");
    return static_cast<const T*>(data_.get());
  }
  template <Element T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<size_t>(size())};
  }
  /// The only element, of whatever dtype but a complex one; ValueError when there are several.
  double item() const;
  operator ArrayView() const { return {data_.get(), dtype_, shape_}; }

 private:
  std::shared_ptr<void> data_;
  DType dtype_ = DType::f64;
  Shape shape_;
};

OwnedArray zero_array(DType dtype, Shape shape);
template <Element T>
OwnedArray zeros(Shape shape) {
  return zero_array(dtype_of<T>(), std::move(shape));
}

}  // namespace croton
