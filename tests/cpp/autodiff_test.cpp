// Tests of the drivers of reverse mode, forward mode and batching: meaning, errors, options. Rows have tests of their
// own.
#include <gtest/gtest.h>

#include <cmath>

#include "autodiff/batch.h"
#include "autodiff/drivers.h"
#include "autodiff/forward.h"
#include "autodiff/reverse.h"
#include "base/error.h"
#include "ir/clone.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

class AutodiffTest : public testing::Test {
 protected:
  Expr input(int rank, const char* name, DType dtype = DType::f64) {
    return builder.wrap(new_input(tensor_type(dtype, rank), name));
  }
  Expr gradient(const Expr& cost, const Expr& wrt, const GradOptions& options = {}) {
    return builder.wrap(grad(cost.var, std::span(&wrt.var, 1), options, builder)[0]);
  }
  static double value(const Expr& e, const Bindings& bindings) { return values_of(evaluate(e.var, bindings)).at(0); }
  static Array number(double v) { return array_from(DType::f64, {}, {v}); }

  UserBuilder builder;
  Expr x = input(0, "x"), y = input(0, "y"), v = input(1, "v");
};

TEST_F(AutodiffTest, ChainsMultiply) {
  const Expr cost = call("exp", {call("sqr", {x})});
  EXPECT_NEAR(value(gradient(cost, x), {{x.var, number(0.5)}}), std::exp(0.25), 1e-14);
}

TEST_F(AutodiffTest, ContributionsAdd) {
  const Expr z = x * y;
  const Expr cost = z * x + z + y;
  const Bindings at = {{x.var, number(3)}, {y.var, number(5)}};
  EXPECT_EQ(value(gradient(cost, x), at), 2 * 3 * 5 + 5);
  EXPECT_EQ(value(gradient(cost, y), at), 9 + 3 + 1);
  EXPECT_EQ(value(gradient(cost, z), at), 4);
}

TEST_F(AutodiffTest, TheGradientOfTheCostItselfIsOne) { EXPECT_EQ(value(gradient(x, x), {{x.var, number(7)}}), 1); }

TEST_F(AutodiffTest, BroadcastOperandsSum) {
  const Expr cost = sum(v * x, {0});
  const Bindings at = {{x.var, number(3)}, {v.var, array_from(DType::f64, {3}, {1, 2, 4})}};
  EXPECT_EQ(value(gradient(cost, x), at), 7);
  EXPECT_EQ(values_of(evaluate(gradient(cost, v).var, at)), (std::vector<double>{3, 3, 3}));
  EXPECT_EQ(gradient(cost, v).type(), v.type());
}

TEST_F(AutodiffTest, GradientsHaveGradients) {
  const Expr cost = x * x * x;
  const Bindings at = {{x.var, number(2)}};
  EXPECT_EQ(value(gradient(gradient(cost, x), x), at), 12);
  EXPECT_EQ(value(gradient(gradient(gradient(cost, x), x), x), at), 6);
}

TEST_F(AutodiffTest, GradientsHaveTheDtypeTheyAreComputedIn) {
  const Expr half = input(0, "h", DType::f32);
  const Expr cost = half * x;
  EXPECT_EQ(gradient(half * half, half).dtype(), DType::f32);
  EXPECT_EQ(gradient(cost, half).dtype(), DType::f64);
  EXPECT_EQ(gradient(cost, x).dtype(), DType::f64);
}

TEST_F(AutodiffTest, IntegersAreDifferentiatedFormally) {
  const Expr i = input(0, "i", DType::i32);
  const Expr g = gradient(i * x, i);
  EXPECT_EQ(g.dtype(), DType::f64);
  EXPECT_EQ(value(g, {{x.var, number(2.5)}, {i.var, array_from(DType::i32, {}, {4})}}), 2.5);
}

TEST_F(AutodiffTest, DiscreteResultsPassZeros) {
  const Expr i = input(0, "i", DType::i64);
  const Expr g = gradient(i * i, i);
  EXPECT_EQ(g.dtype(), DType::f64);
  EXPECT_EQ(value(g, {{i.var, array_from(DType::i64, {}, {4})}}), 0);
  GradOptions single;
  single.float_x = DType::f32;
  EXPECT_EQ(gradient(i * i, i, single).dtype(), DType::f32);
  const Expr through = cast(cast(x, DType::i64), DType::f64) * y;
  EXPECT_EQ(value(gradient(through, x), {{x.var, number(2)}, {y.var, number(3)}}), 0);
}

TEST_F(AutodiffTest, CostsMustBeScalars) {
  try {
    gradient(v, v);
    FAIL();
  } catch (const TypeError& error) {
    EXPECT_EQ(error.message, "cost must be a scalar.");
  }
}

TEST_F(AutodiffTest, DisconnectedVariablesAreReported) {
  EXPECT_THROW(gradient(x * x, y), DisconnectedInputError);
  GradOptions options;
  std::string warning;
  options.disconnected = GradOptions::Disconnected::warn;
  options.warn = [&](const std::string& text) { warning = text; };
  EXPECT_EQ(value(gradient(x * x, y, options), {{y.var, number(1)}}), 0);
  EXPECT_NE(warning.find("not part of the computational graph of the cost"), std::string::npos);
  EXPECT_NE(warning.find("y"), std::string::npos);
  options.disconnected = GradOptions::Disconnected::ignore;
  options.return_disconnected = GradOptions::Missing::null;
  EXPECT_FALSE(gradient(x * x, y, options));
  EXPECT_EQ(gradient(x * x, v, {.disconnected = GradOptions::Disconnected::ignore}).type(), v.type());
}

TEST_F(AutodiffTest, SizesAreDisconnected) {
  EXPECT_THROW(gradient(cast(dim(v, 0), DType::f64) * x, v), DisconnectedInputError);
}

TEST_F(AutodiffTest, ConstantsStopGradients) {
  const Expr z = x * x;
  const Expr cost = z * x;
  GradOptions options;
  options.consider_constant = {z.var};
  EXPECT_EQ(value(gradient(cost, x, options), {{x.var, number(3)}}), 9);
  EXPECT_EQ(value(gradient(cost, z, options), {{x.var, number(3)}}), 3);
  options.consider_constant = {cost.var};
  EXPECT_THROW(gradient(cost, x, options), DisconnectedInputError);
}

TEST_F(AutodiffTest, KnownGradientsReplaceWhatIsAbove) {
  const Expr z = x * x;
  const Expr given = input(0, "given");
  GradOptions options;
  options.known_grads = {{z.var, given.var}};
  const Bindings at = {{x.var, number(3)}, {given.var, number(10)}};
  EXPECT_EQ(value(gradient({}, x, options), at), 60);
  EXPECT_EQ(value(gradient(z * z, x, options), at), 60);
  EXPECT_THROW(gradient({}, x), ValueError);
  options.known_grads = {{z.var, input(0, "i", DType::i64).var}};
  EXPECT_THROW(gradient({}, x, options), TypeError);
}

TEST_F(AutodiffTest, NamedGradientsOfNamedCosts) {
  const Expr cost = x * x + y;
  EXPECT_EQ(name_of(gradient(cost, x).var), "");
  set_name(cost.var, "cost");
  EXPECT_EQ(name_of(gradient(cost, x).var), "(dcost/dx)");
  const Expr given = input(0, "");
  GradOptions options;
  options.known_grads = {{y.var, given.var}};
  EXPECT_EQ(name_of(gradient(cost, y, options).var), "");
}

TEST_F(AutodiffTest, NewNodesCarryTheLineOfTheForwardNode) {
  const LineId line = intern_line({"model.py", 12, "loss", ""});
  builder.line = line;
  const Expr cost = call("tanh", {x});
  builder.line = 0;
  const Expr g = gradient(cost, x);
  EXPECT_EQ(g.var.node->line, line);
  EXPECT_EQ(builder.line, 0u);
}

TEST_F(AutodiffTest, OnlyTheWayIsVisited) {
  // Nothing is made for y although the cost depends on it.
  const Expr cost = x * call("exp", {y});
  for (const NodePtr& node : toposort(std::vector<Var>{gradient(cost, x).var})) {
    EXPECT_NE(node->op->name, "log");
  }
  EXPECT_EQ(pp(gradient(x * 3.0, x).var), "(TensorConstant{1.0} * TensorConstant{3.0})");
}

TEST_F(AutodiffTest, TheSameGraphGivesTheSameGradient) {
  const auto text = [&] {
    const Expr a = input(1, "a"), b = input(1, "b");
    const Expr c = a * b;
    const Expr cost = sum(c * c + call("exp", {a}) * c, {0});
    return debugprint(std::vector<Var>{gradient(cost, a).var, gradient(cost, b).var});
  };
  EXPECT_EQ(text(), text());
}

TEST_F(AutodiffTest, LopAddsUpOutputsThatDependOnEachOther) {
  const Expr z = x * x;
  const std::vector<Var> outputs = {z.var, (z * z).var}, wrt = {x.var};
  const std::vector<Var> seeds = {builder.constant(DType::f64, 1).var, builder.constant(DType::f64, 10).var};
  const Var g = Lop(outputs, wrt, seeds, {}, builder)[0];
  EXPECT_EQ(value(builder.wrap(g), {{x.var, number(2)}}), 4 + 10 * 32);
}

TEST_F(AutodiffTest, RopMovesForward) {
  const std::vector<Var> outputs = {(v * v).var, x.var}, wrt = {v.var};
  const Expr direction = input(1, "direction");
  const std::vector<Var> points = {direction.var};
  const auto result = Rop(outputs, wrt, points, builder);
  const Bindings at = {{v.var, array_from(DType::f64, {2}, {3, 4})},
                       {direction.var, array_from(DType::f64, {2}, {1, 2})}};
  EXPECT_EQ(values_of(evaluate(result[0], at)), (std::vector<double>{6, 16}));
  EXPECT_EQ(values_of(evaluate(result[1], {{x.var, number(1)}})), std::vector<double>{0});
  const std::vector<Var> wrong = {x.var};
  EXPECT_THROW(Rop(outputs, wrt, wrong, builder), ValueError);
}

TEST_F(AutodiffTest, VectorizeStacksItems) {
  const Expr item = sum(v * x, {0});
  const Expr stack = input(2, "stack"), size = dim(stack, 0);
  const std::pair<Var, Var> pairs[] = {{v.var, stack.var}};
  const std::vector<Var> outputs = {item.var, x.var};
  const auto result = vectorize(outputs, pairs, size.var, builder);
  const Bindings at = {{x.var, number(2)}, {stack.var, array_from(DType::f64, {2, 3}, {1, 2, 3, 4, 5, 6})}};
  EXPECT_EQ(values_of(evaluate(result[0], at)), (std::vector<double>{12, 30}));
  EXPECT_EQ(values_of(evaluate(result[1], at)), (std::vector<double>{2, 2}));
  const std::pair<Var, Var> wrong[] = {{v.var, x.var}};
  EXPECT_THROW(vectorize(outputs, wrong, size.var, builder), TypeError);
}

TEST_F(AutodiffTest, BodiesHaveGradientsTangentsAndStacks) {
  const Graph body = make_body(std::vector<Var>{v.var, x.var}, std::vector<Var>{(v * x).var, (x * x).var});
  const Array items = array_from(DType::f64, {2}, {3, 4});
  const int both[] = {0, 1}, only_x[] = {1};

  const Graph gradient = body_drivers().gradient(body, both, both);
  ASSERT_EQ(gradient.inputs.size(), 4u);
  const Bindings at = {{gradient.inputs[0], items},
                       {gradient.inputs[1], number(5)},
                       {gradient.inputs[2], array_from(DType::f64, {2}, {1, 10})},
                       {gradient.inputs[3], number(100)}};
  EXPECT_EQ(values_of(evaluate(gradient.outputs[0], at)), (std::vector<double>{5, 50}));
  EXPECT_EQ(values_of(evaluate(gradient.outputs[1], at)), (std::vector<double>{3 + 40 + 1000}));

  const Graph tangent = body_drivers().tangent(body, only_x);
  ASSERT_EQ(tangent.inputs.size(), 3u);
  const Bindings moving = {{tangent.inputs[0], items}, {tangent.inputs[1], number(5)}, {tangent.inputs[2], number(2)}};
  EXPECT_EQ(values_of(evaluate(tangent.outputs[0], moving)), (std::vector<double>{6, 8}));
  EXPECT_EQ(values_of(evaluate(tangent.outputs[1], moving)), (std::vector<double>{20}));

  const Graph batch = body_drivers().batch(body, {false, true});
  const Bindings stacked = {{batch.inputs[0], items}, {batch.inputs[1], array_from(DType::f64, {3}, {1, 2, 3})}};
  EXPECT_EQ(values_of(evaluate(batch.outputs[0], stacked)), (std::vector<double>{3, 4, 6, 8, 9, 12}));
  EXPECT_EQ(values_of(evaluate(batch.outputs[1], stacked)), (std::vector<double>{1, 4, 9}));
}

}  // namespace
}  // namespace croton::test
