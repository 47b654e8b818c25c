// Tests of interning and folding: what becomes one node, what becomes a constant, and what stays as the user wrote it.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/clone.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/walk.h"
#include "rewrite/intern.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

struct Intern : ::testing::Test {
  Expr input(DType dtype, int rank) { return user.wrap(new_input(tensor_type(dtype, rank))); }
  Var interned(const Expr& e) {
    const Var outputs[] = {e.var};
    const Var result = intern(outputs, builder)[0];
    const Var results[] = {result};
    verify(results, "interning");
    return result;
  }
  UserBuilder user;
  InternBuilder builder;
  Expr x = input(DType::f64, 2), y = input(DType::f64, 2);
};

TEST_F(Intern, EqualExpressionsBecomeOneNode) {
  const Expr a = call("exp", {x * y}), b = call("exp", {x * y});
  ASSERT_FALSE(a.var == b.var);
  EXPECT_TRUE(interned(a) == interned(b));
  const Var sum = interned(a + b);
  EXPECT_TRUE(sum.node->inputs[0] == sum.node->inputs[1]);
}

TEST_F(Intern, OrderOfCommutativeOperandsDoesNotMatter) {
  EXPECT_TRUE(interned(x + y) == interned(y + x));
  EXPECT_TRUE(interned(call("exp", {x}) * y) == interned(y * call("exp", {x})));
  EXPECT_FALSE(interned(x - y) == interned(y - x));
}

TEST_F(Intern, HashesDoNotDependOnTheHistoryOfTheProcess) {
  InternBuilder other;
  other.register_leaf(x.var, 0);
  other.register_leaf(y.var, 1);
  builder.register_leaf(y.var, 1);
  builder.register_leaf(x.var, 0);
  const Expr first = call("exp", {x + y}) * call("tanh", {y - x});
  interned(call("sqrt", {y}));  // something that only one of the builders has seen
  const Expr tanh = call("tanh", {y - x});
  const Expr second = tanh * call("exp", {y + x});
  const Var a[] = {first.var}, b[] = {second.var};
  const Var left = intern(a, builder)[0], right = intern(b, other)[0];
  EXPECT_EQ(builder.structural_hash(left), other.structural_hash(right));
  EXPECT_EQ(left.node->inputs[0].op().name, right.node->inputs[0].op().name);
}

TEST_F(Intern, ConstantsAreEqualByBits) {
  const auto constant = [&](DType dtype, double value) { return interned(user.constant(dtype, value)); };
  EXPECT_TRUE(constant(DType::f64, 2) == constant(DType::f64, 2));
  EXPECT_TRUE(constant(DType::f64, NAN) == constant(DType::f64, NAN));
  EXPECT_FALSE(constant(DType::f64, 0.0) == constant(DType::f64, -0.0));
  EXPECT_FALSE(constant(DType::f64, 2) == constant(DType::f32, 2));
}

TEST_F(Intern, LeavesStayThemselves) {
  EXPECT_TRUE(interned(x) == x.var);
  EXPECT_TRUE(interned(call("exp", {x})).node->inputs[0] == x.var);
}

TEST_F(Intern, FoldsExpressionsOfConstants) {
  const Expr two = user.constant(DType::f64, 2);
  const Var folded = interned(call("sqrt", {two * two + 5.0}));
  ASSERT_NE(literal_of(folded), nullptr);
  EXPECT_EQ(values_of(evaluate(folded, {})), (std::vector<double>{3}));
  const Var padded = interned(x * 2.0).node->inputs[0].node == x.var.node ? interned(x * 2.0).node->inputs[1]
                                                                          : interned(x * 2.0).node->inputs[0];
  ASSERT_NE(literal_of(padded), nullptr);
  EXPECT_EQ(padded.type().ones, 3u);
}

TEST_F(Intern, DoesNotFoldWhatIsBetterComputed) {
  const Expr zero = user.constant(DType::f64, 0), n = user.integer(100);
  EXPECT_EQ(interned(call("alloc", {zero, n, n})).op().name, "alloc");
  EXPECT_EQ(
      interned(call("arange", {user.integer(0), n, user.integer(1)}, {static_cast<int64_t>(DType::i64)})).op().name,
      "arange");
  const Expr column = user.literal(literal_of_array(zeros(DType::f64, {400, 1}), 0b10));
  const Expr row = user.literal(literal_of_array(zeros(DType::f64, {1, 400}), 0b01));
  EXPECT_EQ(interned(column + row).op().name, "add") << "above one mebibyte";
}

TEST_F(Intern, FoldingCanBeSwitchedOff) {
  InternBuilder plain({.fold = false});
  const Var outputs[] = {(user.constant(DType::f64, 2) + user.constant(DType::f64, 3)).var};
  EXPECT_EQ(intern(outputs, plain)[0].op().name, "add");
}

TEST_F(Intern, WhatFailsIsLeftToTheCall) {
  const Expr vector = user.literal(literal_of_array(zeros(DType::f64, {3}), 0));
  EXPECT_EQ(interned(call("subtensor", {vector, user.integer(7)}, {-1})).op().name, "subtensor");
}

TEST_F(Intern, MergedNodesKnowAllTheirLines) {
  const LineId first = intern_line({.file = "a.py", .line = 1, .function = "", .text = ""});
  const LineId second = intern_line({.file = "a.py", .line = 2, .function = "", .text = ""});
  user.line = first;
  const Expr a = call("exp", {x});
  user.line = second;
  const Expr b = call("exp", {x});
  set_name(b.var, "powers");
  interned(a);
  const Var merged = interned(b);
  EXPECT_EQ(merged.node->line, first);
  EXPECT_EQ(merged.node->lines, std::vector<LineId>{second});
  EXPECT_EQ(name_of(merged), "powers");
}

TEST_F(Intern, BodiesAreEqualByStructure) {
  const auto wrapped = [&](const Expr& inside) {
    const Var in[] = {x.var, y.var}, out[] = {inside.var};
    return std::make_shared<const Graph>(make_body(in, out));
  };
  const auto a = wrapped(call("exp", {x - y})), b = wrapped(call("exp", {x - y})), c = wrapped(call("exp", {y - x}));
  EXPECT_EQ(graph_hash(*a), graph_hash(*b));
  EXPECT_TRUE(same_graph(*a, *b));
  EXPECT_NE(graph_hash(*a), graph_hash(*c));
  EXPECT_FALSE(same_graph(*a, *c));
  const auto node = [&](const std::shared_ptr<const Graph>& body) {
    return interned(user.apply(op_named("op_from_graph"), {x, y}, {}, {body}));
  };
  EXPECT_TRUE(node(a) == node(b));
  EXPECT_FALSE(node(a) == node(c));
}

TEST_F(Intern, OpaqueRowsAreNeitherMergedNorFolded) {
  Op row = op_named("exp");
  row.name = "opaque_exp";
  row.traits |= opaque;
  const Var a[] = {user.apply(row, {x}).var, user.apply(row, {x}).var,
                   user.apply(row, {user.constant(DType::f64, 1)}).var};
  const std::vector<Var> result = intern(a, builder);
  EXPECT_FALSE(result[0] == result[1]);
  EXPECT_EQ(literal_of(result[2]), nullptr);
}

// The compiler may learn that an axis has size one; a row that insists on equal types must not suffer from it.
TEST_F(Intern, MoreSpecificTypesAreForgottenWhereARowInsists) {
  Type row_type = tensor_type(DType::f64, 2);
  row_type.ones = 0b01;
  const Expr row = user.wrap(new_input(row_type)), condition = input(DType::b1, 0);
  const Expr size = call("subtensor", {call("shape", {x}), user.integer(1) - 1.0}, {-1});
  const Expr repeated = call("alloc", {user.constant(DType::f64, 2), user.integer(1) * user.integer(1), size});
  ASSERT_FALSE(repeated.type().broadcasts(0));
  const Var result = interned(call("ifelse", {condition, repeated, x}, {1}));
  EXPECT_EQ(result.op().name, "ifelse");
  EXPECT_EQ(result.type(), x.type());
  EXPECT_TRUE(interned(repeated).type().broadcasts(0));
  EXPECT_TRUE(refines(interned(repeated).type(), repeated.type()));
}

}  // namespace
}  // namespace croton::test
