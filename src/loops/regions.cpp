// Finds regions in one walk from the outputs: the nearest region around all users of a node.
#include "loops/regions.h"

#include "ir/op.h"

namespace croton {

Regions::Regions(std::span<const NodePtr> order, std::span<const Var> needed) {
  for (const Var& v : needed) used_in(v, always);
  for (size_t k = order.size(); k-- > 0;) {
    const Node& node = *order[k];
    const int region = of(&node);
    if (!node.op->has(lazy)) {
      for (const Var& input : node.inputs) used_in(input, region);
      continue;
    }
    const int depth = regions_[static_cast<size_t>(region)].depth + 1, first = count();
    regions_.insert(regions_.end(), 2, Region{region, depth});
    chooser_[&node] = first;
    const size_t choices = (node.inputs.size() - 1) / 2;
    used_in(node.inputs[0], region);
    for (size_t i = 0; i < 2 * choices; ++i) used_in(node.inputs[1 + i], i < choices ? first : first + 1);
  }
}

int Regions::of(const Node* node) const {
  const auto it = region_.find(node);
  return it == region_.end() ? always : it->second;
}

bool Regions::within(int inner, int outer) const {
  while (inner != outer && inner != always) inner = parent(inner);
  return inner == outer;
}

int Regions::common(int a, int b) const {
  while (a != b) {
    int& deeper = regions_[static_cast<size_t>(a)].depth >= regions_[static_cast<size_t>(b)].depth ? a : b;
    deeper = parent(deeper);
  }
  return a;
}

void Regions::used_in(const Var& v, int region) {
  if (v.op().has(leaf)) return;
  const auto [it, first] = region_.emplace(v.node.get(), region);
  if (!first) it->second = common(it->second, region);
}

}  // namespace croton
