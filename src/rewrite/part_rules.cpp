// Rules of updates of parts: of zeros, part after part, as the gradient of what was taken apart is.
#include <algorithm>
#include <limits>

#include "rewrite/index_entries.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

constexpr int64_t open_end = std::numeric_limits<int64_t>::max();

// Rows [start, stop) of zeros, and what is put there: the sum of the updates, the last one first.
struct Part {
  int64_t start = 0, stop = open_end;
  std::vector<const Node*> updates;
};

bool is_region_update(const Op& op) { return op.name == "set_subtensor" || op.name == "inc_subtensor"; }

// A position or a slice of constants that counts from the front, of the first axis alone.
bool bounds_of(const Node& update, Part& part) {
  const std::vector<IndexEntry> entries = entries_of(update, 2);
  if (entries.size() != 1) return false;
  const IndexEntry& rows = entries[0];
  int64_t step = 1;
  if (!integer_of(rows.step, 1, step) || step != 1) return false;
  if (!integer_of(rows.is_scalar ? rows.position : rows.start, 0, part.start) || part.start < 0) return false;
  if (!rows.is_scalar) return integer_of(rows.stop, open_end, part.stop) && part.stop > part.start;
  part.stop = part.start + 1;
  return true;
}

bool same_rows(const Part& known, const Part& part, const Node& update) {
  return known.start == part.start && known.stop == part.stop &&
         known.updates[0]->attributes == update.attributes;  // a position is not a slice of one
}

// The parts in order, if they do not meet; `zeros` is what they are put into.
std::vector<Part> disjoint_parts(RuleContext& c, Var& zeros) {
  std::vector<Part> parts;
  Var at{c.node, 0};
  while (is_region_update(at.op()) && (parts.empty() || c.only_client(at))) {
    Part part;
    if (!bounds_of(*at.node, part)) return {};
    const auto same =
        std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return same_rows(p, part, *at.node); });
    Part& found = same == parts.end() ? parts.emplace_back(part) : *same;
    const bool hidden = !found.updates.empty() && found.updates.back()->op->name == "set_subtensor";
    if (!hidden) found.updates.push_back(at.node.get());
    at = Var(at.node->inputs[0]);
  }
  if (!is_zero(at)) return {};
  zeros = at;
  std::sort(parts.begin(), parts.end(), [](const Part& l, const Part& r) { return l.start < r.start; });
  for (size_t k = 1; k < parts.size(); ++k) {
    if (parts[k - 1].stop > parts[k].start) return {};
  }
  return parts;
}

// The region's values with all its sizes and the rank of the whole; null where they may not fit.
Expr values_of(RuleContext& c, const Node& update, const Var& zeros) {
  Exprs read{c.wrap(zeros)};
  for (size_t k = 2; k < update.inputs.size(); ++k) read.push_back(c.wrap(update.inputs[k]));
  const Expr region = c.builder.apply(op_named("subtensor"), read, update.attributes);
  const Var& values = update.inputs[1];
  Exprs sizes;
  for (int axis = 0; axis < values.type().rank; ++axis) sizes.push_back(size_of(c, region.var, axis));
  Expr whole = alloc(cast(c.wrap(values), c.type().dtype), sizes);
  if (!c.shapes.same_shape(whole.var, region.var)) return {};
  if (whole.rank() < zeros.type().rank) whole = pad_left(whole, zeros.type().rank);
  return whole;
}

// Rows [start, stop) of zeros, as many of them as there are.
Expr zero_rows(RuleContext& c, const Var& zeros, int64_t start, int64_t stop) {
  Exprs sizes;
  for (int axis = 0; axis < zeros.type().rank; ++axis) sizes.push_back(size_of(c, zeros, axis));
  Expr count = sizes[0];
  if (stop != open_end) count = call("minimum", {count, c.builder.integer(stop)});
  sizes[0] = call("maximum", {count - c.builder.integer(start), c.builder.integer(0)});
  return alloc(c.builder.constant(c.type().dtype, 0), sizes);
}

// Zeros with several parts put into them are these parts behind one another. The sizes are checked, for an index that
// is out of range.
Exprs joined_parts(RuleContext& c) {
  const Op* const client = c.client({c.node, 0});
  if (c.type().rank == 0 || (client && is_region_update(*client) && c.only_client({c.node, 0}))) return {};
  Var zeros;
  const std::vector<Part> parts = disjoint_parts(c, zeros);
  if (parts.size() < 2) return {};
  Exprs rows;
  int64_t end = 0;
  for (const Part& part : parts) {
    if (part.start > end) rows.push_back(zero_rows(c, zeros, end, part.start));
    Expr sum;
    for (size_t k = part.updates.size(); k-- > 0;) {
      const Expr values = values_of(c, *part.updates[k], zeros);
      if (!values) return {};
      sum = sum ? sum + values : values;
    }
    rows.push_back(sum);
    end = part.stop;
  }
  if (end != open_end) rows.push_back(zero_rows(c, zeros, end, open_end));
  const Expr joined = c.builder.apply("join", std::move(rows), {0});
  Exprs checked{joined};
  for (int axis = 0; axis < zeros.type().rank; ++axis) checked.push_back(size_of(c, zeros, axis));
  return replaced_by(c, c.builder.apply("specify_shape", std::move(checked)));
}

std::vector<Sample> part_samples() {
  Sampler s;
  const Expr x = s.vector(), zeros = call("alloc", {s.number(0), dim(x, 0)}), one = s.builder.integer(1);
  const Expr two = s.builder.integer(2), rest = call("subtensor", {x, two}, {1});
  const Expr first = call("set_subtensor", {zeros, call("subtensor", {x, one}, {-1}), one}, {-1});
  return {s.sample({call("inc_subtensor", {first, call("exp", {rest}), two}, {1})})};
}

}  // namespace

std::vector<Rule> part_rules() {
  return {{.name = "local_join_parts_of_zeros",
           .kind = accurate,  // 0 + -0 is 0
           .phase = specialize,
           .late = true,
           .roots = {"set_subtensor", "inc_subtensor"},
           .apply = joined_parts,
           .samples = part_samples}};
}

}  // namespace croton
