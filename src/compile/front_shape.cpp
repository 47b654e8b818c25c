// Numbers, shapes as vectors, and creation and joining of arrays, composed from rows.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "compile/front.h"
#include "ir/op.h"

namespace croton::front {
namespace {

bool is_row(const Expr& x, std::string_view name) { return x.var.op().name == name; }

Expr input_of(const Expr& x, size_t k) { return {x.builder, x.var.node->inputs.at(k)}; }

// A size, index or count: an integer scalar, brought to int64 so that sizes meet in one dtype.
Expr size_scalar(const Expr& x) {
  if (!x.type().is_tensor() || !is_discrete(x.dtype())) {
    raise<TypeError>("a size must be an integer, not {}", type_name(x.type()));
  }
  if (x.rank() != 0) raise<TypeError>("a size must be a scalar, not {}", type_name(x.type()));
  if (const auto value = constant_integer(x)) return x.builder->integer(*value);
  return cast(x, DType::i64);
}

// What a slice with constant bounds takes from a vector of known length; nothing when a bound is not constant.
std::optional<std::vector<int64_t>> constant_slice(const Node& node, Builder* b, int64_t length) {
  const int64_t mask = node.attributes.ints.empty() ? 0 : node.attributes.ints[0];
  if (mask < 0) return {};
  size_t next = 1;
  std::optional<int64_t> parts[3];
  for (int k = 0; k < 3; ++k) {
    if (!(mask & (1 << k))) continue;
    parts[k] = constant_integer({b, node.inputs.at(next++)});
    if (!parts[k]) return {};
  }
  const int64_t step = parts[2].value_or(1);
  if (step == 0) return {};
  const int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? length : length - 1;
  const auto bound = [&](std::optional<int64_t> given, int64_t absent) {
    if (!given) return absent;
    return std::clamp(*given < 0 ? *given + length : *given, lowest, highest);
  };
  const int64_t start = bound(parts[0], step > 0 ? 0 : length - 1), stop = bound(parts[1], step > 0 ? length : -1);
  std::vector<int64_t> positions;
  for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) positions.push_back(i);
  return positions;
}

// The elements where the graph shows them. Vectors of sizes are short and shallow, so recursion is bounded by what
// users write.
std::optional<std::vector<Expr>> shown_elements(const Expr& v, int depth = 0) {
  if (depth > 50) return {};
  std::vector<Expr> elements;
  if (const Literal* literal = literal_of(v.var)) {
    if (!is_discrete(v.dtype())) return {};
    const auto width = static_cast<size_t>(item_size(v.dtype()));
    for (size_t at = 0; at + width <= literal->bytes.size(); at += width) {
      elements.push_back(v.builder->integer(element_as_integer(literal->bytes.data() + at, v.dtype())));
    }
  } else if (is_row(v, "make_vector")) {
    for (const Var& x : v.var.node->inputs) elements.push_back({v.builder, x});
  } else if (is_row(v, "shape")) {
    const Expr x = input_of(v, 0);
    for (int axis = 0; axis < x.rank(); ++axis) elements.push_back(dim(x, axis));
  } else if (is_row(v, "dimshuffle") && input_of(v, 0).rank() == 0) {
    elements.push_back(input_of(v, 0));
  } else if (is_row(v, "join")) {
    for (const Var& part : v.var.node->inputs) {
      const auto more = shown_elements({v.builder, part}, depth + 1);
      if (!more) return {};
      elements.insert(elements.end(), more->begin(), more->end());
    }
  } else if (is_row(v, "subtensor")) {
    const auto all = shown_elements(input_of(v, 0), depth + 1);
    if (!all) return {};
    const auto positions = constant_slice(*v.var.node, v.builder, static_cast<int64_t>(all->size()));
    if (!positions) return {};
    for (const int64_t p : *positions) elements.push_back((*all)[static_cast<size_t>(p)]);
  } else if ((is_row(v, "cast") && is_discrete(v.dtype())) || is_row(v, "view")) {
    return shown_elements(input_of(v, 0), depth + 1);
  } else {
    return {};
  }
  return elements;
}

DType common_dtype(const std::vector<Expr>& parts) {
  DType dtype = parts.at(0).dtype();
  for (const Expr& x : parts) dtype = promote(dtype, x.dtype());
  return dtype;
}

void require_tensors(const std::vector<Expr>& parts, std::string_view what) {
  if (parts.empty()) raise<ValueError>("{} needs at least one array", what);
  for (const Expr& x : parts) {
    if (!x.type().is_tensor()) raise<TypeError>("{} takes tensors, not {}", what, type_name(x.type()));
  }
}

// Elements of a comparison of row and column numbers, as `dtype`.
Expr compare_positions(std::string_view row, const Expr& rows, const Expr& columns, const Expr& offset, DType dtype) {
  Builder& b = *rows.builder;
  const Expr zero = b.integer(0), one = b.integer(1);
  const Expr r = pad_right(arange(zero, rows, one, DType::i64), 1) + size_scalar(offset);
  const Expr c = pad_left(arange(zero, columns, one, DType::i64), 2);
  return cast(call(row, {r, c}), dtype);
}

}  // namespace

Expr number(Builder& b, int64_t value) { return b.integer(value, integer_literal_dtype(value)); }

Expr number(Builder& b, double value, DType float_x) {
  return b.constant(float_x != DType::f64 ? float_x : float_literal_dtype(value), value);
}

std::optional<int64_t> constant_integer(const Expr& x) {
  const Literal* literal = literal_of(x.var);
  if (literal && is_discrete(x.dtype()) && static_cast<int>(literal->bytes.size()) == item_size(x.dtype())) {
    return element_as_integer(literal->bytes.data(), x.dtype());
  }
  if (is_row(x, "cast") && is_discrete(x.dtype()) && x.dtype() == DType::i64) return constant_integer(input_of(x, 0));
  return {};
}

std::optional<int64_t> vector_length(const Expr& v) {
  if (!v.type().is_tensor() || v.rank() != 1) return {};
  if (v.type().broadcasts(0)) return 1;
  if (const Literal* literal = literal_of(v.var)) return literal->shape.at(0);
  const auto elements = shown_elements(v);
  if (!elements) return {};
  return static_cast<int64_t>(elements->size());
}

std::vector<Expr> vector_elements(const Expr& v, int length) {
  if (!v.type().is_tensor() || !is_discrete(v.dtype())) {
    raise<TypeError>("a shape must hold integers, not {}", type_name(v.type()));
  }
  if (v.rank() == 0) return {size_scalar(v)};
  if (v.rank() != 1) raise<TypeError>("a shape must be a vector of integers, not {}", type_name(v.type()));
  std::vector<Expr> elements;
  if (auto shown = shown_elements(v)) {
    for (const Expr& x : *shown) elements.push_back(size_scalar(x));
    if (length >= 0 && static_cast<int>(elements.size()) != length) {
      raise<ValueError>("the shape has {} sizes, but ndim is {}", elements.size(), length);
    }
    return elements;
  }
  if (length < 0 && v.type().broadcasts(0)) length = 1;
  if (length < 0) {
    raise<ValueError>("the length of the shape cannot be seen from the graph: give ndim=, or a tuple of sizes");
  }
  for (int k = 0; k < length; ++k) {
    IndexItem item;
    item.kind = IndexItem::Kind::scalar;
    item.value = v.builder->integer(k);
    elements.push_back(size_scalar(index(v, {item})));
  }
  return elements;
}

int normal_axis(int64_t axis, int rank, std::string_view what) {
  if (axis < -rank || axis >= rank) raise<ValueError>("{}: axis {} is out of range for rank {}", what, axis, rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int64_t> normal_axes(const Axes& axes, int rank, std::string_view what) {
  std::vector<int64_t> result;
  if (!axes) {
    result.resize(static_cast<size_t>(rank));
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  for (const int64_t axis : *axes) result.push_back(normal_axis(axis, rank, what));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    raise<ValueError>("{}: an axis is given twice", what);
  }
  return result;
}

Expr shape(const Expr& x) { return call("shape", {x}); }

Expr reshape(const Expr& x, std::vector<Expr> sizes) {
  std::vector<Expr> inputs = {x};
  int unknown = 0;
  for (const Expr& size : sizes) {
    inputs.push_back(size_scalar(size));
    const auto value = constant_integer(inputs.back());
    if (!value) continue;
    if (*value < -1) raise<ValueError>("reshape: a size is {}", *value);
    unknown += *value == -1;
  }
  if (unknown > 1) raise<ValueError>("reshape: only one size may be -1");
  return x.builder->apply("reshape", std::move(inputs));
}

Expr flatten(const Expr& x, int rank) {
  if (rank < 1 || rank > std::max(1, x.rank())) {
    raise<ValueError>("flatten: the result may have rank 1 to {}, not {}", std::max(1, x.rank()), rank);
  }
  if (rank == x.rank()) return x;
  std::vector<Expr> sizes;
  for (int axis = 0; axis + 1 < rank; ++axis) sizes.push_back(dim(x, axis));
  // Not -1: the product is known even where another size is zero.
  Expr last = x.builder->integer(1);
  for (int axis = rank - 1; axis < x.rank(); ++axis) {
    if (!x.type().broadcasts(axis)) last = constant_integer(last) == 1 ? dim(x, axis) : last * dim(x, axis);
  }
  sizes.push_back(last);
  return reshape(x, std::move(sizes));
}

Expr transpose(const Expr& x, std::vector<int64_t> axes) {
  if (axes.empty()) {
    for (int axis = x.rank() - 1; axis >= 0; --axis) axes.push_back(axis);
  }
  if (static_cast<int>(axes.size()) != x.rank()) {
    raise<ValueError>("transpose: {} axes are given for rank {}", axes.size(), x.rank());
  }
  for (int64_t& axis : axes) axis = normal_axis(axis, x.rank(), "transpose");
  return dimshuffle(x, std::move(axes));
}

Expr swap_axes(const Expr& x, int64_t first, int64_t second) {
  std::vector<int64_t> axes(static_cast<size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes.at(static_cast<size_t>(normal_axis(first, x.rank(), "swapaxes"))),
            axes.at(static_cast<size_t>(normal_axis(second, x.rank(), "swapaxes"))));
  return dimshuffle(x, std::move(axes));
}

Expr pad_right(const Expr& x, int count) {
  std::vector<int64_t> pattern(static_cast<size_t>(x.rank()));
  std::iota(pattern.begin(), pattern.end(), 0);
  pattern.insert(pattern.end(), static_cast<size_t>(std::max(0, count)), -1);
  return dimshuffle(x, std::move(pattern));
}

Expr pad_axis(const Expr& x, int64_t axis) {
  std::vector<int64_t> pattern(static_cast<size_t>(x.rank()));
  std::iota(pattern.begin(), pattern.end(), 0);
  pattern.insert(pattern.begin() + normal_axis(axis, x.rank() + 1, "shape_padaxis"), -1);
  return dimshuffle(x, std::move(pattern));
}

Expr drop_axes(const Expr& x, const std::vector<int64_t>& axes) {
  std::vector<int64_t> pattern;
  const std::vector<int64_t> dropped = normal_axes(axes, x.rank(), "squeeze");
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!std::binary_search(dropped.begin(), dropped.end(), axis)) pattern.push_back(axis);
  }
  return dimshuffle(x, std::move(pattern));
}

Expr squeeze(const Expr& x) {
  std::vector<int64_t> axes;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (x.type().broadcasts(axis)) axes.push_back(axis);
  }
  return drop_axes(x, axes);
}

Expr with_ones(const Expr& x, uint32_t ones) {
  return x.type().ones == ones ? x : call("rebroadcast", {x}, {static_cast<int64_t>(ones)});
}

Expr add_broadcast(const Expr& x, const std::vector<int64_t>& axes) {
  uint32_t ones = x.type().ones;
  for (const int64_t axis : axes) ones |= 1u << normal_axis(axis, x.rank(), "addbroadcast");
  return with_ones(x, ones);
}

Expr remove_broadcast(const Expr& x, const std::vector<int64_t>& axes) {
  uint32_t ones = x.type().ones;
  for (const int64_t axis : axes) ones &= ~(1u << normal_axis(axis, x.rank(), "unbroadcast"));
  return with_ones(x, ones);
}

Expr alloc(const Expr& value, std::vector<Expr> sizes) {
  if (sizes.empty() && value.rank() == 0) return value;
  std::vector<Expr> inputs = {value};
  for (const Expr& size : sizes) {
    inputs.push_back(size_scalar(size));
    const auto constant = constant_integer(inputs.back());
    if (constant && *constant < 0) raise<ValueError>("negative dimensions are not allowed: a size is {}", *constant);
  }
  return value.builder->apply("alloc", std::move(inputs));
}

Expr filled_like(const Expr& x, double value, std::optional<DType> dtype) {
  const Expr number = x.builder->constant(dtype.value_or(x.dtype()), value);
  return x.rank() == 0 ? number : call("second", {x, number});
}

Expr arange(const Expr& start, const Expr& stop, const Expr& step, std::optional<DType> dtype) {
  for (const Expr& x : {start, stop, step}) {
    if (!x.type().is_tensor() || x.rank() != 0) raise<TypeError>("arange takes scalars, not {}", type_name(x.type()));
  }
  const DType common = promote(promote(start.dtype(), stop.dtype()), step.dtype());
  const DType result = dtype.value_or(is_discrete(common) ? to_accumulator(common) : common);
  // A float bound or step decides where the sequence ends, so it is never cut to an integer before.
  const DType work = is_discrete(result) && !is_discrete(common) ? common : result;
  const auto bound = [&](const Expr& x) {
    if (const auto value = constant_integer(x); value && is_discrete(work)) return x.builder->integer(*value, work);
    return cast(x, work);
  };
  return cast(call("arange", {bound(start), bound(stop), bound(step)}, {static_cast<int64_t>(work)}), result);
}

Expr eye(const Expr& rows, const Expr& columns, const Expr& offset, DType dtype) {
  return compare_positions("eq", rows, columns, offset, dtype);
}

Expr tri(const Expr& rows, const Expr& columns, const Expr& offset, DType dtype) {
  return compare_positions("ge", rows, columns, offset, dtype);
}

Expr join(int64_t axis, std::vector<Expr> parts) {
  require_tensors(parts, "join");
  if (parts.size() == 1) return parts[0];
  for (const Expr& x : parts) {
    if (x.rank() == parts[0].rank() && x.rank() > 0) continue;
    if (x.rank() == 0) raise<TypeError>("join cannot join scalars: use stack");
    raise<TypeError>("join takes arrays of one rank, not {} and {}", parts[0].rank(), x.rank());
  }
  const DType dtype = common_dtype(parts);
  for (Expr& x : parts) x = cast(x, dtype);
  const int at = normal_axis(axis, parts[0].rank(), "join");
  Builder& b = *parts[0].builder;
  return b.apply("join", std::move(parts), {at});
}

Expr stack(std::vector<Expr> parts, int64_t axis) {
  require_tensors(parts, "stack");
  const int rank = parts[0].rank();
  const int at = normal_axis(axis, rank + 1, "stack");
  const DType dtype = common_dtype(parts);
  for (Expr& x : parts) {
    if (x.rank() != rank) raise<ValueError>("stack takes arrays of one rank, not {} and {}", rank, x.rank());
    x = cast(x, dtype);
  }
  Builder& b = *parts[0].builder;
  if (rank == 0) return b.apply("make_vector", std::move(parts));
  for (Expr& x : parts) x = pad_axis(x, at);
  return join(at, std::move(parts));
}

Expr repeat(const Expr& x, const Expr& count, std::optional<int64_t> axis) {
  if (count.rank() != 0) {
    raise<NotImplementedError>("repeat with a count per element: Theano has this; Croton does not yet");
  }
  const Expr source = axis ? x : flatten(x);
  const int at = normal_axis(axis.value_or(0), source.rank(), "repeat");
  std::vector<Expr> sizes, joined;
  for (int k = 0; k < source.rank(); ++k) {
    sizes.push_back(dim(source, k));
    joined.push_back(k == at ? dim(source, k) * size_scalar(count) : dim(source, k));
    if (k == at) sizes.push_back(count);
  }
  return reshape(alloc(pad_axis(source, at + 1), std::move(sizes)), std::move(joined));
}

Expr tile(const Expr& x, std::vector<Expr> counts) {
  const int rank = std::max(x.rank(), static_cast<int>(counts.size()));
  const Expr source = pad_left(x, rank);
  while (static_cast<int>(counts.size()) < rank) counts.insert(counts.begin(), x.builder->integer(1));
  std::vector<int64_t> pattern;
  std::vector<Expr> sizes, joined;
  for (int k = 0; k < rank; ++k) {
    const Expr size = dim(source, k), count = size_scalar(counts[static_cast<size_t>(k)]);
    pattern.insert(pattern.end(), {-1, k});
    sizes.insert(sizes.end(), {count, size});
    joined.push_back(constant_integer(count) == 1 ? size : constant_integer(size) == 1 ? count : size * count);
  }
  return rank == 0 ? x : reshape(alloc(dimshuffle(source, pattern), std::move(sizes)), std::move(joined));
}

std::vector<Expr> split(const Expr& x, std::vector<Expr> sizes, int64_t axis) {
  const int at = normal_axis(axis, x.rank(), "split");
  std::vector<Expr> parts, whole;
  Expr total = x.builder->integer(0);
  for (const Expr& size : sizes) total = total + size_scalar(size);
  for (int k = 0; k < x.rank(); ++k) whole.push_back(k == at ? total : dim(x, k));
  const Expr source = reshape(x, std::move(whole));  // fails when the sizes do not add up
  Expr begin = x.builder->integer(0);
  for (const Expr& size : sizes) {
    const Expr end = begin + size_scalar(size);
    std::vector<IndexItem> items(static_cast<size_t>(at) + 1);
    items.back().start = begin;
    items.back().stop = end;
    parts.push_back(index(source, std::move(items)));
    begin = end;
  }
  return parts;
}

}  // namespace croton::front
