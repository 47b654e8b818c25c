// Tests of the rewriter itself: random graphs keep their values whatever the order they were built in, long chains do not
// exhaust the stack, rules that undo each other end, work grows with the graph and not faster.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>

#include "autodiff/drivers.h"
#include "base/error.h"
#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "rewrite/pattern.h"
#include "rewrite/rewriter.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  pthread_t thread;
  const auto run = [](void* context) -> void* {
    (*static_cast<std::function<void()>*>(context))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &work), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

// ------------------------------------------------------------------------------------------------------- random graphs

// A graph as a list of steps, so that it can be built in several orders.
struct Step {
  const char* row;
  std::vector<size_t> operands;
};

std::vector<Step> random_steps(std::mt19937& random, size_t inputs, size_t count) {
  static const std::vector<std::pair<const char*, int>> rows = {
      {"add", 2}, {"sub", 2},  {"mul", 2},     {"maximum", 2},  {"neg", 1},  {"tanh", 1},
      {"abs", 1}, {"sqr", 1},  {"sigmoid", 1}, {"softplus", 1}, {"expm1", 1}, {"second", 2},
      {"lt", 2},  {"switch", 3}};
  std::vector<Step> steps;
  for (size_t k = 0; k < count; ++k) {
    const auto& [row, arity] = rows[random() % rows.size()];
    Step step{row, {}};
    for (int a = 0; a < arity; ++a) {
      const size_t known = inputs + steps.size();
      step.operands.push_back(known - 1 - random() % std::min<size_t>(known, 8));
    }
    steps.push_back(step);
  }
  return steps;
}

Expr built_step(UserBuilder& builder, const Step& step, const std::vector<Expr>& values, bool swap) {
  std::vector<Expr> operands;
  for (const size_t k : step.operands) operands.push_back(values[k]);
  const Op& op = op_named(step.row);
  if (swap && op.has(commutative)) std::swap(operands[0], operands[1]);
  const Expr result = builder.apply(op, operands);
  // Comparisons become numbers, and nothing grows without bound.
  return cast(result, DType::f64) * 0.5;
}

// Builds the steps; in reverse, what does not depend on each other is made in another order.
std::vector<Var> built(const std::vector<Step>& steps, const std::vector<Var>& inputs, bool other_order) {
  UserBuilder builder;
  std::vector<Expr> values(inputs.size() + steps.size());
  for (size_t k = 0; k < inputs.size(); ++k) values[k] = builder.wrap(inputs[k]);
  std::function<void(size_t)> need = [&](size_t k) {
    if (values[k]) return;
    const Step& step = steps[k - inputs.size()];
    std::vector<size_t> order = step.operands;
    if (other_order) std::reverse(order.begin(), order.end());
    for (const size_t operand : order) need(operand);
    values[k] = built_step(builder, step, values, other_order);
  };
  std::vector<Var> outputs;
  for (size_t k = values.size() - 3; k < values.size(); ++k) need(other_order ? 2 * values.size() - 4 - k : k);
  for (size_t k = values.size() - 3; k < values.size(); ++k) outputs.push_back(values[k].var);
  return outputs;
}

struct Optimized {
  InternBuilder builder;
  RewriteResult result;
};

std::unique_ptr<Optimized> optimized(const std::vector<Var>& outputs, const std::vector<Var>& inputs) {
  auto made = std::make_unique<Optimized>();
  for (size_t k = 0; k < inputs.size(); ++k) made->builder.register_leaf(inputs[k], static_cast<int>(k));
  RewriteOptions options;
  options.drivers = &body_drivers();
  made->result = rewrite(intern(outputs, made->builder), made->builder, options);
  return made;
}

TEST(RandomGraphs, KeepTheirValuesAndTheirFormInAnyOrder) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<Var> inputs;
    Bindings bindings;
    for (int k = 0; k < 3; ++k) {
      inputs.push_back(new_input(tensor_type(DType::f64, 2)));
      std::vector<double> values;
      for (int e = 0; e < 6; ++e) values.push_back(std::uniform_real_distribution<double>(-2, 2)(random));
      bindings.emplace_back(inputs.back(), array_from(DType::f64, {2, 3}, values));
    }
    const std::vector<Step> steps = random_steps(random, inputs.size(), 30);
    const std::vector<Var> one = built(steps, inputs, false), other = built(steps, inputs, true);
    const auto a = optimized(one, inputs), b = optimized(other, inputs);
    EXPECT_FALSE(a->result.statistics.stopped);
    verify(a->result.outputs, "rewriting");
    const auto expected = evaluate(one, bindings), found = evaluate(a->result.outputs, bindings);
    for (size_t k = 0; k < expected.size(); ++k) {
      EXPECT_EQ(a->builder.structural_hash(a->result.outputs[k]), b->builder.structural_hash(b->result.outputs[k]))
          << "trial " << trial;
      const auto x = values_of(expected[k]), y = values_of(found[k]);
      for (size_t e = 0; e < x.size(); ++e) {
        EXPECT_TRUE((std::isnan(x[e]) && std::isnan(y[e])) || x[e] == y[e] ||
                    std::fabs(x[e] - y[e]) <= 1e-10 * std::max(1.0, std::fabs(x[e])))
            << "trial " << trial << ": " << x[e] << " became " << y[e];
      }
    }
  }
}

TEST(RandomGraphs, AreRewrittenOnce) {
  std::mt19937 random(5);
  const std::vector<Var> inputs{new_input(tensor_type(DType::f64, 2)), new_input(tensor_type(DType::f64, 2)),
                                new_input(tensor_type(DType::f64, 2))};
  const auto first = optimized(built(random_steps(random, 3, 200), inputs, false), inputs);
  const auto again = optimized(first->result.outputs, inputs);
  EXPECT_TRUE(again->result.statistics.rules.empty());
}

// ----------------------------------------------------------------------------------------------------------- long graphs

TEST(LongChains, AreInternedAndRewrittenOnASmallStack) {
  on_small_stack([] {
    constexpr int length = 1'000'000;
    UserBuilder user;
    const Expr x = user.wrap(new_input(scalar_type(DType::f64)));
    Expr value = x;
    for (int k = 0; k < length; ++k) value = user.apply("neg", {value});
    const Var outputs[] = {value.var};
    InternBuilder builder;
    builder.register_leaf(x.var, 0);
    const std::vector<Var> interned = intern(outputs, builder);
    EXPECT_EQ(toposort(interned).size(), length + 1u);
    const RewriteResult result = rewrite(interned, builder, {});
    EXPECT_TRUE(result.outputs[0] == x.var);
    EXPECT_GE(result.statistics.count("local_neg_neg"), 1);
  });
}

TEST(LongGraphs, NeedFewPassesAndFewRewrites) {
  for (const size_t count : {1000u, 10000u}) {
    std::mt19937 random(9);
    const std::vector<Var> inputs{new_input(tensor_type(DType::f64, 2)), new_input(tensor_type(DType::f64, 2)),
                                  new_input(tensor_type(DType::f64, 2))};
    const auto made = optimized(built(random_steps(random, 3, count), inputs, false), inputs);
    EXPECT_FALSE(made->result.statistics.stopped);
    int64_t rewrites = 0;
    for (const auto& rule : made->result.statistics.rules) rewrites += rule.count;
    EXPECT_LT(rewrites, static_cast<int64_t>(6 * count));
    for (const auto& phase : made->result.statistics.phases) EXPECT_LE(phase.passes, 4) << phase.name;
  }
}

// --------------------------------------------------------------------------------------------------- rules of other kinds

struct OwnRules : ::testing::Test {
  std::vector<Var> apply(const std::vector<Rule>& rules, const Expr& e) {
    std::vector<const Rule*> chosen;
    for (const Rule& rule : rules) chosen.push_back(&rule);
    const Var outputs[] = {e.var};
    return apply_rules(chosen, intern(outputs, builder), builder, statistics);
  }
  UserBuilder user;
  InternBuilder builder;
  RewriteStatistics statistics;
  Expr x = user.wrap(new_input(tensor_type(DType::f64, 1))), y = user.wrap(new_input(tensor_type(DType::f64, 1)));
  Expr a = wildcard(0), b = wildcard(1);
  Bindings bindings{{x.var, array_from(DType::f64, {2}, {1, 2})}, {y.var, array_from(DType::f64, {2}, {3, 5})}};
};

TEST_F(OwnRules, ThatUndoEachOtherEnd) {
  const std::vector<Rule> rules = {{.name = "there", .left = (a - b).var, .right = (a + (-b)).var},
                                   {.name = "back", .left = (a + (-b)).var, .right = (a - b).var}};
  const std::vector<Var> result = apply(rules, call("exp", {x - y}));
  EXPECT_TRUE(statistics.stopped);
  EXPECT_EQ(values_of(evaluate(result, bindings)[0]), values_of(evaluate(call("exp", {x - y}).var, bindings)));
}

TEST_F(OwnRules, ThatGrowWithoutEndAreStopped) {
  const std::vector<Rule> rules = {{.name = "grow", .left = call("sqr", {a}).var, .right = call("sqr", {-(-a)}).var}};
  const std::vector<Var> result = apply(rules, call("sqr", {x}));
  EXPECT_TRUE(statistics.stopped);
  EXPECT_EQ(values_of(evaluate(result, bindings)[0]), (std::vector<double>{1, 4}));
}

TEST_F(OwnRules, ReplacementsCarryLinesAndNames) {
  user.line = intern_line({.file = "model.py", .line = 7, .function = "", .text = ""});
  const Expr e = call("log", {1.0 + x});
  set_name(e.var, "loss");
  const std::vector<Rule> rules = {{.name = "log1p", .left = call("log", {1.0 + a}).var, .right = call("log1p", {a}).var}};
  const std::vector<Var> result = apply(rules, e);
  EXPECT_EQ(result[0].op().name, "log1p");
  EXPECT_EQ(result[0].node->line, user.line);
  EXPECT_EQ(name_of(result[0]), "loss");
}

TEST_F(OwnRules, MustKeepTypes) {
  const std::vector<Rule> rules = {{.name = "wrong", .roots = {"exp"}, .apply = [](RuleContext& c) -> std::vector<Expr> {
                                      return {sum(c.in(0), {0})};
                                    }}};
  EXPECT_THROW(apply(rules, call("exp", {x})), InternalError);
}

TEST_F(OwnRules, PatternsMatchInEveryOrder) {
  const std::vector<Rule> rules = {{.name = "cancel", .left = ((a + b) * (a - b)).var, .right = (call("sqr", {a}) - call("sqr", {b})).var}};
  for (const Expr& e : {(x + y) * (x - y), (x - y) * (x + y), (y + x) * (x - y), (x - y) * (y + x)}) {
    EXPECT_EQ(apply(rules, e)[0].op().name, "sub");
  }
  EXPECT_EQ(apply(rules, (x + y) * (x - x))[0].op().name, "mul");
}

}  // namespace
}  // namespace croton::test
