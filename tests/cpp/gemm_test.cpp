// Matrix products against long double: layouts, sizes, alpha and beta, aliasing, and the same bits for any number of
// threads.
#include "library/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "base/memory.h"
#include "base/thread_pool.h"

namespace croton {
namespace {

enum class Order { rows, columns, padded_rows, padded_columns, every_second, reversed, broadcast };
constexpr Order readable_orders[] = {Order::rows,         Order::columns,  Order::padded_rows, Order::padded_columns,
                                     Order::every_second, Order::reversed, Order::broadcast};
constexpr Order writable_orders[] = {Order::rows,           Order::columns,      Order::padded_rows,
                                     Order::padded_columns, Order::every_second, Order::reversed};

// A matrix within a larger block, whose other elements must stay as they are.
template <class T>
struct Matrix {
  std::vector<T> block;
  int64_t rows, columns, start = 0, row = 0, column = 0;

  Matrix(int64_t rows, int64_t columns, Order order, unsigned seed) : rows(rows), columns(columns) {
    switch (order) {
      case Order::rows:
        row = columns, column = 1;
        break;
      case Order::columns:
        row = 1, column = rows;
        break;
      case Order::padded_rows:
        row = columns + 3, column = 1;
        break;
      case Order::padded_columns:
        row = 1, column = rows + 5;
        break;
      case Order::every_second:
        row = 2 * columns + 1, column = 2;
        break;
      case Order::reversed:
        row = -columns, column = -1, start = rows * columns;
        break;
      case Order::broadcast:
        row = 0, column = 1;
        break;
    }
    block.resize((rows + 6) * (columns + 6) * 2 + 16);
    std::mt19937 engine(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (T& value : block) value = static_cast<T>(uniform(engine));
  }
  T* data() { return block.data() + start; }
  T& at(int64_t i, int64_t j) { return data()[i * row + j * column]; }
};

template <class T>
GemmProblem problem_of(Matrix<T>& a, Matrix<T>& b, Matrix<T>* c, Matrix<T>& out, double alpha, double beta) {
  GemmProblem p;
  p.dtype = sizeof(T) == 4 ? DType::f32 : DType::f64;
  p.m = a.rows, p.n = b.columns, p.k = a.columns;
  p.a = a.data(), p.a_row = a.row, p.a_column = a.column;
  p.b = b.data(), p.b_row = b.row, p.b_column = b.column;
  if (c != nullptr) p.c = c->data(), p.c_row = c->row, p.c_column = c->column;
  p.out = out.data(), p.out_row = out.row, p.out_column = out.column;
  p.alpha = alpha, p.beta = beta;
  return p;
}

// Runs the problem and compares every element, also those beside the output. c null: none; c == &out: in place.
template <class T>
void check_product(Matrix<T>& a, Matrix<T>& b, Matrix<T>* c, Matrix<T>& out, double alpha, double beta) {
  const Matrix<T> expected_around = out;
  const bool reads_c = c != nullptr && beta != 0;
  std::vector<long double> expected;
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < b.columns; ++j) {
      long double sum = 0;
      for (int64_t l = 0; l < a.columns; ++l) sum += static_cast<long double>(a.at(i, l)) * b.at(l, j);
      expected.push_back((reads_c ? static_cast<long double>(beta) * c->at(i, j) : 0) + alpha * sum);
    }
  }
  const GemmProblem problem = problem_of(a, b, c, out, alpha, beta);
  EXPECT_GE(run_gemm(problem), 1);
  const long double tolerance =
      std::numeric_limits<T>::epsilon() * (a.columns + 4.0L) * (std::abs(alpha) + std::abs(beta));
  size_t position = 0;
  std::vector<T> around = out.block;
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < b.columns; ++j, ++position) {
      // The negation also fails a NaN.
      if (!(std::abs(out.at(i, j) - expected[position]) <= tolerance)) {
        FAIL() << gemm_implementation_name(problem) << ": element " << i << ", " << j << " is " << out.at(i, j)
               << ", not " << static_cast<double>(expected[position]) << " (" << a.rows << " x " << b.columns << " x "
               << a.columns << ")";
      }
      around[&out.at(i, j) - out.block.data()] = expected_around.block[&out.at(i, j) - out.block.data()];
    }
  }
  EXPECT_EQ(0, std::memcmp(around.data(), expected_around.block.data(), around.size() * sizeof(T)))
      << "wrote beside the output";
}

template <class T>
class Gemm : public testing::Test {};
using Elements = testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Elements);

TYPED_TEST(Gemm, TakesEveryOrderOfOperands) {
  for (int64_t m : {1, 33, 80}) {
    for (Order a_order : readable_orders) {
      for (Order b_order : readable_orders) {
        Matrix<TypeParam> a(m, 75, a_order, 1), b(75, 66, b_order, 2), c(m, 66, Order::padded_columns, 3);
        Matrix<TypeParam> out(m, 66, Order::rows, 4);
        check_product(a, b, &c, out, 0.5, -2.0);
      }
    }
  }
}

TYPED_TEST(Gemm, WritesEveryOrderOfOutput) {
  for (int64_t n : {1, 30, 90}) {
    for (Order out_order : writable_orders) {
      for (Order c_order : readable_orders) {
        Matrix<TypeParam> a(31, 29, Order::rows, 1), b(29, n, Order::columns, 2), c(31, n, c_order, 3);
        Matrix<TypeParam> out(31, n, out_order, 4);
        check_product(a, b, &c, out, 1.5, 1.0);
        check_product<TypeParam>(a, b, nullptr, out, 1.0, 0.0);
        check_product(a, b, &out, out, -1.0, 0.25);
      }
    }
  }
}

TYPED_TEST(Gemm, TakesEverySize) {
  for (int64_t m : {0, 1, 2, 7, 65}) {
    for (int64_t n : {0, 1, 3, 17, 64}) {
      for (int64_t k : {0, 1, 2, 31, 129}) {
        for (Order order : {Order::rows, Order::columns}) {
          Matrix<TypeParam> a(m, k, order, 1), b(k, n, order, 2), c(m, n, Order::rows, 3), out(m, n, order, 4);
          check_product(a, b, &c, out, 2.0, 0.5);
          check_product<TypeParam>(a, b, nullptr, out, 1.0, 0.0);
          check_product(a, b, &out, out, 1.0, 1.0);
        }
      }
    }
  }
}

TYPED_TEST(Gemm, DoesNotReadWhatBetaZeroDrops) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  for (int64_t n : {1, 40, 100}) {
    for (int64_t k : {0, 1, 50}) {
      Matrix<TypeParam> a(70, k, Order::rows, 1), b(k, n, Order::rows, 2), c(70, n, Order::rows, 3),
          out(70, n, Order::rows, 4);
      for (TypeParam& value : c.block) value = nan;
      for (TypeParam& value : out.block) value = nan;
      check_product(a, b, &c, out, 1.0, 0.0);
      for (TypeParam& value : out.block) value = nan;
      check_product(a, b, &out, out, 1.0, 0.0);
    }
  }
}

TYPED_TEST(Gemm, CarriesNotANumber) {
  Matrix<TypeParam> a(70, 80, Order::rows, 1), b(80, 90, Order::rows, 2), out(70, 90, Order::rows, 3);
  a.at(3, 5) = std::numeric_limits<TypeParam>::quiet_NaN();
  run_gemm(problem_of<TypeParam>(a, b, nullptr, out, 1.0, 0.0));
  for (int64_t j = 0; j < 90; ++j) EXPECT_TRUE(std::isnan(out.at(3, j)));
  EXPECT_FALSE(std::isnan(out.at(2, 0)));
}

TYPED_TEST(Gemm, GivesTheSameBitsForAnyNumberOfThreads) {
  const int before = default_pool().size();
  const int64_t sizes[][3] = {{300, 301, 203}, {1, 2000, 500}, {1500, 1, 700}, {1003, 1, 997},
                              {1, 1003, 997},  {784, 500, 60}, {1000, 700, 1}, {33, 33, 9000}};
  for (const auto& size : sizes) {
    for (Order order : {Order::rows, Order::columns, Order::every_second}) {
      Matrix<TypeParam> a(size[0], size[2], order, 1), b(size[2], size[1], order, 2), out(size[0], size[1], order, 3);
      std::vector<TypeParam> first;
      for (int threads : {1, 2, 5}) {
        default_pool().resize(threads);
        const int worked = run_gemm(problem_of<TypeParam>(a, b, nullptr, out, 1.0, 0.0));
        EXPECT_GE(worked, 1);
        EXPECT_LE(worked, threads);
        if (threads == 1) first = out.block;
        EXPECT_EQ(0, std::memcmp(first.data(), out.block.data(), first.size() * sizeof(TypeParam)));
      }
    }
  }
  default_pool().resize(before);
}

TYPED_TEST(Gemm, IsRightWhereBlocksMeet) {
  for (Order order : {Order::rows, Order::columns}) {
    Matrix<TypeParam> a(530, 90, order, 1), b(90, 270, order, 2), c(530, 270, Order::rows, 3), out(530, 270, order, 4);
    check_product(a, b, &c, out, 1.0, 0.5);
  }
}

// Stacks of products: sizes, orders of the operands, and the same bits for any number of threads.
TYPED_TEST(Gemm, RunsStacksOfProducts) {
  using T = TypeParam;
  const int before = default_pool().size();
  const int64_t shapes[][4] = {{0, 3, 3, 3},  {1, 4, 5, 6},   {700, 2, 2, 2},  {300, 16, 16, 16}, {90, 33, 7, 64},
                               {40, 1, 9, 8}, {40, 9, 1, 80}, {30, 64, 64, 0}, {5, 0, 3, 3},      {3, 170, 171, 172}};
  for (const auto& [count, m, n, k] : shapes) {
    for (Order order : {Order::rows, Order::columns, Order::every_second, Order::reversed}) {
      Matrix<T> a(count * m + 2, k, Order::rows, 1), b(k, n, order, 2), out(count * m + 1, n, Order::rows, 3);
      const Matrix<T> untouched = out;
      GemmProblem first = problem_of<T>(a, b, nullptr, out, 1.0, 0.0);
      first.m = m;
      // The products share b, and their rows lie one row apart: every step is tried, also 0.
      std::vector<T> single;
      for (int threads : {1, 2, 5}) {
        default_pool().resize(threads);
        out = untouched;
        first.out = out.data();
        EXPECT_LE(run_gemm_batch({first, count, a.row, 0, m * n}), threads);
        if (threads == 1) single = out.block;
        ASSERT_EQ(0, std::memcmp(single.data(), out.block.data(), single.size() * sizeof(T)));
      }
      for (int64_t product = 0; product < count; ++product) {
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            long double sum = 0;
            for (int64_t l = 0; l < k; ++l) sum += static_cast<long double>(a.at(product + i, l)) * b.at(l, j);
            ASSERT_NEAR(out.at(product * m + i, j), static_cast<double>(sum),
                        4 * std::numeric_limits<T>::epsilon() * (k + 1))
                << count << " x " << m << " x " << n << " x " << k;
          }
        }
      }
      for (int64_t j = 0; j < n; ++j) EXPECT_EQ(out.at(count * m, j), Matrix<T>(untouched).at(count * m, j));
    }
  }
  default_pool().resize(before);
}

TYPED_TEST(Gemm, IsRightWherePanelsMeet) {
  for (Order a_order : readable_orders) {
    for (Order b_order : readable_orders) {
      Matrix<TypeParam> a(117, 800, a_order, 1), b(800, 150, b_order, 2), c(117, 150, Order::rows, 3);
      Matrix<TypeParam> out(117, 150, Order::padded_rows, 4);
      check_product(a, b, &c, out, 1.0, -0.5);
    }
  }
}

// Every number of rows that is left after whole tiles, every width of the last strip.
TYPED_TEST(Gemm, IsRightAtEveryEdge) {
  for (int64_t m = 1; m <= 17; ++m) {
    for (int64_t n = 1; n <= 50; ++n) {
      for (Order order : {Order::padded_rows, Order::columns}) {
        Matrix<TypeParam> a(m, 5, order, 1), b(5, n, order, 2), out(m, n, Order::padded_rows, 3);
        check_product(a, b, &out, out, 1.5, 1.0);
      }
    }
  }
  for (int64_t edge = 0; edge < 50; edge += 3) {
    Matrix<TypeParam> a(90 + edge, 7, Order::columns, 1), b(7, 1200 + edge, Order::columns, 2),
        out(90 + edge, 1200 + edge, Order::padded_rows, 3);
    check_product<TypeParam>(a, b, nullptr, out, 1.0, 0.0);
  }
}

// Vectors on either side, matrices by rows and by columns: every length of the last vector, every rest of rows.
TYPED_TEST(Gemm, MultipliesVectorsOfEveryLength) {
  for (int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 100}) {
    for (int64_t depth : {1, 2, 4, 7, 8, 9, 15, 16, 17, 24, 31, 33, 70}) {
      for (Order order :
           {Order::rows, Order::columns, Order::padded_rows, Order::padded_columns, Order::every_second}) {
        Matrix<TypeParam> matrix(size, depth, order, 1), column(depth, 1, Order::rows, 2), by_column(size, 1, order, 3);
        check_product(matrix, column, &by_column, by_column, 1.5, 1.0);
        Matrix<TypeParam> row(1, depth, order, 4), other(depth, size, order, 5), by_row(1, size, Order::rows, 6);
        check_product<TypeParam>(row, other, nullptr, by_row, 1.0, 0.0);
      }
    }
  }
}

// Without memory to pack operands, and in the output's own place: the same bits.
TYPED_TEST(Gemm, RunsWithoutMemory) {
  using T = TypeParam;
  const int before = default_pool().size();
  default_pool().resize(1);
  const int64_t sizes[][3] = {{300, 301, 603}, {784, 500, 60}, {60, 500, 784},
                              {500, 700, 1},   {1, 300, 70},   {300, 9, 0}};
  int failed = 0;
  for (const auto& size : sizes) {
    for (Order order : {Order::rows, Order::columns}) {
      Matrix<T> a(size[0], size[2], order, 1), b(size[2], size[1], order, 2), out(size[0], size[1], Order::rows, 3);
      const Matrix<T> start = out;
      const GemmProblem problem = problem_of<T>(a, b, &out, out, -0.5, 1.0);
      ASSERT_TRUE(can_run_without_failing(problem));
      run_gemm_without_failing(problem);
      const std::vector<T> expected = out.block;
      std::copy(start.block.begin(), start.block.end(), out.block.begin());
      fail_nth_allocation(1);
      run_gemm_without_failing(problem);
      failed += fail_nth_allocation(0) == 0;
      EXPECT_EQ(0, std::memcmp(expected.data(), out.block.data(), expected.size() * sizeof(T)));
      std::copy(start.block.begin(), start.block.end(), out.block.begin());
      check_product(a, b, &out, out, -0.5, 1.0);
    }
  }
  EXPECT_GE(failed, 4);  // otherwise nothing has been tried
  default_pool().resize(before);
}

TEST(GemmImplementations, SayWhyTheyRefuse) {
  Matrix<double> a(80, 80, Order::rows, 1), b(80, 80, Order::every_second, 2), out(80, 80, Order::every_second, 3);
  const GemmProblem problem = problem_of<double>(a, b, nullptr, out, 1.0, 0.0);
  for (const GemmImplementation& implementation : gemm_implementations()) {
    const bool is_reference = &implementation == &gemm_implementations().back();
    EXPECT_EQ(implementation.refuse(problem).empty(), is_reference) << implementation.name;
  }
  EXPECT_NE(gemm_implementation_name(problem), gemm_implementations().back().name);  // after packing
}

TEST(GemmImplementations, EachThatAcceptsIsRight) {
  Matrix<float> a(80, 81, Order::rows, 1), b(81, 82, Order::columns, 2), out(80, 82, Order::rows, 3), expected = out;
  GemmProblem problem = problem_of<float>(a, b, nullptr, expected, 1.0, 0.0);
  gemm_implementations().back().run(problem);
  problem.out = out.data();
  int accepted = 0;
  for (const GemmImplementation& implementation : gemm_implementations()) {
    if (!implementation.refuse(problem).empty()) continue;
    ++accepted;
    implementation.run(problem);
    for (int64_t i = 0; i < 80 * 82; ++i) ASSERT_NEAR(out.data()[i], expected.data()[i], 1e-4) << implementation.name;
  }
  EXPECT_GE(accepted, 3);
}

}  // namespace
}  // namespace croton
