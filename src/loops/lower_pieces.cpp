// Lowering of results made of parts behind one another: each part is computed where it lies, by loops of its own.
#include <numeric>

#include "loops/lower.h"

namespace croton::lowering {

using loop::Value;

namespace {

// The element of a part at the domain's index, written at the part's place.
void write_element(Emitter& e, const Var& part, const Var& out, SizeId start) {
  Emitter::Index at = e.domain_index;
  for (size_t axis = 0; axis < at.size(); ++axis) {
    if (part.type().broadcasts(static_cast<int>(axis))) at[axis] = e.b.integer(0);
  }
  e.store(out, e.domain_index, e.element(part, at), start);
}

}  // namespace

// The parallel range counts the elements of all parts, one part after the other.
LoweredKernel lower_pieces(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name) {
  const Var out = c.roots[0];
  const auto along = static_cast<size_t>(out.op().pieces(*out.node));
  SizeTable& table = sizes.table();
  Cluster space = c;
  Emitter e(name, space, sizes, materialised);
  loop::Builder& b = e.b;
  std::vector<int> axes(c.domain.size());
  std::iota(axes.begin(), axes.end(), 0);
  SizeId position = table.constant(0), counted = table.constant(0);
  for (const Var& part : out.node->inputs) {
    space.domain[along] = sizes.dims(part)[along];
    const SizeId start = table.mul(position, sizes.strides(out)[along]);
    const auto write = [&](Emitter& emitter) { write_element(emitter, part, out, start); };
    const Groups groups = find_groups(space, sizes, analyse(space, sizes, materialised, write), axes);
    const Value before = e.size(counted), count = e.size(total(sizes, groups)), none = b.integer(0);
    e.domain_index.assign(space.domain.size(), none);
    const size_t mark = e.open_scope();
    for_each_between(e, groups, loop::max(b.range_begin() - before, none),
                     loop::max(loop::min(b.range_end() - before, count), none), [&] { write(e); });
    e.close_scope(mark);
    position = table.add(position, space.domain[along]);
    counted = table.add(counted, total(sizes, groups));
  }
  LoweredKernel k = e.finish();
  k.count = counted;
  return k;
}

}  // namespace croton::lowering
