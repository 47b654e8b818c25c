// Lowering of reductions of rows, with sums of columns beside them, and of reductions over everything.
#include <algorithm>

#include "loops/lower.h"

namespace croton::lowering {

using loop::LoopKind;
using loop::Value;
using Values = std::vector<Value>;

namespace {

void start_index(Emitter& e) { e.domain_index.assign(e.cluster().domain.size(), e.b.integer(0)); }

std::vector<int> kept_axes(const Cluster& c) {
  std::vector<int> kept;
  for (int a = 0; a < static_cast<int>(c.domain.size()); ++a) {
    if (std::find(c.reduced.begin(), c.reduced.end(), a) == c.reduced.end()) kept.push_back(a);
  }
  return kept;
}

Emitter::Index at_axes(const Emitter& e, const std::vector<int>& axes) {
  Emitter::Index index;
  for (const int a : axes) index.push_back(e.domain_index[static_cast<size_t>(a)]);
  return index;
}

SizeId ceil_div(SizeTable& t, SizeId a, int64_t b) { return t.floor_div(t.add(a, t.constant(b - 1)), t.constant(b)); }

// Position along the reduced axes in C order.
Value position_of(Emitter& e, const Groups& groups) {
  Value position = e.b.integer(0);
  for (const LoopGroup& g : groups) {
    position = position * e.size(g.size) + e.domain_index[static_cast<size_t>(g.axes.back())];
  }
  return position;
}

void store_rows(Emitter& e, const std::vector<Var>& roots, const Emitter::Index& at) {
  for (const Var& root : roots) e.store(root, at, e.element(root, at));
}

/// Rows in scratch memory that hold costly elements between phases.
struct KeptRows {
  KeptRows(Emitter& emitter, const Phases& p, const Groups& reduced) : e(emitter) {
    SizeTable& t = e.sizes().table();
    const SizeId length = total(e.sizes(), reduced);
    bytes = t.constant(0);
    for (const auto& [v, phase] : p.kept) {
      const int at = e.b.new_int();
      offsets.push_back({at, bytes});
      rows.push_back({v, phase, e.b.scratch(v.type().dtype, at)});
      const SizeId row = t.mul(length, t.constant(item_size(v.type().dtype)));
      bytes = t.add(bytes, t.mul(ceil_div(t, row, 64), t.constant(64)));
    }
  }
  // In the element loop of a phase: what earlier phases kept is read, what this one has to keep is written.
  void exchange(int phase, Value position) {
    for (const Row& row : rows) {
      if (row.phase < phase) e.know(row.var, e.b.local_load(row.local, position));
    }
    for (const Row& row : rows) {
      if (row.phase == phase) e.b.local_store(row.local, position, e.element(row.var, e.domain_index));
    }
  }
  void forget() {
    for (const Row& row : rows) e.forget(row.var);
  }
  struct Row {
    Var var;
    int phase;
    int local;
  };
  Emitter& e;
  std::vector<Row> rows;
  std::vector<std::pair<int, SizeId>> offsets;  // int parameter and its meaning
  SizeId bytes;
};

/// Reductions over all axes but the innermost one, whose loops run along rows: of each block of rows a line of partial
/// results lies in temporaries, from which another kernel takes them.
struct ColumnSums {
  ColumnSums(Emitter& emitter, const Phases& p, SizeId row_length) : e(emitter), width(row_length) {
    for (const std::vector<NodePtr>& nodes : p.columns) {
      phases.emplace_back(e, nodes);
      first.push_back(static_cast<int>(dtypes.size()));
      for (const DType d : phases.back().dtypes()) dtypes.push_back(d);
    }
  }
  void start_block(Value block) {
    start = block * e.size(width);
    e.b.for_each(LoopKind::vector, e.b.integer(0), e.size(width), [&](Value j) {
      for (size_t phase = 0; phase < phases.size(); ++phase) write(phase, j, phases[phase].initial());
    });
  }
  // The element of the current row and column.
  void add(int phase_number, Value j) {
    const auto phase = static_cast<size_t>(phase_number);
    if (phase >= phases.size() || phases[phase].reductions.empty()) return;
    Values sums;
    const Values terms = phases[phase].elements(row);
    for (size_t k = 0; k < terms.size(); ++k) {
      const int at = first[phase] + static_cast<int>(k);
      sums.push_back(e.load_from({{}, at}, dtypes[static_cast<size_t>(at)], start + j));
    }
    write(phase, j, phases[phase].append(sums, terms));
  }
  void write(size_t phase, Value j, const Values& values) {
    for (size_t k = 0; k < values.size(); ++k) {
      const int at = first[phase] + static_cast<int>(k);
      e.store_to({{}, at}, dtypes[static_cast<size_t>(at)], start + j, values[k]);
    }
  }

  Emitter& e;
  SizeId width;
  std::vector<Carried> phases;
  std::vector<int> first;  // temporary of each phase
  std::vector<DType> dtypes;
  Value start, row;  // of the block's line in the temporaries; number of the row
};

/// What the loops along a row have in common.
struct RowLoops {
  Emitter& e;
  const Phases& phases;
  const Groups& reduced;
  KeptRows& kept;
  ColumnSums* columns = nullptr;
};

// One block of one row: elements [from, to) of the innermost reduced group.
Values reduce_block(const RowLoops& loops, Carried& carried, int phase, Value from, Value to) {
  Emitter& e = loops.e;
  loop::Builder& b = e.b;
  const auto element = [&](Value index) {
    set_index(e, loops.reduced.back(), index);
    const Value position = position_of(e, loops.reduced);
    loops.kept.exchange(phase, position);
    for (const Var& root : loops.phases.stores[static_cast<size_t>(phase)])
      e.store(root, e.domain_index, e.element(root, e.domain_index));
    if (loops.columns != nullptr) loops.columns->add(phase, position);
    return position;
  };
  const size_t mark = e.open_scope();
  Values result;
  if (carried.reductions.empty()) {
    b.for_each(LoopKind::vector, from, to, element);
  } else {
    result = b.loop(
        LoopKind::vector, from, to, carried.initial(),
        [&](Value index, const Values& so_far) { return carried.append(so_far, carried.elements(element(index))); },
        [&](const Values& l, const Values& r) { return carried.combine(l, r); }, 4);
  }
  loops.kept.forget();
  e.close_scope(mark);
  return result;
}

// All of a phase for the current row: blocks in a fixed order, their results paired.
void run_phase(const RowLoops& loops, int phase, const Emitter::Index& row) {
  Emitter& e = loops.e;
  loop::Builder& b = e.b;
  const Groups& reduced = loops.reduced;
  GraphSizes& sizes = e.sizes();
  Carried carried(e, loops.phases.reductions[static_cast<size_t>(phase)]);
  const Groups outer(reduced.begin(), reduced.end() - 1);
  const SizeId inner = reduced.back().size, blocks = ceil_div(sizes.table(), inner, row_block);
  const Value n = e.size(inner), nblocks = e.size(blocks);
  int64_t length = 0;
  const bool one_block = outer.empty() && sizes.table().is_constant(inner, length) && length <= row_block;
  if (one_block || (outer.empty() && !carried.rounds())) {
    const Values result = reduce_block(loops, carried, phase, b.integer(0), n);
    if (!result.empty()) carried.finish(result, row);
    return;
  }
  const Value turns = e.size(sizes.table().mul(total(sizes, outer), blocks));
  const auto turn = [&](Value t) {
    const Value line = t / nblocks, from = (t - line * nblocks) * b.integer(row_block);
    if (!outer.empty()) set_linear(e, outer, line);
    return reduce_block(loops, carried, phase, from, loop::min(from + b.integer(row_block), n));
  };
  if (carried.reductions.empty()) {
    b.for_each(LoopKind::serial, b.integer(0), turns, [&](Value t) { turn(t); });
    return;
  }
  if (!carried.rounds()) {
    carried.finish(b.loop(LoopKind::serial, b.integer(0), turns, carried.initial(),
                          [&](Value t, const Values& so_far) { return carried.combine(so_far, turn(t)); }),
                   row);
    return;
  }
  PairStack pairs(e, carried);
  const Values top = b.loop(LoopKind::serial, b.integer(0), turns, {b.integer(0)},
                            [&](Value t, const Values& height) { return Values{pairs.push(t, height[0], turn(t))}; });
  carried.finish(pairs.result(top[0]), row);
}

/// One row: all phases, and what is stored of it.
void run_row(const RowLoops& loops, const Groups& rows, const std::vector<int>& kept, Value row) {
  Emitter& e = loops.e;
  const size_t mark = e.open_scope();
  set_linear(e, rows, row);
  if (loops.columns != nullptr) loops.columns->row = row;
  const Emitter::Index at = at_axes(e, kept);
  for (size_t phase = 0; phase < loops.phases.reductions.size(); ++phase) {
    run_phase(loops, static_cast<int>(phase), at);
  }
  store_rows(e, loops.phases.row_stores, at);
  e.close_scope(mark);
}

// Rows whose columns are added one after the other: enough blocks for several threads, few of them.
SizeId rows_of_block(SizeTable& t, SizeId rows) {
  constexpr int64_t blocks = 32;
  return t.max(t.constant(1), t.min(t.constant(column_block), ceil_div(t, rows, blocks)));
}

}  // namespace

LoweredCluster lower_rows(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  const std::vector<int> kept = kept_axes(c);
  const Analysis analysis = analyse(c, sizes, materialised);
  const Groups rows = find_groups(c, sizes, analysis, kept), reduced = find_groups(c, sizes, analysis, c.reduced);
  const Phases p = find_phases(c, sizes);
  Emitter e(name, c, sizes, materialised);
  loop::Builder& b = e.b;
  start_index(e);
  KeptRows scratch(e, p, reduced);
  ColumnSums columns(e, p, total(sizes, reduced));
  const bool has_columns = !c.columns.empty();
  const RowLoops loops{e, p, reduced, scratch, has_columns ? &columns : nullptr};
  SizeTable& t = sizes.table();
  const SizeId count = total(sizes, rows), height = rows_of_block(t, count);
  const SizeId blocks = t.floor_div(t.add(count, t.sub(height, t.constant(1))), height);
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value index) {
    if (!has_columns) return run_row(loops, rows, kept, index);
    columns.start_block(index);
    const Value from = index * e.size(height), to = loop::min(from + e.size(height), e.size(count));
    b.for_each(LoopKind::serial, from, to, [&](Value row) { run_row(loops, rows, kept, row); });
  });
  LoweredKernel k = e.finish_with(scratch.offsets);
  k.count = has_columns ? blocks : count;
  k.items = has_columns ? t.mul(height, total(sizes, reduced)) : total(sizes, reduced);
  if (!scratch.rows.empty()) k.scratch = scratch.bytes;
  LoweredCluster result;
  result.kernels.push_back(std::move(k));
  if (!has_columns) return result;
  for (const DType d : columns.dtypes) result.temporaries.push_back({d, t.mul(blocks, columns.width)});
  result.kernels.push_back(lower_column_join(c, sizes, materialised, name + "_columns", p, blocks));
  return result;
}

LoweredCluster lower_whole(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  const Groups reduced = find_groups(c, sizes, analyse(c, sizes, materialised), c.reduced);
  const Phases p = find_phases(c, sizes);
  if (p.reductions.size() != 1) throw NotFusable{c.members.front().get()};
  LoweredCluster result;
  const SizeId inner = reduced.back().size, blocks = ceil_div(sizes.table(), inner, row_block);
  const Groups outer(reduced.begin(), reduced.end() - 1);
  const SizeId turns = sizes.table().mul(total(sizes, outer), blocks);

  Emitter e(name, c, sizes, materialised);
  loop::Builder& b = e.b;
  start_index(e);
  Carried carried(e, p.reductions[0]);
  KeptRows none(e, Phases{}, reduced);
  const std::vector<DType> dtypes = carried.dtypes();
  for (const DType d : dtypes) result.temporaries.push_back({d, turns});
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value t) {
    const Value nblocks = e.size(blocks), n = e.size(inner);
    const Value line = outer.empty() ? b.integer(0) : t / nblocks;
    const Value from = (t - line * nblocks) * b.integer(row_block);
    if (!outer.empty()) set_linear(e, outer, line);
    const Values block =
        reduce_block({e, p, reduced, none}, carried, 0, from, loop::min(from + b.integer(row_block), n));
    for (size_t k = 0; k < block.size(); ++k) e.store_to({{}, static_cast<int>(k)}, dtypes[k], t, block[k]);
  });
  LoweredKernel blocks_kernel = e.finish();
  blocks_kernel.count = turns;
  blocks_kernel.items = sizes.table().constant(row_block);
  result.kernels.push_back(std::move(blocks_kernel));

  Emitter f(name + "_join", c, sizes, materialised);
  start_index(f);
  Carried joined(f, p.reductions[0]);
  PairStack pairs(f, joined);
  const Values top =
      f.b.loop(LoopKind::serial, f.b.integer(0), f.size(turns), {f.b.integer(0)}, [&](Value t, const Values& height) {
        Values partial;
        for (size_t k = 0; k < dtypes.size(); ++k)
          partial.push_back(f.load_from({{}, static_cast<int>(k)}, dtypes[k], t));
        return Values{pairs.push(t, height[0], partial)};
      });
  joined.finish(pairs.result(top[0]), {});
  store_rows(f, p.row_stores, {});
  LoweredKernel join = f.finish();
  join.count = sizes.table().constant(1);
  join.serial = true;
  result.kernels.push_back(std::move(join));
  return result;
}

}  // namespace croton::lowering
