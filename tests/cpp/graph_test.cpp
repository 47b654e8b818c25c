// Tests of nodes, builders, walks, rebuilding, printing and the verifier.
#include <gtest/gtest.h>

#include "base/error.h"
#include "ir/clone.h"
#include "ir/expr.h"
#include "ir/graph_verify.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

class GraphTest : public testing::Test {
 protected:
  Expr input(int rank, const char* name, DType dtype = DType::f64) {
    return builder.wrap(new_input(tensor_type(dtype, rank), name));
  }
  static std::vector<Var> one(const Expr& e) { return {e.var}; }
  UserBuilder builder;
};

TEST_F(GraphTest, EqualExpressionsOfTheUserAreTwoVariables) {
  const Expr x = input(1, "x");
  const Expr a = x + x, b = x + x;
  EXPECT_FALSE(a.var == b.var);
  EXPECT_LT(a.var.node->id, b.var.node->id);
}

TEST_F(GraphTest, OperandsOfSmallerRankGetAxesInFront) {
  const Expr y = input(2, "m") + input(1, "v");
  EXPECT_EQ(y.rank(), 2);
  EXPECT_EQ(y.var.node->inputs[1].type(), tensor_type(DType::f64, {true, false}));
  EXPECT_EQ(y.type(), tensor_type(DType::f64, 2));
}

TEST_F(GraphTest, LiteralsTakeTheDtypeThatKeepsTheOtherSide) {
  EXPECT_EQ((input(1, "x", DType::f32) * 1.1).dtype(), DType::f32);
  EXPECT_EQ((input(1, "x", DType::i8) + 1.0).dtype(), DType::i8);
  EXPECT_EQ((input(1, "x", DType::i8) + 200.0).dtype(), DType::i16);
  EXPECT_EQ((input(1, "x", DType::i8) * 0.5).dtype(), DType::f32);
  EXPECT_EQ((input(1, "x", DType::i8) * 0.1).dtype(), DType::f64);
  EXPECT_EQ((input(1, "x", DType::i32) * 0.5).dtype(), DType::f64);
  EXPECT_EQ(integer_literal_dtype(-128), DType::i8);
  EXPECT_EQ(integer_literal_dtype(128), DType::i16);
  EXPECT_EQ(integer_literal_dtype(40000), DType::i32);
  EXPECT_EQ(integer_literal_dtype(int64_t{1} << 31), DType::i64);
}

TEST_F(GraphTest, WrongNumbersOfInputsAreTypeErrors) {
  const Expr x = input(1, "x");
  EXPECT_THROW(builder.apply("add", {x}), TypeError);
  EXPECT_THROW(builder.apply("exp", {x, x}), TypeError);
}

TEST_F(GraphTest, WalksGoFromLeftToRight) {
  const Expr x = input(0, "x"), y = input(0, "y"), z = input(0, "z");
  const Expr left = y * x, right = z + left;
  const auto order = toposort(one(right - left));
  std::vector<std::string> names;
  for (const NodePtr& node : order) names.push_back(variable_text({node, 0}));
  EXPECT_EQ(names, (std::vector<std::string>{"z", "y", "x", "Elemwise{mul,no_inplace}.0", "Elemwise{add,no_inplace}.0",
                                             "Elemwise{sub,no_inplace}.0"}));
  EXPECT_EQ(leaves(one(right)), (std::vector<Var>{z.var, y.var, x.var}));
  EXPECT_TRUE(depends_on(one(right), x.var));
  EXPECT_FALSE(depends_on(one(left), z.var));
  EXPECT_EQ(ancestors(one(left)).size(), 3u);
  const Var stop[] = {left.var};
  EXPECT_EQ(toposort(one(right), stop).size(), 2u);
}

TEST_F(GraphTest, ClientsAreFoundPerInput) {
  const Expr x = input(0, "x");
  const Expr y = x * x;
  const Clients clients(one(y + x));
  ASSERT_EQ(clients.of(x.var).size(), 3u);
  EXPECT_EQ(clients.of(x.var)[1].input, 1u);
  EXPECT_TRUE(clients.of(input(0, "other").var).empty());
}

TEST_F(GraphTest, ReplacingSharesWhatDoesNotChange) {
  const Expr x = input(0, "x"), y = input(0, "y"), z = input(0, "z");
  const Expr kept = x * y, changed = kept + z;
  set_name(changed.var, "changed");
  const std::pair<Var, Var> pairs[] = {{z.var, kept.var}};
  const auto result = replace(one(changed), pairs, builder);
  EXPECT_EQ(result[0].node->inputs[0], kept.var);
  EXPECT_EQ(result[0].node->inputs[1], kept.var);
  EXPECT_EQ(name_of(result[0]), "changed");
  EXPECT_EQ(replace(one(kept), pairs, builder)[0], kept.var);
}

TEST_F(GraphTest, ReplacementsHappenAllAtOnce) {
  const Expr x = input(0, "x"), y = input(0, "y");
  const std::pair<Var, Var> swap[] = {{x.var, y.var}, {y.var, x.var}};
  EXPECT_EQ(pp(replace(one(x - y), swap, builder)[0]), "(y - x)");
  const std::pair<Var, Var> grow[] = {{x.var, (x + 1.0).var}};
  EXPECT_EQ(pp(replace(one(x * x), grow, builder)[0]), "((x + TensorConstant{1.0}) * (x + TensorConstant{1.0}))");
}

TEST_F(GraphTest, BodiesMustBeClosed) {
  const Expr x = input(0, "x"), y = input(0, "y");
  const Graph body = make_body(one(x), one(x * x));
  EXPECT_FALSE(body.inputs[0] == x.var);
  EXPECT_THROW(make_body(one(x), one(x * y)), MissingInputError);
  const Expr inlined = inline_body(builder, body, std::vector<Expr>{y})[0];
  EXPECT_EQ(pp(inlined.var), "(y * y)");
}

TEST_F(GraphTest, DebugprintLooksLikeTheanos) {
  const Expr x = input(1, "x"), y = input(1, "y");
  const Expr z = (x + y) * x;
  set_name(z.var, "z");
  EXPECT_EQ(debugprint(one(z)),
            "Elemwise{mul,no_inplace} [id A] 'z'   \n"
            " |Elemwise{add,no_inplace} [id B] ''   \n"
            " | |x [id C]\n"
            " | |y [id D]\n"
            " |x [id C]\n");
  EXPECT_EQ(debugprint(one(z), {.depth = 1}), "Elemwise{mul,no_inplace} [id A] 'z'   \n");
  EXPECT_EQ(debugprint(one(x), {.print_type = true}), "x [id A] <TensorType(float64, vector)>\n");
  EXPECT_EQ(debugprint(one(z), {.ids = PrintOptions::Ids::none, .stop_on_name = true}),
            "Elemwise{mul,no_inplace}  'z'   \n");
}

TEST_F(GraphTest, SharedSubgraphsPrintOnce) {
  const Expr x = input(1, "x");
  const Expr y = builder.apply("exp", {x});
  EXPECT_EQ(debugprint(one(y + y)),
            "Elemwise{add,no_inplace} [id A] ''   \n"
            " |Elemwise{exp,no_inplace} [id B] ''   \n"
            " | |x [id C]\n"
            " |Elemwise{exp,no_inplace} [id B] ''   \n");
}

TEST_F(GraphTest, FormulasPrint) {
  const Expr x = input(2, "x"), y = input(1, "y");
  EXPECT_EQ(pp(((x + y) * x).var), "((x + y) * x)");
  EXPECT_EQ(pp(builder.apply("exp", {-y}).var), "exp((-y))");
  EXPECT_EQ(pp(sum(y, {0}).var), "sum(y)");
  EXPECT_EQ(pp(sum(x, {1}).var), "Sum{axis=[1]}(x)");
  EXPECT_EQ(pp(dimshuffle(x, {1, 0}).var), "x.T");
  const Expr named = x * 2.0;
  set_name(named.var, "twice");
  EXPECT_EQ(pp((named + x).var), "(twice + x)");
  EXPECT_EQ(pp(named.var), "(x * TensorConstant{2.0})");
}

TEST_F(GraphTest, TheVerifierFindsWrongTypes) {
  const Expr x = input(1, "x");
  const Op& row = op_named("exp");
  const Var wrong{new_node(row, {x.var}, {tensor_type(DType::f64, 2)}), 0};
  EXPECT_NO_THROW(verify(one(builder.apply("exp", {x})), "nothing"));
  try {
    verify(std::span(&wrong, 1), "a wrong pass");
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_NE(error.message.find("a wrong pass"), std::string::npos);
    EXPECT_NE(error.message.find("exp"), std::string::npos);
  }
}

TEST_F(GraphTest, TheVerifierFindsCyclesAndMissingOutputs) {
  const Expr x = input(0, "x");
  const auto node = std::make_shared<Node>();
  node->op = &op_named("exp");
  node->types = {scalar_type(DType::f64)};
  node->id = ~uint64_t{0};
  node->inputs = {Var{node, 0}};
  const Var cycle{node, 0};
  EXPECT_THROW(verify(std::span(&cycle, 1), "p"), InternalError);
  node->inputs.clear();
  const Var second{x.var.node, 1};
  EXPECT_THROW(verify(std::span(&second, 1), "p"), InternalError);
}

TEST_F(GraphTest, AttributesArePartOfTheIdentity) {
  Attributes a, b;
  a.ints = {0, 1};
  b.ints = {1, 0};
  EXPECT_FALSE(a == b);
  EXPECT_NE(a.hash(), b.hash());
  b.ints = a.ints;
  b.text = "x";
  EXPECT_FALSE(a == b);
}

}  // namespace
}  // namespace croton::test
