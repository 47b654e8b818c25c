// The one rewriter: applies the chosen rules, phase by phase, each to a fixed point.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rewrite/intern.h"
#include "rewrite/rule.h"

namespace croton {

struct RewriteOptions {
  enum class Level : uint8_t { none, merge, fast_compile, fast_run };
  Level level = Level::fast_run;
  std::vector<std::string> including, excluding;  // names and tags of rules; excluding wins
  bool fast_math = false;
  const Drivers* drivers = nullptr;  // for rows that are written in terms of others; null: they stay
  /// Called with the graph after interning and after each phase ("canonicalize", "expand", ...), for the verifier and
  /// dumps.
  std::function<void(std::span<const Var> outputs, std::string_view phase)> after_phase;
};

struct RewriteStatistics {
  struct RuleCount {
    std::string_view name;
    int64_t count = 0;
  };
  struct PhaseTime {
    std::string_view name;
    double seconds = 0;
    int passes = 0;
    size_t nodes_before = 0, nodes_after = 0;
  };
  std::vector<RuleCount> rules;  // those that applied, by name, in the order of the rule table
  std::vector<PhaseTime> phases;
  bool stopped = false;  // the limit on the number of rewrites was reached; the graph is right but not final
  int64_t count(std::string_view name) const;
};

struct RewriteResult {
  std::vector<Var> outputs;
  RewriteStatistics statistics;
};

/// Rewrites an interned graph. Types of outputs may come to know more axes of size one, else they stay.
RewriteResult rewrite(std::span<const Var> outputs, InternBuilder& builder, const RewriteOptions& options);

/// How to intern under these options: "constant_folding" (also "topo_constant_folding") can be excluded.
InternBuilder::Options intern_options(const RewriteOptions& options);

/// True when the options choose the rule.
bool is_chosen(const Rule& rule, const RewriteOptions& options);

/// One phase with rules of the caller's choice, for tests.
std::vector<Var> apply_rules(std::span<const Rule* const> rules, std::span<const Var> outputs, InternBuilder& builder,
                             RewriteStatistics& statistics);

}  // namespace croton
