// Lowering of reductions whose innermost axis stays: tiles of columns, rows added in a fixed order.
#include <algorithm>

#include "base/error.h"
#include "loops/lower.h"

namespace croton::lowering {

using loop::LoopKind;
using loop::Value;
using Values = std::vector<Value>;

namespace {

// What lines are loaded together: their sums stay in registers meanwhile. Each column's order of additions is the same
// as line by line.
constexpr int64_t together = 8;
// The parallel range counts pieces of lines: whole cache lines of every dtype, so that no two threads write one.
constexpr int64_t piece_columns = 64;

/// One worker's tile: accumulators per column in local arrays, and the stack that pairs blocks of rows in scratch
/// memory: no thread's stack is as large as all accumulators' may be.
struct Tile {
  Tile(Emitter& emitter, Carried& c) : e(emitter), carried(c), dtypes(c.dtypes()) {
    int64_t widest = 1;
    for (const DType d : dtypes) widest = std::max<int64_t>(widest, item_size(d));
    width = tile_bytes / widest;
    SizeTable& t = e.sizes().table();
    for (const DType d : dtypes) {
      sums.push_back(e.b.local(d, width));
      if (!carried.rounds()) continue;
      offsets.push_back({e.b.new_int(), t.constant(scratch_bytes)});
      stacks.push_back(e.b.scratch(d, offsets.back().first));
      scratch_bytes += width * pair_levels * item_size(d);
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
  // Full vectors where only arrays of the tile are touched: their width is a multiple of `padding`.
  void each(const std::function<void(Value column)>& body) {
    e.b.for_each(LoopKind::vector, e.b.integer(0), columns, body);
  }
  void clear() {
    const Values initial = carried.initial();
    e.b.for_each_padded(columns, [&](Value j) { write(sums, j, initial); });
  }
  // sums = stack[level] + sums
  void add_level(Value level) {
    e.b.for_each_padded(columns, [&](Value j) {
      write(sums, j, carried.combine(read(stacks, level * e.b.integer(width) + j), read(sums, j)));
    });
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
    b.for_each_padded(columns, [&](Value j) { write(stacks, state[1] * b.integer(width) + j, read(sums, j)); });
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
  std::vector<std::pair<int, SizeId>> offsets;  // of the stacks: int parameter and its meaning
  int64_t scratch_bytes = 0;
  Value first, columns;  // of this tile
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

// Costly elements gain nothing by several lines at once, and their code is long.
int64_t lines_together(const Cluster& c, const Axes& axes) {
  constexpr size_t few = 6, several = 16;
  const bool costly = std::any_of(c.members.begin(), c.members.end(), [](const NodePtr& m) {
    return !m->op->is_reduce() && (m->op->has(expensive) || m->op->has(may_fail));
  });
  if (costly || c.members.size() > several || axes.reduced.size() != 1) return 1;
  return c.members.size() > few ? 1 : together;
}

/// The lines of one tile, added to its sums.
struct Lines {
  Emitter& e;
  const Cluster& cluster;
  const Axes& axes;
  const Phases& phases;
  Carried& carried;
  Tile& tile;

  void add(Value line, int64_t count) const {
    const size_t inside = e.open_scope();
    if (count == 1) set_linear(e, axes.reduced, line);
    tile.each([&](Value j) {
      Values sums = tile.read(tile.sums, j);
      for (int64_t k = 0; k < count; ++k) {
        const size_t element = e.open_scope();
        if (count > 1) set_linear(e, axes.reduced, line + e.b.integer(k));
        set_index(e, axes.inner, tile.first + j);
        for (const Var& root : phases.stores[0]) e.store(root, e.domain_index, e.element(root, e.domain_index));
        sums = carried.append(sums, carried.elements(line + e.b.integer(k)));
        e.close_scope(element);
      }
      tile.write(tile.sums, j, sums);
    });
    e.close_scope(inside);
  }

  void add_between(Value from, Value to) const {
    loop::Builder& b = e.b;
    const int64_t step = lines_together(cluster, axes);
    Value rest = from;
    if (step > 1) {
      const Value turns = (to - from) / b.integer(step);
      b.for_each(LoopKind::serial, b.integer(0), turns, [&](Value k) { add(from + k * b.integer(step), step); });
      rest = from + turns * b.integer(step);
    }
    b.for_each(LoopKind::serial, rest, to, [&](Value line) { add(line, 1); });
  }

  void add_all(SizeId lines) const {
    loop::Builder& b = e.b;
    if (!carried.rounds()) {
      tile.clear();
      return add_between(b.integer(0), e.size(lines));
    }
    SizeTable& t = e.sizes().table();
    const SizeId blocks = t.floor_div(t.add(lines, t.constant(column_block - 1)), t.constant(column_block));
    const Values top =
        b.loop(LoopKind::serial, b.integer(0), e.size(blocks), {b.integer(0)}, [&](Value block, const Values& height) {
          tile.clear();
          const Value from = block * b.integer(column_block);
          add_between(from, loop::min(from + b.integer(column_block), e.size(lines)));
          return Values{tile.push(block, height[0])};
        });
    tile.gather(top[0]);
  }

  void finish() const {
    tile.each([&](Value j) {
      const size_t element = e.open_scope();
      set_index(e, axes.inner, tile.first + j);
      Emitter::Index at;
      for (const int a : axes.kept) at.push_back(e.domain_index[static_cast<size_t>(a)]);
      carried.finish(tile.read(tile.sums, j), at);
      for (const Var& root : phases.row_stores) e.store(root, at, e.element(root, at));
      e.close_scope(element);
    });
  }
};

// This call's part of the range, tile by tile: pieces are numbered along the columns, then over the outer axes.
void for_each_tile(Emitter& e, const Axes& axes, Tile& tile, SizeId pieces, const std::function<void()>& body) {
  loop::Builder& b = e.b;
  const Value begin = b.range_begin(), end = b.range_end(), length = loop::max(e.size(pieces), b.integer(1));
  b.for_each(LoopKind::serial, begin / length, (end + length - b.integer(1)) / length, [&](Value row) {
    const size_t mark = e.open_scope();
    if (!axes.outer.empty()) set_linear(e, axes.outer, row);
    const Value piece = b.integer(piece_columns), start = row * length;
    const Value from = loop::max(begin - start, b.integer(0)) * piece;
    const Value to = loop::min(loop::min(end - start, length) * piece, e.size(axes.inner.size));
    const Value tiles = (to - from + b.integer(tile.width - 1)) / b.integer(tile.width);
    b.for_each(LoopKind::serial, b.integer(0), tiles, [&](Value k) {
      const size_t inside = e.open_scope();
      tile.first = from + k * b.integer(tile.width);
      tile.columns = loop::min(to - tile.first, b.integer(tile.width));
      body();
      e.close_scope(inside);
    });
    e.close_scope(mark);
  });
}

SizeId pieces_of(SizeTable& t, SizeId columns) {
  return t.floor_div(t.add(columns, t.constant(piece_columns - 1)), t.constant(piece_columns));
}

}  // namespace

LoweredKernel lower_column_join(const Cluster& c, GraphSizes& sizes, const VarSet& materialised,
                                const std::string& name, const Phases& phases, SizeId blocks) {
  Emitter e(name, c, sizes, materialised);
  loop::Builder& b = e.b;
  e.domain_index.assign(c.domain.size(), b.integer(0));
  std::vector<NodePtr> reductions;
  for (const std::vector<NodePtr>& nodes : phases.columns) {
    reductions.insert(reductions.end(), nodes.begin(), nodes.end());
  }
  Carried carried(e, reductions);
  Tile tile(e, carried);
  const int last = static_cast<int>(c.domain.size()) - 1;
  Axes axes;
  axes.kept = {last};
  axes.inner = {{last}, c.domain.back()};
  Phases stores;
  stores.row_stores = phases.column_stores;
  const auto partial = [&](Value block, Value j) {
    Values values;
    for (size_t k = 0; k < tile.dtypes.size(); ++k) {
      const Value at = block * e.size(axes.inner.size) + tile.first + j;
      values.push_back(e.load_from({{}, static_cast<int>(k)}, tile.dtypes[k], at));
    }
    return values;
  };
  const SizeId pieces = pieces_of(sizes.table(), axes.inner.size);
  for_each_tile(e, axes, tile, pieces, [&] {
    if (carried.rounds()) {
      const Values top = b.loop(LoopKind::serial, b.integer(0), e.size(blocks), {b.integer(0)},
                                [&](Value block, const Values& height) {
                                  tile.each([&](Value j) { tile.write(tile.sums, j, partial(block, j)); });
                                  return Values{tile.push(block, height[0])};
                                });
      tile.gather(top[0]);
    } else {
      tile.clear();
      b.for_each(LoopKind::serial, b.integer(0), e.size(blocks), [&](Value block) {
        tile.each(
            [&](Value j) { tile.write(tile.sums, j, carried.append(tile.read(tile.sums, j), partial(block, j))); });
      });
    }
    Lines{e, c, axes, stores, carried, tile}.finish();
  });
  LoweredKernel k = e.finish_with(tile.offsets);
  k.count = pieces;
  k.items = sizes.table().mul(blocks, sizes.table().constant(piece_columns));
  k.coarse = true;
  if (tile.scratch_bytes > 0) k.scratch = sizes.table().constant(tile.scratch_bytes);
  return k;
}

LoweredKernel lower_columns(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  const Axes axes = split_axes(c, sizes, materialised);
  const Phases p = find_phases(c, sizes);
  if (p.reductions.size() != 1) throw NotFusable{c.members.front().get()};
  Emitter e(name, c, sizes, materialised);
  SizeTable& t = sizes.table();
  e.domain_index.assign(c.domain.size(), e.b.integer(0));
  Carried carried(e, p.reductions[0]);
  Tile tile(e, carried);
  const SizeId pieces = pieces_of(t, axes.inner.size), lines = total(sizes, axes.reduced);
  const Lines work{e, c, axes, p, carried, tile};
  for_each_tile(e, axes, tile, pieces, [&] {
    work.add_all(lines);
    work.finish();
  });
  LoweredKernel k = e.finish_with(tile.offsets);
  k.count = t.mul(total(sizes, axes.outer), pieces);
  k.items = t.mul(lines, t.min(axes.inner.size, t.constant(piece_columns)));
  k.coarse = true;
  if (tile.scratch_bytes > 0) k.scratch = t.constant(tile.scratch_bytes);
  return k;
}

}  // namespace croton::lowering
