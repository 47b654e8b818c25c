// Lowering of updates: a copy of the base, then the region written or added to in the order of the indices.
#include "base/error.h"
#include "loops/lower.h"

namespace croton::lowering {

using loop::LoopKind;
using loop::Value;
using Values = std::vector<Value>;

namespace {

/// The row's region rule sees the node's inputs through the emitter.
struct RegionContext final : PullContext {
  RegionContext(Emitter& emitter, const Node& n, const Var& result)
      : PullContext(emitter.b, n), e(emitter), out(result) {}
  Value read(size_t input, std::span<const Value> index) override {
    return e.element(node.inputs[input], Emitter::Index(index.begin(), index.end()));
  }
  Value dim(size_t input, int axis) override {
    return e.size(e.sizes().dims(node.inputs[input])[static_cast<size_t>(axis)]);
  }
  Value output_dim(int axis) override { return e.size(e.sizes().dims(out)[static_cast<size_t>(axis)]); }
  Value scalar(size_t input) override {
    const Var& v = node.inputs[input];
    if (e.cluster().has(v.node.get())) return loop::cast(e.element(v, {}), DType::i64);
    return e.size(e.sizes().scalar(v));
  }
  Value checked(Value index, Value size) override { return e.checked(index, size, out); }
  Emitter& e;
  Var out;
};

Value sum_of(const Value& a, const Value& b) { return is_bool(a.dtype()) ? a | b : a + b; }

LoweredKernel copy_base(const Cluster& c, const Var& out, GraphSizes& sizes, const VarSet& materialised,
                        const std::string& name) {
  Cluster space = c;
  const Var& base = out.node->inputs[0];
  space.domain = sizes.dims(out);
  Emitter e(name + "_copy", space, sizes, materialised);
  e.domain_index.assign(space.domain.size(), e.b.integer(0));
  Groups groups;
  for (size_t a = 0; a < space.domain.size(); ++a) groups.push_back({{static_cast<int>(a)}, space.domain[a]});
  for_each_in_range(e, groups, [&] { e.store(out, e.domain_index, e.element(base, e.domain_index)); });
  LoweredKernel k = e.finish();
  k.count = total(sizes, groups);
  const bool in_memory = materialised.contains(base) || base.op().has(leaf);
  if (in_memory && !sizes.is_view(base) && sizes.strides(base) == sizes.strides(out) &&
      base.type().dtype == out.type().dtype && !c.has(base.node.get())) {
    k.copied = base, k.copy = out;
  }
  return k;
}

// Axes of the space of an update along which its elements are written in order, as bits.
uint32_t serial_axes(const Node& update) {
  const Update& row = update.op->update;
  return row.may_repeat && row.serial_axes ? row.serial_axes(update) : 0;
}

/// An element of a region: where it lies, and what is written or added there.
struct Target {
  Var out;
  Value offset, value;
};
Target target_of(Emitter& e, const Var& out) {
  const Node& node = *out.node;
  const Var& values = node.inputs[1];
  Emitter::Index at = e.domain_index;
  for (size_t a = 0; a < at.size(); ++a) {
    if (values.type().broadcasts(static_cast<int>(a))) at[a] = e.b.integer(0);
  }
  const Value value = loop::cast(e.element(values, at), out.type().dtype);
  RegionContext region(e, node, out);
  const Values index = node.op->update.region(region, e.domain_index);
  const std::vector<SizeId>& strides = e.sizes().strides(out);
  Value offset = e.b.integer(0);
  for (size_t a = 0; a < index.size(); ++a) offset = offset + index[a] * e.size(strides[a]);
  return {out, offset, value};
}

void write(Emitter& e, const Target& t) {
  const int buffer = e.buffer({t.out}, t.out.type().dtype, true);
  const bool adds = t.out.node->op->update.add;
  e.b.store(buffer, t.offset, adds ? sum_of(e.b.load(buffer, t.offset), t.value) : t.value);
}

}  // namespace

LoweredCluster lower_update(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  LoweredCluster result;
  for (const Var& out : c.roots) result.kernels.push_back(copy_base(c, out, sizes, materialised, name));
  Cluster space = c;
  space.domain = sizes.update_space(c.node);
  Emitter e(name, space, sizes, materialised);
  loop::Builder& b = e.b;
  e.domain_index.assign(space.domain.size(), b.integer(0));
  const uint32_t serial = serial_axes(*c.node);
  Groups in_order, parallel;
  for (size_t a = 0; a < space.domain.size(); ++a) {
    ((serial >> a) & 1u ? in_order : parallel).push_back({{static_cast<int>(a)}, space.domain[a]});
  }
  const auto write_all = [&] {
    const size_t mark = e.open_scope();
    std::vector<Target> targets;
    for (const Var& out : c.roots) targets.push_back(target_of(e, out));
    for (const Target& target : targets) write(e, target);
    e.close_scope(mark);
  };
  // Indices that may repeat run in order; each worker has its own part of the other axes.
  const auto ordered = [&](const std::function<void()>& body) {
    if (in_order.empty()) return body();
    b.for_each(LoopKind::serial, b.integer(0), e.size(total(sizes, in_order)), [&](Value k) {
      const size_t mark = e.open_scope();
      set_linear(e, in_order, k);
      body();
      e.close_scope(mark);
    });
  };
  if (parallel.empty()) {
    b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value) { ordered(write_all); });
  } else {
    for_each_in_range(e, parallel, write_all, ordered);
  }
  LoweredKernel k = e.finish();
  k.count = total(sizes, parallel);
  k.items = total(sizes, in_order);
  result.kernels.push_back(std::move(k));
  return result;
}

}  // namespace croton::lowering
