// The loop builder: folding, common subexpressions, hoisting, removal of unused code, and what the verifier refuses.
#include "ir/loop_builder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace croton::loop {
namespace {

const Instruction& only(const Region& region, Code code) {
  const Instruction* found = nullptr;
  for (const Instruction& i : region.body) {
    if (i.code == code) {
      EXPECT_EQ(found, nullptr) << "more than one " << traits(code).name;
      found = &i;
    }
  }
  if (found == nullptr) throw InternalError("no such instruction");
  return *found;
}

int count(const Region& region, Code code) {
  int n = 0;
  for (const Instruction& i : region.body) n += i.code == code;
  return n;
}

// The constant that a kernel stores, after building it with `make`.
Instruction stored(DType dtype, const std::function<Value(Builder&)>& make) {
  Builder b("k");
  const int out = b.buffer(dtype, true, "out");
  b.store(out, b.integer(0), make(b));
  const Kernel kernel = b.finish();
  const ValueId id = only(kernel.body, Code::store).operands[1];
  for (const Instruction& i : kernel.body.body) {
    if (!i.results.empty() && i.results[0] == id) return i;
  }
  throw InternalError("the stored value is not defined");
}

TEST(LoopBuilder, FoldsIntegersWithWrapAround) {
  const auto folded = [](DType d, Code code, int64_t x, int64_t y) {
    const Instruction i = stored(d, [&](Builder& b) { return b.pure(code, d, {b.integer(x, d), b.integer(y, d)}); });
    EXPECT_EQ(i.code, Code::constant);
    return i.immediate;
  };
  EXPECT_EQ(folded(DType::i8, Code::add, 127, 1), -128);
  EXPECT_EQ(folded(DType::u8, Code::add, 255, 1), 0);
  EXPECT_EQ(folded(DType::u8, Code::sub, 0, 1), 255);
  EXPECT_EQ(folded(DType::i32, Code::mul, 1 << 30, 4), 0);
  EXPECT_EQ(folded(DType::i64, Code::div, -7, 2), -3);
  EXPECT_EQ(folded(DType::i64, Code::rem, -7, 2), -1);
  EXPECT_EQ(folded(DType::i64, Code::div, 5, 0), 0);
  EXPECT_EQ(folded(DType::i64, Code::rem, 5, 0), 0);
  EXPECT_EQ(folded(DType::i64, Code::div, std::numeric_limits<int64_t>::min(), -1),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(folded(DType::i8, Code::div, -128, -1), -128);
  EXPECT_EQ(folded(DType::u64, Code::div, -1, 2), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(folded(DType::u64, Code::max, -1, 2), -1);
  EXPECT_EQ(folded(DType::i32, Code::shl, 1, 32), 0);
  EXPECT_EQ(folded(DType::i32, Code::shr, -1, 40), -1);
  EXPECT_EQ(folded(DType::u16, Code::shr, 0x8000, 15), 1);
}

TEST(LoopBuilder, FoldsFloatsInTheirOwnPrecision) {
  const auto folded = [](DType d, Code code, double x, double y) {
    const Instruction i = stored(d, [&](Builder& b) { return b.pure(code, d, {b.constant(d, x), b.constant(d, y)}); });
    EXPECT_EQ(i.code, Code::constant);
    return i.number;
  };
  EXPECT_EQ(folded(DType::f32, Code::add, 0.1, 0.2), static_cast<double>(0.1f + 0.2f));
  EXPECT_EQ(folded(DType::f64, Code::add, 0.1, 0.2), 0.1 + 0.2);
  EXPECT_EQ(folded(DType::f16, Code::mul, 300, 300), std::numeric_limits<double>::infinity());
  EXPECT_EQ(folded(DType::f32, Code::div, 1, 3), static_cast<double>(1.0f / 3.0f));
  EXPECT_TRUE(std::isnan(folded(DType::f64, Code::max, std::nan(""), 1)));
  EXPECT_TRUE(std::isnan(folded(DType::f64, Code::min, 1, std::nan(""))));
  EXPECT_EQ(folded(DType::f64, Code::rem, -7.5, 2), -1.5);
}

TEST(LoopBuilder, FoldsCastsOnlyWhereTheyAreDefined) {
  const auto cast_of = [](DType from, double number, DType to) {
    return stored(to, [&](Builder& b) { return cast(b.constant(from, number), to); });
  };
  EXPECT_EQ(cast_of(DType::f64, -1.9, DType::i32).immediate, -1);
  EXPECT_EQ(cast_of(DType::f64, 300, DType::i8).code, Code::cast);
  EXPECT_EQ(cast_of(DType::f64, std::nan(""), DType::i64).code, Code::cast);
  EXPECT_EQ(cast_of(DType::f64, std::nan(""), DType::b1).immediate, 1);
  EXPECT_EQ(cast_of(DType::f32, 0.1, DType::f64).number, static_cast<double>(0.1f));
  EXPECT_EQ(cast_of(DType::i64, 257, DType::u8).immediate, 1);
}

TEST(LoopBuilder, IdentitiesKeepBits) {
  Builder b("k");
  const int in = b.buffer(DType::f64, false, "in"), out = b.buffer(DType::f64, true, "out");
  const Value x = b.load(in, b.integer(0)), n = b.int_param(b.new_int());
  EXPECT_EQ((n + 0).id, n.id);
  EXPECT_EQ((0 + n).id, n.id);
  EXPECT_EQ((n * 1).id, n.id);
  EXPECT_EQ((n * 0).id, b.integer(0).id);
  EXPECT_EQ((n - n).id, b.integer(0).id);
  EXPECT_EQ(((n + 5) + -5).id, n.id);
  EXPECT_EQ(((n + 5) + 2).id, (n + 7).id);
  EXPECT_EQ((n == n).id, b.constant(DType::b1, 1).id);
  EXPECT_EQ((x * 1).id, x.id);
  EXPECT_EQ((x + -0.0).id, x.id);
  EXPECT_EQ((x - 0).id, x.id);
  EXPECT_NE((x + 0).id, x.id);  // -0 + 0 is 0
  EXPECT_NE((x * 0).id, like(x, 0).id);
  EXPECT_NE((x == x).id, b.constant(DType::b1, 1).id);
  EXPECT_EQ(select(n < n, x, x * 2).id, (x * 2).id);
  b.store(out, b.integer(0), x);
  b.finish();
}

TEST(LoopBuilder, EqualInstructionsAreOne) {
  Builder b("k");
  const Value n = b.int_param(b.new_int()), m = b.int_param(b.new_int());
  EXPECT_EQ((n + m).id, (m + n).id);
  EXPECT_EQ((n - m).id, (n - m).id);
  EXPECT_NE((n - m).id, (m - n).id);
  EXPECT_NE(b.constant(DType::f64, 0.0).id, b.constant(DType::f64, -0.0).id);
  EXPECT_NE(b.constant(DType::f64, 1).id, b.constant(DType::f32, 1).id);
}

TEST(LoopBuilder, HoistsWhatALoopDoesNotChange) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  const Value n = b.int_param(b.new_int());
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value r) {
    b.for_each(LoopKind::vector, b.integer(0), n, [&](Value j) {
      const Value scale = b.load(in, n) * 2;  // known outside of both loops
      const Value row = b.load(in, r);        // known in the parallel loop
      b.store(out, r * n + j, scale * row);
    });
  });
  const Kernel kernel = b.finish();
  EXPECT_EQ(count(kernel.body, Code::load), 1);
  EXPECT_EQ(count(kernel.body, Code::mul), 1);
  const Region& rows = only(kernel.body, Code::loop).regions[0];
  EXPECT_EQ(count(rows, Code::load), 1);
  EXPECT_EQ(count(rows, Code::mul), 2);  // the offset of the row, and scale * row
  const Region& lanes = only(rows, Code::loop).regions[0];
  EXPECT_EQ(lanes.body.size(), 2u);  // add, store
}

TEST(LoopBuilder, LoadsOfWrittenBuffersStay) {
  Builder b("k");
  const int data = b.buffer(DType::f32, true, "data");
  b.for_each(LoopKind::serial, b.integer(0), b.integer(3), [&](Value) {
    const Value x = b.load(data, b.integer(0));
    b.store(data, b.integer(0), x + x);
    b.store(data, b.integer(1), b.load(data, b.integer(0)));
  });
  const Kernel kernel = b.finish();
  EXPECT_EQ(count(only(kernel.body, Code::loop).regions[0], Code::load), 2);
}

TEST(LoopBuilder, LoadsDoNotLeaveBranches) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  const Value n = b.int_param(b.new_int());
  const auto results = b.branch(
      n > 0, [&] { return Builder::Values{b.load(in, n - 1)}; },
      [&] { return Builder::Values{b.constant(DType::f32, 0)}; });
  b.store(out, b.integer(0), results[0]);
  const Kernel kernel = b.finish();
  EXPECT_EQ(count(kernel.body, Code::load), 0);
  EXPECT_EQ(count(kernel.body, Code::sub) + count(kernel.body, Code::add), 1);
}

TEST(LoopBuilder, RemovesWhatNothingUses) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  const Value x = b.load(in, b.integer(0));
  sqrt(x * 3);
  b.loop(LoopKind::serial, b.integer(0), b.integer(9), {x},
         [&](Value, const Builder::Values& c) { return Builder::Values{c[0] + 1}; });
  b.store(out, b.integer(0), x);
  const Kernel kernel = b.finish();
  EXPECT_EQ(kernel.body.body.size(), 3u);  // offset, load, store
}

TEST(LoopBuilder, WordsIgnoreNamesAndSeeEverythingElse) {
  const auto make = [](const char* name, double factor, DType dtype) {
    Builder b(name);
    const int in = b.buffer(dtype, false, name), out = b.buffer(dtype, true, "out");
    b.for_each(LoopKind::vector, b.range_begin(), b.range_end(),
               [&](Value i) { b.store(out, i, b.load(in, i) * factor); });
    return code_words(b.finish());
  };
  const std::vector<uint64_t> base = make("a", 2, DType::f32);
  EXPECT_EQ(base, make("b", 2, DType::f32));
  EXPECT_NE(base, make("a", 3, DType::f32));
  EXPECT_NE(base, make("a", 2, DType::f64));
}

TEST(LoopBuilder, PrintsOneInstructionALine) {
  Builder b("twice");
  const int in = b.buffer(DType::f32, false, "x"), out = b.buffer(DType::f32, true, "y");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) { b.store(out, i, b.load(in, i) * 2); });
  const std::string text = print(b.finish());
  EXPECT_NE(text.find("kernel twice(0 ints)"), std::string::npos) << text;
  EXPECT_NE(text.find("loop vector"), std::string::npos) << text;
  EXPECT_NE(text.find("mul"), std::string::npos) << text;
}

TEST(LoopVerify, RefusesMixedDtypes) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "x"), out = b.buffer(DType::f64, true, "y");
  b.store(out, b.integer(0), b.load(in, b.integer(0)));
  EXPECT_THROW(b.finish(), InternalError);
}

TEST(LoopVerify, RefusesOperandsOfTwoDtypes) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "x"), out = b.buffer(DType::f32, true, "y");
  const Value x = b.load(in, b.integer(0));
  b.store(out, b.integer(0), b.pure(Code::add, DType::f32, {x, cast(x, DType::f64)}));
  EXPECT_THROW(b.finish(), InternalError);
}

TEST(LoopVerify, RefusesValuesOfClosedRegions) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "x"), out = b.buffer(DType::f32, true, "y");
  Value leaked;
  b.for_each(LoopKind::serial, b.integer(0), b.integer(3), [&](Value i) {
    leaked = b.load(in, i);
    b.store(out, i, leaked);
  });
  b.store(out, b.integer(0), leaked);
  EXPECT_THROW(b.finish(), InternalError);
}

TEST(LoopVerify, RefusesStoresToBuffersNotDeclaredAsWritten) {
  Builder b("k");
  const int in = b.buffer(DType::f32, false, "x");
  b.store(in, b.integer(0), b.constant(DType::f32, 1));
  EXPECT_THROW(b.finish(), InternalError);
}

TEST(LoopVerify, RefusesVectorLoopsInVectorLoops) {
  Builder b("k");
  const int out = b.buffer(DType::f32, true, "y");
  b.for_each(LoopKind::vector, b.integer(0), b.integer(3), [&](Value i) {
    b.for_each(LoopKind::vector, b.integer(0), b.integer(3),
               [&](Value j) { b.store(out, i + j, b.constant(DType::f32, 1)); });
  });
  EXPECT_THROW(b.finish(), InternalError);
}

TEST(LoopVerify, RefusesComplexValues) {
  Builder b("k");
  const int in = b.buffer(DType::c64, false, "x"), out = b.buffer(DType::c64, true, "y");
  b.store(out, b.integer(0), b.load(in, b.integer(0)));
  EXPECT_THROW(b.finish(), InternalError);
}

}  // namespace
}  // namespace croton::loop
