// The table of all rules, and the index from the row at the root to the rules to try.
#include "rewrite/rule.h"

#include <algorithm>
#include <iterator>

namespace croton {
namespace {

std::vector<Rule> make_table() {
  std::vector<Rule> table;
  for (const auto& family : {constant_rules, algebra_rules, control_rules, shape_rules, fill_rules, index_rules,
                             part_rules, reduce_rules, stability_rules, softmax_rules, linear_rules, matrix_rules}) {
    std::vector<Rule> rules = family();
    std::move(rules.begin(), rules.end(), std::back_inserter(table));
  }
  return table;
}

bool has_root(const Rule& rule, const Op& op) {
  if (rule.left) return &rule.left.op() == &op;
  if (rule.root) return rule.root(op);
  return std::find(rule.roots.begin(), rule.roots.end(), op.name) != rule.roots.end();
}

}  // namespace

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::canonicalize:
      return "canonicalize";
    case Phase::stabilize:
      return "stabilize";
    case Phase::specialize:
      return "specialize";
  }
  return "";
}

std::span<const Rule> all_rules() {
  static const std::vector<Rule> table = make_table();
  return table;
}

RuleIndex::RuleIndex(std::span<const Rule* const> rules) {
  for (const Op* op : all_ops()) {
    std::vector<const Rule*> found;
    for (const Rule* rule : rules) {
      if (has_root(*rule, *op)) found.push_back(rule);
    }
    if (!found.empty()) by_row_.emplace(op, std::move(found));
  }
}

std::span<const Rule* const> RuleIndex::of(const Op& op) const {
  const auto entry = by_row_.find(&op);
  return entry == by_row_.end() ? std::span<const Rule* const>{} : std::span<const Rule* const>(entry->second);
}

}  // namespace croton
