// Lowering of reductions whose innermost axis stays: tiles of columns, rows added in a fixed order.
#include <algorithm>

#include "base/error.h"
#include "loops/lower.h"

namespace croton::lowering {

using loop::LoopKind;
using loop::Value;
using Values = std::vector<Value>;

namespace {

/// One worker's tile: accumulators per column in local arrays, and the stack that pairs blocks of rows.
struct Tile {
  Tile(Emitter& emitter, Carried& c) : e(emitter), carried(c), dtypes(c.dtypes()) {
    int64_t widest = 1;
    for (const DType d : dtypes) widest = std::max<int64_t>(widest, item_size(d));
    width = tile_bytes / widest;
    for (const DType d : dtypes) {
      sums.push_back(e.b.local(d, width));
      if (carried.rounds()) stacks.push_back(e.b.local(d, width * pair_levels));
    }
  }
  Values read(const std::vector<int>& arrays, Value at) {
    Values v;
    for (const int a : arrays) v.push_back(e.b.local_load(a, at));
    return v;
  }
  void write(const std::vector<int>& arrays, Value at, const Values& v) {
    for (size_t k = 0; k < arrays.size(); ++k) e.b.local_store(arrays[k], at, v[k]);
  }
  void each(const std::function<void(Value column)>& body) {
    e.b.for_each(LoopKind::vector, e.b.integer(0), columns, body);
  }
  void clear() {
    const Values initial = carried.initial();
    each([&](Value j) { write(sums, j, initial); });
  }
  // sums = stack[level] + sums
  void add_level(Value level) {
    each(
        [&](Value j) { write(sums, j, carried.combine(read(stacks, level * e.b.integer(width) + j), read(sums, j))); });
  }
  Value push(Value block, Value top) {
    loop::Builder& b = e.b;
    const Values state = b.while_loop(
        {block, top}, [&](const Values& s) { return (s[0] & b.integer(1)) != b.integer(0); },
        [&](const Values& s) {
          const Value below = s[1] - b.integer(1);
          add_level(below);
          return Values{s[0] >> 1, below};
        });
    each([&](Value j) { write(stacks, state[1] * b.integer(width) + j, read(sums, j)); });
    return state[1] + b.integer(1);
  }
  void gather(Value top) {
    loop::Builder& b = e.b;
    clear();
    b.while_loop(
        {top}, [&](const Values& s) { return s[0] > b.integer(0); },
        [&](const Values& s) {
          const Value below = s[0] - b.integer(1);
          add_level(below);
          return Values{below};
        });
  }

  Emitter& e;
  Carried& carried;
  std::vector<DType> dtypes;
  int64_t width = 0;
  std::vector<int> sums, stacks;
  Value columns;  // of this tile
};

struct Axes {
  std::vector<int> kept;
  Groups outer, reduced;
  LoopGroup inner;
};

Axes split_axes(const Cluster& c, GraphSizes& sizes, const VarSet& materialised) {
  Axes a;
  for (int axis = 0; axis < static_cast<int>(c.domain.size()); ++axis) {
    if (std::find(c.reduced.begin(), c.reduced.end(), axis) == c.reduced.end()) a.kept.push_back(axis);
  }
  const Analysis analysis = analyse(c, sizes, materialised);
  a.outer = find_groups(c, sizes, analysis, a.kept);
  a.inner = a.outer.back();
  a.outer.pop_back();
  a.reduced = find_groups(c, sizes, analysis, c.reduced);
  return a;
}

}  // namespace

LoweredKernel lower_columns(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  const Axes axes = split_axes(c, sizes, materialised);
  const Phases p = find_phases(c, sizes);
  if (p.reductions.size() != 1) throw NotFusable{c.members.front().get()};
  Emitter e(name, c, sizes, materialised);
  loop::Builder& b = e.b;
  SizeTable& t = sizes.table();
  e.domain_index.assign(c.domain.size(), b.integer(0));
  Carried carried(e, p.reductions[0]);
  Tile tile(e, carried);
  const SizeId tiles = t.floor_div(t.add(axes.inner.size, t.constant(tile.width - 1)), t.constant(tile.width));
  const SizeId lines = total(sizes, axes.reduced);

  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value work) {
    const size_t mark = e.open_scope();
    const Value line = axes.outer.empty() ? b.integer(0) : work / e.size(tiles);
    if (!axes.outer.empty()) set_linear(e, axes.outer, line);
    const Value first = (axes.outer.empty() ? work : work - line * e.size(tiles)) * b.integer(tile.width);
    tile.columns = loop::min(e.size(axes.inner.size) - first, b.integer(tile.width));

    const auto add_line = [&](Value d) {
      const size_t inside = e.open_scope();
      set_linear(e, axes.reduced, d);
      tile.each([&](Value j) {
        const size_t element = e.open_scope();
        set_index(e, axes.inner, first + j);
        for (const Var& root : p.stores[0]) e.store(root, e.domain_index, e.element(root, e.domain_index));
        tile.write(tile.sums, j, carried.combine(tile.read(tile.sums, j), carried.elements(d)));
        e.close_scope(element);
      });
      e.close_scope(inside);
    };
    if (carried.rounds()) {
      const SizeId blocks = t.floor_div(t.add(lines, t.constant(column_block - 1)), t.constant(column_block));
      const Values top = b.loop(
          LoopKind::serial, b.integer(0), e.size(blocks), {b.integer(0)}, [&](Value block, const Values& height) {
            tile.clear();
            const Value from = block * b.integer(column_block);
            b.for_each(LoopKind::serial, from, loop::min(from + b.integer(column_block), e.size(lines)), add_line);
            return Values{tile.push(block, height[0])};
          });
      tile.gather(top[0]);
    } else {
      tile.clear();
      b.for_each(LoopKind::serial, b.integer(0), e.size(lines), add_line);
    }
    tile.each([&](Value j) {
      const size_t element = e.open_scope();
      set_index(e, axes.inner, first + j);
      Emitter::Index at;
      for (const int a : axes.kept) at.push_back(e.domain_index[static_cast<size_t>(a)]);
      carried.finish(tile.read(tile.sums, j), at);
      for (const Var& root : p.row_stores) e.store(root, at, e.element(root, at));
      e.close_scope(element);
    });
    e.close_scope(mark);
  });
  LoweredKernel k = e.finish();
  k.count = t.mul(total(sizes, axes.outer), tiles);
  k.items = t.mul(lines, t.min(axes.inner.size, t.constant(tile.width)));
  return k;
}

}  // namespace croton::lowering
