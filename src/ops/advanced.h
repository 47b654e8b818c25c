// Indexing by arrays: where the axes of the index arrays stand in the region, the same for reading and updating.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/support.h"

namespace croton {

/// NumPy's layout of a region: the axes of the index arrays stand where the first indexed axis was when the indexed
/// axes are neighbours, else in front; the other axes of x keep their order around them.
struct AdvancedLayout {
  int index_rank = 0;
  int position = 0;         // region axis of the first index axis
  std::vector<int> source;  // per region axis: axis of x, or -1 for an index axis
  int rank() const { return static_cast<int>(source.size()); }
  bool is_index_axis(int axis) const { return axis >= position && axis < position + index_rank; }
};
AdvancedLayout advanced_layout(std::span<const int64_t> flags, int index_rank);
/// Of a node whose first index array is input `first`.
AdvancedLayout advanced_layout(const Node& node, int first);

/// Raises unless flags and index arrays fit x; gives the type of the region.
Type advanced_type(const TypeQuery& q, const Type& x, int first);
std::vector<SizeId> advanced_sizes(SizeQuery& q, int first);
std::vector<loop::Value> advanced_index(PullContext& c, std::span<const loop::Value> index, int first);

/// Reference: the shape of the region, and the index of x that an index of it means.
class AdvancedRegion {
 public:
  AdvancedRegion(const Node& node, std::span<const Array> inputs, int first);
  const std::vector<int64_t>& shape() const { return shape_; }
  Index place(const Index& index) const;

 private:
  AdvancedLayout layout_;
  std::vector<Array> arrays_;  // broadcast to one shape
  std::vector<int> axes_;      // of x, one per array
  std::vector<int64_t> shape_, x_shape_;
};

/// Indexing of a stack: index arrays and flags for it, and the order in which the axes of its region must be put
/// (`pattern` of dimshuffle) to be a new axis followed by the region of an item. `stacked_x` says whether x has the new
/// axis.
struct StackedIndex {
  std::vector<Expr> arrays;
  std::vector<int64_t> flags;
  std::vector<int64_t> pattern;
};
StackedIndex stacked_index(const Batch& b, bool stacked_x, int first);

}  // namespace croton
