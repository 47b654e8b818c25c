// Gradients at the points where they are a matter of convention: Theano's answers.
#include <gtest/gtest.h>

#include "autodiff/reverse.h"
#include "ir/clone.h"
#include "ir/op.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

using Values = std::vector<double>;

// Gradient of sum(f(v)) at a point.
template <class F>
Values gradient_at(const Values& point, F&& f) {
  UserBuilder builder;
  const Expr v = builder.wrap(new_input(tensor_type(DType::f64, 1), "v"));
  const Expr y = f(v);
  const Expr cost = y.rank() == 0 ? y : sum(y, {0});
  const Var g = grad(cost.var, std::span(&v.var, 1), {}, builder)[0];
  return values_of(evaluate(g, {{v.var, array_from(DType::f64, {static_cast<int64_t>(point.size())}, point)}}));
}

Expr number(const Expr& like, double value) { return like.builder->constant(DType::f64, value); }

TEST(GoldenGradients, OfTiesInAReductionGoToEveryElement) {
  EXPECT_EQ(gradient_at({1, 3, 3}, [](const Expr& v) { return call("max", {v}, {0}); }), (Values{0, 1, 1}));
}

TEST(GoldenGradients, OfATieBetweenTwoOperandsGoesToTheFirst) {
  for (const char* name : {"maximum", "minimum"}) {
    EXPECT_EQ(gradient_at({3}, [&](const Expr& v) { return call(name, {v, number(v, 3)}); }), Values{1}) << name;
    EXPECT_EQ(gradient_at({3}, [&](const Expr& v) { return call(name, {number(v, 3), v}); }), Values{0}) << name;
  }
}

// A gradient has the dtype of what it is computed in: float64 beside a float64 constant.
TEST(GoldenGradients, HaveTheDtypeTheyAreComputedIn) {
  UserBuilder builder;
  const Expr x = builder.wrap(new_input(tensor_type(DType::f32, 1), "x"));
  const auto dtype_of_gradient = [&](const Expr& y) {
    return grad(sum(y, {0}).var, std::span(&x.var, 1), {}, builder)[0].type().dtype;
  };
  EXPECT_EQ(dtype_of_gradient(x * x), DType::f32);
  EXPECT_EQ(dtype_of_gradient(builder.constant(DType::f64, 0.3) * x), DType::f64);
  EXPECT_EQ(dtype_of_gradient(call("exp", {cast(builder.constant(DType::f64, 0.3) * x, DType::f32)})), DType::f64);
  EXPECT_EQ(dtype_of_gradient(builder.constant(DType::f64, 0.3) * call("exp", {x})), DType::f32);
}

TEST(GoldenGradients, OfAbsoluteValuesIsZeroAtZero) {
  EXPECT_EQ(gradient_at({-2, 0, 2}, [](const Expr& v) { return call("abs", {v}); }), (Values{-1, 0, 1}));
}

TEST(GoldenGradients, OfReluIsAHalfAtZero) {
  const auto relu = [](const Expr& v) { return 0.5 * (v + call("abs", {v})); };
  EXPECT_EQ(gradient_at({-2, 0, 2}, relu), (Values{0, 0.5, 1}));
}

TEST(GoldenGradients, OfClipIsOneAtTheBounds) {
  const auto clip = [](const Expr& v) { return call("clip", {v, number(v, 0), number(v, 1)}); };
  EXPECT_EQ(gradient_at({-1, 0, 0.5, 1, 2}, clip), (Values{0, 1, 1, 1, 0}));
}

TEST(GoldenGradients, OfProductsIsExactWithZeros) {
  const auto product = [](const Expr& v) { return call("prod", {v}, {0}); };
  EXPECT_EQ(gradient_at({0, 2, 3}, product), (Values{6, 0, 0}));
  EXPECT_EQ(gradient_at({0, 2, 0}, product), (Values{0, 0, 0}));
  EXPECT_EQ(gradient_at({1, 2, 3}, product), (Values{6, 3, 2}));
}

TEST(GoldenGradients, OfPowersAtZero) {
  EXPECT_EQ(gradient_at({0}, [](const Expr& v) { return call("pow", {v, number(v, 2)}); }), Values{0});
  EXPECT_EQ(gradient_at({0}, [](const Expr& v) { return call("pow", {v, number(v, 1)}); }), Values{1});
}

TEST(GoldenGradients, OfRoundedValuesIsZero) {
  for (const char* name : {"floor", "ceil", "trunc", "round", "sgn"}) {
    EXPECT_EQ(gradient_at({0.3}, [&](const Expr& v) { return call(name, {v}); }), Values{0}) << name;
  }
}

}  // namespace
}  // namespace croton::test
