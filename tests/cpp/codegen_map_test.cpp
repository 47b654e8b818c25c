// Generated code of elementwise kernels: every tail length, strides, dtypes, gathers, index errors, in-place work.
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>

#include "codegen_support.h"

namespace croton::loop {
namespace {

class CodegenMap : public CodegenTest {};
INSTANTIATE_TEST_SUITE_P(Ways, CodegenMap, testing::ValuesIn(ways()),
                         [](const auto& info) { return way_name(info.param); });

// out[i] = f(x[i * step], y[i])
Kernel map_kernel(DType d, const std::function<Value(Value, Value)>& f, bool strided = false) {
  Builder b("map");
  const int x = b.buffer(d, false, "x"), y = b.buffer(d, false, "y"), out = b.buffer(d, true, "out");
  const Value step = strided ? b.int_param(b.new_int()) : b.integer(1);
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(),
             [&](Value i) { b.store(out, i, f(b.load(x, i * step), b.load(y, i))); });
  return b.finish();
}

template <class T>
std::vector<T> sequence(size_t n, T first, T step) {
  std::vector<T> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = static_cast<T>(first + static_cast<T>(i) * step);
  return values;
}

template <class T>
void check_tails(const Way& way, DType d) {
  Runner runner(map_kernel(d, [](Value a, Value b) { return a * b + a; }), way);
  for (size_t n = 0; n <= 70; ++n) {
    const auto x = sequence<T>(n, T(3), T(7)), y = sequence<T>(n, T(100), T(-3));
    Memory mx(x), my(y), out(std::vector<T>(n, T(1)));
    ASSERT_EQ(runner.run({&mx, &my, &out}, {}, 0, static_cast<int64_t>(n)), kernel_done);
    const auto result = out.get<T>();
    for (size_t i = 0; i < n; ++i)
      ASSERT_EQ(result[i], static_cast<T>(static_cast<T>(x[i] * y[i]) + x[i])) << n << " " << i;
  }
}

TEST_P(CodegenMap, TailsOfFloat32) { check_tails<float>(GetParam(), DType::f32); }
TEST_P(CodegenMap, TailsOfFloat64) { check_tails<double>(GetParam(), DType::f64); }
TEST_P(CodegenMap, TailsOfInt8) { check_tails<int8_t>(GetParam(), DType::i8); }
TEST_P(CodegenMap, TailsOfUint16) { check_tails<uint16_t>(GetParam(), DType::u16); }
TEST_P(CodegenMap, TailsOfInt32) { check_tails<int32_t>(GetParam(), DType::i32); }
TEST_P(CodegenMap, TailsOfInt64) { check_tails<int64_t>(GetParam(), DType::i64); }

// A body of much work is written once, for full vectors and the rest.
template <class T>
void check_tails_of_long_bodies(const Way& way, DType d) {
  constexpr int steps = 30;
  Runner runner(map_kernel(d,
                           [](Value a, Value b) {
                             Value v = a;
                             for (int k = 0; k < steps; ++k) v = v * b + a;
                             return v;
                           }),
                way);
  for (size_t n = 0; n <= 140; ++n) {
    const auto x = sequence<T>(n, T(3), T(1)), y = sequence<T>(n, T(0), std::is_integral_v<T> ? T(3) : T(0.03125));
    Memory mx(x), my(y), out(std::vector<T>(n, T(1)));
    runner.frame.streams = n % 2 == 1;
    ASSERT_EQ(runner.run({&mx, &my, &out}, {}, 0, static_cast<int64_t>(n)), kernel_done);
    const auto result = out.get<T>();
    for (size_t i = 0; i < n; ++i) {
      T v = x[i];
      for (int k = 0; k < steps; ++k) v = static_cast<T>(static_cast<T>(v * y[i]) + x[i]);
      ASSERT_EQ(result[i], v) << n << " " << i;
    }
  }
}

TEST_P(CodegenMap, TailsOfLongBodies) {
  check_tails_of_long_bodies<float>(GetParam(), DType::f32);
  check_tails_of_long_bodies<double>(GetParam(), DType::f64);
  check_tails_of_long_bodies<uint8_t>(GetParam(), DType::u8);
}

// Each start of the memory within a line: aligned stores go past the caches, others do not, and all arrive.
template <class T>
void check_streaming(const Way& way, DType d) {
  Runner runner(map_kernel(d, [](Value a, Value b) { return a + b; }), way);
  runner.frame.streams = true;
  constexpr size_t n = 1000;
  for (int64_t begin = 0; begin < 40; ++begin) {
    const auto x = sequence<T>(n, T(1), T(1)), y = sequence<T>(n, T(3), T(2));
    Memory mx(x), my(y), out(std::vector<T>(n, T(0)));
    ASSERT_EQ(runner.run({&mx, &my, &out}, {}, begin, n - 5), kernel_done);
    const auto result = out.get<T>();
    for (size_t i = 0; i < n; ++i) {
      const bool inside = static_cast<int64_t>(i) >= begin && i < n - 5;
      ASSERT_EQ(result[i], inside ? static_cast<T>(x[i] + y[i]) : T(0)) << begin << " " << i;
    }
  }
}

TEST_P(CodegenMap, StoresPastTheCaches) {
  check_streaming<float>(GetParam(), DType::f32);
  check_streaming<double>(GetParam(), DType::f64);
  check_streaming<int16_t>(GetParam(), DType::i16);
  check_streaming<uint8_t>(GetParam(), DType::u8);
}

TEST(CodegenStreaming, OnlyMemoryThatTheKernelDoesNotReadMayStream) {
  if (host_target().isa == CpuTarget::Isa::none) GTEST_SKIP() << "this processor has no AVX2: the interpreter runs";
  const auto assembly = [](const Kernel& kernel) { return compile_kernel(kernel, {.keep_assembly = true}).assembly; };
  EXPECT_NE(assembly(map_kernel(DType::f32, [](Value a, Value b) { return a + b; })).find("vmovnt"), std::string::npos);
  Builder b("in_place");
  const int x = b.buffer(DType::f32, true, "x");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) { b.store(x, i, b.load(x, i) + 1.0); });
  EXPECT_EQ(assembly(b.finish()).find("vmovnt"), std::string::npos);
}

// Fills a local array of two squares beside each other, turns them and writes them out.
template <class T>
void check_transposition(const Way& way, DType d) {
  constexpr int64_t side = transpose_side, row = 2 * side;
  Builder b("turn");
  const int x = b.buffer(d, false, "x"), out = b.buffer(d, true, "out"), local = b.local(d, side * row);
  const auto copy = [&](const std::function<void(Value)>& element) {
    b.for_each(LoopKind::vector, b.integer(0), b.integer(side * row), element);
  };
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value) {
    copy([&](Value i) { b.local_store(local, i, b.load(x, i)); });
    b.for_each(LoopKind::serial, b.integer(0), b.integer(2), [&](Value k) { b.transpose(local, k * b.integer(side)); });
    copy([&](Value i) {
      b.prefetch(x, i + b.integer(1 << 20));
      b.store(out, i, b.local_load(local, i));
    });
  });
  Runner runner(b.finish(), way);
  const auto values = sequence<T>(side * row, T(1), T(1));
  Memory mx(values), result(std::vector<T>(values.size()));
  ASSERT_EQ(runner.run({&mx, &result}, {}, 0, 1), kernel_done);
  const auto got = result.get<T>();
  for (int64_t r = 0; r < side; ++r) {
    for (int64_t c = 0; c < row; ++c) {
      const int64_t from = (c % side) * row + c / side * side + r;
      ASSERT_EQ(got[static_cast<size_t>(r * row + c)], values[static_cast<size_t>(from)]) << r << " " << c;
    }
  }
}

TEST_P(CodegenMap, TurnsSquaresInLocalMemory) {
  check_transposition<float>(GetParam(), DType::f32);
  check_transposition<double>(GetParam(), DType::f64);
  check_transposition<uint16_t>(GetParam(), DType::u16);
  check_transposition<uint8_t>(GetParam(), DType::u8);
}

TEST_P(CodegenMap, PartOfARangeTouchesNothingElse) {
  Runner runner(map_kernel(DType::f32, [](Value a, Value b) { return a + b; }), GetParam());
  const auto x = sequence<float>(100, 0, 1);
  Memory mx(x), my(x), out(std::vector<float>(100, -1));
  ASSERT_EQ(runner.run({&mx, &my, &out}, {}, 13, 57), kernel_done);
  const auto result = out.get<float>();
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(result[i], i >= 13 && i < 57 ? 2 * x[i] : -1);
}

TEST_P(CodegenMap, RunTimeStrides) {
  Runner runner(map_kernel(DType::f64, [](Value a, Value b) { return a - b; }, true), GetParam());
  const auto x = sequence<double>(200, 0, 1);
  for (const int64_t step : {0, 1, 2, 5}) {
    const auto y = sequence<double>(37, 1, 1);
    Memory mx(x), my(y), out(std::vector<double>(37, 0));
    ASSERT_EQ(runner.run({&mx, &my, &out}, {step}, 0, 37), kernel_done);
    const auto result = out.get<double>();
    for (size_t i = 0; i < 37; ++i) EXPECT_EQ(result[i], x[i * static_cast<size_t>(step)] - y[i]);
  }
}

TEST_P(CodegenMap, ReversedAndScattered) {
  Builder b("reverse");
  const int in = b.buffer(DType::i16, false, "in"), out = b.buffer(DType::i16, true, "out");
  const Value n = b.int_param(b.new_int());
  b.for_each(LoopKind::vector, b.integer(0), n, [&](Value i) { b.store(out, (n - 1) - i, b.load(in, i)); });
  Runner runner(b.finish(), GetParam());
  for (size_t count : {0u, 1u, 31u, 32u, 67u}) {
    const auto x = sequence<int16_t>(count, 5, 3);
    Memory mx(x), mo(std::vector<int16_t>(count, 0));
    ASSERT_EQ(runner.run({&mx, &mo}, {static_cast<int64_t>(count)}, 0, 0), kernel_done);
    auto expected = x;
    std::reverse(expected.begin(), expected.end());
    EXPECT_EQ(mo.get<int16_t>(), expected);
  }
}

TEST_P(CodegenMap, MatrixPlusRowAndColumn) {
  Builder b("broadcast");
  const int m = b.buffer(DType::f32, false, "m"), row = b.buffer(DType::f32, false, "row"),
            column = b.buffer(DType::f32, false, "column"), out = b.buffer(DType::f32, true, "out");
  const Value columns = b.int_param(b.new_int());
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value r) {
    b.for_each(LoopKind::vector, b.integer(0), columns, [&](Value j) {
      const Value at = r * columns + j;
      b.store(out, at, b.load(m, at) + b.load(row, j) * b.load(column, r));
    });
  });
  Runner runner(b.finish(), GetParam());
  for (const size_t n : {1u, 7u, 16u, 19u, 64u}) {
    const auto x = sequence<float>(5 * n, 1, 2), r = sequence<float>(n, 3, 1), c = sequence<float>(5, -2, 1);
    Memory mx(x), mr(r), mc(c), out_memory(std::vector<float>(5 * n, 0));
    ASSERT_EQ(runner.run({&mx, &mr, &mc, &out_memory}, {static_cast<int64_t>(n)}, 0, 5), kernel_done);
    const auto result = out_memory.get<float>();
    for (size_t i = 0; i < 5; ++i) {
      for (size_t j = 0; j < n; ++j) EXPECT_EQ(result[i * n + j], x[i * n + j] + r[j] * c[i]);
    }
  }
}

TEST_P(CodegenMap, InPlace) {
  Builder b("in_place");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(),
             [&](Value i) { b.store(out, i, b.load(in, i) * 3 + 1); });
  Runner runner(b.finish(), GetParam());
  const auto x = sequence<float>(45, 1, 1);
  Memory mx(x);
  ASSERT_EQ(runner.run({&mx, &mx}, {}, 0, 45), kernel_done);
  const auto result = mx.get<float>();
  for (size_t i = 0; i < 45; ++i) EXPECT_EQ(result[i], x[i] * 3 + 1);
}

TEST_P(CodegenMap, BoolsAreBytes) {
  Builder b("bools");
  const int in = b.buffer(DType::f64, false, "x"), mask = b.buffer(DType::b1, false, "flags"),
            out = b.buffer(DType::b1, true, "out"), count = b.buffer(DType::i32, true, "count");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) {
    const Value both = (b.load(in, i) > 2) & b.load(mask, i);
    b.store(out, i, both);
    b.store(count, i, cast(both, DType::i32) + cast(b.load(mask, i), DType::i32));
  });
  Runner runner(b.finish(), GetParam());
  const auto x = sequence<double>(41, 0, 0.25);
  std::vector<uint8_t> flags(41);
  for (size_t i = 0; i < 41; ++i) flags[i] = i % 3 == 0 ? 0 : static_cast<uint8_t>(i);  // any nonzero byte is true
  Memory mx(x), mf(flags), out_memory(std::vector<uint8_t>(41, 9)), counts(std::vector<int32_t>(41, 9));
  ASSERT_EQ(runner.run({&mx, &mf, &out_memory, &counts}, {}, 0, 41), kernel_done);
  for (size_t i = 0; i < 41; ++i) {
    const int flag = flags[i] != 0, both = flag && x[i] > 2;
    EXPECT_EQ(out_memory.get<uint8_t>()[i], both);
    EXPECT_EQ(counts.get<int32_t>()[i], both + flag);
  }
}

Kernel take_kernel(DType index_dtype) {
  Builder b("take");
  const int x = b.buffer(DType::f32, false, "x"), index = b.buffer(index_dtype, false, "index"),
            out = b.buffer(DType::f32, true, "out");
  const Value size = b.int_param(b.new_int());
  const int site = b.new_site();
  b.new_site();
  const int second = b.new_site();
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) {
    const Value at = b.checked_index(cast(b.load(index, i), DType::i64), size, site);
    b.store(out, i, b.load(x, at));
  });
  b.checked_index(b.int_param(b.new_int()), size, second);
  return b.finish();
}

template <class T>
void check_take(const Way& way, DType d) {
  Runner runner(take_kernel(d), way);
  const auto x = sequence<float>(10, 100, 1);
  std::vector<T> index(53);
  for (size_t i = 0; i < index.size(); ++i) index[i] = static_cast<T>((i * 7) % 20) - 10;
  {
    Memory mx(x), mi(index), out(std::vector<float>(53, 0));
    ASSERT_EQ(runner.run({&mx, &mi, &out}, {10, 0}, 0, 53), kernel_done);
    for (size_t i = 0; i < 53; ++i) {
      EXPECT_EQ(out.get<float>()[i], x[static_cast<size_t>(index[i] < 0 ? index[i] + 10 : index[i])]);
    }
    EXPECT_EQ(runner.run({&mx, &mi, &out}, {10, -11}, 0, 53), kernel_index_error);
    EXPECT_EQ(runner.frame.error_site, 2);
    EXPECT_EQ(runner.frame.error_value, -11);
  }
  for (size_t bad = 0; bad < 53; ++bad) {
    for (const int value : {10, -11, 127}) {
      auto wrong = index;
      wrong[bad] = static_cast<T>(value);
      if (bad + 2 < 53) wrong[bad + 2] = 99;
      Memory mx(x), mi(wrong), out(std::vector<float>(53, 0));
      ASSERT_EQ(runner.run({&mx, &mi, &out}, {10, 0}, 0, 53), kernel_index_error);
      EXPECT_EQ(runner.frame.error_site, 0);
      EXPECT_EQ(runner.frame.error_value, value);
      EXPECT_EQ(runner.frame.error_size, 10);
    }
  }
}

TEST_P(CodegenMap, TakesByInt64AndReportsTheFirstBadIndex) { check_take<int64_t>(GetParam(), DType::i64); }
TEST_P(CodegenMap, TakesByInt32AndReportsTheFirstBadIndex) { check_take<int32_t>(GetParam(), DType::i32); }
TEST_P(CodegenMap, TakesByInt8AndReportsTheFirstBadIndex) { check_take<int8_t>(GetParam(), DType::i8); }

TEST_P(CodegenMap, CheckedModeFindsAccessesOutOfBounds) {
  Runner runner(map_kernel(DType::f32, [](Value a, Value b) { return a + b; }), GetParam());
  if (!GetParam().checked) return;  // only this emission looks
  Memory mx(std::vector<float>(40, 1)), my(std::vector<float>(37, 1)), out(std::vector<float>(40, 0));
  EXPECT_EQ(runner.run({&mx, &my, &out}, {}, 0, 40), kernel_bounds_error);
  EXPECT_EQ(runner.frame.error_site, 1);
  EXPECT_EQ(runner.frame.error_value, 37);
  EXPECT_EQ(runner.frame.error_size, 36);
  EXPECT_EQ(runner.run({&mx, &my, &out}, {}, 0, 37), kernel_done);
}

TEST_P(CodegenMap, StopFlagEndsLongLoops) {
  Builder b("rows");
  const int out = b.buffer(DType::f32, true, "out");
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value r) {
    b.for_each(LoopKind::vector, b.integer(0), b.integer(20),
               [&](Value j) { b.store(out, r * b.integer(20) + j, b.constant(DType::f32, 1)); });
  });
  Runner runner(b.finish(), GetParam());
  Memory out_memory(std::vector<float>(60, 0));
  std::atomic<bool> stop{false};
  EXPECT_EQ(runner.run({&out_memory}, {}, 0, 1), kernel_done);
  runner.frame.stop = &stop;
  EXPECT_EQ(runner.run({&out_memory}, {}, 1, 2), kernel_done);
  stop = true;
  EXPECT_EQ(runner.run({&out_memory}, {}, 2, 3), kernel_stopped);
  std::vector<float> expected(60, 0);
  std::fill(expected.begin(), expected.begin() + 40, 1.0f);
  EXPECT_EQ(out_memory.get<float>(), expected);
}

}  // namespace
}  // namespace croton::loop
