// Tests of the table of size expressions.
#include <gtest/gtest.h>

#include "ir/clone.h"
#include "ir/size.h"

namespace croton::test {
namespace {

class SizeTest : public testing::Test {
 protected:
  SizeTable table;
  Var x = new_input(tensor_type(DType::f64, 2), "x");
  Var column = new_input(tensor_type(DType::f64, {false, true}), "column");
  SizeId n = table.input_dim(x, 0), m = table.input_dim(x, 1);
  SizeId c(int64_t value) { return table.constant(value); }
};

TEST_F(SizeTest, EqualExpressionsHaveOneId) {
  EXPECT_EQ(table.input_dim(x, 0), n);
  EXPECT_NE(n, m);
  EXPECT_EQ(table.add(n, m), table.add(m, n));
  EXPECT_NE(table.sub(n, m), table.sub(m, n));
  EXPECT_EQ(table.input_dim(column, 1), c(1));
}

TEST_F(SizeTest, ConstantsFold) {
  EXPECT_EQ(table.add(c(2), table.mul(c(3), c(4))), c(14));
  EXPECT_EQ(table.floor_div(c(-7), c(2)), c(-4));
  EXPECT_EQ(table.select(table.less(c(1), c(2)), c(5), c(6)), c(5));
  EXPECT_EQ(table.min(c(3), c(-3)), c(-3));
}

TEST_F(SizeTest, IdentitiesHold) {
  EXPECT_EQ(table.add(n, c(0)), n);
  EXPECT_EQ(table.mul(c(1), n), n);
  EXPECT_EQ(table.mul(n, c(0)), c(0));
  EXPECT_EQ(table.sub(n, n), c(0));
  EXPECT_EQ(table.sub(table.add(n, m), n), m);
  EXPECT_EQ(table.sub(table.add(n, c(5)), table.add(n, c(2))), c(3));
  EXPECT_EQ(table.add(table.sub(n, c(2)), c(2)), n);
  EXPECT_EQ(table.floor_div(n, c(1)), n);
  EXPECT_EQ(table.equal(n, n), c(1));
}

TEST_F(SizeTest, SizesAreKnownNotToBeNegative) {
  EXPECT_TRUE(table.never_negative(n));
  EXPECT_EQ(table.max(n, c(0)), n);
  EXPECT_EQ(table.less(n, c(0)), c(0));
  EXPECT_EQ(table.select(table.less(n, c(0)), m, n), n);
  EXPECT_FALSE(table.never_negative(table.sub(n, c(1))));
  const Var i = new_input(scalar_type(DType::i64), "i");
  EXPECT_FALSE(table.never_negative(table.input_scalar(i)));
}

TEST_F(SizeTest, PrintWithNames) {
  EXPECT_EQ(table.text(table.add(n, c(2))), "(x.shape[0] + 2)");
  EXPECT_EQ(table.text(table.max(table.sub(n, m), c(0))), "maximum((x.shape[0] - x.shape[1]), 0)");
}

TEST_F(SizeTest, LongSumsArePrintedInPart) {
  SizeId sum = n;
  for (int k = 0; k < 100000; ++k) sum = table.sub(m, sum);
  EXPECT_NE(table.text(sum).find("..."), std::string::npos);
}

}  // namespace
}  // namespace croton::test
