// Evaluates nodes element by element: rows' scalar code and pulls, composed without memory in between.
#include "loops/emit.h"

#include "base/error.h"

namespace croton {

using loop::Value;

/// What a row's pull sees.
struct NodePull final : PullContext {
  NodePull(Emitter& emitter, const Var& v) : PullContext(emitter.b, *v.node), e(emitter), var(v) {}
  Value read(size_t input, std::span<const Value> index) override {
    // The row may be inside a branch: what was found there must not be used after it.
    const size_t mark = e.open_scope();
    const Value value = e.element(node.inputs[input], Emitter::Index(index.begin(), index.end()));
    e.close_scope(mark);
    return value;
  }
  Value dim(size_t input, int axis) override {
    return e.size(e.sizes().dims(node.inputs[input])[static_cast<size_t>(axis)]);
  }
  Value output_dim(int axis) override { return e.size(e.sizes().dims(var)[static_cast<size_t>(axis)]); }
  Value scalar(size_t input) override {
    const Var& v = node.inputs[input];
    if (e.inside(v)) return loop::cast(e.element(v, {}), DType::i64);
    return e.size(e.sizes().scalar(v));
  }
  Value checked(Value index, Value size) override { return e.checked(index, size, var); }
  Emitter& e;
  Var var;
};

Emitter::Emitter(std::string name, const Cluster& cluster, GraphSizes& sizes, const VarSet& materialised)
    : b(std::move(name)), cluster_(cluster), sizes_(sizes), materialised_(materialised) {}

Value Emitter::size(SizeId id) {
  id = sizes_.canonical(id);
  int64_t constant = 0;
  if (sizes_.table().is_constant(id, constant)) return b.integer(constant);
  const auto [it, is_new] = ints_.emplace(id, 0);
  if (is_new) {
    it->second = b.new_int();
    meanings_.push_back({it->second, id});
  }
  return b.int_param(it->second);
}

int Emitter::buffer(const Operand& operand, DType dtype, bool written) {
  for (size_t k = 0; k < result_.buffers.size(); ++k) {
    if (!(result_.buffers[k] == operand)) continue;
    if (written) b.mark_written(static_cast<int>(k));
    return static_cast<int>(k);
  }
  result_.buffers.push_back(operand);
  return b.buffer(dtype, written, operand.var ? name_of(operand.var) : "temporary");
}

Value Emitter::load_from(const Operand& operand, DType dtype, Value offset) {
  return b.load(buffer(operand, dtype, false), analysis ? b.integer(0) : offset);
}
void Emitter::store_to(const Operand& operand, DType dtype, Value offset, Value value) {
  b.store(buffer(operand, dtype, true), analysis ? b.integer(0) : offset, value);
}

Value Emitter::offset(const Var& v, const Index& index) {
  const std::vector<SizeId>& strides = sizes_.strides(v);
  Value sum = b.integer(0);
  Access access{std::vector<SizeId>(domain_index.size(), sizes_.table().constant(0)), v,
                std::vector<int>(index.size(), -1)};
  for (size_t axis = 0; axis < index.size(); ++axis) {
    if (v.type().broadcasts(static_cast<int>(axis))) continue;
    if (analysis) {
      size_t at = 0;
      while (at < domain_index.size() && domain_index[at].id != index[axis].id) ++at;
      if (at < domain_index.size()) {
        access.strides[at] = sizes_.table().add(access.strides[at], strides[axis]);
        access.axes[axis] = static_cast<int>(at);
      } else if (index[axis].id != b.integer(0).id) {
        access.regular = false;
        irregular = true;
      }
    }
    sum = sum + index[axis] * size(strides[axis]);
  }
  if (analysis) accesses.push_back(std::move(access));
  return sum;
}

Value Emitter::load(const Var& v, const Index& index) { return load_from({v}, v.type().dtype, offset(v, index)); }

void Emitter::prefetch(const Var& v, const Index& index) {
  b.prefetch(buffer({v}, v.type().dtype, false), offset(v, index));
}

void Emitter::store(const Var& v, const Index& index, Value value, SizeId start) {
  const Value first = start == no_size ? b.integer(0) : size(start);
  store_to({v}, v.type().dtype, first + offset(v, index), loop::cast(value, v.type().dtype));
}

// A scalar that sizes give: a parameter of the kernel, without memory.
bool Emitter::is_parameter(const Var& v) const {
  if (!sizes_.is_scalar(v)) return false;
  const SizeExpr& e = sizes_.table()[sizes_.scalar(v)];
  return e.kind != SizeExpr::Kind::input_scalar || !(e.leaf == v);
}

// Evaluated here rather than loaded: a member, or a view of one or of a parameter.
bool Emitter::inside(const Var& v) const {
  for (const Var* seen = &v; !cluster_.has(seen->node.get());) {
    if (!sizes_.is_view(*seen) || materialised_.contains(*seen)) return false;
    seen = &seen->node->inputs[0];
    if (is_parameter(*seen)) return true;
  }
  return true;
}

Value Emitter::cast_size(const Var& v) { return loop::cast(size(sizes_.scalar(v)), v.type().dtype); }

Value Emitter::element(const Var& v, const Index& index) {
  if (const auto it = known_.find(v); it != known_.end()) return it->second;
  if (const auto it = results_.find(v); it != results_.end()) {
    const Result& r = it->second;
    for (size_t axis = 0; axis < index.size(); ++axis) {
      if (!v.type().broadcasts(static_cast<int>(axis)) && index[axis].id != r.at[axis].id)
        throw NotFusable{v.node.get()};
    }
    return r.value;
  }
  if (const Literal* literal = literal_of(v)) {
    double number = 0;
    if (v.type().rank == 0 && is_discrete(v.type().dtype)) {
      return b.integer(element_as_integer(literal->bytes.data(), v.type().dtype), v.type().dtype);
    }
    if (uniform_value(v, number) && !literal->bytes.empty() && is_float(v.type().dtype)) {
      return b.constant(v.type().dtype, number);
    }
  }
  if (is_parameter(v) && !cluster_.has(v.node.get())) return cast_size(v);
  if (!inside(v)) return load(v, index);
  if (v.op().is_reduce()) throw NotFusable{v.node.get()};  // its loop has not run where the value is wanted
  Key key{{v.node->id, v.output}, {}};
  for (size_t axis = 0; axis < index.size(); ++axis) {
    key.second.push_back(v.type().broadcasts(static_cast<int>(axis)) ? -1 : index[axis].id);
  }
  if (const auto it = memo_.find(key); it != memo_.end()) return it->second;
  const Value value = evaluate(v, index);
  const auto [it, is_new] = memo_.emplace(std::move(key), value);
  if (is_new) memo_order_.push_back(it);
  return value;
}

Value Emitter::evaluate(const Var& v, const Index& index) {
  const Op& op = v.op();
  if (is_parameter(v)) return cast_size(v);
  if (op.is_elementwise()) return elementwise(v, index);
  if (!op.pull) raise<InternalError>("{} cannot be evaluated inside a kernel", op.name);
  NodePull pull(*this, v);
  return op.pull(pull, v.output, index);
}

// Stands for any operation where only what it reads counts: a sum of floats never loses an operand.
Value Emitter::sum_of(const std::vector<Value>& x) {
  Value sum = b.constant(DType::f64, 0);
  for (const Value& v : x) sum = sum + loop::cast(v, DType::f64);
  return sum;
}

Value Emitter::elementwise(const Var& v, const Index& index) {
  const Node& node = *v.node;
  const Elementwise& row = node.op->elementwise;
  std::vector<DType> dtypes;
  for (const Var& input : node.inputs) dtypes.push_back(input.type().dtype);
  const DType compute = row.compute(dtypes);
  std::vector<Value> x;
  for (size_t k = 0; k < node.inputs.size(); ++k) {
    const Var& input = node.inputs[k];
    Index at = index;
    for (size_t axis = 0; axis < at.size(); ++axis) {
      if (input.type().broadcasts(static_cast<int>(axis))) at[axis] = b.integer(0);
    }
    x.push_back(loop::cast(element(input, at), k == 0 && row.first_kept ? row.first : compute));
  }
  if (analysis) return loop::cast(sum_of(x), v.type().dtype);
  return loop::cast(row.code(b, x, node.attributes), v.type().dtype);
}

Value Emitter::checked(Value index, Value bound, const Var& site) {
  for (size_t axis = 0; axis < domain_index.size(); ++axis) {
    if (domain_index[axis].id == index.id && size(cluster_.domain[axis]).id == bound.id) return index;
  }
  const int k = b.new_site();
  result_.sites.push_back(site);
  return b.checked_index(index, bound, k);
}

size_t Emitter::open_scope() { return memo_order_.size(); }
void Emitter::close_scope(size_t mark) {
  while (memo_order_.size() > mark) {
    memo_.erase(memo_order_.back());
    memo_order_.pop_back();
  }
}

// Rough: what decides is whether a region is worth a fork, not the last factor of two. What has fewer axes than the
// loops is computed once for many elements.
double Emitter::cost() const {
  double cost = 0.05;
  for (const NodePtr& m : cluster_.members) {
    const size_t rank = sizes_.dims(m->op->is_reduce() ? m->inputs[0] : Var{m, 0}).size();
    if (rank >= cluster_.domain.size()) cost += m->op->has(expensive) ? 0.8 : 0.06;
  }
  return cost + 0.1 * static_cast<double>(result_.buffers.size());
}

LoweredKernel Emitter::finish() { return finish_with({}); }

LoweredKernel Emitter::finish_with(const std::vector<std::pair<int, SizeId>>& ints) {
  meanings_.insert(meanings_.end(), ints.begin(), ints.end());
  result_.ints.resize(meanings_.size());
  for (const auto& [at, meaning] : meanings_) result_.ints[static_cast<size_t>(at)] = meaning;
  result_.cost = cost();
  result_.loops = b.finish();
  return std::move(result_);
}

}  // namespace croton
