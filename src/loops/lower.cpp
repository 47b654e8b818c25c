// Lowering of clusters by their form, and of maps.
#include "loops/lower.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace croton {
namespace lowering {

LoweredKernel lower_map(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  std::vector<int> axes(c.domain.size());
  std::iota(axes.begin(), axes.end(), 0);
  const Analysis analysis = analyse(c, sizes, materialised);
  const Groups groups = find_groups(c, sizes, analysis, axes);
  const Across across = find_across(c, sizes, analysis, groups);
  if (!across.accesses.empty()) return lower_tiles(c, sizes, materialised, name, groups, across);
  Emitter e(name, c, sizes, materialised);
  e.domain_index.assign(c.domain.size(), e.b.integer(0));
  for_each_in_range(e, groups, [&] {
    for (const Var& root : c.roots) e.store(root, e.domain_index, e.element(root, e.domain_index));
  });
  LoweredKernel k = e.finish();
  k.count = total(sizes, groups);
  return k;
}

}  // namespace lowering

LoweredCluster lower(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  using namespace lowering;
  if (c.kind == Cluster::Kind::update) return lower_update(c, sizes, materialised, name);
  if (c.reduced.size() == c.domain.size() && !c.reduced.empty()) return lower_whole(c, sizes, materialised, name);
  LoweredCluster result;
  if (c.reduced.empty()) {
    const bool reduces_nothing =
        std::any_of(c.members.begin(), c.members.end(), [](const NodePtr& m) { return m->op->is_reduce(); });
    if (reduces_nothing) raise<InternalError>("a reduction without axes reached the lowering");
    result.kernels.push_back(c.pieces() ? lower_pieces(c, sizes, materialised, name)
                                        : lower_map(c, sizes, materialised, name));
  } else if (c.rows()) {
    return lower_rows(c, sizes, materialised, name);
  } else {
    result.kernels.push_back(lower_columns(c, sizes, materialised, name));
  }
  return result;
}

}  // namespace croton
