// Checked sizes, rounding, and hashes that must be the same in every process.
#include "base/checked.h"

#include <gtest/gtest.h>

#include <climits>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"

namespace croton {
namespace {

constexpr int64_t largest = INT64_MAX;
constexpr int64_t smallest = INT64_MIN;

TEST(Checked, AddsAndMultiplies) {
  EXPECT_EQ(checked_add(largest - 1, 1), largest);
  EXPECT_EQ(checked_subtract(smallest + 1, 1), smallest);
  EXPECT_EQ(checked_multiply(int64_t{1} << 31, int64_t{1} << 31), int64_t{1} << 62);
  EXPECT_THROW(checked_add(largest, 1), OverflowError);
  EXPECT_THROW(checked_subtract(smallest, 1), OverflowError);
  EXPECT_THROW(checked_multiply(int64_t{1} << 32, int64_t{1} << 31), OverflowError);
  EXPECT_THROW(checked_multiply(smallest, -1), OverflowError);
}

TEST(Checked, MultipliesSizes) {
  EXPECT_EQ(checked_product({}), 1);
  EXPECT_EQ(checked_product(std::vector<int64_t>{3, 4, 5}), 60);
  const int64_t huge = int64_t{1} << 40;
  EXPECT_EQ(checked_product(std::vector<int64_t>{huge, huge, 0}), 0);
  try {
    checked_product(std::vector<int64_t>{huge, 2, huge});
    FAIL() << "nothing was thrown";
  } catch (const ValueError& error) {  // an OverflowError is a ValueError
    EXPECT_EQ(error.message, "array size overflows: 1099511627776 * 2 * 1099511627776 elements exceed 64 bits");
    EXPECT_STREQ(error.what(), error.message.c_str());
  }
}

TEST(Checked, RoundsLikePython) {
  for (int64_t value = -20; value <= 20; ++value) {
    for (int64_t divisor = 1; divisor <= 7; ++divisor) {
      const int64_t floor = floor_div(value, divisor);
      EXPECT_LE(floor * divisor, value);
      EXPECT_GT((floor + 1) * divisor, value);
      EXPECT_EQ(floor_mod(value, divisor), value - floor * divisor);
      EXPECT_EQ(ceil_div(value, divisor), -floor_div(-value, divisor));
    }
  }
  EXPECT_EQ(ceil_div(largest, 2), int64_t{1} << 62);
  EXPECT_EQ(ceil_div(largest, largest), 1);
  EXPECT_EQ(round_up(65, 64), 128);
  EXPECT_EQ(round_up(0, 64), 0);
  EXPECT_THROW(round_up(largest, 64), OverflowError);
}

TEST(Checked, Narrows) {
  EXPECT_EQ(checked_narrow<int>(int64_t{-5}), -5);
  EXPECT_EQ(checked_narrow<uint64_t>(largest), static_cast<uint64_t>(largest));
  EXPECT_THROW(checked_narrow<int>(int64_t{1} << 31), OverflowError);
  EXPECT_THROW(checked_narrow<uint32_t>(-1), OverflowError);
}

TEST(Raise, FormatsTheMessage) {
  try {
    raise<IndexError>("index {} is out of bounds for axis {} with size {}", 7, 0, 3);
    FAIL() << "nothing was thrown";
  } catch (Error& error) {
    EXPECT_STREQ(error.what(), "index 7 is out of bounds for axis 0 with size 3");
    error.message += " (line 3)";
    EXPECT_STREQ(error.what(), "index 7 is out of bounds for axis 0 with size 3 (line 3)");
  }
}

// Values written down once: a change would silently orphan every cache on disk.
TEST(Hash, IsTheSameInEveryProcess) {
  EXPECT_EQ(hash_text("croton"), hash_bytes("croton", 6));
  EXPECT_EQ(hash_text(""), 0x2d06800538d394c2u);    // XXH3's published value of the empty text
  EXPECT_EQ(hash_integer(0), 0xe220a8397b1dcdafu);  // splitmix64's first output from seed 0
  const Hash128 empty = hash128_text("");
  EXPECT_EQ(empty.high, 0x99aa06d3014798d8u);
  EXPECT_EQ(empty.low, 0x6001c324468d497fu);
}

TEST(Hash, SeparatesOrderSeedAndLength) {
  EXPECT_NE(hash_combine(1, 2), hash_combine(2, 1));
  EXPECT_NE(hash_combine(hash_combine(0, 1), 2), hash_combine(hash_combine(0, 2), 1));
  EXPECT_NE(hash_text("a", 1), hash_text("a", 2));
  EXPECT_NE(hash_integers(std::vector<int64_t>{0}), hash_integers(std::vector<int64_t>{0, 0}));
  EXPECT_NE(hash128_text("a"), hash128_text("b"));
}

}  // namespace
}  // namespace croton
