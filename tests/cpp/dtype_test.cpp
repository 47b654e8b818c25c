// Element types: NumPy's promotion, silent and exact conversions, names of types.
#include "ir/dtype.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ir/type.h"

namespace croton {
namespace {

using D = DType;

TEST(DType, NamesAreNumPys) {
  for (int i = 0; i < dtype_count; ++i) {
    const auto d = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(dtype_name(d)), d);
  }
  EXPECT_EQ(dtype_name(D::b1), "bool");
  EXPECT_EQ(dtype_name(D::c128), "complex128");
  EXPECT_THROW(dtype_from_name("float"), TypeError);
}

TEST(DType, PromotesAsNumPyDoesArrays) {
  EXPECT_EQ(promote(D::i32, D::f32), D::f64);
  EXPECT_EQ(promote(D::i16, D::f32), D::f32);
  EXPECT_EQ(promote(D::u16, D::f16), D::f32);
  EXPECT_EQ(promote(D::i8, D::f16), D::f16);
  EXPECT_EQ(promote(D::i8, D::u8), D::i16);
  EXPECT_EQ(promote(D::i32, D::u32), D::i64);
  EXPECT_EQ(promote(D::i64, D::u32), D::i64);
  EXPECT_EQ(promote(D::i8, D::u64), D::f64);
  EXPECT_EQ(promote(D::b1, D::u8), D::u8);
  EXPECT_EQ(promote(D::b1, D::f16), D::f16);
  EXPECT_EQ(promote(D::c64, D::f32), D::c64);
  EXPECT_EQ(promote(D::c64, D::i16), D::c64);
  EXPECT_EQ(promote(D::c64, D::i32), D::c128);
  EXPECT_EQ(promote(D::c64, D::f64), D::c128);
}

TEST(DType, PromotionIsALattice) {
  for (int a = 0; a < dtype_count; ++a) {
    for (int b = 0; b < dtype_count; ++b) {
      const auto x = static_cast<DType>(a), y = static_cast<DType>(b);
      EXPECT_EQ(promote(x, y), promote(y, x));
      EXPECT_EQ(promote(promote(x, y), y), promote(x, y));
      EXPECT_TRUE(safely_casts(x, promote(x, y)));
      if (exactly_casts(x, y) && exactly_casts(y, x)) {
        EXPECT_EQ(x, y);
      }
    }
  }
}

TEST(DType, SilentConversionsMayRoundButExactOnesMayNot) {
  EXPECT_TRUE(safely_casts(D::i64, D::f64));
  EXPECT_FALSE(exactly_casts(D::i64, D::f64));
  EXPECT_TRUE(exactly_casts(D::i32, D::f64));
  EXPECT_FALSE(safely_casts(D::i32, D::f32));
  EXPECT_FALSE(safely_casts(D::f64, D::f32));
  EXPECT_FALSE(exactly_casts(D::i8, D::u64));
  EXPECT_TRUE(exactly_casts(D::u8, D::f16));
  EXPECT_FALSE(exactly_casts(D::c64, D::f64));
}

TEST(DType, FloatsAndAccumulators) {
  EXPECT_EQ(to_float(D::u16), D::f32);
  EXPECT_EQ(to_float(D::i32), D::f64);
  EXPECT_EQ(to_float(D::f16), D::f16);
  EXPECT_EQ(to_accumulator(D::b1), D::i64);
  EXPECT_EQ(to_accumulator(D::u8), D::u64);
  EXPECT_EQ(to_accumulator(D::f32), D::f32);
}

TEST(Type, NamesAreTheanos) {
  EXPECT_EQ(type_name(scalar_type(D::i64)), "TensorType(int64, scalar)");
  EXPECT_EQ(type_name(tensor_type(D::f64, 2)), "TensorType(float64, matrix)");
  EXPECT_EQ(type_name(tensor_type(D::f32, {true, false})), "TensorType(float32, row)");
  EXPECT_EQ(type_name(tensor_type(D::f32, {false, true})), "TensorType(float32, col)");
  EXPECT_EQ(type_name(tensor_type(D::f32, std::vector<bool>{true})), "TensorType(float32, (True,))");
  EXPECT_EQ(type_name(tensor_type(D::f32, {true, true})), "TensorType(float32, (True, True))");
  EXPECT_EQ(type_name(tensor_type(D::b1, 4)), "TensorType(bool, 4D)");
}

TEST(Type, TooManyAxesAreRefused) {
  EXPECT_THROW(tensor_type(D::f32, max_rank + 1), ValueError);
  EXPECT_THROW(tensor_type(D::f32, -1), ValueError);
}

}  // namespace
}  // namespace croton
