// Index expressions: x[...] as subtensor, advanced_subtensor and dimshuffle nodes, and the way back for set_subtensor.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "compile/front.h"
#include "ir/op.h"

namespace croton::front {
namespace {

using Kind = IndexItem::Kind;

// Attribute text of a node that is only the first part of one index expression: x[1:3, rows] takes the slice first.
// Setting a region continues through it to x, and does not through x[1:3] or x.T written by the user.
constexpr std::string_view part_mark = "part";

IndexItem whole() { return {}; }

bool is_whole(const IndexItem& item) { return item.kind == Kind::slice && !item.start && !item.stop && !item.step; }

bool is_mask(const IndexItem& item) { return item.kind == Kind::array && is_bool(item.value.dtype()); }

// A mask gives way to the positions of its ones, and has to have the sizes of the axes that it stands for.
std::vector<IndexItem> without_masks(const Expr& x, const std::vector<IndexItem>& items) {
  std::vector<IndexItem> result;
  int axis = 0;
  for (const IndexItem& item : items) {
    if (!is_mask(item)) {
      axis += item.kind != Kind::new_axis;
      result.push_back(item);
      continue;
    }
    std::vector<Expr> mask = {item.value};
    for (int k = 0; k < item.value.rank(); ++k) mask.push_back(dim(x, axis++));
    for (const Expr& positions : nonzero(x.builder->apply(op_named("specify_shape"), std::move(mask)))) {
      result.push_back({.kind = Kind::array, .value = positions});
    }
  }
  return result;
}

Expr index_scalar(const Expr& x, std::string_view what) {
  if (!x.type().is_tensor() || x.rank() != 0 || !is_integer(x.dtype())) {
    raise<TypeError>("{} must be an integer scalar, not {}", what, type_name(x.type()));
  }
  if (const auto value = constant_integer(x)) return x.builder->integer(*value);
  return x;
}

// Replaces an ellipsis by whole axes and checks that there are not more entries than axes.
std::vector<IndexItem> expanded(std::vector<IndexItem> items, int rank) {
  int used = 0;
  auto ellipsis = items.end();
  for (auto it = items.begin(); it != items.end(); ++it) {
    if (it->kind == Kind::ellipsis) {
      if (ellipsis != items.end()) raise<IndexError>("an index can only have a single ellipsis ('...')");
      ellipsis = it;
    } else if (it->kind != Kind::new_axis) {
      used += is_mask(*it) ? it->value.rank() : 1;
    }
  }
  if (used > rank) raise<IndexError>("too many indices for array: {} are given for rank {}", used, rank);
  if (ellipsis != items.end()) {
    const auto at = items.erase(ellipsis);
    items.insert(at, static_cast<size_t>(rank - used), whole());
  }
  return items;
}

// A dimshuffle with that mark.
Expr part_of_index(const Expr& x, std::vector<int64_t> pattern) {
  bool identity = static_cast<int>(pattern.size()) == x.rank();
  for (size_t k = 0; k < pattern.size(); ++k) identity &= pattern[k] == static_cast<int64_t>(k);
  if (identity) return x;
  Attributes attributes;
  attributes.ints = std::move(pattern);
  attributes.text = part_mark;
  return x.builder->apply(op_named("dimshuffle"), {x}, std::move(attributes));
}

// The subtensor of entries that are scalars and slices.
Expr subtensor(const Expr& x, const std::vector<IndexItem>& items, std::string_view mark = {}) {
  Attributes attributes;
  attributes.text = mark;
  std::vector<Expr> inputs = {x};
  for (const IndexItem& item : items) {
    if (item.kind == Kind::scalar) {
      attributes.ints.push_back(-1);
      inputs.push_back(index_scalar(item.value, "an index"));
      continue;
    }
    int64_t mask = 0, bit = 1;
    for (const Expr& part : {item.start, item.stop, item.step}) {
      if (part) {
        inputs.push_back(index_scalar(part, "a bound of a slice"));
        mask |= bit;
      }
      bit *= 2;
    }
    if (item.step && constant_integer(item.step) == 0) raise<ValueError>("slice step cannot be zero");
    attributes.ints.push_back(mask);
  }
  return x.builder->apply(op_named("subtensor"), std::move(inputs), std::move(attributes));
}

Expr basic_index(const Expr& x, const std::vector<IndexItem>& items) {
  std::vector<IndexItem> entries;
  std::vector<int64_t> pattern;
  int64_t axis = 0;
  bool new_axes = false, any = false;
  for (const IndexItem& item : items) {
    if (item.kind == Kind::new_axis) {
      pattern.push_back(-1);
      new_axes = true;
      continue;
    }
    entries.push_back(item);
    any |= !is_whole(item);
    if (item.kind != Kind::scalar) pattern.push_back(axis++);
  }
  const Expr region = any || !new_axes ? subtensor(x, entries) : x;
  while (axis < region.rank()) pattern.push_back(axis++);
  return new_axes ? dimshuffle(region, std::move(pattern)) : region;
}

// Slices and new axes first, then one gather over the axes that arrays and scalars index.
Expr advanced_index(const Expr& x, const std::vector<IndexItem>& items) {
  std::vector<IndexItem> slices;
  std::vector<Expr> arrays;  // one per axis after the new axes are made; null: whole
  std::vector<int64_t> pattern;
  int64_t axis = 0;
  int rank = 0;
  bool sliced = false;
  for (const IndexItem& item : items) {
    const bool indexed = item.kind == Kind::array || item.kind == Kind::scalar;
    arrays.push_back(indexed ? item.value : Expr{});
    if (indexed) {
      if (!is_integer(item.value.dtype())) {
        raise<TypeError>("an index array must hold integers, not {}", type_name(item.value.type()));
      }
      rank = std::max(rank, item.value.rank());
    }
    pattern.push_back(item.kind == Kind::new_axis ? -1 : axis++);
    if (item.kind == Kind::new_axis) continue;
    slices.push_back(item.kind == Kind::slice ? item : whole());
    sliced |= !is_whole(slices.back());
  }
  for (; axis < x.rank(); ++axis) {
    pattern.push_back(axis);
    arrays.push_back({});
  }
  Expr source = part_of_index(sliced ? subtensor(x, slices, part_mark) : x, pattern);

  std::vector<int64_t> flags, first_axes, other_axes;
  std::vector<Expr> inputs;
  for (size_t k = 0; k < arrays.size(); ++k) {
    flags.push_back(arrays[k] ? 1 : 0);
    (arrays[k] ? first_axes : other_axes).push_back(static_cast<int64_t>(k));
    if (arrays[k]) inputs.push_back(pad_left(arrays[k], rank));
  }
  // Index arrays that do not stand side by side put their axes first.
  if (first_axes.back() - first_axes.front() + 1 != static_cast<int64_t>(first_axes.size())) {
    std::fill(flags.begin(), flags.end(), 0);
    std::fill_n(flags.begin(), first_axes.size(), 1);
    first_axes.insert(first_axes.end(), other_axes.begin(), other_axes.end());
    source = part_of_index(source, std::move(first_axes));
  }
  inputs.insert(inputs.begin(), source);
  return x.builder->apply("advanced_subtensor", std::move(inputs), std::move(flags));
}

// Values for a region: of its rank and dtype, with size one where the region has it.
Expr fitted(const Expr& values, const Expr& region) {
  if (values.rank() > region.rank()) {
    raise<TypeError>("Trying to increment a {}-dimensional subtensor with a {}-dimensional value.", region.rank(),
                     values.rank());
  }
  if (is_complex(values.dtype()) && !is_complex(region.dtype())) {
    raise<TypeError>("complex values cannot be written into {}", type_name(region.type()));
  }
  const Expr padded = pad_left(cast(values, region.dtype()), region.rank());
  return with_ones(padded, padded.type().ones | region.type().ones);
}

// The values of a dimshuffle's input, from values of its output.
Expr undo_dimshuffle(const Expr& values, const Node& node) {
  const std::vector<int64_t>& pattern = node.attributes.ints;
  std::vector<int64_t> inverse(node.inputs[0].type().rank, -1);
  for (size_t k = 0; k < pattern.size(); ++k) {
    if (pattern[k] >= 0) inverse[static_cast<size_t>(pattern[k])] = static_cast<int64_t>(k);
  }
  return dimshuffle(values, std::move(inverse));
}

bool is_part(const Var& v) { return v.node->attributes.text == part_mark; }

}  // namespace

Expr index(const Expr& x, std::vector<IndexItem> items) {
  if (!x.type().is_tensor()) raise<TypeError>("only tensors can be indexed, not {}", type_name(x.type()));
  items = without_masks(x, expanded(std::move(items), x.rank()));
  const bool advanced =
      std::any_of(items.begin(), items.end(), [](const IndexItem& i) { return i.kind == Kind::array; });
  return advanced ? advanced_index(x, items) : basic_index(x, items);
}

Expr set_region(const Expr& region, const Expr& values, bool add) {
  Builder& b = *region.builder;
  Expr current = fitted(values, region);
  bool started = false;
  for (Var at = region.var;;) {
    const Node& node = *at.node;
    const std::string_view row = node.op->name;
    const bool gather = row == "advanced_subtensor";
    if (gather || row == "subtensor") {
      const bool adds = add && !started;
      const std::string_view update = gather ? (adds ? "advanced_inc_subtensor" : "advanced_set_subtensor")
                                             : (adds ? "inc_subtensor" : "set_subtensor");
      std::vector<Expr> inputs = {b.wrap(node.inputs[0]), fitted(current, b.wrap(at))};
      for (size_t k = 1; k < node.inputs.size(); ++k) inputs.push_back(b.wrap(node.inputs[k]));
      current = b.apply(update, std::move(inputs), node.attributes.ints);
      started = true;
    } else if (row == "dimshuffle") {
      current = undo_dimshuffle(current, node);
    } else if (row == "reshape" && !started) {
      // The region's shape is not its array's: the values are spread to it before they are laid out anew.
      const Expr spread = call("second", {b.wrap(at), current});
      std::vector<Expr> sizes;
      const Expr inner = b.wrap(node.inputs[0]);
      for (int axis = 0; axis < inner.rank(); ++axis) sizes.push_back(dim(inner, axis));
      current = reshape(spread, std::move(sizes));
    } else if ((row == "rebroadcast" || row == "view" || row == "specify_shape") && !started) {
      current = with_ones(current, current.type().ones | node.inputs[0].type().ones);
    } else {
      raise<TypeError>("set_subtensor and inc_subtensor take an indexed variable first, such as x[1:3]; this one is {}",
                       node.op->name == "input" ? type_name(at.type()) : fmt::format("made by {}", node.op->name));
    }
    at = node.inputs[0];
    if (started && !is_part(at)) return current;
  }
}

std::vector<Expr> nonzero(const Expr& x) { return x.builder->apply_all(op_named("nonzero"), {x}); }

Expr along_axis(std::string_view row, const Expr& x, std::optional<int64_t> axis) {
  const Expr source = axis ? x : flatten(x);
  return x.builder->apply(row, {source}, {normal_axis(axis.value_or(0), source.rank(), row)});
}

Expr take(const Expr& x, const Expr& indices, std::optional<int64_t> axis) {
  const Expr source = axis ? x : flatten(x);
  std::vector<IndexItem> items(static_cast<size_t>(normal_axis(axis.value_or(0), source.rank(), "take")) + 1);
  items.back().kind = indices.rank() == 0 ? Kind::scalar : Kind::array;
  items.back().value = indices;
  return index(source, std::move(items));
}

Expr diagonal(const Expr& x, int64_t offset, int64_t axis1, int64_t axis2) {
  if (x.rank() < 2) raise<ValueError>("diagonal needs an array of rank 2 or more, not {}", x.rank());
  const int first = normal_axis(axis1, x.rank(), "diagonal"), second = normal_axis(axis2, x.rank(), "diagonal");
  if (first == second) raise<ValueError>("diagonal: the two axes are the same");
  Builder& b = *x.builder;
  std::vector<int64_t> order;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (axis != first && axis != second) order.push_back(axis);
  }
  order.insert(order.begin(), {first, second});
  const Expr zero = b.integer(0), one = b.integer(1);
  const Expr row = b.integer(std::max<int64_t>(0, -offset)), column = b.integer(std::max<int64_t>(0, offset));
  const Expr rows = dim(x, first) - row, columns = dim(x, second) - column;
  const Expr count = call("maximum", {call("minimum", {rows, columns}), zero});
  const Expr positions = arange(zero, count, one, DType::i64);
  std::vector<IndexItem> items(2);
  items[0].kind = items[1].kind = Kind::array;
  items[0].value = positions + row;
  items[1].value = positions + column;
  const Expr gathered = index(dimshuffle(x, std::move(order)), std::move(items));
  std::vector<int64_t> last;  // the diagonal becomes the last axis, as NumPy has it
  for (int axis = 1; axis < gathered.rank(); ++axis) last.push_back(axis);
  last.push_back(0);
  return dimshuffle(gathered, std::move(last));
}

}  // namespace croton::front
