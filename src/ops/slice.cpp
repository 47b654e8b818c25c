// Slices and scalar positions of axes, for sizes, kernels and reference values.
#include "ops/slice.h"

#include <algorithm>

#include "base/error.h"
#include "ops/support.h"

namespace croton {
namespace {

constexpr const char* zero_step_message = "slice step cannot be zero";

struct IntegerMath {
  using Number = int64_t;
  int64_t number(int64_t c) const { return c; }
  std::optional<int64_t> known(int64_t a) const { return a; }
  bool never_negative(int64_t a) const { return a >= 0; }
  int64_t add(int64_t a, int64_t b) const { return a + b; }
  int64_t sub(int64_t a, int64_t b) const { return a - b; }
  int64_t div(int64_t a, int64_t b) const { return a / b; }
  int64_t min(int64_t a, int64_t b) const { return std::min(a, b); }
  int64_t max(int64_t a, int64_t b) const { return std::max(a, b); }
  int64_t less(int64_t a, int64_t b) const { return a < b; }
  int64_t select(int64_t c, int64_t a, int64_t b) const { return c != 0 ? a : b; }
};

struct SizeMath {
  using Number = SizeId;
  SizeTable& t;
  SizeId number(int64_t c) const { return t.constant(c); }
  std::optional<int64_t> known(SizeId a) const {
    int64_t value = 0;
    return t.is_constant(a, value) ? std::optional(value) : std::nullopt;
  }
  // A sum of sizes that are there does not wrap.
  bool never_negative(SizeId a, int depth = 16) const {
    if (t.never_negative(a)) return true;
    const SizeExpr& e = t[a];
    if (e.kind != SizeExpr::Kind::apply || e.op->name != "add" || depth == 0) return false;
    return never_negative(e.args[0], depth - 1) && never_negative(e.args[1], depth - 1);
  }
  bool is_beyond(SizeId sum, SizeId part) const {
    const SizeExpr& e = t[sum];
    if (e.kind != SizeExpr::Kind::apply || e.op->name != "add") return false;
    return (e.args[0] == part && never_negative(e.args[1])) || (e.args[1] == part && never_negative(e.args[0]));
  }
  SizeId add(SizeId a, SizeId b) const { return t.add(a, b); }
  SizeId sub(SizeId a, SizeId b) const { return t.sub(a, b); }
  SizeId div(SizeId a, SizeId b) const { return t.floor_div(a, b); }
  SizeId min(SizeId a, SizeId b) const { return is_beyond(b, a) ? a : is_beyond(a, b) ? b : t.min(a, b); }
  SizeId max(SizeId a, SizeId b) const { return t.max(a, b); }
  SizeId less(SizeId a, SizeId b) const { return t.less(a, b); }
  SizeId select(SizeId c, SizeId a, SizeId b) const { return t.select(c, a, b); }
};

struct LoopMath {
  using Number = loop::Value;
  loop::Builder& b;
  std::vector<std::pair<loop::ValueId, int64_t>> constants = {};
  loop::Value number(int64_t c) {
    const loop::Value value = b.integer(c);
    constants.emplace_back(value.id, c);
    return value;
  }
  std::optional<int64_t> known(loop::Value a) const {
    for (const auto& [id, value] : constants) {
      if (id == a.id) return value;
    }
    return std::nullopt;
  }
  bool never_negative(loop::Value a) const { return known(a).value_or(-1) >= 0; }
  loop::Value add(loop::Value x, loop::Value y) const { return x + y; }
  loop::Value sub(loop::Value x, loop::Value y) const { return x - y; }
  loop::Value div(loop::Value x, loop::Value y) const { return x / y; }
  loop::Value min(loop::Value x, loop::Value y) const { return loop::min(x, y); }
  loop::Value max(loop::Value x, loop::Value y) const { return loop::max(x, y); }
  loop::Value less(loop::Value x, loop::Value y) const { return x < y; }
  loop::Value select(loop::Value c, loop::Value x, loop::Value y) const { return loop::select(c, x, y); }
};

// The parts of a slice with their inputs replaced by values.
template <class Number, class Read>
SliceParts<Number> read_parts(const SliceParts<int>& parts, Read&& read) {
  SliceParts<Number> result;
  if (parts.start) result.start = read(static_cast<size_t>(*parts.start));
  if (parts.stop) result.stop = read(static_cast<size_t>(*parts.stop));
  if (parts.step) result.step = read(static_cast<size_t>(*parts.step));
  return result;
}

std::vector<SliceEntry> entries_of(const Node& node, int first) {
  return slice_entries(node.attributes.ints, node.inputs[0].type().rank, first);
}

// True when the slice certainly takes the one element of an axis of size one.
bool keeps_single(const TypeQuery& q, const SliceEntry& entry) {
  bool constant = true;
  const auto parts = read_parts<int64_t>(entry.parts, [&](size_t input) {
    const auto value = constant_integer(q.inputs[input]);
    constant &= value.has_value();
    return value.value_or(1);
  });
  if (!constant || parts.step == 0) return false;
  IntegerMath m;
  return canonical_slice(m, int64_t{1}, parts).length == 1;
}

CanonicalSlice<SizeId> slice_sizes(SizeQuery& q, int axis, const SliceEntry& entry) {
  SizeMath m{q.table()};
  return canonical_slice(m, q.dim(0, axis),
                         read_parts<SizeId>(entry.parts, [&](size_t input) { return q.scalar(input); }));
}

void require_step(SizeQuery& q, const SliceEntry& entry) {
  if (!entry.parts.step) return;
  SizeTable& t = q.table();
  const SizeId step = q.scalar(static_cast<size_t>(*entry.parts.step)), zero = t.constant(0);
  int64_t known = 0;
  if (t.is_constant(step, known)) {
    if (known == 0) throw ValueError(zero_step_message);
  } else {
    q.require_not_negative(t.select(t.equal(step, zero), t.constant(-1), zero), zero_step_message);
  }
}

}  // namespace

std::vector<SliceEntry> slice_entries(const std::vector<int64_t>& ints, int rank, int first) {
  std::vector<SliceEntry> entries(static_cast<size_t>(rank));
  int input = first;
  for (size_t axis = 0; axis < ints.size(); ++axis) {
    SliceEntry& entry = entries.at(axis);
    if (ints[axis] == -1) {
      entry.is_position = true;
      entry.position = input++;
      continue;
    }
    if (ints[axis] & 1) entry.parts.start = input++;
    if (ints[axis] & 2) entry.parts.stop = input++;
    if (ints[axis] & 4) entry.parts.step = input++;
  }
  return entries;
}

Type region_type(const TypeQuery& q, const Type& x, int first) {
  const std::vector<int64_t>& ints = q.attributes.ints;
  if (ints.size() > x.rank) {
    raise<ValueError>(
        "The index list is longer (size {}) than the number of dimensions of the tensor (namely {}). You are asking "
        "for a "
        "dimension of the tensor that does not exist! You might need to use dimshuffle to add extra dimension to your "
        "tensor.",
        ints.size(), x.rank);
  }
  size_t scalars = 0;
  for (const int64_t entry : ints) {
    if (entry < -1 || entry > 7) raise<InternalError>("{}: entry {} has no meaning", q.op.name, entry);
    scalars += entry == -1 ? 1 : static_cast<size_t>((entry & 1) + (entry >> 1 & 1) + (entry >> 2));
  }
  if (q.inputs.size() != static_cast<size_t>(first) + scalars) {
    raise<TypeError>("{}: {} scalars are needed, {} were given", q.op.name, scalars,
                     q.inputs.size() - static_cast<size_t>(first));
  }
  for (size_t k = static_cast<size_t>(first); k < q.inputs.size(); ++k) require_integer_scalar(q, k, "an index");
  Type region = tensor_type(x.dtype, 0);
  const std::vector<SliceEntry> entries = slice_entries(ints, x.rank, first);
  for (int axis = 0; axis < x.rank; ++axis) {
    const SliceEntry& entry = entries[static_cast<size_t>(axis)];
    if (entry.is_position) continue;
    if (entry.parts.step && constant_integer(q.inputs[static_cast<size_t>(*entry.parts.step)]) == 0) {
      throw ValueError(zero_step_message);
    }
    if (x.broadcasts(axis) && keeps_single(q, entry)) set_one(region, region.rank);
    ++region.rank;
  }
  return region;
}

std::vector<SizeId> region_sizes(SizeQuery& q, int first) {
  std::vector<SizeId> sizes;
  const std::vector<SliceEntry> entries = entries_of(*q.node, first);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    const SliceEntry& entry = entries[axis];
    if (entry.is_position) continue;
    require_step(q, entry);
    sizes.push_back(slice_sizes(q, static_cast<int>(axis), entry).length);
  }
  return sizes;
}

ViewResult region_view(SizeQuery& q, std::span<const SizeId> strides, int first) {
  SizeTable& t = q.table();
  ViewResult view{t.constant(0), {}};
  const std::vector<SliceEntry> entries = entries_of(*q.node, first);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    const SliceEntry& entry = entries[axis];
    const SizeId size = q.dim(0, static_cast<int>(axis));
    if (entry.is_position) {
      const SizeId place = q.checked_index(q.scalar(static_cast<size_t>(entry.position)), size);
      view.offset = t.add(view.offset, t.mul(place, strides[axis]));
    } else {
      const auto slice = slice_sizes(q, static_cast<int>(axis), entry);
      view.offset = t.add(view.offset, t.mul(slice.first, strides[axis]));
      view.strides.push_back(t.mul(slice.step, strides[axis]));
    }
  }
  return view;
}

std::vector<loop::Value> region_index(PullContext& c, std::span<const loop::Value> index, int first) {
  LoopMath m{c.b};
  const auto read = [&](size_t input) {
    const auto value = constant_integer(c.node.inputs[input]);
    return value ? m.number(*value) : c.scalar(input);
  };
  std::vector<loop::Value> result;
  size_t kept = 0;
  const std::vector<SliceEntry> entries = entries_of(c.node, first);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    const SliceEntry& entry = entries[axis];
    if (entry.is_position) {
      result.push_back(c.checked(c.scalar(static_cast<size_t>(entry.position)), c.dim(0, static_cast<int>(axis))));
    } else if (entry.is_whole()) {
      result.push_back(index[kept++]);
    } else {
      const auto slice =
          canonical_slice(m, c.dim(0, static_cast<int>(axis)), read_parts<loop::Value>(entry.parts, read));
      result.push_back(slice.first + index[kept++] * slice.step);
    }
  }
  return result;
}

Array region_of(const Node& node, const Array& x, std::span<const Array> inputs, int first) {
  Array view = x;
  view.shape.clear();
  view.strides.clear();
  IntegerMath m;
  const auto read = [&](size_t input) { return integer_value(inputs[input]); };
  const std::vector<SliceEntry> entries = entries_of(node, first);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    const SliceEntry& entry = entries[axis];
    if (entry.is_position) {
      view.data += x.strides[axis] *
                   checked_position(read(static_cast<size_t>(entry.position)), x.shape[axis], static_cast<int>(axis));
      continue;
    }
    const auto parts = read_parts<int64_t>(entry.parts, read);
    if (parts.step == 0) throw ValueError(zero_step_message);
    const auto slice = canonical_slice(m, x.shape[axis], parts);
    view.data += x.strides[axis] * slice.first;
    view.shape.push_back(slice.length);
    view.strides.push_back(x.strides[axis] * slice.step);
  }
  return view;
}

}  // namespace croton
