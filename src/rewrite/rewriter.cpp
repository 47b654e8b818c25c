// Passes from the inputs to the outputs: a node's inputs are in normal form before its rules are tried, and what a rule
// makes is brought to normal form before anything uses it. So one pass nearly always suffices; the next one finds
// nothing to do, unless a rule asks who else uses a variable.
#include "rewrite/rewriter.h"

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "base/error.h"
#include "ir/walk.h"
#include "rewrite/pattern.h"

namespace croton {
namespace {

// Rules shrink graphs or move towards one form, so these limits are met only by rules that undo each other.
constexpr int max_passes = 20;
constexpr int64_t rewrites_per_node = 20;
constexpr int64_t free_rewrites = 1000;
constexpr int used_often = 1000;

std::vector<Var> outputs_of(const NodePtr& node) {
  std::vector<Var> outputs;
  for (uint32_t k = 0; k < node->types.size(); ++k) outputs.push_back({node, k});
  return outputs;
}

bool is_free_leaf(const Node& node) { return node.op->has(leaf); }

class Rewriter {
 public:
  Rewriter(std::span<const Rule* const> rules, InternBuilder& builder, RewriteStatistics& statistics)
      : index_(rules), builder_(builder), statistics_(statistics) {}

  std::vector<Var> run(std::vector<Var> outputs, int& passes);

 private:
  struct Frame {
    NodePtr node;          // to be brought to normal form
    NodePtr current = {};  // the same on inputs in normal form
    size_t next_input = 0;
    std::vector<Var> replacement = {};
    size_t next_replacement = 0;
  };
  void count_uses(std::span<const Var> outputs);
  std::vector<Var> pass(std::span<const Var> outputs);
  void normalize(const NodePtr& root);
  bool step(std::vector<Frame>& stack);
  bool enter(const NodePtr& node, std::vector<Frame>& stack);
  void hand_over_uses(const NodePtr& node, const std::vector<Var>& heirs);
  void finish(const Frame& frame, std::vector<Var> result);
  Var normal(const Var& v) const;
  NodePtr on_normal_inputs(const NodePtr& node);
  std::vector<Var> applied(const NodePtr& node);
  std::vector<Var> try_rule(const Rule& rule, RuleContext& context);
  void record(const Rule& rule, const Node& node, std::span<const Var> replacement, uint64_t first_new);

  RuleIndex index_;
  InternBuilder& builder_;
  RewriteStatistics& statistics_;
  ShapeFacts shapes_;
  VarMap<int> uses_;
  std::function<int(const Var&)> uses_of_ = [this](const Var& v) {
    const auto entry = uses_.find(v);
    return entry == uses_.end() ? used_often : entry->second;
  };
  VarMap<const Op*> clients_;
  std::function<const Op*(const Var&)> client_of_ = [this](const Var& v) {
    const auto entry = clients_.find(v);
    return entry == clients_.end() ? nullptr : entry->second;
  };
  std::unordered_map<uint64_t, std::vector<Var>> normal_;  // by node id: what each output became
  std::unordered_set<uint64_t> open_;                      // nodes on the stack
  int64_t rewrites_ = 0, limit_ = 0;
  bool changed_ = false;
  bool late_ = false;        // late rules are tried
  bool wants_late_ = false;  // a node is there for which there are some
};

void Rewriter::count_uses(std::span<const Var> outputs) {
  uses_.clear();
  clients_.clear();
  for (const NodePtr& node : toposort(outputs)) {
    for (uint32_t k = 0; k < node->types.size(); ++k) uses_.try_emplace({node, k}, 0);
    for (const Var& input : node->inputs) ++uses_[input], clients_[input] = node->op;
    for (const Rule* rule : index_.of(*node->op)) wants_late_ |= rule->late;
  }
  for (const Var& output : outputs) ++uses_[output];
}

Var Rewriter::normal(const Var& v) const {
  const auto entry = normal_.find(v.node->id);
  return entry == normal_.end() ? v : entry->second.at(v.output);
}

// True when the node has to be worked on first. A node that is open already can only be met again when rules lead back
// to what they started from; it is then taken as it is.
bool Rewriter::enter(const NodePtr& node, std::vector<Frame>& stack) {
  if (normal_.contains(node->id) || is_free_leaf(*node) || !open_.insert(node->id).second) return false;
  stack.push_back({node});
  return true;
}

// What took the place of a node has its clients, besides those it had. (Without this each rule that asks for clients
// would need a pass for each link of a chain.)
void Rewriter::hand_over_uses(const NodePtr& node, const std::vector<Var>& heirs) {
  for (uint32_t k = 0; k < heirs.size(); ++k) {
    const auto entry = uses_.find({node, k});
    if (entry == uses_.end() || heirs[k].node == node) continue;
    const int count = entry->second;
    uses_[heirs[k]] += count;
    if (const Op* const client = client_of_({node, k})) clients_[heirs[k]] = client;
  }
}

void Rewriter::finish(const Frame& frame, std::vector<Var> result) {
  if (frame.current) normal_.emplace(frame.current->id, result);
  normal_.insert_or_assign(frame.node->id, std::move(result));
  open_.erase(frame.node->id);
}

NodePtr Rewriter::on_normal_inputs(const NodePtr& node) {
  std::vector<Var> inputs;
  bool same = builder_.owns(*node);
  for (const Var& input : node->inputs) {
    inputs.push_back(normal(input));
    same &= inputs.back() == input;
  }
  return same ? node : builder_.rebuilt(*node, std::move(inputs));
}

// Works on the top of the stack; false when that is finished.
bool Rewriter::step(std::vector<Frame>& stack) {
  Frame& top = stack.back();
  while (!top.current && top.next_input < top.node->inputs.size()) {
    if (enter(top.node->inputs[top.next_input++].node, stack)) return true;
  }
  if (!top.current) {
    top.current = on_normal_inputs(top.node);
    if (top.current != top.node) {
      hand_over_uses(top.node, outputs_of(top.current));
      if (const auto known = normal_.find(top.current->id); known != normal_.end()) {
        finish(top, std::vector<Var>(known->second));
        return false;
      }
    }
    if (!is_free_leaf(*top.current)) top.replacement = applied(top.current);
  }
  while (top.next_replacement < top.replacement.size()) {
    if (enter(top.replacement[top.next_replacement++].node, stack)) return true;
  }
  std::vector<Var> result = outputs_of(top.current);
  for (size_t k = 0; k < top.replacement.size(); ++k) {
    if (top.replacement[k].node != top.current) result[k] = normal(top.replacement[k]);
  }
  hand_over_uses(top.current, result);
  finish(top, std::move(result));
  return false;
}

void Rewriter::normalize(const NodePtr& root) {
  std::vector<Frame> stack;
  enter(root, stack);
  while (!stack.empty()) {
    if (!step(stack)) stack.pop_back();
  }
}

std::vector<Var> Rewriter::pass(std::span<const Var> outputs) {
  normal_.clear();
  open_.clear();
  std::vector<Var> result;
  for (const Var& output : outputs) {
    normalize(output.node);
    result.push_back(normal(output));
  }
  return result;
}

std::vector<Var> Rewriter::run(std::vector<Var> outputs, int& passes) {
  limit_ = rewrites_ + free_rewrites + rewrites_per_node * static_cast<int64_t>(toposort(outputs).size());
  for (passes = 1; passes <= max_passes; ++passes) {
    changed_ = false;
    count_uses(outputs);
    outputs = pass(outputs);
    if (changed_) continue;
    if (late_ || !wants_late_) return outputs;
    late_ = true;
  }
  statistics_.stopped = true;
  return outputs;
}

// ------------------------------------------------------------------------------------------------------ applying a
// rule

// The replacement of each output (its own variable where the rule keeps it); empty when no rule applies.
std::vector<Var> Rewriter::applied(const NodePtr& node) {
  const LineId outer = builder_.line;
  builder_.line = node->line;
  std::vector<Var> replacement;
  RuleContext context{builder_, node, shapes_, uses_of_, client_of_};
  for (const Rule* rule : index_.of(*node->op)) {
    if (rule->late && !late_) continue;
    if (rewrites_ >= limit_) {
      statistics_.stopped = true;
      break;
    }
    const size_t before = builder_.node_count();
    replacement = try_rule(*rule, context);
    if (replacement.empty()) continue;
    record(*rule, *node, replacement, before);
    break;
  }
  builder_.line = outer;
  return replacement;
}

std::vector<Expr> pattern_result(const Rule& rule, RuleContext& context) {
  Bindings bindings;
  if (context.node->types.size() != 1 || !matches(rule.left, {context.node, 0}, bindings)) return {};
  try {
    Expr result = substituted(context.builder, rule.right, bindings, context.type().dtype);
    if (result.rank() < context.type().rank) result = pad_left(result, context.type().rank);
    if (refines(result.type(), context.type())) return {result};
  } catch (const TypeError&) {  // the right side is not defined for these dtypes
  }
  return {};
}

std::vector<Var> Rewriter::try_rule(const Rule& rule, RuleContext& context) {
  const std::vector<Expr> result = rule.apply ? rule.apply(context) : pattern_result(rule, context);
  if (result.empty()) return {};
  const std::vector<Var> own = outputs_of(context.node);
  if (result.size() != own.size()) {
    raise<InternalError>("rule '{}' gives {} variables for {}", rule.name, result.size(), own.size());
  }
  std::vector<Var> replacement;
  for (size_t k = 0; k < own.size(); ++k) {
    replacement.push_back(result[k] ? result[k].var : own[k]);
    const Type& type = replacement[k].type();
    if (!refines(type, own[k].type())) {
      raise<InternalError>("rule '{}' puts a variable of type {} in the place of one of type {}", rule.name,
                           type_name(type), type_name(own[k].type()));
    }
  }
  return replacement == own ? std::vector<Var>{} : replacement;
}

// Only nodes that the rule made take over lines and names: a variable that existed has its own.
void Rewriter::record(const Rule& rule, const Node& node, std::span<const Var> replacement, uint64_t first_new) {
  ++rewrites_;
  changed_ = true;
  const auto entry = std::find_if(statistics_.rules.begin(), statistics_.rules.end(),
                                  [&](const auto& known) { return known.name == rule.name; });
  if (entry == statistics_.rules.end()) {
    statistics_.rules.push_back({rule.name, 1});
  } else {
    ++entry->count;
  }
  for (const Var& v : replacement) {
    if (builder_.made_after(*v.node, first_new)) adopt_origin(*v.node, node);
  }
}

// ---------------------------------------------------------------------------------------------------------- expansion

bool expands(const Node& node, bool inlined_only) {
  return node.op->expand && (!inlined_only || node.op->has(inlined));
}

// Puts rows that are written in terms of others in, until none is left (what is put in may hold further ones).
std::vector<Var> expanded(std::vector<Var> outputs, InternBuilder& builder, const Drivers& drivers, bool inlined_only,
                          int& rounds) {
  for (rounds = 0;; ++rounds) {
    const std::vector<NodePtr> order = toposort(outputs);
    if (std::none_of(order.begin(), order.end(), [&](const NodePtr& n) { return expands(*n, inlined_only); })) {
      return outputs;
    }
    VarMap<Var> copies;
    const auto copy_of = [&](const Var& v) { return is_free_leaf(*v.node) ? v : copies.at(v); };
    for (const NodePtr& node : order) {
      if (is_free_leaf(*node)) continue;
      std::vector<Var> inputs, results;
      for (const Var& input : node->inputs) inputs.push_back(copy_of(input));
      const NodePtr current = builder.rebuilt(*node, std::move(inputs));
      results = outputs_of(current);
      if (expands(*current, inlined_only)) {
        std::vector<Expr> x;
        for (const Var& input : current->inputs) x.push_back(builder.wrap(input));
        builder.line = current->line;
        const std::vector<Expr> y = current->op->expand(builder, *current, x, drivers);
        builder.line = 0;
        for (size_t k = 0; k < results.size(); ++k) results[k] = y.at(k).var;
        for (const Var& v : results) adopt_origin(*v.node, *current);
      }
      for (uint32_t k = 0; k < results.size(); ++k) copies.emplace(Var{node, k}, results[k]);
    }
    for (Var& output : outputs) output = copy_of(output);
  }
}

// ------------------------------------------------------------------------------------------------------------- phases

// Runs a step and notes its time.
template <class Step>
void timed(std::string_view name, std::vector<Var>& outputs, const RewriteOptions& options,
           RewriteStatistics& statistics, Step&& step) {
  RewriteStatistics::PhaseTime phase{.name = name, .nodes_before = toposort(outputs).size()};
  const auto start = std::chrono::steady_clock::now();
  outputs = step(std::move(outputs), phase.passes);
  phase.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  phase.nodes_after = toposort(outputs).size();
  statistics.phases.push_back(phase);
  if (options.after_phase) options.after_phase(outputs, name);
}

void sort_counts(RewriteStatistics& statistics) {
  std::vector<RewriteStatistics::RuleCount> sorted;
  for (const Rule& rule : all_rules()) {
    if (const int64_t count = statistics.count(rule.name)) {
      if (sorted.empty() || sorted.back().name != rule.name) sorted.push_back({rule.name, count});
      std::erase_if(statistics.rules, [&](const auto& known) { return known.name == rule.name; });
    }
  }
  statistics.rules = std::move(sorted);
}

bool mentions(const std::vector<std::string>& names, const Rule& rule) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (name == rule.name || name == phase_name(rule.phase)) return true;
    if (rule.kind == RuleKind::fast_math && name == "fast_math") return true;
    return std::find(rule.tags.begin(), rule.tags.end(), name) != rule.tags.end();
  });
}

}  // namespace

int64_t RewriteStatistics::count(std::string_view name) const {
  int64_t total = 0;
  for (const RuleCount& rule : rules) total += rule.name == name ? rule.count : 0;
  return total;
}

bool is_chosen(const Rule& rule, const RewriteOptions& options) {
  using Level = RewriteOptions::Level;
  if (mentions(options.excluding, rule)) return false;
  if (mentions(options.including, rule)) return true;
  if (rule.kind == RuleKind::fast_math) return options.fast_math;
  return options.level == Level::fast_run ||
         (options.level == Level::fast_compile && rule.phase == Phase::canonicalize);
}

InternBuilder::Options intern_options(const RewriteOptions& options) {
  InternBuilder::Options result;
  for (const std::string& name : options.excluding) {
    if (name == "constant_folding" || name == "topo_constant_folding") result.fold = false;
  }
  return result;
}

std::vector<Var> apply_rules(std::span<const Rule* const> rules, std::span<const Var> outputs, InternBuilder& builder,
                             RewriteStatistics& statistics) {
  int passes = 0;
  return Rewriter(rules, builder, statistics).run({outputs.begin(), outputs.end()}, passes);
}

RewriteResult rewrite(std::span<const Var> outputs, InternBuilder& builder, const RewriteOptions& options) {
  RewriteResult result{{outputs.begin(), outputs.end()}, {}};
  RewriteStatistics& statistics = result.statistics;
  if (options.after_phase) options.after_phase(result.outputs, "intern");
  const auto expand = [&](std::string_view name, bool inlined_only) {
    if (!options.drivers) return;
    timed(name, result.outputs, options, statistics, [&](std::vector<Var> graph, int& rounds) {
      return expanded(std::move(graph), builder, *options.drivers, inlined_only, rounds);
    });
  };
  expand("inline", true);
  for (const Phase phase : {Phase::canonicalize, Phase::stabilize, Phase::specialize}) {
    // Rules of canonicalize hold in later phases too: what stabilize makes is tidied up at once.
    std::vector<const Rule*> rules;
    for (const Rule& rule : all_rules()) {
      if ((rule.phase == Phase::canonicalize || rule.phase == phase) && is_chosen(rule, options))
        rules.push_back(&rule);
    }
    if (phase == Phase::specialize) expand("expand", false);
    if (rules.empty()) continue;
    timed(phase_name(phase), result.outputs, options, statistics, [&](std::vector<Var> graph, int& passes) {
      return Rewriter(rules, builder, statistics).run(std::move(graph), passes);
    });
  }
  sort_counts(statistics);
  return result;
}

}  // namespace croton
