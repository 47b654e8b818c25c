// Indexing by arrays: layout, types, sizes, index arithmetic and stacks.
#include "ops/advanced.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace croton {
namespace {

std::string index_message(size_t array, int axis) {
  return fmt::format(
      "shape mismatch: indexing arrays could not be broadcast together: along axis {} the first has size {{0}}, array "
      "{} has "
      "size {{1}}",
      axis, array);
}

std::vector<int> indexed_axes(std::span<const int64_t> flags) {
  std::vector<int> axes;
  for (size_t axis = 0; axis < flags.size(); ++axis) {
    if (flags[axis]) axes.push_back(static_cast<int>(axis));
  }
  return axes;
}

}  // namespace

AdvancedLayout advanced_layout(std::span<const int64_t> flags, int index_rank) {
  const std::vector<int> axes = indexed_axes(flags);
  const bool neighbours = axes.back() - axes.front() + 1 == static_cast<int>(axes.size());
  AdvancedLayout layout{.index_rank = index_rank, .position = neighbours ? axes.front() : 0, .source = {}};
  for (size_t axis = 0; axis < flags.size(); ++axis) {
    if (!flags[axis]) layout.source.push_back(static_cast<int>(axis));
  }
  layout.source.insert(layout.source.begin() + layout.position, static_cast<size_t>(index_rank), -1);
  return layout;
}

AdvancedLayout advanced_layout(const Node& node, int first) {
  return advanced_layout(node.attributes.ints, node.inputs[static_cast<size_t>(first)].type().rank);
}

Type advanced_type(const TypeQuery& q, const Type& x, int first) {
  const std::vector<int64_t>& flags = q.attributes.ints;
  const auto arrays = q.inputs.subspan(static_cast<size_t>(first));
  const auto marked = static_cast<size_t>(std::count(flags.begin(), flags.end(), 1));
  if (flags.size() != x.rank)
    raise<ValueError>("{}: {} flags were given for {}", q.op.name, flags.size(), type_name(x));
  if (marked + static_cast<size_t>(std::count(flags.begin(), flags.end(), 0)) != flags.size() || marked == 0 ||
      marked != arrays.size()) {
    raise<ValueError>("{}: {} axes are indexed by {} index arrays", q.op.name, marked, arrays.size());
  }
  uint32_t ones = ~0u;
  const int rank = arrays[0].type().rank;
  for (size_t k = 0; k < arrays.size(); ++k) {
    const Type& type = tensor_input(q, static_cast<size_t>(first) + k);
    if (!is_integer(type.dtype)) raise<TypeError>("{}: index must be integers, not {}", q.op.name, type_name(type));
    if (type.rank != rank) raise<TypeError>("{}: the index arrays have {} and {} axes", q.op.name, rank, type.rank);
    ones &= type.ones;
  }
  const AdvancedLayout layout = advanced_layout(flags, rank);
  Type region = plain_type(x.dtype, layout.source.size(), q.op.name);
  for (int axis = 0; axis < layout.rank(); ++axis) {
    const int source = layout.source[static_cast<size_t>(axis)];
    const bool one = source >= 0 ? x.broadcasts(source) : ((ones >> (axis - layout.position)) & 1u) != 0;
    if (one) set_one(region, axis);
  }
  return region;
}

std::vector<SizeId> advanced_sizes(SizeQuery& q, int first) {
  const AdvancedLayout layout = advanced_layout(*q.node, first);
  std::vector<SizeId> sizes;
  for (int axis = 0; axis < layout.rank(); ++axis) {
    const int source = layout.source[static_cast<size_t>(axis)];
    if (source >= 0) {
      sizes.push_back(q.dim(0, source));
      continue;
    }
    const int along = axis - layout.position;
    SizeId size = no_size;
    for (size_t k = static_cast<size_t>(first); k < q.node->inputs.size(); ++k) {
      if (q.node->inputs[k].type().broadcasts(along)) continue;
      if (size == no_size) {
        size = q.dim(k, along);
      } else {
        q.require_equal(size, q.dim(k, along), index_message(k - static_cast<size_t>(first), along));
      }
    }
    sizes.push_back(size == no_size ? q.table().constant(1) : size);
  }
  return sizes;
}

std::vector<loop::Value> advanced_index(PullContext& c, std::span<const loop::Value> index, int first) {
  const AdvancedLayout layout = advanced_layout(c.node, first);
  std::vector<loop::Value> result(c.node.inputs[0].type().rank);
  for (size_t axis = 0; axis < index.size(); ++axis) {
    if (layout.source[axis] >= 0) result[static_cast<size_t>(layout.source[axis])] = index[axis];
  }
  const auto of_arrays = index.subspan(static_cast<size_t>(layout.position), static_cast<size_t>(layout.index_rank));
  auto input = static_cast<size_t>(first);
  for (const int axis : indexed_axes(c.node.attributes.ints)) {
    const loop::Value place = c.read(input, broadcast_index(c, input, of_arrays));
    result[static_cast<size_t>(axis)] = c.checked(loop::cast(place, DType::i64), c.dim(0, axis));
    ++input;
  }
  return result;
}

// ------------------------------------------------------------------------------------------------ reference values

AdvancedRegion::AdvancedRegion(const Node& node, std::span<const Array> inputs, int first)
    : layout_(advanced_layout(node, first)), axes_(indexed_axes(node.attributes.ints)), x_shape_(inputs[0].shape) {
  std::vector<int64_t> shape(static_cast<size_t>(layout_.index_rank), 1);
  for (int axis = 0; axis < layout_.index_rank; ++axis) {
    const auto a = static_cast<size_t>(axis);
    bool decided = false;
    for (size_t k = 0; k < axes_.size(); ++k) {
      const size_t input = static_cast<size_t>(first) + k;
      if (node.inputs[input].type().broadcasts(axis)) continue;
      const int64_t size = inputs[input].shape[a];
      if (decided && size != shape[a])
        throw IndexError(fmt::format(fmt::runtime(index_message(k, axis)), shape[a], size));
      shape[a] = size;
      decided = true;
    }
  }
  for (size_t k = 0; k < axes_.size(); ++k) {
    const size_t input = static_cast<size_t>(first) + k;
    arrays_.push_back(inputs[input]);
    for (int axis = 0; axis < layout_.index_rank; ++axis) {
      if (node.inputs[input].type().broadcasts(axis)) arrays_.back().strides[static_cast<size_t>(axis)] = 0;
    }
    arrays_.back().shape = shape;
  }
  for (int axis = 0; axis < layout_.rank(); ++axis) {
    const int source = layout_.source[static_cast<size_t>(axis)];
    shape_.push_back(source >= 0 ? x_shape_[static_cast<size_t>(source)]
                                 : shape[static_cast<size_t>(axis - layout_.position)]);
  }
}

Index AdvancedRegion::place(const Index& index) const {
  Index result(x_shape_.size());
  for (size_t axis = 0; axis < index.size(); ++axis) {
    if (layout_.source[axis] >= 0) result[static_cast<size_t>(layout_.source[axis])] = index[axis];
  }
  const auto of_arrays =
      std::span(index).subspan(static_cast<size_t>(layout_.position), static_cast<size_t>(layout_.index_rank));
  for (size_t k = 0; k < axes_.size(); ++k) {
    const auto axis = static_cast<size_t>(axes_[k]);
    const int64_t position = element_as_integer(element(arrays_[k], of_arrays), arrays_[k].dtype);
    result[axis] = checked_position(position, x_shape_[axis], axes_[k]);
  }
  return result;
}

// ---------------------------------------------------------------------------------------------------------- stacks

StackedIndex stacked_index(const Batch& b, bool stacked_x, int first) {
  const std::vector<int64_t>& flags = b.node.attributes.ints;
  const AdvancedLayout item = advanced_layout(b.node, first);
  StackedIndex result{{}, flags, {}};
  bool stacked_arrays = false;
  for (size_t k = static_cast<size_t>(first); k < b.x.size(); ++k) stacked_arrays |= b.batched[k];
  for (size_t k = static_cast<size_t>(first); k < b.x.size(); ++k) {
    result.arrays.push_back(stacked_arrays ? pad_left(b.x[k], item.index_rank + 1) : b.x[k]);
  }
  if (stacked_x && stacked_arrays) {  // item k of x is indexed by item k of the arrays
    const Expr items =
        call("arange", {b.builder.integer(0), b.size, b.builder.integer(1)}, {static_cast<int64_t>(DType::i64)});
    std::vector<int64_t> pattern(static_cast<size_t>(item.index_rank) + 1, -1);
    pattern[0] = 0;
    result.arrays.insert(result.arrays.begin(), dimshuffle(items, std::move(pattern)));
  }
  if (stacked_x) result.flags.insert(result.flags.begin(), stacked_arrays);

  // What each axis of the stack's region is: -1 the new axis, 0 ... an index axis of an item, after them an axis of x.
  const AdvancedLayout whole = advanced_layout(result.flags, item.index_rank + stacked_arrays);
  const auto label = [&](const AdvancedLayout& layout, int axis, int index_shift, int x_shift) {
    const int source = layout.source[static_cast<size_t>(axis)];
    if (source < 0) return axis - layout.position - index_shift;
    return source < x_shift ? -1 : item.index_rank + source - x_shift;
  };
  std::vector<int> labels;
  for (int axis = 0; axis < whole.rank(); ++axis) labels.push_back(label(whole, axis, stacked_arrays, stacked_x));
  const auto place_of = [&](int wanted) { return std::find(labels.begin(), labels.end(), wanted) - labels.begin(); };
  result.pattern.push_back(place_of(-1));
  for (int axis = 0; axis < item.rank(); ++axis) result.pattern.push_back(place_of(label(item, axis, 0, 0)));
  return result;
}

}  // namespace croton
