// Work along one axis of strided arrays, line by line and on every core: sorting, running sums and products.
#pragma once

#include "ir/array.h"

namespace croton {

/// The lines of an array along one axis: all other axes, in C order.
struct Lines {
  Lines(const Array& array, size_t axis);
  std::byte* line(int64_t number) const;  // its first element

  std::vector<int64_t> shape, strides;  // of the other axes; strides in bytes
  std::byte* data;
  int64_t count = 1;   // of lines
  int64_t length = 0;  // elements of each
  int64_t step = 0;    // bytes from element to element
};

// The results have the shape of x; the axis is an axis of x.
// In the order of NumPy: NaN behind every number; negative zero before zero. NaN loses its sign and payload.
void sort_lines(const Array& x, const Array& result, size_t axis);
/// Positions (int64) in that order, equal elements in their order.
void argsort_lines(const Array& x, const Array& result, size_t axis);

/// Sums or products up to each element, rounded to the dtype at every step as NumPy does; integers wrap, and a sum of
/// bools is their `or`. The result is in C order.
void running_lines(const Array& x, const Array& result, size_t axis, bool product);

}  // namespace croton
