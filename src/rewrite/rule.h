// Rewrite rules as data: a pair of expressions over wildcards, or a named function; each says what it promises and how
// to test it.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/expr.h"
#include "ir/op.h"
#include "rewrite/shapes.h"

namespace croton {

/// What a rule promises about the values.
enum class RuleKind : uint8_t {
  exact,      // the same bits, for every input (a NaN stays a NaN)
  accurate,   // rounds less, or avoids an overflow or an undefined form; may differ in the last bits and in the sign of
              // zero
  fast_math,  // true for real numbers; only if asked for
};
/// When a rule runs. Each phase runs to a fixed point. Rows that are written in terms of others are expanded after
/// `stabilize`.
enum class Phase : uint8_t { canonicalize, stabilize, specialize };
std::string_view phase_name(Phase phase);

/// What a rule function works with.
struct RuleContext {
  Builder& builder;
  NodePtr node;  // the candidate; its inputs are already rewritten
  ShapeFacts& shapes;
  /// How many uses a variable has; what a rule has just made inside of its replacement counts as used often.
  const std::function<int(const Var&)>& uses;
  /// The row that uses a variable, of those known when the pass began (any one of several); null: none.
  const std::function<const Op*(const Var&)>& client;

  bool only_client(const Var& v) const { return uses(v) == 1; }
  Expr in(size_t k) const { return builder.wrap(node->inputs[k]); }
  Expr wrap(const Var& v) const { return builder.wrap(v); }
  const Type& type() const { return node->types[0]; }
};

/// A graph on which the rule fires.
struct Sample {
  std::vector<Var> inputs;  // free variables
  std::vector<Var> outputs;
  Range domain = {-3, 3};    // where its float inputs may lie for the rule's promise to hold up to rounding
  bool may_be_empty = true;  // false: the rule takes a maximum, which does not exist of nothing
};

struct Rule {
  std::string_view name;  // Theano's where Theano has the rule; several rules may share a name
  RuleKind kind = RuleKind::exact;
  Phase phase = Phase::canonicalize;
  bool late = false;                        // tried when the phase's other rules have nothing left to do
  std::vector<std::string_view> tags = {};  // besides the name, the phase and, for fast_math, the kind

  /// Rows at the root: by name, or by a question about the row.
  std::vector<std::string_view> roots = {};
  bool (*root)(const Op& op) = nullptr;

  /// Either a pattern: `left` is replaced by `right`; both are expressions over wildcards.
  Var left = {}, right = {};
  /// Or a function: one replacement per output (a null one keeps that output), or nothing when the rule does not apply.
  std::vector<Expr> (*apply)(RuleContext& context) = nullptr;

  /// Sample graphs for tests. Rules with a pattern need none: theirs are made from the left side.
  std::vector<Sample> (*samples)() = nullptr;
  Range domain = {-3, 3};  // of the wildcards of a pattern
};

/// All rules, in the order in which they are tried.
std::span<const Rule> all_rules();

std::vector<Rule> algebra_rules();    // algebra.cpp
std::vector<Rule> constant_rules();   // constants.cpp
std::vector<Rule> fill_rules();       // fill_rules.cpp
std::vector<Rule> shape_rules();      // shape_rules.cpp
std::vector<Rule> index_rules();      // index_rules.cpp
std::vector<Rule> part_rules();       // part_rules.cpp
std::vector<Rule> reduce_rules();     // reduce_rules.cpp
std::vector<Rule> stability_rules();  // stability.cpp
std::vector<Rule> softmax_rules();    // softmax_rules.cpp
std::vector<Rule> linear_rules();     // linear_rules.cpp
std::vector<Rule> matrix_rules();     // matrix_rules.cpp
std::vector<Rule> control_rules();    // control_rules.cpp

/// The chosen rules by the row at the root, in their order.
class RuleIndex {
 public:
  explicit RuleIndex(std::span<const Rule* const> rules);
  std::span<const Rule* const> of(const Op& op) const;

 private:
  std::unordered_map<const Op*, std::vector<const Rule*>> by_row_;
};

}  // namespace croton
