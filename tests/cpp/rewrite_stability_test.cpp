// Numbers that only a rewritten graph gets right: Theano's golden table, gradients through softmax and masks, sizes
// without values. Each graph is what the user writes; the whole set of rules runs.
#include <gtest/gtest.h>

#include <cmath>

#include "autodiff/drivers.h"
#include "autodiff/reverse.h"
#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "rewrite/rewriter.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

RewriteResult optimized(const std::vector<Var>& outputs, InternBuilder& builder, RewriteOptions options = {}) {
  int position = 0;
  for (const Var& v : leaves(outputs)) builder.register_leaf(v, position++);
  options.after_phase = [](std::span<const Var> graph, std::string_view phase) { verify(graph, phase); };
  RewriteResult result = rewrite(intern(outputs, builder), builder, options);
  EXPECT_FALSE(result.statistics.stopped);
  return result;
}

std::vector<double> value(const Var& output, const Bindings& bindings, RewriteOptions options = {}) {
  InternBuilder builder;
  return values_of(evaluate(optimized({output}, builder, std::move(options)).outputs[0], bindings));
}

size_t count_rows(std::span<const Var> outputs, std::string_view row) {
  size_t count = 0;
  for (const NodePtr& node : toposort(outputs)) count += node->op->name == row;
  return count;
}

struct Program : ::testing::Test {
  Expr input(DType dtype, int rank) {
    const Var v = new_input(tensor_type(dtype, rank));
    return builder.wrap(v);
  }
  Expr gradient(const Expr& cost, const Expr& wrt) {
    const Var to[] = {wrt.var};
    return builder.wrap(grad(cost.var, to)[0]);
  }
  Expr mean(const Expr& x) {
    std::vector<int64_t> axes;
    Expr count = builder.integer(1);
    for (int axis = 0; axis < x.rank(); ++axis) {
      axes.push_back(axis);
      count = count * dim(x, axis);
    }
    return sum(x, axes) / cast(count, x.dtype());
  }
  UserBuilder builder;
};

Expr exp(const Expr& x) { return call("exp", {x}); }
Expr log(const Expr& x) { return call("log", {x}); }
Expr sigmoid(const Expr& x) { return call("sigmoid", {x}); }
Array vector_of(const std::vector<double>& values, DType dtype = DType::f64) {
  return array_from(dtype, {static_cast<int64_t>(values.size())}, values);
}
Array matrix_of(int64_t rows, const std::vector<double>& values, DType dtype = DType::f64) {
  return array_from(dtype, {rows, static_cast<int64_t>(values.size()) / rows}, values);
}

// ------------------------------------------------------------------------------------------------------- golden table

TEST_F(Program, LogSumExp) {
  const Expr x = input(DType::f64, 1);
  const auto result = value(log(sum(exp(x), {0})).var, {{x.var, vector_of({1000, 1000})}});
  EXPECT_NEAR(result[0], 1000.6931471805599, 1e-9);
}

TEST_F(Program, LogSumExpOfInfinities) {
  const Expr x = input(DType::f64, 1);
  const Var y = log(sum(exp(x), {0})).var;
  EXPECT_EQ(value(y, {{x.var, vector_of({-HUGE_VAL, -HUGE_VAL})}})[0], -HUGE_VAL);
  EXPECT_EQ(value(y, {{x.var, vector_of({1, HUGE_VAL})}})[0], HUGE_VAL);
  EXPECT_TRUE(std::isnan(value(y, {{x.var, vector_of({1, NAN})}})[0]));
}

TEST_F(Program, LogSumExpGradient) {
  const Expr x = input(DType::f64, 1);
  const Expr g = gradient(log(sum(exp(x), {0})), x);
  const auto result = value(g.var, {{x.var, vector_of({1000, 1000})}});
  EXPECT_NEAR(result[0], 0.5, 1e-12);
  EXPECT_NEAR(result[1], 0.5, 1e-12);
}

TEST_F(Program, LogSumExpGradientOfRows) {
  const Expr x = input(DType::f64, 2);
  const Expr g = gradient(sum(log(sum(exp(x), {1})), {0}), x);
  const auto result = value(g.var, {{x.var, matrix_of(2, {1000, 1000, 0, 800})}});
  EXPECT_NEAR(result[0], 0.5, 1e-12);
  EXPECT_EQ(result[2], 0);
  EXPECT_EQ(result[3], 1);
}

TEST_F(Program, LogOfOnePlusExp) {
  const Expr x = input(DType::f64, 0);
  EXPECT_EQ(value(log(1.0 + exp(x)).var, {{x.var, array_from(DType::f64, {}, {800})}})[0], 800);
}

TEST_F(Program, LogOfOnePlusExpGradient) {
  const Expr x = input(DType::f64, 0);
  const Expr g = gradient(log(1.0 + exp(x)), x);
  EXPECT_EQ(value(g.var, {{x.var, array_from(DType::f64, {}, {800})}})[0], 1);
  EXPECT_EQ(value(g.var, {{x.var, array_from(DType::f64, {}, {-800})}})[0], 0);
}

TEST_F(Program, LogSoftmax) {
  const Expr x = input(DType::f64, 2);
  const auto result = value(log(call("softmax", {x})).var, {{x.var, matrix_of(1, {1000, 0})}});
  EXPECT_EQ(result, (std::vector<double>{0, -1000}));
}

TEST_F(Program, LogSigmoid) {
  const Expr x = input(DType::f64, 0);
  EXPECT_EQ(value(log(sigmoid(x)).var, {{x.var, array_from(DType::f64, {}, {-800})}})[0], -800);
  EXPECT_EQ(value(log(1.0 - sigmoid(x)).var, {{x.var, array_from(DType::f64, {}, {800})}})[0], -800);
  EXPECT_EQ(value(log(1.0 / (1.0 + exp(-x))).var, {{x.var, array_from(DType::f64, {}, {-800})}})[0], -800);
}

TEST_F(Program, MaskedSquareRootGradient) {
  const Expr v = input(DType::f64, 1);
  const Expr positive = call("gt", {v, builder.constant(DType::f64, 0)});
  const Expr masked = call("switch", {positive, call("sqrt", {v}), builder.constant(DType::f64, 0)});
  const auto result = value(gradient(sum(masked, {0}), v).var, {{v.var, vector_of({0, 4})}});
  EXPECT_EQ(result, (std::vector<double>{0, 0.25}));
}

TEST_F(Program, BinaryCrossentropyOfSigmoidGradient) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    const Expr x = input(dtype, 1), t = input(dtype, 1);
    const Expr o = sigmoid(x);
    const Expr loss = -(t * log(o) + (1.0 - t) * log(1.0 - o));
    const Expr g = gradient(sum(loss, {0}), x);
    const Bindings bindings{{x.var, vector_of({-800, 800, 800, -800, 0}, dtype)},
                            {t.var, vector_of({1, 1, 0, 0, 1}, dtype)}};
    EXPECT_EQ(value(g.var, bindings), (std::vector<double>{-1, 0, 1, 0, -0.5}));
    const auto loss_values = value(loss.var, bindings);
    EXPECT_EQ(loss_values[0], 800);
    EXPECT_EQ(loss_values[1], 0);
  }
}

TEST_F(Program, MeanBinaryCrossentropyOfSigmoidGradient) {
  const Expr x = input(DType::f64, 2), t = input(DType::f64, 2);
  const Expr o = sigmoid(x);
  const Expr loss = mean(-(t * log(o) + (1.0 - t) * log(1.0 - o)));
  const auto result = value(gradient(loss, x).var,
                            {{x.var, matrix_of(2, {-800, 800, 800, -800})}, {t.var, matrix_of(2, {1, 1, 0, 0})}});
  EXPECT_EQ(result, (std::vector<double>{-0.25, 0, 0.25, 0}));
}

// -------------------------------------------------------------------------------------------------- softmax regression

struct Regression : Program {
  Expr x = input(DType::f64, 2), w = input(DType::f64, 2), b = input(DType::f64, 1), y = input(DType::i32, 1);
  Expr scores = call("dot", {x, w}) + b;
  Expr p = call("softmax", {scores});
  Expr rows = call("arange", {builder.integer(0), dim(y, 0), builder.integer(1)}, {static_cast<int64_t>(DType::i64)});

  Bindings bindings(double scale) const {
    return {{x.var, matrix_of(3, {1, 2, -1, 0.5, 0.25, 2})},
            {w.var, matrix_of(2, {scale, -scale, 0.5, 0, scale, -1})},
            {b.var, vector_of({0, 0.5, -0.5})},
            {y.var, vector_of({2, 0, 1}, DType::i32)}};
  }
  // The plain reference: softmax(scores) - one-hot(y), from finite differences-free formulas, in long double.
  std::vector<double> score_gradient(double scale) const {
    const auto s = values_of(evaluate(scores.var, bindings(scale)));
    const std::vector<double> label = {2, 0, 1};
    std::vector<double> g(9);
    for (size_t r = 0; r < 3; ++r) {
      const double top = std::max({s[3 * r], s[3 * r + 1], s[3 * r + 2]});
      long double total = 0;
      for (size_t k = 0; k < 3; ++k) total += std::exp(static_cast<long double>(s[3 * r + k] - top));
      for (size_t k = 0; k < 3; ++k) {
        const long double q = std::exp(static_cast<long double>(s[3 * r + k] - top)) / total;
        g[3 * r + k] = static_cast<double>((q - (label[r] == double(k))) / 3);
      }
    }
    return g;
  }
  void check(const Expr& cost, const char* what) {
    const Var wrt[] = {w.var, b.var};
    const std::vector<Var> gradients = grad(cost.var, wrt);
    InternBuilder interning;
    const RewriteResult result = optimized({cost.var, gradients[0], gradients[1]}, interning);
    for (const double scale : {1.0, 1000.0}) {
      const auto found = evaluate(result.outputs, bindings(scale));
      const std::vector<double> g = score_gradient(scale), data = values_of(bindings(scale)[0].second);
      EXPECT_TRUE(std::isfinite(values_of(found[0])[0])) << what;
      const auto gw = values_of(found[1]), gb = values_of(found[2]);
      for (size_t k = 0; k < 3; ++k) {
        EXPECT_NEAR(gb[k], g[k] + g[3 + k] + g[6 + k], 1e-12) << what << debugprint(result.outputs);
        for (size_t i = 0; i < 2; ++i) {
          EXPECT_NEAR(gw[3 * i + k], data[i] * g[k] + data[2 + i] * g[3 + k] + data[4 + i] * g[6 + k], 1e-12) << what;
        }
      }
    }
    EXPECT_EQ(count_rows(result.outputs, "softmax_grad"), 0u) << what << debugprint(result.outputs);
    EXPECT_EQ(count_rows(result.outputs, "log"), 0u) << what << debugprint(result.outputs);
  }
};

TEST_F(Regression, LogOfSoftmaxThenPick) {
  check(-mean(builder.apply("advanced_subtensor", {log(p), rows, y}, {1, 1})), "log(p)[arange(n), y]");
}

TEST_F(Regression, PickThenLog) {
  check(-mean(log(builder.apply("advanced_subtensor", {p, rows, y}, {1, 1}))), "log(p[arange(n), y])");
}

TEST_F(Regression, OneHotProduct) {
  const Expr classes =
      call("arange", {builder.integer(0), dim(b, 0), builder.integer(1)}, {static_cast<int64_t>(DType::i64)});
  const Expr one_hot = cast(call("eq", {dimshuffle(y, {0, -1}), dimshuffle(classes, {-1, 0})}), DType::f64);
  check(mean(-sum(one_hot * log(p), {1})), "-sum(t * log(p), axis=1)");
}

TEST_F(Regression, SumOfAllLogs) {
  const Expr g = gradient(sum(log(p), {0, 1}), b);
  InternBuilder interning;
  const RewriteResult result = optimized({g.var}, interning);
  EXPECT_EQ(count_rows(result.outputs, "softmax_grad"), 0u) << debugprint(result.outputs);
  const auto s = values_of(evaluate(call("softmax", {scores}).var, bindings(1)));
  const auto found = values_of(evaluate(result.outputs[0], bindings(1)));
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(found[k], 3 - 3 * (s[k] + s[3 + k] + s[6 + k]), 1e-12);
  for (const double v : values_of(evaluate(result.outputs[0], bindings(1000)))) EXPECT_TRUE(std::isfinite(v));
}

TEST_F(Regression, LogSoftmaxRow) {
  check(-mean(builder.apply("advanced_subtensor", {call("logsoftmax", {scores}), rows, y}, {1, 1})), "logsoftmax");
}

TEST_F(Regression, TrainingStepUsesGemmAndNoMaterializedOnes) {
  const Expr cost = -mean(builder.apply("advanced_subtensor", {log(p), rows, y}, {1, 1}));
  const Expr step = w - 0.1 * gradient(cost, w);
  InternBuilder interning;
  RewriteOptions options;
  options.drivers = &body_drivers();
  const RewriteResult result = optimized({cost.var, step.var}, interning, options);
  EXPECT_EQ(count_rows(result.outputs, "gemm"), 1u) << debugprint(result.outputs);
  EXPECT_EQ(count_rows(result.outputs, "second"), 0u);
  EXPECT_EQ(count_rows(result.outputs, "softmax"), 0u);
  for (const NodePtr& node : toposort(result.outputs)) EXPECT_TRUE(node->op->expand == nullptr) << node->op->name;
  const auto plain = evaluate(step.var, bindings(1)), found = evaluate(result.outputs[1], bindings(1));
  for (size_t k = 0; k < 6; ++k) EXPECT_NEAR(values_of(plain)[k], values_of(found)[k], 1e-12);
}

// ----------------------------------------------------------------------------------------------------------- the rest

TEST_F(Program, ShapesNeedNoValues) {
  const Expr x = input(DType::f64, 2);
  const Expr y = exp(dimshuffle(x, {1, 0})) + 1.0;
  const Expr size = call("subtensor", {call("shape", {y}), builder.integer(0)}, {-1});
  InternBuilder interning;
  const RewriteResult result = optimized({size.var}, interning);
  EXPECT_EQ(result.outputs[0].op().name, "shape_i");
  EXPECT_TRUE(result.outputs[0].node->inputs[0] == x.var);
}

TEST_F(Program, GradientOfSquaresMakesNoOnes) {
  const Expr x = input(DType::f64, 2), y = input(DType::f64, 2);
  const Expr g = gradient(sum(call("sqr", {x - y}), {0, 1}), x);
  InternBuilder interning;
  const RewriteResult result = optimized({g.var}, interning);
  EXPECT_EQ(count_rows(result.outputs, "alloc") + count_rows(result.outputs, "second"), 0u)
      << debugprint(result.outputs);
  EXPECT_LE(toposort(result.outputs).size(), 5u) << debugprint(result.outputs);
}

TEST_F(Program, NaNIsKeptUnlessFastMathIsAsked) {
  const Expr v = input(DType::f64, 1);
  const Bindings bindings{{v.var, vector_of({NAN, 2})}};
  EXPECT_TRUE(std::isnan(value((v * 0.0).var, bindings)[0]));
  EXPECT_TRUE(std::isnan(value((v / v).var, bindings)[0]));
  RewriteOptions fast;
  fast.fast_math = true;
  EXPECT_EQ(value((v * 0.0).var, bindings, fast), (std::vector<double>{0, 0}));
  EXPECT_EQ(value((v / v).var, bindings, fast), (std::vector<double>{1, 1}));
  RewriteOptions only;
  only.including = {"local_mul_zero"};
  EXPECT_EQ(value((v * 0.0).var, bindings, only), (std::vector<double>{0, 0}));
}

TEST_F(Program, LevelsAndExclusion) {
  const Expr x = input(DType::f64, 0);
  const Var y = log(1.0 + exp(x)).var;
  const Bindings bindings{{x.var, array_from(DType::f64, {}, {800})}};
  using Level = RewriteOptions::Level;
  for (const Level level : {Level::none, Level::merge, Level::fast_compile}) {
    RewriteOptions options;
    options.level = level;
    EXPECT_EQ(value(y, bindings, options)[0], HUGE_VAL);
  }
  RewriteOptions excluding;
  excluding.excluding = {"stabilize"};
  EXPECT_EQ(value(y, bindings, excluding)[0], HUGE_VAL);
  excluding.excluding = {"local_log1p"};
  EXPECT_EQ(value(y, bindings, excluding)[0], HUGE_VAL);
  RewriteOptions including;
  including.level = Level::none;
  including.including = {"local_log1p", "log1pexp_to_softplus"};
  EXPECT_EQ(value(y, bindings, including)[0], 800);
}

}  // namespace
}  // namespace croton::test
