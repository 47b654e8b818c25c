// Tests of the rewriter itself: random graphs keep their values whatever the order they were built in, long chains do
// not exhaust the stack, rules that undo each other end, work grows with the graph and not faster.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>

#include "autodiff/drivers.h"
#include "autodiff/reverse.h"
#include "base/error.h"
#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "rewrite/pattern.h"
#include "rewrite/rewriter.h"
#include "support/evaluate.h"
#include "support/small_stack.h"

namespace croton::test {
namespace {

// ------------------------------------------------------------------------------------------------------- random graphs

// A graph as a list of steps, so that it can be built in several orders. Every value is a square matrix.
using Operands = std::vector<Expr>;
struct Form {
  size_t operands;
  Expr (*make)(const Operands& x);
};
struct Step {
  const Form* form;
  std::vector<size_t> operands;
};

Expr number(const Expr& x, double value) { return x.builder->constant(x.dtype(), value); }
Expr transposed(const Expr& x) { return dimshuffle(x, {1, 0}); }
Expr exp(const Expr& x) { return call("exp", {x}); }
Expr tanh(const Expr& x) { return call("tanh", {x}); }
Expr rows(const Expr& x) { return dimshuffle(x, {0, -1}); }

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {2, [](const Operands& x) { return x[0] + x[1]; }},
      {2, [](const Operands& x) { return x[0] - x[1]; }},
      {2, [](const Operands& x) { return x[0] * x[1]; }},
      {2, [](const Operands& x) { return x[0] / (x[1] * x[1] + 1.0); }},
      {2, [](const Operands& x) { return call("maximum", {x[0], x[1]}); }},
      {2, [](const Operands& x) { return call("second", {x[0], number(x[1], 0.75)}) * x[1]; }},
      {2, [](const Operands& x) { return tanh(call("dot", {x[0], x[1]})); }},
      {2, [](const Operands& x) { return x[0] - 0.1 * call("dot", {transposed(x[1]), x[0]}); }},
      {3, [](const Operands& x) { return call("switch", {call("lt", {x[0], x[1]}), x[2], number(x[0], 0)}); }},
      {1, [](const Operands& x) { return -x[0]; }},
      {1, [](const Operands& x) { return 0.0 - x[0] * 1.0; }},
      {1, [](const Operands& x) { return 3.0 * (x[0] * 0.25); }},
      {1, [](const Operands& x) { return tanh(x[0]); }},
      {1, [](const Operands& x) { return 1.0 / (1.0 + exp(-x[0])); }},
      {1, [](const Operands& x) { return call("log", {1.0 + exp(x[0])}); }},
      {1, [](const Operands& x) { return call("softmax", {x[0]}); }},
      {1, [](const Operands& x) { return call("log", {call("softmax", {tanh(x[0])})}); }},
      {1, [](const Operands& x) { return exp(tanh(x[0])) / rows(sum(exp(tanh(x[0])), {1})); }},
      {1, [](const Operands& x) { return transposed(x[0]) * 0.5; }},
      {1, [](const Operands& x) { return x[0] - rows(sum(x[0], {1})) / cast(dim(x[0], 1), DType::f64); }},
      {1, [](const Operands& x) { return x[0] * 0.5 + dimshuffle(call("max", {x[0]}, {0}), {-1, 0}); }},
      {1,
       [](const Operands& x) {
         return call("reshape", {call("reshape", {x[0], x[0].builder->integer(-1)}), dim(x[0], 1), dim(x[0], 0)});
       }},
      {1,
       [](const Operands& x) {
         const Expr one = x[0].builder->integer(1);
         return call("inc_subtensor",
                     {call("second", {x[0], number(x[0], 0)}), call("subtensor", {x[0], one}, {1}), one}, {1}) +
                x[0];
       }},
  };
  return all;
}

std::vector<Step> random_steps(std::mt19937& random, size_t inputs, size_t count) {
  std::vector<Step> steps;
  for (size_t k = 0; k < count; ++k) {
    Step step{&forms()[random() % forms().size()], {}};
    for (size_t a = 0; a < step.form->operands; ++a) {
      const size_t known = inputs + steps.size();
      step.operands.push_back(known - 1 - random() % std::min<size_t>(known, 8));
    }
    steps.push_back(step);
  }
  return steps;
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
    Operands operands;
    for (const size_t operand : step.operands) operands.push_back(values[operand]);
    values[k] = step.form->make(operands);
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

std::unique_ptr<Optimized> optimized(const std::vector<Var>& outputs, const std::vector<Var>& inputs,
                                     const Drivers* drivers = &body_drivers()) {
  auto made = std::make_unique<Optimized>();
  for (size_t k = 0; k < inputs.size(); ++k) made->builder.register_leaf(inputs[k], static_cast<int>(k));
  RewriteOptions options;
  options.drivers = drivers;
  made->result = rewrite(intern(outputs, made->builder), made->builder, options);
  return made;
}

struct RandomInputs {
  explicit RandomInputs(std::mt19937& random) {
    for (int k = 0; k < 3; ++k) {
      vars.push_back(new_input(tensor_type(DType::f64, 2)));
      std::vector<double> values;
      for (int e = 0; e < 9; ++e) values.push_back(std::uniform_real_distribution<double>(-2, 2)(random));
      bindings.emplace_back(vars.back(), array_from(DType::f64, {3, 3}, values));
    }
  }
  std::vector<Var> vars;
  Bindings bindings;
};

void expect_close(const std::vector<Array>& expected, const std::vector<Array>& found, const std::string& what) {
  for (size_t k = 0; k < expected.size(); ++k) {
    const auto x = values_of(expected[k]), y = values_of(found[k]);
    ASSERT_EQ(expected[k].shape, found[k].shape) << what;
    double scale = 1;
    for (const double v : x) scale = std::isfinite(v) ? std::max(scale, std::fabs(v)) : scale;
    for (size_t e = 0; e < x.size(); ++e) {
      EXPECT_TRUE((std::isnan(x[e]) && std::isnan(y[e])) || x[e] == y[e] || std::fabs(x[e] - y[e]) <= 1e-8 * scale)
          << what << ": " << x[e] << " became " << y[e];
    }
  }
}

TEST(RandomGraphs, KeepTheirValuesAndTheirFormInAnyOrder) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 100; ++trial) {
    const RandomInputs inputs(random);
    const std::vector<Step> steps = random_steps(random, inputs.vars.size(), 25);
    const std::vector<Var> one = built(steps, inputs.vars, false), other = built(steps, inputs.vars, true);
    const auto a = optimized(one, inputs.vars), b = optimized(other, inputs.vars);
    EXPECT_FALSE(a->result.statistics.stopped);
    verify(a->result.outputs, "rewriting");
    for (size_t k = 0; k < one.size(); ++k) {
      EXPECT_EQ(a->builder.structural_hash(a->result.outputs[k]), b->builder.structural_hash(b->result.outputs[k]))
          << "trial " << trial;
    }
    expect_close(evaluate(one, inputs.bindings), evaluate(a->result.outputs, inputs.bindings),
                 fmt::format("trial {}", trial));
  }
}

TEST(RandomGraphs, KeepTheValuesOfTheirGradients) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 60; ++trial) {
    const RandomInputs inputs(random);
    const std::vector<Var> outputs = built(random_steps(random, inputs.vars.size(), 12), inputs.vars, false);
    UserBuilder builder;
    Expr cost;
    for (const Var& output : outputs) {
      const Expr total = sum(tanh(builder.wrap(output)), {0, 1});
      cost = cost ? cost + total : total;
    }
    GradOptions ignoring;
    ignoring.disconnected = GradOptions::Disconnected::ignore;
    const std::vector<Var> gradients = grad(cost.var, inputs.vars, ignoring);
    const auto made = optimized(gradients, inputs.vars);
    EXPECT_FALSE(made->result.statistics.stopped);
    verify(made->result.outputs, "rewriting");
    expect_close(evaluate(gradients, inputs.bindings), evaluate(made->result.outputs, inputs.bindings),
                 fmt::format("trial {}", trial));
  }
}

TEST(RandomGraphs, AreRewrittenOnce) {
  std::mt19937 random(5);
  const std::vector<Var> inputs{new_input(tensor_type(DType::f64, 2)), new_input(tensor_type(DType::f64, 2)),
                                new_input(tensor_type(DType::f64, 2))};
  const auto first = optimized(built(random_steps(random, 3, 200), inputs, false), inputs, nullptr);
  const auto again = optimized(first->result.outputs, inputs, nullptr);
  for (const auto& rule : again->result.statistics.rules) ADD_FAILURE() << rule.name << " applied again";
}

// ----------------------------------------------------------------------------------------------------------- long
// graphs

TEST(LongChains, AreInternedOnASmallStack) {
  on_small_stack([] {
    constexpr int length = 1'000'000;
    UserBuilder user;
    const Expr x = user.wrap(new_input(scalar_type(DType::f64)));
    Expr value = x;
    for (int k = 0; k < length; ++k) value = user.apply("neg", {value});
    const Var outputs[] = {value.var};
    InternBuilder builder;
    EXPECT_EQ(toposort(intern(outputs, builder)).size(), length + 1u);
  });
}

TEST(LongChains, AreRewrittenOnASmallStack) {
  on_small_stack([] {
    constexpr int length = 200'000;
    UserBuilder user;
    const Expr x = user.wrap(new_input(scalar_type(DType::f64)));
    Expr value = x;
    for (int k = 0; k < length; ++k) value = user.apply("neg", {value});
    const Var outputs[] = {value.var};
    InternBuilder builder;
    builder.register_leaf(x.var, 0);
    const std::vector<Var> interned = intern(outputs, builder);
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

// --------------------------------------------------------------------------------------------------- rules of other
// kinds

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
  const std::vector<Rule> rules = {
      {.name = "log1p", .left = call("log", {1.0 + a}).var, .right = call("log1p", {a}).var}};
  const std::vector<Var> result = apply(rules, e);
  EXPECT_EQ(result[0].op().name, "log1p");
  EXPECT_EQ(result[0].node->line, user.line);
  EXPECT_EQ(name_of(result[0]), "loss");
}

TEST_F(OwnRules, MustKeepTypes) {
  const std::vector<Rule> rules = {{.name = "wrong",
                                    .roots = {"exp"},
                                    .apply = [](RuleContext& c) -> std::vector<Expr> { return {sum(c.in(0), {0})}; }}};
  EXPECT_THROW(apply(rules, call("exp", {x})), InternalError);
}

TEST_F(OwnRules, PatternsMatchInEveryOrder) {
  const std::vector<Rule> rules = {
      {.name = "cancel", .left = ((a + b) * (a - b)).var, .right = (call("sqr", {a}) - call("sqr", {b})).var}};
  for (const Expr& e : {(x + y) * (x - y), (x - y) * (x + y), (y + x) * (x - y), (x - y) * (y + x)}) {
    EXPECT_EQ(apply(rules, e)[0].op().name, "sub");
  }
  EXPECT_EQ(apply(rules, (x + y) * (x - x))[0].op().name, "mul");
}

}  // namespace
}  // namespace croton::test
