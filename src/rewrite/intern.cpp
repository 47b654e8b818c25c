// Hash-consing: structural hashes, the table of nodes, merging of origins, and the pass that rebuilds a user's graph.
#include "rewrite/intern.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "ir/op.h"
#include "ir/walk.h"
#include "rewrite/fold.h"

namespace croton {
namespace {

// A kernel lists the lines it comes from; a node that stands for more than these would only blur the list.
constexpr size_t max_lines = 16;

uint64_t type_hash(const Type& t) {
  const uint64_t tags = static_cast<uint64_t>(t.kind) << 16 | static_cast<uint64_t>(t.dtype) << 8 | t.rank;
  return hash_combine(hash_combine(tags, t.ones), t.context);
}

bool may_merge(const Op& op) { return !op.has(opaque) && !op.has(effect); }

// Everything of the identity of a node but its inputs, its bodies, and a handle: a handle's hash may be an address.
uint64_t own_hash(const Op& op, const std::vector<Type>& types, const Attributes& attributes) {
  uint64_t hash = hash_text(op.name);
  if (attributes.handle) {
    Attributes plain = attributes;
    plain.handle = nullptr;
    hash = hash_combine(hash, plain.hash());
  } else {
    hash = hash_combine(hash, attributes.hash());
  }
  for (const Type& type : types) hash = hash_combine(hash, type_hash(type));
  return hash;
}

bool same_bodies(const std::vector<std::shared_ptr<const Graph>>& a,
                 const std::vector<std::shared_ptr<const Graph>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x == y || same_graph(*x, *y); });
}

void add_line(std::vector<LineId>& lines, LineId own, LineId line) {
  if (line == 0 || line == own || lines.size() >= max_lines) return;
  if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
}

}  // namespace

bool refines(const Type& type, const Type& general) {
  Type same = type;
  same.ones = general.ones;
  return same == general && (type.ones & general.ones) == general.ones;
}

void adopt_origin(const Node& node, const Node& other) {
  if (&node == &other || node.op->has(leaf)) return;
  add_line(node.lines, node.line, other.line);
  for (const LineId line : other.lines) add_line(node.lines, node.line, line);
  if (other.names.empty() || other.types.size() != node.types.size()) return;
  if (node.names.empty()) node.names = other.names;
  node.names.resize(node.types.size());
  for (size_t k = 0; k < node.names.size() && k < other.names.size(); ++k) {
    if (node.names[k].empty()) node.names[k] = other.names[k];
  }
}

// ------------------------------------------------------------------------------------------------------------- bodies

namespace {

// Where each variable of a graph comes from: its node's place in the order of the walk.
using Places = std::unordered_map<const Node*, uint64_t>;

Places places_of(const std::vector<NodePtr>& order) {
  Places places;
  places.reserve(order.size());
  for (const NodePtr& node : order) places.emplace(node.get(), places.size());
  return places;
}

std::vector<NodePtr> order_of(const Graph& graph) {
  std::vector<Var> roots = graph.inputs;  // first, so that inputs have the first places, used or not
  roots.insert(roots.end(), graph.outputs.begin(), graph.outputs.end());
  return toposort(roots);
}

}  // namespace

uint64_t graph_hash(const Graph& graph) {
  const std::vector<NodePtr> order = order_of(graph);
  const Places places = places_of(order);
  uint64_t hash = hash_integer(graph.inputs.size());
  const auto add = [&](const Var& v) { hash = hash_combine(hash, places.at(v.node.get()) << 8 | v.output); };
  for (const NodePtr& node : order) {
    hash = hash_combine(hash, own_hash(*node->op, node->types, node->attributes));
    for (const Var& input : node->inputs) add(input);
    for (const auto& body : node->bodies) hash = hash_combine(hash, graph_hash(*body));
  }
  for (const Var& output : graph.outputs) add(output);
  return hash;
}

bool same_graph(const Graph& a, const Graph& b) {
  if (&a == &b) return true;
  if (a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size()) return false;
  const std::vector<NodePtr> left = order_of(a), right = order_of(b);
  if (left.size() != right.size()) return false;
  const Places left_places = places_of(left), right_places = places_of(right);
  const auto same = [&](const Var& x, const Var& y) {
    return x.output == y.output && left_places.at(x.node.get()) == right_places.at(y.node.get());
  };
  for (size_t k = 0; k < left.size(); ++k) {
    const Node &x = *left[k], &y = *right[k];
    if (x.op != y.op || x.types != y.types || !(x.attributes == y.attributes)) return false;
    if (!std::equal(x.inputs.begin(), x.inputs.end(), y.inputs.begin(), y.inputs.end(), same)) return false;
    if (!same_bodies(x.bodies, y.bodies)) return false;
  }
  return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), same) &&
         std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), same);
}

// ------------------------------------------------------------------------------------------------------------ builder

InternBuilder::InternBuilder() : InternBuilder(Options{}) {}
InternBuilder::InternBuilder(Options options) : options_(options) {}

void InternBuilder::register_leaf(const Var& leaf, int position) {
  const uint64_t place = hash_combine(hash_text("leaf"), static_cast<uint64_t>(position));
  hashes_[leaf.node.get()] = hash_combine(place, type_hash(leaf.type()));
  leaves_.push_back(leaf.node);
}

uint64_t InternBuilder::node_hash(const NodePtr& node) {
  if (const auto known = hashes_.find(node.get()); known != hashes_.end()) return known->second;
  const uint64_t place = hash_combine(hash_text("unregistered leaf"), unregistered_++);
  leaves_.push_back(node);
  return hashes_[node.get()] = hash_combine(place, type_hash(node->types.at(0)));
}

uint64_t InternBuilder::structural_hash(const Var& v) {
  const uint64_t hash = node_hash(v.node);
  return v.output == 0 ? hash : hash_combine(hash, v.output);
}

// Ids grow, so a node is younger than all of the first `count` when it is younger than the last of them.
bool InternBuilder::made_after(const Node& node, size_t count) const {
  return owns(node) && !node.op->has(leaf) && (count == 0 || node.id > nodes_[count - 1]->id);
}

void InternBuilder::order_operands(const Op& op, std::vector<Var>& inputs) {
  if (!op.has(commutative)) return;
  std::vector<std::pair<uint64_t, Var>> keyed;
  for (Var& v : inputs) keyed.emplace_back(structural_hash(v), std::move(v));
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t k = 0; k < inputs.size(); ++k) inputs[k] = std::move(keyed[k].second);
}

uint64_t InternBuilder::hash_of_bodies(const std::vector<std::shared_ptr<const Graph>>& bodies) {
  uint64_t hash = 0;
  for (const auto& body : bodies) {
    const auto [entry, is_new] = body_hashes_.try_emplace(body.get(), 0);
    if (is_new) {
      entry->second = graph_hash(*body);
      bodies_.push_back(body);
    }
    hash = hash_combine(hash, entry->second);
  }
  return hash;
}

NodePtr InternBuilder::find(uint64_t hash, const Op& op, const std::vector<Var>& inputs, const std::vector<Type>& types,
                            const Attributes& attributes,
                            const std::vector<std::shared_ptr<const Graph>>& bodies) const {
  const auto [first, last] = index_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const Node& node = *nodes_[entry->second];
    if (node.op == &op && node.inputs == inputs && node.types == types && node.attributes == attributes &&
        same_bodies(node.bodies, bodies)) {
      return nodes_[entry->second];
    }
  }
  return nullptr;
}

NodePtr InternBuilder::make(const Op& op, std::vector<Var> inputs, std::vector<Type> types, Attributes attributes,
                            std::vector<std::shared_ptr<const Graph>> bodies) {
  order_operands(op, inputs);
  uint64_t hash = own_hash(op, types, attributes);
  for (const Var& input : inputs) hash = hash_combine(hash, structural_hash(input));
  if (!bodies.empty()) hash = hash_combine(hash, hash_of_bodies(bodies));
  if (may_merge(op)) {
    if (NodePtr known = find(hash, op, inputs, types, attributes, bodies)) {
      add_line(known->lines, known->line, line);
      return known;
    }
  }
  const NodePtr node =
      new_node(op, std::move(inputs), std::move(types), std::move(attributes), std::move(bodies), line);
  if (options_.fold && !op.has(leaf)) {
    if (const auto value = folded(*node, options_.fold_limit)) {
      Attributes constant;
      constant.literal = value;
      return make(op_named("constant"), {}, {value->type}, std::move(constant), {});
    }
  }
  hashes_[node.get()] = hash;
  index_.emplace(hash, nodes_.size());
  nodes_.push_back(node);
  return node;
}

NodePtr InternBuilder::rebuilt(const Node& node, std::vector<Var> inputs) {
  // Types follow from the inputs' types, and from the values of constants (a size that is known to be one).
  bool same_types = true;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const bool became_constant = literal_of(inputs[k]) && !literal_of(node.inputs[k]);
    same_types &= inputs[k].type() == node.inputs[k].type() && !became_constant;
  }
  const LineId outer = std::exchange(line, node.line);
  const NodePtr result = same_types ? make(*node.op, std::move(inputs), node.types, node.attributes, node.bodies)
                                    : rebuilt_with_new_types(node, std::move(inputs));
  line = outer;
  adopt_origin(*result, node);
  return result;
}

// Inputs may have become more specific: more axes are known to have size one. A row that insists on the old types (both
// branches of an ifelse alike) gets them back.
NodePtr InternBuilder::rebuilt_with_new_types(const Node& node, std::vector<Var> inputs) {
  try {
    std::vector<Expr> operands;
    for (const Var& v : inputs) operands.push_back(wrap(v));
    const std::vector<Expr> outputs = apply_all(*node.op, std::move(operands), node.attributes, node.bodies);
    bool fits = true;
    for (size_t k = 0; k < outputs.size(); ++k) fits &= refines(outputs[k].type(), node.types[k]);
    if (fits) return outputs.at(0).var.node;
  } catch (const Error&) {
  }
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Type &now = inputs[k].type(), &before = node.inputs[k].type();
    if (now == before) continue;
    if (!refines(now, before)) {
      raise<InternalError>("input {} of '{}' was of type {} and became {}", k, node.op->name, type_name(before),
                           type_name(now));
    }
    inputs[k] = apply("rebroadcast", {wrap(inputs[k])}, {static_cast<int64_t>(before.ones)}).var;
  }
  return make(*node.op, std::move(inputs), node.types, node.attributes, node.bodies);
}

// --------------------------------------------------------------------------------------------------------------- pass

std::vector<Var> intern(std::span<const Var> outputs, InternBuilder& builder) {
  std::unordered_map<const Node*, NodePtr> copies;
  const auto copy_of = [&](const Var& v) -> Var { return {copies.at(v.node.get()), v.output}; };
  for (const NodePtr& node : toposort(outputs)) {
    if (node->op->has(leaf) && !node->attributes.literal) {
      builder.structural_hash({node, 0});  // gives it a place, in the order of the walk
      copies.emplace(node.get(), node);
      continue;
    }
    std::vector<Var> inputs;
    inputs.reserve(node->inputs.size());
    for (const Var& input : node->inputs) inputs.push_back(copy_of(input));
    copies.emplace(node.get(), builder.rebuilt(*node, std::move(inputs)));
  }
  std::vector<Var> result;
  result.reserve(outputs.size());
  for (const Var& output : outputs) result.push_back(copy_of(output));
  return result;
}

}  // namespace croton
