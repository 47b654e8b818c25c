// Slices and scalar positions of axes, with NumPy's rules written once for sizes, kernels and reference values.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ir/op.h"

namespace croton {

/// Positions first, first + step, ... of an axis, `length` of them.
template <class Number>
struct CanonicalSlice {
  Number first, step, length;
};

/// A slice as written: parts that are not given are null.
template <class Number>
struct SliceParts {
  std::optional<Number> start, stop, step;
};

// `Math` offers Number and arithmetic on it: number(c), known(a) (the value when it is a constant), never_negative(a),
// add, sub, div (of a non-negative by a positive), min, max, less, select.
//
// Forward, bounds lie in [0, size]; backward in [-1, size - 1]. A negative bound counts from the end before it is
// clipped.
template <class Math>
typename Math::Number clipped_bound(Math& m, typename Math::Number bound, typename Math::Number size, bool backward) {
  const auto low = m.number(backward ? -1 : 0), high = backward ? m.sub(size, m.number(1)) : size;
  if (const auto known = m.known(bound)) {
    return *known < 0 ? m.max(m.add(size, bound), low) : m.min(bound, high);
  }
  if (m.never_negative(bound)) return m.min(bound, high);
  const auto counted = m.select(m.less(bound, m.number(0)), m.add(bound, size), bound);
  return m.min(m.max(counted, low), high);
}

template <class Math>
CanonicalSlice<typename Math::Number> directed_slice(Math& m, typename Math::Number size,
                                                     const SliceParts<typename Math::Number>& s,
                                                     typename Math::Number step, bool backward) {
  using Number = typename Math::Number;
  const Number one = m.number(1), last = m.sub(size, one);
  const Number start = s.start ? clipped_bound(m, *s.start, size, backward) : backward ? last : m.number(0);
  const Number stop = s.stop ? clipped_bound(m, *s.stop, size, backward) : backward ? m.number(-1) : size;
  Number span = backward ? m.sub(start, stop) : m.sub(stop, start);
  if (s.start && s.stop) span = m.max(span, m.number(0));  // a missing bound is beyond any other
  const Number pace = backward ? m.sub(m.number(0), step) : step;
  const Number length = m.known(pace) == 1 ? span : m.div(m.add(span, m.sub(pace, one)), pace);
  return {start, step, length};
}

/// The step must not be zero.
template <class Math>
CanonicalSlice<typename Math::Number> canonical_slice(Math& m, typename Math::Number size,
                                                      const SliceParts<typename Math::Number>& s) {
  const auto step = s.step ? *s.step : m.number(1);
  if (const auto known = m.known(step)) return directed_slice(m, size, s, step, *known < 0);
  const auto backward = m.less(step, m.number(0));
  const auto back = directed_slice(m, size, s, step, true), forth = directed_slice(m, size, s, step, false);
  // In the direction that is not taken the pace is negative or zero, which divides to something finite.
  return {m.select(backward, back.first, forth.first), step, m.select(backward, back.length, forth.length)};
}

// ----------------------------------------------------------------------------------- the entries of subtensor rows

/// What an entry of the attributes says of one axis, with the inputs that hold its scalars.
struct SliceEntry {
  bool is_position = false;    // a scalar index: the axis is dropped
  int position = -1;           // input of the scalar index
  SliceParts<int> parts = {};  // inputs of the given parts of a slice
  bool is_whole() const { return !is_position && !parts.start && !parts.stop && !parts.step; }
};

/// One entry per axis of input 0 (the axes behind those of the attributes are whole). `first` is the input of the first
/// scalar.
std::vector<SliceEntry> slice_entries(const std::vector<int64_t>& ints, int rank, int first);
/// Raises unless attributes and inputs from `first` on fit the tensor x; gives the type of the region that they mark.
Type region_type(const TypeQuery& q, const Type& x, int first);
/// Sizes of the region.
std::vector<SizeId> region_sizes(SizeQuery& q, int first);
/// The region as a view: strides of x are in elements.
ViewResult region_view(SizeQuery& q, std::span<const SizeId> strides, int first);
/// The index of x that an index of the region means.
std::vector<loop::Value> region_index(PullContext& c, std::span<const loop::Value> index, int first);
/// The region of x (input 0 of the node, or a copy of it) as a strided array.
Array region_of(const Node& node, const Array& x, std::span<const Array> inputs, int first);

}  // namespace croton
