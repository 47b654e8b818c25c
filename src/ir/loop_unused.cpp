// Dead code of kernels, found from the last instruction to the first.
#include "ir/loop_unused.h"

#include <algorithm>

namespace croton::loop {
namespace {

bool has_effect(const Instruction& i) {
  switch (i.code) {
    case Code::store:
    case Code::local_store:
    case Code::transpose:
    case Code::prefetch:
    case Code::checked_index:
    case Code::while_loop:
      return true;  // a while loop may be meant to end by its own stores, and may not end
    default:
      break;
  }
  return std::ranges::any_of(i.regions, [](const Region& r) { return std::ranges::any_of(r.body, has_effect); });
}

// Removes what nothing uses, last instruction first.
void remove_unused_in(Region& region, std::vector<bool>& used) {
  const auto use = [&](const std::vector<ValueId>& ids) {
    for (const ValueId id : ids) used[static_cast<size_t>(id)] = true;
  };
  use(region.yields);
  std::vector<Instruction> kept;
  for (size_t n = region.body.size(); n-- > 0;) {
    Instruction& i = region.body[n];
    const bool needed = std::ranges::any_of(i.results, [&](ValueId id) { return used[static_cast<size_t>(id)]; });
    if (!needed && !has_effect(i)) continue;
    for (size_t r = i.regions.size(); r-- > 0;) remove_unused_in(i.regions[r], used);
    use(i.operands);
    kept.push_back(std::move(i));
  }
  std::ranges::reverse(kept);
  region.body = std::move(kept);
}

void remove_stores(Region& region) {
  std::erase_if(region.body, [](const Instruction& i) { return i.code == Code::store || i.code == Code::prefetch; });
  for (Instruction& i : region.body) std::ranges::for_each(i.regions, remove_stores);
}

}  // namespace

void remove_unused(Kernel& kernel) {
  std::vector<bool> used(kernel.value_dtypes.size(), false);
  remove_unused_in(kernel.body, used);
}

Kernel checks_of(Kernel kernel) {
  remove_stores(kernel.body);
  remove_unused(kernel);
  kernel.name += "_check";
  return kernel;
}

}  // namespace croton::loop
