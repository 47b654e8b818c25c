// Generated code with carried values: sums in a fixed order, maxima, column reductions, local arrays, branches, while
// loops.
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>

#include "codegen_support.h"

namespace croton::loop {
namespace {

class CodegenReduction : public CodegenTest {};
INSTANTIATE_TEST_SUITE_P(Ways, CodegenReduction, testing::ValuesIn(ways()),
                         [](const auto& info) { return way_name(info.param); });

template <class T>
std::vector<T> random_values(size_t n, int seed = 1) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> values(n);
  for (T& v : values) v = static_cast<T>(uniform(random));
  return values;
}

// The order that loop.h promises: copies, one vector at a time into copy 0, copies pairwise, lanes by halves.
template <class T, class Element>
T reference_reduce(size_t n, size_t lanes, size_t interleave, T identity, const Element& element, const auto& step,
                   const auto& join) {
  std::vector<std::vector<T>> copies(interleave, std::vector<T>(lanes, identity));
  const size_t full = n / (lanes * interleave) * (lanes * interleave);
  for (size_t i = 0; i < n; ++i) {
    const size_t copy = i < full ? i / lanes % interleave : 0;
    T& slot = copies[copy][i % lanes];
    slot = step(slot, element(i));
  }
  for (size_t gap = 1; gap < interleave; gap *= 2) {
    for (size_t left = 0; left < interleave; left += 2 * gap) {
      for (size_t l = 0; l < lanes; ++l) copies[left][l] = join(copies[left][l], copies[left + gap][l]);
    }
  }
  for (size_t half = lanes / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; ++l) copies[0][l] = join(copies[0][l], copies[0][l + half]);
  }
  return copies[0][0];
}

template <class T>
void check_sum(const Way& way, DType d, size_t lanes) {
  for (const int interleave : {1, 2, 4}) {
    Builder b("sum");
    const int in = b.buffer(d, false, "in"), out = b.buffer(d, true, "out");
    const auto sum = b.loop(
        LoopKind::vector, b.range_begin(), b.range_end(), {b.constant(d, 0)},
        [&](Value i, const Builder::Values& c) { return Builder::Values{c[0] + b.load(in, i)}; },
        [](const Builder::Values& l, const Builder::Values& r) { return Builder::Values{l[0] + r[0]}; }, interleave);
    b.store(out, b.integer(0), sum[0]);
    Runner runner(b.finish(), way);
    for (size_t n = 0; n < 300; n += n < 140 ? 1 : 13) {
      const auto x = random_values<T>(n);
      Memory mx(x), result(std::vector<T>(1, 9));
      ASSERT_EQ(runner.run({&mx, &result}, {}, 0, static_cast<int64_t>(n)), kernel_done);
      const auto plus = [](T a, T b) { return a + b; };
      const T expected = reference_reduce<T>(
          n, lanes, static_cast<size_t>(interleave), T(0), [&](size_t i) { return x[i]; }, plus, plus);
      EXPECT_EQ(result.get<T>()[0], expected) << n << " interleave " << interleave;
    }
  }
}

TEST_P(CodegenReduction, SumOfFloat32InItsOrder) {
  check_sum<float>(GetParam(), DType::f32, static_cast<size_t>(vector_bytes()) / 4);
}
TEST_P(CodegenReduction, SumOfFloat64InItsOrder) {
  check_sum<double>(GetParam(), DType::f64, static_cast<size_t>(vector_bytes()) / 8);
}

// Sums of what takes long are one vector at a time, whose rest is masked, with checked indices and gathers, too.
TEST_P(CodegenReduction, SumOfLongBodies) {
  constexpr int steps = 12;
  Builder b("sum");
  const int in = b.buffer(DType::f64, false, "in"), at = b.buffer(DType::i64, false, "at"),
            out = b.buffer(DType::f64, true, "out");
  const Value size = b.int_param(b.new_int());
  const int site = b.new_site();
  const auto body = [&](Value i, const Builder::Values& c) {
    const Value x = b.load(in, b.checked_index(b.load(at, i), size, site));
    Value v = x;
    for (int k = 0; k < steps; ++k) v = v * x + x;
    return Builder::Values{c[0] + v};
  };
  const auto sum = b.loop(
      LoopKind::vector, b.range_begin(), b.range_end(), {b.constant(DType::f64, 0)}, body,
      [](const Builder::Values& l, const Builder::Values& r) { return Builder::Values{l[0] + r[0]}; }, 4);
  b.store(out, b.integer(0), sum[0]);
  Runner runner(b.finish(), GetParam());
  for (size_t n = 0; n < 70; ++n) {
    const auto x = random_values<double>(n);
    std::vector<int64_t> indices(n);
    for (size_t i = 0; i < n; ++i)
      indices[i] = static_cast<int64_t>(i * 5 % n) - (i % 2 == 1 ? static_cast<int64_t>(n) : 0);
    Memory mx(x), mi(indices), result(std::vector<double>(1, 9));
    const auto rows = static_cast<int64_t>(n);
    ASSERT_EQ(runner.run({&mx, &mi, &result}, {rows}, 0, rows), kernel_done);
    const auto element = [&](size_t i) {
      const double value = x[i * 5 % n];
      double v = value;
      for (int k = 0; k < steps; ++k) v = v * value + value;
      return v;
    };
    const auto plus = [](double l, double r) { return l + r; };
    EXPECT_EQ(result.get<double>()[0],
              reference_reduce<double>(n, static_cast<size_t>(vector_bytes()) / 8, 1, 0.0, element, plus, plus));
    if (n == 0) continue;
    indices.back() = rows;
    Memory wrong(indices);
    EXPECT_EQ(runner.run({&mx, &wrong, &result}, {rows}, 0, rows), kernel_index_error);
    EXPECT_EQ(runner.frame.error_value, rows);
  }
}

// Loops over padded local arrays run full vectors; what lies past the end is nobody's.
TEST_P(CodegenReduction, PaddedLoops) {
  Builder b("padded");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  const int local = b.local(DType::f32, 2 * padding);
  const Value n = b.range_end();
  b.for_each_padded(n, [&](Value i) { b.local_store(local, i, b.constant(DType::f32, 2)); });
  b.for_each(LoopKind::vector, b.integer(0), n,
             [&](Value i) { b.local_store(local, i, b.local_load(local, i) * b.load(in, i)); });
  b.for_each_padded(n, [&](Value i) { b.local_store(local, i, b.local_load(local, i) + b.constant(DType::f32, 1)); });
  b.for_each(LoopKind::vector, b.integer(0), n, [&](Value i) { b.store(out, i, b.local_load(local, i)); });
  Kernel kernel = b.finish();
  verify(kernel);
  Runner runner(kernel, GetParam());
  for (size_t count = 0; count <= static_cast<size_t>(padding); ++count) {
    const auto x = random_values<float>(count);
    Memory mx(x), result(std::vector<float>(count, 9));
    ASSERT_EQ(runner.run({&mx, &result}, {}, 0, static_cast<int64_t>(count)), kernel_done);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(result.get<float>()[i], 2 * x[i] + 1);
  }
  std::vector<Instruction>& body = kernel.body.body;
  for (Instruction& i : body) {
    if (i.code == Code::loop) i.immediate = 1;  // one reads the caller's memory
  }
  EXPECT_THROW(verify(kernel), InternalError);
}

TEST_P(CodegenReduction, SumOfBytesInInt64) {
  Builder b("sum");
  const int in = b.buffer(DType::i8, false, "in"), out = b.buffer(DType::i64, true, "out");
  const auto sum = b.loop(
      LoopKind::vector, b.range_begin(), b.range_end(), {b.integer(0)},
      [&](Value i, const Builder::Values& c) { return Builder::Values{c[0] + cast(b.load(in, i), DType::i64)}; },
      [](const Builder::Values& l, const Builder::Values& r) { return Builder::Values{l[0] + r[0]}; }, 4);
  b.store(out, b.integer(0), sum[0]);
  Runner runner(b.finish(), GetParam());
  for (size_t n = 0; n < 200; n += 7) {
    std::vector<int8_t> x(n);
    int64_t expected = 0;
    for (size_t i = 0; i < n; ++i) expected += x[i] = static_cast<int8_t>(i * 37);
    Memory mx(x), result(std::vector<int64_t>(1, 9));
    ASSERT_EQ(runner.run({&mx, &result}, {}, 0, static_cast<int64_t>(n)), kernel_done);
    EXPECT_EQ(result.get<int64_t>()[0], expected);
  }
}

// First position of the maximum; a NaN wins, the first of several.
TEST_P(CodegenReduction, MaximumAndItsFirstPosition) {
  Builder b("argmax");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out"),
            where = b.buffer(DType::i64, true, "where");
  const Value columns = b.int_param(b.new_int());
  const auto better = [&](const Builder::Values& l, const Builder::Values& r) {
    const Value both_nan = is_nan(l[0]) & is_nan(r[0]);
    const Value equal = (l[0] == r[0]) | both_nan;
    const Value right = (r[0] > l[0]) | (is_nan(r[0]) & ~is_nan(l[0])) | (equal & (r[1] < l[1]));
    return Builder::Values{select(right, r[0], l[0]), select(right, r[1], l[1])};
  };
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value row) {
    const auto best = b.loop(
        LoopKind::vector, b.integer(0), columns,
        {b.constant(DType::f32, -std::numeric_limits<double>::infinity()),
         b.integer(std::numeric_limits<int64_t>::max())},
        [&](Value j, const Builder::Values& c) { return better(c, {b.load(in, row * columns + j), j}); }, better, 2);
    b.store(out, row, best[0]);
    b.store(where, row, best[1]);
  });
  Runner runner(b.finish(), GetParam());
  for (const size_t n : {1u, 5u, 16u, 17u, 33u, 70u, 200u}) {
    auto x = random_values<float>(4 * n, static_cast<int>(n));
    for (size_t i = n; i < 2 * n; ++i) x[i] = 1;  // all equal
    if (n > 2) x[2 * n + n / 2] = x[3 * n - 1] = std::nanf("");
    for (size_t i = 3 * n; i < 4 * n; ++i) x[i] = -std::numeric_limits<float>::infinity();
    Memory mx(x), values(std::vector<float>(4, 0)), positions(std::vector<int64_t>(4, -1));
    ASSERT_EQ(runner.run({&mx, &values, &positions}, {static_cast<int64_t>(n)}, 0, 4), kernel_done);
    for (size_t row = 0; row < 4; ++row) {
      size_t best = 0;
      for (size_t j = 1; j < n; ++j) {
        const float v = x[row * n + j], m = x[row * n + best];
        if (v > m || (std::isnan(v) && !std::isnan(m))) best = j;
      }
      EXPECT_EQ(positions.get<int64_t>()[row], static_cast<int64_t>(best)) << n << " row " << row;
      const float expected = x[row * n + best], got = values.get<float>()[row];
      EXPECT_TRUE(got == expected || (std::isnan(got) && std::isnan(expected)));
    }
  }
}

// Lanes over columns, a serial loop over rows inside: carried vectors, contiguous loads.
TEST_P(CodegenReduction, ColumnSums) {
  Builder b("columns");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out"),
            count = b.buffer(DType::i32, true, "count");
  const Value rows = b.int_param(b.new_int()), columns = b.int_param(b.new_int());
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value j) {
    const auto sum = b.loop(LoopKind::serial, b.integer(0), rows, {b.constant(DType::f32, 0), b.integer(0, DType::i32)},
                            [&](Value i, const Builder::Values& c) {
                              const Value x = b.load(in, i * columns + j);
                              return Builder::Values{c[0] + x, c[1] + cast(x > 0, DType::i32)};
                            });
    b.store(out, j, sum[0]);
    b.store(count, j, sum[1]);
  });
  Runner runner(b.finish(), GetParam());
  for (const size_t n : {1u, 15u, 16u, 37u}) {
    for (const size_t m : {0u, 1u, 9u}) {
      const auto x = random_values<float>(m * n);
      Memory mx(x), sums(std::vector<float>(n, 9)), counts(std::vector<int32_t>(n, 9));
      ASSERT_EQ(runner.run({&mx, &sums, &counts}, {static_cast<int64_t>(m), static_cast<int64_t>(n)}, 0,
                           static_cast<int64_t>(n)),
                kernel_done);
      for (size_t j = 0; j < n; ++j) {
        float sum = 0;
        int positive = 0;
        for (size_t i = 0; i < m; ++i) {
          sum += x[i * n + j];
          positive += x[i * n + j] > 0;
        }
        EXPECT_EQ(sums.get<float>()[j], sum);
        EXPECT_EQ(counts.get<int32_t>()[j], positive);
      }
    }
  }
}

// reduce -> elementwise -> reduce on a row kept in a local array, and in scratch memory.
TEST_P(CodegenReduction, RowThroughLocalAndScratchMemory) {
  for (const bool in_scratch : {false, true}) {
    Builder b("row");
    const int in = b.buffer(DType::f64, false, "in"), out = b.buffer(DType::f64, true, "out");
    const Value columns = b.int_param(b.new_int());
    const int row_memory = in_scratch ? b.scratch(DType::f64, b.new_int()) : b.local(DType::f64, 64);
    const auto add = [](const Builder::Values& l, const Builder::Values& r) { return Builder::Values{l[0] + r[0]}; };
    b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), [&](Value row) {
      const auto sum = b.loop(
          LoopKind::vector, b.integer(0), columns, {b.constant(DType::f64, 0)},
          [&](Value j, const Builder::Values& c) {
            const Value square = b.load(in, row * columns + j) * b.load(in, row * columns + j);
            b.local_store(row_memory, j, square);
            return Builder::Values{c[0] + square};
          },
          add);
      b.for_each(LoopKind::vector, b.integer(0), columns,
                 [&](Value j) { b.store(out, row * columns + j, b.local_load(row_memory, j) / sum[0]); });
    });
    Runner runner(b.finish(), GetParam());
    alignas(64) static double scratch[80];
    runner.frame.scratch = scratch;
    for (const size_t n : {1u, 8u, 21u, 64u}) {
      std::vector<double> x(3 * n);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 7 + 1);  // sums are exact in any order
      Memory mx(x), result(std::vector<double>(3 * n, 0));
      std::vector<int64_t> ints = {static_cast<int64_t>(n)};
      if (in_scratch) ints.push_back(64);
      ASSERT_EQ(runner.run({&mx, &result}, ints, 0, 3), kernel_done);
      for (size_t i = 0; i < 3; ++i) {
        double sum = 0;
        for (size_t j = 0; j < n; ++j) sum += x[i * n + j] * x[i * n + j];
        for (size_t j = 0; j < n; ++j) EXPECT_EQ(result.get<double>()[i * n + j], x[i * n + j] * x[i * n + j] / sum);
      }
    }
  }
}

TEST_P(CodegenReduction, WhileLoopsAndBranches) {
  // Collatz steps of each number, and a branch on the parity of the result.
  Builder b("collatz");
  const int in = b.buffer(DType::i64, false, "in"), out = b.buffer(DType::i64, true, "out");
  b.for_each(LoopKind::serial, b.range_begin(), b.range_end(), [&](Value i) {
    const auto end = b.while_loop(
        {b.load(in, i), b.integer(0)}, [&](const Builder::Values& c) { return c[0] > 1; },
        [&](const Builder::Values& c) {
          const Value even = c[0] % b.integer(2) == 0;
          return Builder::Values{select(even, c[0] / b.integer(2), c[0] * 3 + 1), c[1] + 1};
        });
    const auto signed_steps = b.branch(
        end[1] % b.integer(2) == 0, [&] { return Builder::Values{end[1]}; }, [&] { return Builder::Values{-end[1]}; });
    b.store(out, i, signed_steps[0]);
  });
  Runner runner(b.finish(), GetParam());
  std::vector<int64_t> x(30), expected(30);
  for (size_t i = 0; i < 30; ++i) {
    x[i] = static_cast<int64_t>(i);
    int64_t n = x[i], steps = 0;
    for (; n > 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    expected[i] = steps % 2 == 0 ? steps : -steps;
  }
  Memory mx(x), result(std::vector<int64_t>(30, 0));
  ASSERT_EQ(runner.run({&mx, &result}, {}, 0, 30), kernel_done);
  EXPECT_EQ(result.get<int64_t>(), expected);
}

TEST_P(CodegenReduction, UniformControlFlowInsideVectorLoops) {
  Builder b("power");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  const Value power = b.int_param(b.new_int()), mode = b.int_param(b.new_int());
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) {
    const Value x = b.load(in, i);
    const auto result = b.while_loop(
        {b.constant(DType::f32, 1), power}, [&](const Builder::Values& c) { return c[1] > 0; },
        [&](const Builder::Values& c) { return Builder::Values{c[0] * x, c[1] - 1}; });
    const auto chosen = b.branch(
        mode == 0, [&] { return Builder::Values{result[0]}; },
        [&] { return Builder::Values{b.constant(DType::f32, 5)}; });
    b.store(out, i, chosen[0]);
  });
  Runner runner(b.finish(), GetParam());
  const auto x = random_values<float>(43);
  for (const int64_t mode : {0, 1}) {
    Memory mx(x), result(std::vector<float>(43, 0));
    ASSERT_EQ(runner.run({&mx, &result}, {3, mode}, 0, 43), kernel_done);
    for (size_t i = 0; i < 43; ++i) EXPECT_EQ(result.get<float>()[i], mode == 0 ? x[i] * x[i] * x[i] : 5);
  }
}

TEST_P(CodegenReduction, ControlFlowMustNotDependOnTheLane) {
  Builder b("bad");
  const int out = b.buffer(DType::f32, true, "out");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) {
    b.branch(
        i > 3,
        [&] {
          b.store(out, i, b.constant(DType::f32, 1));
          return Builder::Values{};
        },
        nullptr);
  });
  const Kernel kernel = b.finish();
  EXPECT_THROW(Runner(kernel, GetParam()), InternalError);
}

// Small sizes that the compiler knows: dead parts are left out, results stay the same.
TEST_P(CodegenReduction, ConstantSizes) {
  const auto x = random_values<float>(64);
  for (const size_t n : {1u, 3u, 8u, 10u, 16u, 32u, 33u}) {
    float results[2];
    for (const bool constant : {false, true}) {
      Builder b("sum");
      const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
      const Value size = constant ? b.integer(static_cast<int64_t>(n)) : b.int_param(b.new_int());
      const auto sum = b.loop(
          LoopKind::vector, b.integer(0), size, {b.constant(DType::f32, 0)},
          [&](Value i, const Builder::Values& c) { return Builder::Values{c[0] + b.load(in, i)}; },
          [](const Builder::Values& l, const Builder::Values& r) { return Builder::Values{l[0] + r[0]}; });
      b.store(out, b.integer(0), sum[0]);
      Memory mx(std::vector<float>(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n))),
          result(std::vector<float>(1, 0));
      ASSERT_EQ(Runner(b.finish(), GetParam()).run({&mx, &result}, {static_cast<int64_t>(n)}, 0, 0), kernel_done);
      results[constant] = result.get<float>()[0];
    }
    EXPECT_EQ(results[0], results[1]) << n;
  }
}

TEST_P(CodegenReduction, SeveralThreadsCompileAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 3; ++k) {
        Builder b("thread");
        const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
        const double factor = t * 10 + k;
        b.for_each(LoopKind::vector, b.range_begin(), b.range_end(),
                   [&](Value i) { b.store(out, i, b.load(in, i) * factor); });
        Runner runner(b.finish(), GetParam());
        std::vector<float> x(33, 2);
        Memory mx(x), result(std::vector<float>(33, 0));
        runner.run({&mx, &result}, {}, 0, 33);
        right += result.get<float>() == std::vector<float>(33, static_cast<float>(2 * factor));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 12);
}

}  // namespace
}  // namespace croton::loop
