// Runs the rows' size rules over a graph in topological order, then the view rules, once equal sizes are known.
#include "loops/sizes.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/hash.h"

namespace croton {

struct NodeSizeQuery final : SizeQuery {
  NodeSizeQuery(GraphSizes& sizes, const NodePtr& owner) : sizes_(sizes), owner_(owner) { node = owner.get(); }
  SizeTable& table() override { return sizes_.table_; }
  SizeId dim(size_t input, int axis) override { return sizes_.dims(owner_->inputs[input])[static_cast<size_t>(axis)]; }
  SizeId scalar(size_t input) override { return sizes_.scalar(owner_->inputs[input]); }
  void require_equal(SizeId a, SizeId b, std::string message) override {
    guard(SizeGuard::Kind::equal, a, b, std::move(message));
    if (sizes_.regions_.of(node) == Regions::always) sizes_.unify(a, b);
  }
  void require_not_negative(SizeId a, std::string message) override {
    if (!table().never_negative(a)) guard(SizeGuard::Kind::not_negative, a, no_size, std::move(message));
  }
  void require_reshape(std::vector<SizeId> from, std::vector<SizeId> to) override {
    SizeGuard g{.kind = SizeGuard::Kind::reshape};
    g.many = std::move(from);
    g.others = std::move(to);
    g.text = "total size of new array must be unchanged: {0} elements cannot be seen as {1}";
    add(std::move(g));
  }
  SizeId checked_index(SizeId index, SizeId size) override {
    SizeTable& t = table();
    guard(SizeGuard::Kind::index, index, size, "index {0} is out of bounds for an axis of size {1}");
    return t.never_negative(index) ? index : t.select(t.less(index, t.constant(0)), t.add(index, size), index);
  }

 private:
  void guard(SizeGuard::Kind kind, SizeId a, SizeId b, std::string text) {
    if (kind == SizeGuard::Kind::equal && sizes_.canonical(a) == sizes_.canonical(b)) return;
    SizeGuard g{.kind = kind};
    g.left = a;
    g.right = b;
    g.text = std::move(text);
    add(std::move(g));
  }
  void add(SizeGuard g) {
    g.line = owner_->line;
    g.node = Var{owner_, 0};
    sizes_.add_guard(std::move(g));
  }
  GraphSizes& sizes_;
  const NodePtr& owner_;
};

GraphSizes::GraphSizes(std::span<const NodePtr> order, const VarMap<int>& strided, const Regions& regions)
    : strided_(strided), regions_(regions) {
  for (const NodePtr& node : order) add_node(node);
  // Only now all equalities are known: canonical sizes make strides that can be compared.
  for (auto& [v, dims] : dims_) {
    for (SizeId& id : dims) id = canonical(id);
  }
  for (const NodePtr& node : order) add_view(node);
}

void GraphSizes::add_node(const NodePtr& node) {
  Sizes known;
  if (node->op->sizes && !node->op->has(leaf)) {
    NodeSizeQuery q(*this, node);
    known = node->op->sizes(q);
  }
  for (uint32_t k = 0; k < node->types.size(); ++k) {
    const Type& type = node->types[k];
    if (!type.is_array()) continue;
    const Var v{node, k};
    std::vector<SizeId> dims = k < known.size() ? known[k] : std::vector<SizeId>(type.rank, no_size);
    dims.resize(type.rank, no_size);
    if (node->op->has(lazy)) {
      for (SizeId& id : dims) id = known_outside(id, regions_.of(node.get())) ? id : no_size;
    }
    const Literal* literal = literal_of(v);
    for (int axis = 0; axis < type.rank; ++axis) {
      SizeId& id = dims[static_cast<size_t>(axis)];
      if (literal) id = table_.constant(literal->shape[static_cast<size_t>(axis)]);
      if (type.broadcasts(axis)) id = table_.constant(1);
      if (id == no_size) id = table_.input_dim(v, axis);
      id = canonical(id);
    }
    dims_.emplace(v, std::move(dims));
  }
}

// The size reads nothing that exists only inside a region which `region` does not lie in.
bool GraphSizes::known_outside(SizeId id, int region) const {
  std::unordered_set<SizeId> seen;
  for (std::vector<SizeId> todo = {id}; !todo.empty();) {
    const SizeId next = todo.back();
    todo.pop_back();
    if (next == no_size) return false;
    const SizeExpr& e = table_[next];
    if (e.leaf && !regions_.within(region, regions_.of(e.leaf.node.get()))) return false;
    if (seen.insert(next).second) todo.insert(todo.end(), e.args.begin(), e.args.end());
  }
  return true;
}

void GraphSizes::add_view(const NodePtr& node) {
  for (uint32_t k = 0; k < node->types.size(); ++k) {
    const Var v{node, k};
    if (!node->types[k].is_array()) continue;
    const std::vector<SizeId>& own = dims_.at(v);
    std::vector<SizeId> strides = contiguous(own);
    if (const auto given = strided_.find(v); node->op->has(leaf) && given != strided_.end()) {
      for (int axis = 0; axis < v.type().rank; ++axis)
        strides[static_cast<size_t>(axis)] = axis == given->second ? table_.constant(1) : table_.input_stride(v, axis);
    }
    if (k == 0 && node->op->view && node->inputs[0].type().is_array()) {
      NodeSizeQuery q(*this, node);
      const ViewResult view = node->op->view(q, strides_.at(node->inputs[0]));
      if (view.strides.size() == own.size()) {
        strides = view.strides;
        views_.emplace(v, view.offset);
      }
    }
    strides_.emplace(v, std::move(strides));
  }
}

const std::vector<SizeId>& GraphSizes::dims(const Var& v) {
  const auto it = dims_.find(v);
  if (it == dims_.end()) raise<InternalError>("sizes of a variable of {} are not known", v.op().name);
  return it->second;
}

const std::vector<SizeId>& GraphSizes::strides(const Var& v) { return strides_.at(v); }

SizeId GraphSizes::scalar(const Var& v) {
  if (const auto it = scalars_.find(v); it != scalars_.end()) return it->second;
  const Op& op = v.op();
  SizeId id = no_size;
  if (const Literal* literal = literal_of(v)) {
    id = table_.constant(element_as_integer(literal->bytes.data(), literal->type.dtype));
  } else if (op.size_value && v.type().dtype == DType::i64 && v.type().rank == 0) {  // narrower ones wrap
    NodeSizeQuery q(*this, v.node);
    id = op.size_value(q);
  } else if (op.is_elementwise() && op.elementwise.value_integer && is_scalar(v) && v.node->attributes.ints.empty()) {
    std::vector<SizeId> args;
    for (const Var& input : v.node->inputs) {
      if (!is_scalar(input)) break;
      const SizeId arg = scalar(input);
      const SizeExpr& e = table_[arg];
      // What a step computes is in memory only after it; an expression of it is computed by steps too, and read from
      // memory.
      if (e.kind == SizeExpr::Kind::input_scalar && !e.leaf.op().has(leaf)) break;
      args.push_back(arg);
    }
    if (args.size() == v.node->inputs.size()) id = table_.apply(op, std::move(args));
  }
  if (id == no_size) id = table_.input_scalar(v);
  scalars_.emplace(v, id);
  return id;
}

std::vector<SizeId> GraphSizes::update_space(const NodePtr& node) {
  NodeSizeQuery q(*this, node);
  std::vector<SizeId> space = node->op->update.space(q);
  for (SizeId& id : space) id = canonical(id);
  return space;
}

SizeId GraphSizes::product(std::span<const SizeId> sizes) {
  SizeId result = table_.constant(1);
  for (size_t k = sizes.size(); k-- > 0;) result = table_.mul(result, sizes[k]);
  return result;
}

std::vector<SizeId> GraphSizes::contiguous(const std::vector<SizeId>& dims) {
  std::vector<SizeId> strides(dims.size());
  SizeId stride = table_.constant(1);
  for (size_t k = dims.size(); k-- > 0;) {
    strides[k] = stride;
    stride = table_.mul(stride, dims[k]);
  }
  return strides;
}

SizeId GraphSizes::canonical(SizeId id) const {
  for (auto it = parent_.find(id); it != parent_.end(); it = parent_.find(id)) id = it->second;
  return id;
}

// 0: now; 1: when a call starts; 2: when a step has run.
int GraphSizes::known_when(SizeId id) const {
  if (table_.is_constant(id)) return 0;
  const SizeExpr& e = table_[id];
  if (e.kind != SizeExpr::Kind::apply) return e.leaf.op().has(leaf) ? 1 : 2;
  int latest = 0;
  for (const SizeId arg : e.args) latest = std::max(latest, known_when(arg));
  return latest;
}

void GraphSizes::unify(SizeId a, SizeId b) {
  a = canonical(a);
  b = canonical(b);
  if (a == b) return;
  // The one that is known first stands for both.
  if (std::pair(known_when(b), b) < std::pair(known_when(a), a)) std::swap(a, b);
  if (!table_.is_constant(b)) parent_[b] = a;  // two different constants: the guard fails in every call
}

void GraphSizes::add_guard(SizeGuard guard) {
  uint64_t hash = hash_combine(static_cast<uint64_t>(guard.kind), static_cast<uint64_t>(guard.left));
  hash = hash_combine(hash, static_cast<uint64_t>(guard.right));
  for (const SizeId id : guard.many) hash = hash_combine(hash, static_cast<uint64_t>(id));
  for (const SizeId id : guard.others) hash = hash_combine(hash, static_cast<uint64_t>(id));
  const auto [begin, end] = guard_index_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    const SizeGuard& g = guards_[it->second];
    if (g.kind == guard.kind && g.left == guard.left && g.right == guard.right && g.many == guard.many &&
        g.others == guard.others &&
        regions_.within(regions_.of(guard.node.node.get()), regions_.of(g.node.node.get()))) {
      return;
    }
  }
  guard_index_.emplace(hash, guards_.size());
  guards_.push_back(std::move(guard));
}

}  // namespace croton
