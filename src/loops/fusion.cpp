// Which nodes may share a kernel: by what they cost, what they read, and where their elements are wanted.
#include "loops/fusion.h"

#include <algorithm>

#include "ir/op.h"

namespace croton {
namespace {

std::vector<SizeId> without(const std::vector<SizeId>& domain, const std::vector<int>& axes) {
  std::vector<SizeId> rest;
  for (size_t a = 0; a < domain.size(); ++a) {
    if (std::find(axes.begin(), axes.end(), static_cast<int>(a)) == axes.end()) rest.push_back(domain[a]);
  }
  return rest;
}

}  // namespace

// A reduction over no axes at all, which the rewriting removes, is left to its reference value.
bool FusionRules::fusable(const Node& node) {
  const bool reduces = node.op->is_reduce() && !node.attributes.ints.empty();
  return (node.op->elementwise.code || node.op->pull || reduces) && !has_complex_values(node);
}

// Loops know no complex numbers: the few nodes that have them are computed by their reference values.
bool FusionRules::has_complex_values(const Node& node) {
  const auto is_complex_tensor = [](const Type& t) { return t.is_array() && is_complex(t.dtype); };
  return std::any_of(node.types.begin(), node.types.end(), is_complex_tensor) ||
         std::any_of(node.inputs.begin(), node.inputs.end(), [&](const Var& v) { return is_complex_tensor(v.type()); });
}

std::vector<int> FusionRules::axes_of(const Node& node) {
  return {node.attributes.ints.begin(), node.attributes.ints.end()};
}

// One load and no arithmetic worth the name. What an operation of elements repeats along an axis stays in registers or
// in the first cache.
bool FusionRules::cheap(const NodePtr& node, int copied_above) {
  if (of_scalars(Var{node, 0})) return true;
  if (copied_above >= copy_limit || node->op->is_reduce() || node->op->has(expensive) || node->op->has(may_fail))
    return false;
  const auto is_loaded = [&](const Var& input) {
    if (!input.type().is_array() || input.type().rank == 0 || literal_of(input) || of_scalars(input)) return false;
    return node->op->pull != nullptr || sizes_.dims(input) == dims_of(node);
  };
  return std::count_if(node->inputs.begin(), node->inputs.end(), is_loaded) <= 1;
}

// A repeated scalar, say, or a range: registers hold all that its elements are computed from.
bool FusionRules::of_scalars(const Var& v) {
  return v.op().pull != nullptr && std::all_of(v.node->inputs.begin(), v.node->inputs.end(), [](const Var& input) {
           return input.type().is_array() && input.type().rank == 0;
         });
}

bool FusionRules::legal(const NodePtr& node, const Cluster& c) {
  if (c.kind != Cluster::Kind::map && c.kind != Cluster::Kind::update) return false;
  if (c.weight >= weight_limit || c.wanted_at(node.get()) > index_limit || reads_what_it_changes(*node, c))
    return false;
  if (node->op->is_reduce()) return c.kind == Cluster::Kind::map && !c.pieces() && legal_reduction(node, c);
  if (!node->op->has(expensive) || c.kind == Cluster::Kind::update) return true;
  const std::vector<SizeId>& dims = dims_of(node);
  if (c.pieces()) return has_part_of(c, dims);
  return dims == c.domain || dims == without(c.domain, c.reduced);
}

bool FusionRules::has_part_of(const Cluster& c, const std::vector<SizeId>& dims) {
  const std::vector<Var>& parts = c.roots[0].node->inputs;
  return std::any_of(parts.begin(), parts.end(), [&](const Var& part) { return sizes_.dims(part) == dims; });
}

// What reads the leaf whose region is changed runs before the change, which then may happen in the leaf's own memory.
bool FusionRules::reads_what_it_changes(const Node& node, const Cluster& c) const {
  if (c.kind != Cluster::Kind::update || !c.node->inputs[0].op().has(leaf)) return false;
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](Var v) {
    while (sizes_.is_view(v)) v = v.node->inputs[0];
    return v == c.node->inputs[0];
  });
}

bool FusionRules::legal_reduction(const NodePtr& node, const Cluster& c) {
  const std::vector<SizeId>& space = sizes_.dims(node->inputs[0]);
  const std::vector<int> axes = axes_of(*node);
  const bool rows = !axes.empty() && axes.back() + 1 == static_cast<int>(space.size()) && axes.size() < space.size() &&
                    axes.front() == static_cast<int>(space.size() - axes.size());
  if (c.reduced.empty()) {
    return (rows && space == c.domain) || (dims_of(node) == c.domain && roots_have(c, c.domain));
  }
  if (c.domain != space || c.reduced != axes) return false;
  return rows ? c.reductions < reduction_limit : !feeds_elements(node, c);
}

bool FusionRules::legal_root(const NodePtr& reduction, const Cluster& c) {
  if (c.reduced != axes_of(*reduction)) return false;
  return c.rows() || !feeds_elements(reduction, c);
}

bool FusionRules::roots_have(const Cluster& c, const std::vector<SizeId>& dims) {
  return std::all_of(c.roots.begin(), c.roots.end(), [&](const Var& r) { return sizes_.dims(r) == dims; }) &&
         c.reductions == 0;
}

// A member with an element for every point of the domain uses the reduction's result.
bool FusionRules::feeds_elements(const NodePtr& node, const Cluster& c) {
  std::vector<const Node*> seen = {node.get()};
  for (size_t k = c.members.size(); k-- > 0;) {  // members are in reverse topological order
    const NodePtr& m = c.members[k];
    const bool uses = std::any_of(m->inputs.begin(), m->inputs.end(), [&](const Var& v) { return reaches(v, seen); });
    if (!uses) continue;
    if (dims_of(m) == c.domain) return true;
    seen.push_back(m.get());
  }
  return false;
}

bool FusionRules::reaches(Var v, const std::vector<const Node*>& seen) const {
  for (;;) {
    if (std::find(seen.begin(), seen.end(), v.node.get()) != seen.end()) return true;
    if (!sizes_.is_view(v)) return false;
    v = v.node->inputs[0];
  }
}

bool FusionRules::full(const Cluster& c) {
  return c.kind != Cluster::Kind::map || c.pieces() || c.roots.size() >= root_limit || c.weight >= weight_limit ||
         (c.rows() && c.reductions >= reduction_limit);
}

size_t FusionRules::weight_of(const Node& node) {
  if (node.op->pieces) return 8 * node.inputs.size();  // a branch, or a loop, for each
  return node.op->has(expensive) ? 8 : node.op->pull ? node.inputs.size() : 1;
}

}  // namespace croton
