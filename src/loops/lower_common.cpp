// What the lowerings share: loop groups, phases of reductions, carried values, pairing of block sums.
#include <algorithm>
#include <functional>
#include <set>

#include "base/error.h"
#include "loops/lower.h"

namespace croton::lowering {

using loop::Value;

namespace {

void collect_uses(const loop::Region& region, std::unordered_set<loop::ValueId>& used) {
  for (const loop::Instruction& i : region.body) {
    used.insert(i.operands.begin(), i.operands.end());
    for (const loop::Region& r : i.regions) collect_uses(r, used);
  }
  used.insert(region.yields.begin(), region.yields.end());
}

}  // namespace

// The whole computation in plain nested loops, loads and stores without their index: what the accesses look like, and
// which index values are used in another way.
Analysis analyse(const Cluster& c, GraphSizes& sizes, const VarSet& materialised,
                 const std::function<void(Emitter&)>& elements) {
  Emitter e("analysis", c, sizes, materialised);
  e.analysis = true;
  std::vector<loop::ValueId> ids;
  const std::function<void(size_t)> nest = [&](size_t axis) {
    if (axis < c.domain.size()) {
      e.b.for_each(loop::LoopKind::serial, e.b.integer(0), e.size(c.domain[axis]), [&](Value index) {
        e.domain_index.push_back(index);
        ids.push_back(index.id);
        nest(axis + 1);
      });
      return;
    }
    if (elements) return elements(e);
    Emitter::Index row;
    for (size_t a = 0; a < c.domain.size(); ++a) {
      if (std::find(c.reduced.begin(), c.reduced.end(), static_cast<int>(a)) == c.reduced.end())
        row.push_back(e.domain_index[a]);
    }
    const Emitter::Index column = {e.domain_index.empty() ? Value{} : e.domain_index.back()};
    const auto index_of = [&](const Node* node) -> const Emitter::Index& {
      return c.columns.contains(node) ? column : row;
    };
    for (size_t k = c.members.size(); k-- > 0;) {
      const NodePtr& m = c.members[k];
      if (!m->op->is_reduce()) continue;
      const Value x = e.element(m->inputs[0], e.domain_index);
      for (uint32_t o = 0; o < m->types.size(); ++o) {
        e.know_result({m, o}, loop::cast(x, m->types[o].dtype), index_of(m.get()));
      }
    }
    for (const Var& root : c.roots) {
      const Emitter::Index& reduced = index_of(root.node.get());
      const Emitter::Index& at = root.type().rank == reduced.size() && !c.reduced.empty() ? reduced : e.domain_index;
      e.store(root, at, e.element(root, at));
    }
  };
  nest(0);
  Analysis result;
  result.accesses = std::move(e.accesses);
  result.irregular = e.irregular;
  const LoweredKernel k = e.finish();
  std::unordered_set<loop::ValueId> used;
  collect_uses(k.loops.body, used);
  for (const loop::ValueId id : ids) result.free.push_back(!used.contains(id));
  return result;
}

Groups find_groups(const Cluster& c, GraphSizes& sizes, const Analysis& a, const std::vector<int>& part) {
  Groups groups;
  for (size_t k = 0; k < part.size(); ++k) {
    const int axis = part[k];
    const SizeId size = c.domain[static_cast<size_t>(axis)];
    bool follows = k > 0 && part[k - 1] + 1 == axis && !a.irregular;
    if (follows) {
      const auto outer = static_cast<size_t>(part[k - 1]), inner = static_cast<size_t>(axis);
      follows = a.free[outer] && a.free[inner];
      for (const Emitter::Access& access : a.accesses) {
        follows = follows && access.strides[outer] == sizes.table().mul(access.strides[inner], size);
      }
    }
    if (follows) {
      groups.back().axes.push_back(axis);
      groups.back().size = sizes.table().mul(groups.back().size, size);
    } else {
      groups.push_back({{axis}, size});
    }
  }
  return groups;
}

void set_index(Emitter& e, const LoopGroup& group, Value value) {
  for (const int axis : group.axes) e.domain_index[static_cast<size_t>(axis)] = e.b.integer(0);
  e.domain_index[static_cast<size_t>(group.axes.back())] = value;
}

void set_linear(Emitter& e, const Groups& groups, Value linear) {
  for (size_t k = groups.size(); k-- > 0;) {
    if (k == 0) {
      set_index(e, groups[0], linear);
      return;
    }
    const Value size = e.size(groups[k].size), rest = linear / size;
    set_index(e, groups[k], linear - rest * size);
    linear = rest;
  }
}

SizeId total(GraphSizes& sizes, const Groups& groups) {
  SizeId result = sizes.table().constant(1);
  for (const LoopGroup& g : groups) result = sizes.table().mul(result, g.size);
  return result;
}

void for_each_in_range(Emitter& e, const Groups& groups, const std::function<void()>& body,
                       const std::function<void(const std::function<void()>&)>& around) {
  for_each_between(e, groups, e.b.range_begin(), e.b.range_end(), body, around);
}

void for_each_between(Emitter& e, const Groups& groups, Value begin, Value end, const std::function<void()>& body,
                      const std::function<void(const std::function<void()>&)>& around) {
  loop::Builder& b = e.b;
  const auto line = [&](Value from, Value to) {
    const std::function<void()> run = [&] {
      b.for_each(loop::LoopKind::vector, from, to, [&](Value index) {
        const size_t mark = e.open_scope();
        if (!groups.empty()) set_index(e, groups.back(), index);
        body();
        e.close_scope(mark);
      });
    };
    around ? around(run) : run();
  };
  if (groups.size() <= 1) return line(begin, end);
  const Value inner = loop::max(e.size(groups.back().size), b.integer(1));
  const Groups outer(groups.begin(), groups.end() - 1);
  b.for_each(loop::LoopKind::serial, begin / inner, (end + inner - b.integer(1)) / inner, [&](Value row) {
    const size_t mark = e.open_scope();
    set_linear(e, outer, row);
    const Value start = row * inner;
    line(loop::max(begin - start, b.integer(0)), loop::min(end - start, inner));
    e.close_scope(mark);
  });
}

Phases find_phases(const Cluster& c, GraphSizes& sizes) {
  std::unordered_map<const Node*, int> level;
  const auto level_of = [&](Var v) {
    while (!level.contains(v.node.get()) && sizes.is_view(v)) v = v.node->inputs[0];
    const auto it = level.find(v.node.get());
    return it == level.end() ? 0 : it->second;
  };
  Phases p;
  const auto at = [](auto& lists, int k) -> auto& {
    if (lists.size() <= static_cast<size_t>(k)) lists.resize(static_cast<size_t>(k) + 1);
    return lists[static_cast<size_t>(k)];
  };
  for (size_t k = c.members.size(); k-- > 0;) {
    const NodePtr& m = c.members[k];
    int l = 0;
    for (const Var& input : m->inputs) l = std::max(l, level_of(input));
    if (c.columns.contains(m.get())) {
      if (m->op->is_reduce()) at(p.columns, l).push_back(m);
      continue;
    }
    if (m->op->is_reduce()) at(p.reductions, l++).push_back(m);
    level[m.get()] = l;
  }
  std::vector<int> wanted(c.members.size(), -1);  // last phase in which the member's elements are wanted
  const size_t full = c.domain.size();
  for (const Var& root : c.roots) {
    if (c.columns.contains(root.node.get())) {
      p.column_stores.push_back(root);
    } else if (root.type().rank == full && !root.op().is_reduce() && sizes.dims(root) == c.domain) {
      at(p.stores, level_of(root)).push_back(root);
    } else {
      p.row_stores.push_back(root);
    }
  }
  const size_t phases = std::max({p.reductions.size(), p.stores.size(), p.columns.size()});
  p.reductions.resize(phases);
  p.stores.resize(phases);
  p.columns.resize(phases);
  // In which phases each costly element is wanted: walk back from each phase's targets, not through reductions.
  std::unordered_map<const Node*, std::set<int>> phases_of;
  for (size_t phase = 0; phase < phases; ++phase) {
    std::vector<Var> todo = p.stores[phase];
    for (const NodePtr& r : p.reductions[phase]) todo.push_back(r->inputs[0]);
    for (const NodePtr& r : p.columns[phase]) todo.push_back(r->inputs[0]);
    std::unordered_set<const Node*> seen;
    while (!todo.empty()) {
      const Var v = todo.back();
      todo.pop_back();
      if (v.op().is_reduce() || !seen.insert(v.node.get()).second) continue;
      if (c.has(v.node.get()) && v.op().has(expensive) && v.type().rank == full && sizes.dims(v) == c.domain) {
        phases_of[v.node.get()].insert(static_cast<int>(phase));
      }
      if (!c.has(v.node.get()) && !sizes.is_view(v)) continue;
      for (const Var& input : v.node->inputs) {
        if (input.type().is_array()) todo.push_back(input);
      }
    }
  }
  for (size_t k = c.members.size(); k-- > 0;) {
    const auto it = phases_of.find(c.members[k].get());
    if (it != phases_of.end() && it->second.size() > 1) p.kept.push_back({Var{c.members[k], 0}, *it->second.begin()});
  }
  return p;
}

std::vector<Value> Carried::initial() {
  std::vector<Value> all;
  for (const NodePtr& r : reductions) {
    for (const Value& v : r->op->reduce.initial(e.b, *r)) all.push_back(v);
  }
  return all;
}

std::vector<DType> Carried::dtypes() {
  std::vector<DType> all;
  for (const NodePtr& r : reductions) {
    for (int k = 0; k < r->op->reduce.carried; ++k) all.push_back(r->op->reduce.accumulator(*r, k));
  }
  return all;
}

std::vector<Value> Carried::elements(Value position) {
  std::vector<Value> all;
  for (const NodePtr& r : reductions) {
    const Reduce& row = r->op->reduce;
    const Value x = loop::cast(e.element(r->inputs[0], e.domain_index), row.accumulator(*r, 0));
    for (const Value& v : row.element(e.b, *r, x, position)) all.push_back(v);
  }
  return all;
}

std::vector<Value> Carried::combine(const std::vector<Value>& l, const std::vector<Value>& r) {
  std::vector<Value> all;
  size_t at = 0;
  for (const NodePtr& node : reductions) {
    const auto n = static_cast<size_t>(node->op->reduce.carried);
    for (const Value& v : node->op->reduce.combine(e.b, *node, {&l[at], n}, {&r[at], n})) all.push_back(v);
    at += n;
  }
  return all;
}

std::vector<Value> Carried::append(const std::vector<Value>& l, const std::vector<Value>& r) {
  std::vector<Value> all;
  size_t at = 0;
  for (const NodePtr& node : reductions) {
    const Reduce& row = node->op->reduce;
    const auto n = static_cast<size_t>(row.carried);
    const auto join = row.append != nullptr ? row.append : row.combine;
    for (const Value& v : join(e.b, *node, {&l[at], n}, {&r[at], n})) all.push_back(v);
    at += n;
  }
  return all;
}

void Carried::finish(const std::vector<Value>& carried, const Emitter::Index& at) {
  size_t k = 0;
  for (const NodePtr& node : reductions) {
    const auto n = static_cast<size_t>(node->op->reduce.carried);
    const std::vector<Value> results = node->op->reduce.finish(e.b, *node, {&carried[k], n});
    k += n;
    for (uint32_t o = 0; o < node->types.size(); ++o) {
      e.know_result({node, o}, loop::cast(results[o], node->types[o].dtype), at);
    }
  }
}

bool Carried::rounds() const {
  for (const NodePtr& r : reductions) {
    if (is_float(r->op->reduce.accumulator(*r, 0)) && !r->op->has(associative)) return true;
  }
  return false;
}

PairStack::PairStack(Emitter& e, Carried& carried) : e_(e), carried_(carried) {
  for (const DType d : carried.dtypes()) stacks_.push_back(e.b.local(d, pair_levels));
}

Value PairStack::push(Value block, Value top, std::vector<Value> values) {
  loop::Builder& b = e_.b;
  std::vector<Value> state = {block, top};
  state.insert(state.end(), values.begin(), values.end());
  state = b.while_loop(
      state, [&](const std::vector<Value>& s) { return (s[0] & b.integer(1)) != b.integer(0); },
      [&](const std::vector<Value>& s) {
        const Value below = s[1] - b.integer(1);
        std::vector<Value> left;
        for (const int stack : stacks_) left.push_back(b.local_load(stack, below));
        std::vector<Value> next = {s[0] >> 1, below};
        for (const Value& v : carried_.combine(left, {s.begin() + 2, s.end()})) next.push_back(v);
        return next;
      });
  for (size_t k = 0; k < stacks_.size(); ++k) b.local_store(stacks_[k], state[1], state[k + 2]);
  return state[1] + b.integer(1);
}

std::vector<Value> PairStack::result(Value top) {
  loop::Builder& b = e_.b;
  std::vector<Value> state = {top};
  for (const Value& v : carried_.initial()) state.push_back(v);
  state = b.while_loop(
      state, [&](const std::vector<Value>& s) { return s[0] > b.integer(0); },
      [&](const std::vector<Value>& s) {
        const Value below = s[0] - b.integer(1);
        std::vector<Value> left;
        for (const int stack : stacks_) left.push_back(b.local_load(stack, below));
        std::vector<Value> next = {below};
        for (const Value& v : carried_.combine(left, {s.begin() + 1, s.end()})) next.push_back(v);
        return next;
      });
  return {state.begin() + 1, state.end()};
}

}  // namespace croton::lowering
