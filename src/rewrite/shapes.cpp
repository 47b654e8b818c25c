// Size facts of a graph: asks the rows' size rules, inputs before the nodes that use them, with an explicit stack.
#include "rewrite/shapes.h"

#include "base/error.h"

namespace croton {

class ShapeFacts::Query final : public SizeQuery {
 public:
  Query(ShapeFacts& facts, const Node& asked) : facts_(facts) { node = &asked; }
  SizeTable& table() override { return facts_.table_; }
  SizeId dim(size_t input, int axis) override {
    const Var& v = node->inputs[input];
    return facts_.known_.at(v.node->id).sizes.at(v.output).at(static_cast<size_t>(axis));
  }
  SizeId scalar(size_t input) override {
    const Var& v = node->inputs[input];
    const SizeId id = facts_.known_.at(v.node->id).scalar;
    return id != no_size ? id : facts_.table_.input_scalar(v);
  }
  void require_equal(SizeId, SizeId, std::string) override {}
  void require_reshape(std::vector<SizeId>, std::vector<SizeId>) override {}
  void require_not_negative(SizeId, std::string) override {}

 private:
  ShapeFacts& facts_;
};

Sizes ShapeFacts::sizes_by_rule(const NodePtr& node) {
  Sizes sizes;
  const bool has_rule = node->op->sizes && !node->op->has(leaf) && !node->op->has(value_dependent_sizes);
  if (const Literal* literal = literal_of({node, 0})) {
    sizes.emplace_back();
    for (const int64_t size : literal->shape) sizes[0].push_back(table_.constant(size));
  } else if (has_rule) {
    try {
      Query query(*this, *node);
      sizes = node->op->sizes(query);
    } catch (const Error&) {
      sizes.clear();  // sizes that contradict each other: the call will say so
    }
  }
  sizes.resize(node->types.size());
  for (uint32_t k = 0; k < sizes.size(); ++k) {
    const Type& type = node->types[k];
    if (!type.is_array()) continue;
    if (sizes[k].size() != type.rank) sizes[k].assign(type.rank, no_size);
    for (int axis = 0; axis < type.rank; ++axis) {
      SizeId& size = sizes[k][static_cast<size_t>(axis)];
      if (type.broadcasts(axis)) size = table_.constant(1);
      if (size == no_size) size = table_.input_dim({node, k}, axis);
    }
  }
  return sizes;
}

// Arithmetic on int64 scalars is followed; narrower results could wrap, which size expressions do not.
SizeId ShapeFacts::scalar_by_rule(const NodePtr& node) {
  const Type& type = node->types[0];
  if (!type.is_tensor() || type.rank != 0 || !is_discrete(type.dtype) || type.dtype == DType::u64) return no_size;
  if (const Literal* literal = literal_of({node, 0})) {
    return table_.constant(element_as_integer(literal->bytes.data(), type.dtype));
  }
  const Op& op = *node->op;
  Query query(*this, *node);
  try {
    if (op.size_value) return op.size_value(query);
    if (!op.is_elementwise() || !op.elementwise.value_integer) return table_.input_scalar({node, 0});
    bool whole = type.dtype == DType::i64 || type.dtype == DType::b1;
    std::vector<SizeId> args;
    for (size_t k = 0; k < node->inputs.size(); ++k) {
      const DType dtype = node->inputs[k].type().dtype;
      whole &= is_discrete(dtype) && dtype != DType::u64;
      args.push_back(query.scalar(k));
    }
    if (whole) return table_.apply(op, std::move(args));
  } catch (const Error&) {  // say, a division by zero: the call will find it
  }
  return table_.input_scalar({node, 0});
}

void ShapeFacts::learn(const NodePtr& node) {
  Known known{sizes_by_rule(node), no_size};
  if (node->types.size() == 1) known.scalar = scalar_by_rule(node);
  known_.insert_or_assign(node->id, std::move(known));
}

const ShapeFacts::Known& ShapeFacts::known(const Var& v) {
  if (const auto entry = known_.find(v.node->id); entry != known_.end()) return entry->second;
  struct Frame {
    NodePtr node;
    size_t next = 0;
  };
  std::vector<Frame> stack{{v.node}};
  while (!stack.empty()) {
    Frame& top = stack.back();
    if (top.next < top.node->inputs.size()) {
      const NodePtr input = top.node->inputs[top.next++].node;
      if (!known_.contains(input->id)) stack.push_back({input});
    } else {
      if (!known_.contains(top.node->id)) learn(top.node);
      stack.pop_back();
    }
  }
  return known_.at(v.node->id);
}

const std::vector<SizeId>& ShapeFacts::sizes(const Var& v) { return known(v).sizes.at(v.output); }

SizeId ShapeFacts::scalar(const Var& v) {
  const SizeId id = known(v).scalar;
  return id != no_size ? id : table_.input_scalar(v);
}

bool ShapeFacts::same_shape(const Var& a, const Var& b) {
  return a == b || (a.type().rank == b.type().rank && sizes(a) == sizes(b));
}

}  // namespace croton
