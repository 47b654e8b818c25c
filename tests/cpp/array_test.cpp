// Tests of strided arrays, conversions of elements, and literals.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "ir/array.h"
#include "ir/expr.h"
#include "ir/node.h"
#include "ir/print.h"
#include "support/evaluate.h"

namespace croton::test {
namespace {

TEST(ArrayTest, NewArraysAreContiguousInCOrder) {
  const Array a = new_array(DType::f32, {2, 3});
  EXPECT_EQ(a.strides, (std::vector<int64_t>{12, 4}));
  EXPECT_EQ(a.size(), 6);
  EXPECT_TRUE(a.is_contiguous());
  EXPECT_TRUE(new_array(DType::f32, {0, 3}).is_contiguous());
  EXPECT_THROW(new_array(DType::f32, {2, -1}), ValueError);
  EXPECT_THROW(new_array(DType::f32, {int64_t{1} << 62, 4}), OverflowError);
}

TEST(ArrayTest, StridedViewsAreCopiedInTheOrderOfTheirIndices) {
  const Array a = array_from(DType::f64, {2, 3}, {1, 2, 3, 4, 5, 6});
  const Array transposed = view_memory(a.data, DType::f64, {3, 2}, {8, 24}, a.storage, true);
  EXPECT_FALSE(transposed.is_contiguous());
  EXPECT_EQ(values_of(contiguous(transposed)), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  const Array reversed = view_memory(a.data + 40, DType::f64, {6}, {-8}, a.storage, true);
  EXPECT_EQ(values_of(converted(reversed, DType::i16)), (std::vector<double>{6, 5, 4, 3, 2, 1}));
  const Array target = zeros(DType::f64, {2, 3});
  copy_into(view_memory(target.data, DType::f64, {3, 2}, {8, 24}, target.storage, false), transposed);
  EXPECT_EQ(values_of(target), values_of(a));
}

TEST(ArrayTest, BorrowedMemoryIsNotFreed) {
  double values[2] = {1, 2};
  {
    const Array borrowed = view_memory(values, DType::f64, {2}, {8}, nullptr, false);
  }
  EXPECT_EQ(values[1], 2);
}

TEST(ArrayTest, AllHalvesSurviveARoundTrip) {
  for (int bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const double value = half_to_double(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_double(half_from_double(value))));
    } else {
      ASSERT_EQ(half_from_double(value), half);
    }
  }
}

TEST(ArrayTest, HalvesRoundToNearestEven) {
  EXPECT_EQ(half_to_double(half_from_double(2049)), 2048);
  EXPECT_EQ(half_to_double(half_from_double(2051)), 2052);
  EXPECT_EQ(half_to_double(half_from_double(65519.9)), 65504);
  EXPECT_TRUE(std::isinf(half_to_double(half_from_double(65520))));
  EXPECT_EQ(half_to_double(half_from_double(0x1p-25)), 0);
  EXPECT_EQ(half_to_double(half_from_double(0x1.8p-25)), 0x1p-24);
  EXPECT_TRUE(std::signbit(half_to_double(half_from_double(-0.0))));
}

TEST(ArrayTest, ConversionsOfIntegersAreExactAndWrap) {
  const Array big = new_array(DType::i64, {1});
  big.as<int64_t>()[0] = (int64_t{1} << 62) + 1;
  EXPECT_EQ(converted(big, DType::u64).as<uint64_t>()[0], (uint64_t{1} << 62) + 1);
  EXPECT_EQ(converted(array_from(DType::i32, {2}, {300, -1}), DType::u8).as<uint8_t>()[0], 44);
  EXPECT_EQ(values_of(converted(array_from(DType::f64, {3}, {0.5, 0, NAN}), DType::b1)),
            (std::vector<double>{1, 0, 1}));
  std::byte element[8];
  store_double(element, DType::i64, std::numeric_limits<double>::infinity());
  EXPECT_EQ(element_as_integer(element, DType::i64), std::numeric_limits<int64_t>::min());
}

TEST(LiteralTest, EqualLiteralsAreEqualAttributes) {
  Attributes a, b;
  a.literal = scalar_literal(DType::f64, NAN);
  b.literal = scalar_literal(DType::f64, NAN);
  EXPECT_TRUE(a == b);
  EXPECT_EQ(a.hash(), b.hash());
  b.literal = scalar_literal(DType::f32, NAN);
  EXPECT_FALSE(a == b);
  a.literal = scalar_literal(DType::f64, 0.0);
  b.literal = scalar_literal(DType::f64, -0.0);
  EXPECT_FALSE(a == b);
}

TEST(LiteralTest, UniformValuesAreFound) {
  UserBuilder builder;
  double value = 0;
  EXPECT_TRUE(uniform_value(builder.constant(DType::f16, 1.5).var, value));
  EXPECT_EQ(value, 1.5);
  const Expr filled = builder.literal(literal_of_array(array_from(DType::i8, {3}, {7, 7, 7}), 0));
  EXPECT_TRUE(uniform_value(filled.var, value));
  EXPECT_EQ(value, 7);
  EXPECT_FALSE(uniform_value(builder.literal(literal_of_array(array_from(DType::i8, {2}, {7, 8}), 0)).var, value));
  EXPECT_FALSE(uniform_value(builder.integer((int64_t{1} << 53) + 1).var, value));
  EXPECT_FALSE(uniform_value((builder.constant(DType::f64, 1) + 1.0).var, value));
}

TEST(LiteralTest, PrintAsNumPyPrintsThem) {
  EXPECT_EQ(text_of(array_from(DType::f64, {3}, {1, 2.5, -3})), "[ 1.   2.5 -3. ]");
  EXPECT_EQ(text_of(array_from(DType::i64, {2, 2}, {1, 2, 3, 40})), "[[ 1  2]\n [ 3 40]]");
  EXPECT_EQ(text_of(array_from(DType::f32, {}, {0.1})), "0.1");
  EXPECT_EQ(text_of(array_from(DType::b1, {2}, {1, 0})), "[ True False]");
}

}  // namespace
}  // namespace croton::test
