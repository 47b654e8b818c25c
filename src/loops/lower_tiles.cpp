// Lowering of maps with transposed operands: over tiles, with squares of those operands turned in local memory.
#include <algorithm>

#include "loops/lower.h"

namespace croton::lowering {

using loop::LoopKind;
using loop::transpose_side;
using loop::Value;

namespace {

// A tile: several lines of everything on each side, and its local memory fits the first cache.
constexpr int64_t tile_rows = 64, tile_columns = 128, line_bytes = 64;

bool is_constant(GraphSizes& sizes, SizeId id, int64_t wanted) {
  int64_t value = 0;
  return sizes.table().is_constant(sizes.canonical(id), value) && value == wanted;
}

}  // namespace

// An operand qualifies when all that is read of it is read at one index, so that its value there can stand for it.
Across find_across(const Cluster& c, GraphSizes& sizes, const Analysis& analysis, const Groups& groups) {
  Across result;
  if (groups.size() < 2) return result;
  const auto inner = static_cast<size_t>(groups.back().axes.back());
  const auto stride = [&](const Emitter::Access& a, size_t axis) { return a.strides[axis]; };
  const auto is_root = [&](const Emitter::Access& a) {
    return std::find(c.roots.begin(), c.roots.end(), a.var) != c.roots.end();
  };
  const auto lies_across = [&](const Emitter::Access& a, size_t partner) {
    const auto outer = static_cast<size_t>(groups[partner].axes.back());
    return a.regular && !is_constant(sizes, stride(a, inner), 0) && !is_constant(sizes, stride(a, inner), 1) &&
           is_constant(sizes, stride(a, outer), 1) && !is_root(a);
  };
  for (size_t partner = 0; partner + 1 < groups.size(); ++partner) {
    std::vector<Emitter::Access> found;
    for (const Emitter::Access& a : analysis.accesses) {
      if (!lies_across(a, partner)) continue;
      const auto same_var = [&](const Emitter::Access& other) { return other.var == a.var; };
      if (std::any_of(found.begin(), found.end(), same_var)) continue;
      const bool one_index = std::all_of(
          analysis.accesses.begin(), analysis.accesses.end(),
          [&](const Emitter::Access& other) { return !same_var(other) || (other.regular && other.axes == a.axes); });
      if (one_index) found.push_back(a);
    }
    if (found.size() > result.accesses.size()) result = {partner, std::move(found), {}};
  }
  for (const Emitter::Access& a : analysis.accesses) {
    if (a.regular && is_constant(sizes, stride(a, inner), 1) && !is_root(a)) result.along.push_back(a);
  }
  return result;
}

namespace {

/// One kernel over tiles being written.
struct Tiles {
  Emitter& e;
  const LoopGroup &rows, &columns;
  const Across& across;
  std::vector<int> locals = {};
  Value row = {}, column = {}, row_count = {}, column_count = {};  // of the current tile: first element and sides

  Value side() const { return e.b.integer(transpose_side); }

  // The index of the element (row + r, column + c).
  void place(Value r, Value c) const {
    set_index(e, rows, row + r);
    set_index(e, columns, column + c);
  }

  Emitter::Index index_of(const Emitter::Access& a) const {
    Emitter::Index index;
    for (const int axis : a.axes)
      index.push_back(axis < 0 ? e.b.integer(0) : e.domain_index[static_cast<size_t>(axis)]);
    return index;
  }

  // Elements below each other, (r .. r + count, c), follow each other in memory: line k of a square in local memory.
  void copy_line(size_t number, Value r, Value c, Value k, Value count) const {
    e.b.for_each(LoopKind::vector, e.b.integer(0), count, [&](Value i) {
      const size_t mark = e.open_scope();
      place(r + i, c + k);
      const Emitter::Access& a = across.accesses[number];
      const Value value = e.element(a.var, index_of(a));
      e.b.local_store(locals[number], k * e.b.integer(tile_columns) + c + i, value);
      e.close_scope(mark);
    });
  }

  // Squares beside each other, each turned where it lies: local[i][c] is then element (r + i, c).
  void turn(size_t number, Value r, Value count) const {
    loop::Builder& b = e.b;
    const Value squares = (column_count + b.integer(transpose_side - 1)) / side();
    b.for_each(LoopKind::serial, b.integer(0), squares, [&](Value s) {
      const Value c = s * side(), lines = loop::min(column_count - c, side());
      b.for_each(LoopKind::serial, b.integer(0), lines, [&](Value k) { copy_line(number, r, c, k, count); });
      b.transpose(locals[number], c);
    });
  }

  // Of the next tile to the right: the part of what lies across that belongs to row r when shared out among the rows.
  void prefetch_across(Value r) const {
    loop::Builder& b = e.b;
    constexpr int64_t shared = tile_columns / tile_rows;
    b.for_each(LoopKind::serial, b.integer(0), b.integer(shared), [&](Value k) {
      for (const Emitter::Access& a : across.accesses) {
        const int64_t line = line_bytes / item_size(a.var.type().dtype);
        for (int64_t i = 0; i < tile_rows; i += line) {
          place(b.integer(i), r * b.integer(shared) + k + b.integer(tile_columns));
          e.prefetch(a.var, index_of(a));
        }
      }
    });
  }

  void prefetch_along(Value r, Value c) const {
    place(r, c + e.b.integer(tile_columns));
    for (const Emitter::Access& a : across.along) e.prefetch(a.var, index_of(a));
  }

  void strip(Value r, Value count) const {
    loop::Builder& b = e.b;
    for (size_t k = 0; k < locals.size(); ++k) {
      // Whole squares need no masks.
      b.branch(
          count == side(), [&] { return turn(k, r, side()), loop::Builder::Values{}; },
          [&] { return turn(k, r, count), loop::Builder::Values{}; });
    }
    b.for_each(LoopKind::serial, b.integer(0), count, [&](Value i) {
      prefetch_across(r + i);
      b.for_each(LoopKind::vector, b.integer(0), column_count, [&](Value c) {
        const size_t mark = e.open_scope();
        prefetch_along(r + i, c);
        place(r + i, c);
        for (size_t k = 0; k < locals.size(); ++k)
          e.know(across.accesses[k].var, b.local_load(locals[k], i * b.integer(tile_columns) + c));
        for (const Var& root : e.cluster().roots) e.store(root, e.domain_index, e.element(root, e.domain_index));
        for (const Emitter::Access& a : across.accesses) e.forget(a.var);
        e.close_scope(mark);
      });
    });
  }
};

}  // namespace

LoweredKernel lower_tiles(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name,
                          const Groups& groups, const Across& across) {
  Emitter e(name, c, sizes, materialised);
  loop::Builder& b = e.b;
  e.domain_index.assign(c.domain.size(), b.integer(0));
  SizeTable& t = sizes.table();
  const auto tiles_of = [&](const LoopGroup& g, int64_t side) {
    return t.floor_div(t.add(g.size, t.constant(side - 1)), t.constant(side));
  };
  // The parallel range counts tiles, those of a strip of rows one after the other.
  Groups outer = groups;
  outer.pop_back();
  outer.erase(outer.begin() + static_cast<ptrdiff_t>(across.partner));
  const LoopGroup &rows = groups[across.partner], &columns = groups.back();
  const SizeId row_tiles = tiles_of(rows, tile_rows), column_tiles = tiles_of(columns, tile_columns);
  Tiles tiles{e, rows, columns, across};
  for (const Emitter::Access& a : across.accesses)
    tiles.locals.push_back(b.local(a.var.type().dtype, transpose_side * tile_columns));
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value tile) {
    const size_t mark = e.open_scope();
    const Value across_tiles = e.size(column_tiles), strip = tile / across_tiles;
    const Value down_tiles = e.size(row_tiles), plane = strip / down_tiles;
    if (!outer.empty()) set_linear(e, outer, plane);
    tiles.row = (strip - plane * down_tiles) * b.integer(tile_rows);
    tiles.column = (tile - strip * across_tiles) * b.integer(tile_columns);
    tiles.row_count = loop::min(e.size(rows.size) - tiles.row, b.integer(tile_rows));
    tiles.column_count = loop::min(e.size(columns.size) - tiles.column, b.integer(tile_columns));
    const Value strips = (tiles.row_count + b.integer(transpose_side - 1)) / tiles.side();
    b.for_each(LoopKind::serial, b.integer(0), strips, [&](Value s) {
      const Value r = s * tiles.side();
      tiles.strip(r, loop::min(tiles.row_count - r, tiles.side()));
    });
    e.close_scope(mark);
  });
  LoweredKernel k = e.finish();
  k.count = t.mul(total(sizes, outer), t.mul(row_tiles, column_tiles));
  k.items = t.constant(tile_rows * tile_columns);
  return k;
}

}  // namespace croton::lowering
