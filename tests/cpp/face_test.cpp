// The C++ face: variables, indexing, gradients, shared state and calls, seen through the public headers alone.
#include <croton/croton.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

namespace {

using croton::_, croton::ArrayView, croton::function, croton::grad, croton::matrix, croton::OutputView, croton::scalar,
    croton::shared, croton::slice, croton::vector, croton::Variable;

std::vector<double> values_of(const croton::OwnedArray& array) {
  const auto values = array.values<double>();
  return {values.begin(), values.end()};
}

// The value of an expression without inputs, or of inputs x.
std::vector<double> evaluated(const Variable& output) { return values_of(function({}, {output})()[0]); }

const std::vector<double> six{0, 1, 2, 3, 4, 5};

Variable two_by_three() { return croton::constant(ArrayView(six.data(), {2, 3})); }

TEST(FaceGraph, NumbersDoNotRaiseTheDtype) {
  const auto x = matrix<float>("x");
  EXPECT_EQ((0.1 * x + 1).dtype(), croton::DType::f32);
  EXPECT_EQ((vector<int8_t>() + 1).dtype(), croton::DType::i8);
  EXPECT_EQ((vector<int32_t>() / vector<int32_t>()).dtype(), croton::DType::f64);
  EXPECT_EQ(x.name(), "x");
  EXPECT_EQ(sum(x, 0).rank(), 1);
}

TEST(FaceGraph, EmptyHandlesAreRefused) {
  const Variable nothing;
  EXPECT_FALSE(nothing);
  EXPECT_THROW(exp(nothing), croton::ValueError);
}

TEST(FaceGraph, ErrorsNameTheLineOfTheCaller) {
  const auto x = matrix<double>("x");
  std::string message;
  const int line = __LINE__ + 2;
  try {
    dimshuffle(x, {7});
  } catch (const croton::Error& error) {
    message = error.what();
  }
  EXPECT_NE(message.find("face_test.cpp:" + std::to_string(line)), std::string::npos) << message;
}

TEST(FaceGraph, PrintsFormulas) {
  const auto x = scalar<double>("x"), y = scalar<double>("y");
  EXPECT_EQ(pp(x + y), "(x + y)");
  EXPECT_NE(debugprint(exp(x)).find("exp"), std::string::npos);
}

TEST(FaceIndex, FollowsNumPy) {
  const auto x = two_by_three();
  EXPECT_EQ(evaluated(x[1]), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(evaluated(x[{_, -1}]), (std::vector<double>{2, 5}));
  EXPECT_EQ(evaluated(x[{0, slice(_, _, -1)}]), (std::vector<double>{2, 1, 0}));
  EXPECT_EQ(evaluated(x[{slice(1, _), slice(0, 2)}]), (std::vector<double>{3, 4}));
  EXPECT_EQ((x[{_, croton::new_axis, 0}].rank()), 2);
  EXPECT_EQ(evaluated(x[{croton::ellipsis, 1}]), (std::vector<double>{1, 4}));
  const std::vector<int64_t> columns{2, 0};
  const auto picked = x[{croton::arange(x.shape()[0]), croton::constant(columns)}];
  EXPECT_EQ(evaluated(picked), (std::vector<double>{2, 3}));
}

TEST(FaceIndex, RegionsAreReplacedAndAddedTo) {
  const auto x = two_by_three();
  EXPECT_EQ(evaluated(set_subtensor(x[{0, _}], 9)), (std::vector<double>{9, 9, 9, 3, 4, 5}));
  EXPECT_EQ(evaluated(inc_subtensor(x[{_, 1}], 10)), (std::vector<double>{0, 11, 2, 3, 14, 5}));
}

TEST(FaceOps, ComposeAsInNumPy) {
  const auto x = two_by_three();
  EXPECT_EQ(evaluated(sum(x)), (std::vector<double>{15}));
  EXPECT_EQ(evaluated(mean(x, {0})), (std::vector<double>{1.5, 2.5, 3.5}));
  EXPECT_EQ(evaluated(max(x, -1)), (std::vector<double>{2, 5}));
  EXPECT_EQ(evaluated(clip(x, 1, 4)), (std::vector<double>{1, 1, 2, 3, 4, 4}));
  EXPECT_EQ(evaluated(switch_(gt(x, 2), x, -x)), (std::vector<double>{0, -1, -2, 3, 4, 5}));
  EXPECT_EQ(evaluated(reshape(x, {3, -1})), six);
  EXPECT_EQ(evaluated(dot(x, transpose(x))), (std::vector<double>{5, 14, 14, 50}));
  EXPECT_EQ(evaluated(croton::concatenate({x[0], x[1]})), six);
}

TEST(FaceOps, SolveEquations) {
  const std::vector<double> numbers{4, 2, 2, 3};
  const Variable a = croton::constant(ArrayView(numbers.data(), {2, 2}));
  const Variable x = dot(croton::matrix_inverse(a), a), l = croton::cholesky(a);
  const auto [w, v] = croton::eigh(a);
  const auto [u, s, vt] = croton::svd(a);
  const auto [q, r] = croton::qr(a);
  for (const Variable& error :
       {sum(sqr(x - croton::solve(a, a))), sum(sqr(dot(l, transpose(l)) - a)), sum(sqr(dot(q, r) - a)),
        sqr(prod(w) - croton::det(a)), sum(sqr(sum(w) - sum(s))), sum(sqr(dot(a, v) - v * w)),
        sum(sqr(croton::solve_triangular(l, l) - x)), sum(sqr(dot(croton::expm(a), croton::expm(-a)) - x))}) {
    EXPECT_NEAR(evaluated(error)[0], 0, 1e-20);
  }
  const std::vector<double> zeros(4);
  EXPECT_THROW(evaluated(croton::matrix_inverse(croton::constant(ArrayView(zeros.data(), {2, 2})))),
               croton::LinearAlgebraError);
}

TEST(FaceGrad, UnpacksAsAList) {
  const auto x = vector<double>("x"), w = vector<double>("w");
  const auto [gx, gw] = grad(sum(x * exp(w)), {x, w});
  const std::vector<double> a{1, 2}, b{0, 1};
  const auto results = function({x, w}, {gx, gw})(a, b);
  EXPECT_DOUBLE_EQ(results[0].data<double>()[1], std::exp(1.0));
  EXPECT_DOUBLE_EQ(results[1].data<double>()[1], 2 * std::exp(1.0));
  EXPECT_THROW(grad(x, {w}), croton::Error);
}

TEST(FaceCall, ReadsAnyStridesAndSafeDtypes) {
  const auto x = matrix<double>("x");
  const auto f = function({x}, {x + x});
  const ArrayView transposed(six.data(), croton::DType::f64, {3, 2}, {8, 24});
  EXPECT_EQ(values_of(f(transposed)[0]), (std::vector<double>{0, 6, 2, 8, 4, 10}));
  const ArrayView reversed(six.data() + 5, croton::DType::f64, {2, 3}, {-24, -8});
  EXPECT_EQ(values_of(f(reversed)[0]), (std::vector<double>{10, 8, 6, 4, 2, 0}));
  const std::array<int32_t, 2> integers{1, 2};
  EXPECT_EQ(values_of(f(ArrayView(integers.data(), {1, 2}))[0]), (std::vector<double>{2, 4}));
  EXPECT_TRUE(values_of(f(ArrayView(six.data(), {0, 3}))[0]).empty());
}

TEST(FaceCall, UnalignedMemoryIsCopied) {
  std::vector<std::byte> bytes(17);
  const double value = 2.5;
  std::copy_n(reinterpret_cast<const std::byte*>(&value), 8, bytes.begin() + 1);
  const auto x = vector<double>("x");
  const ArrayView view(bytes.data() + 1, croton::DType::f64, {1});
  EXPECT_EQ(values_of(function({x}, {x * 2})(view)[0]), (std::vector<double>{5}));
}

TEST(FaceCall, RefusesWhatDoesNotFit) {
  const auto x = vector<float>("x");
  const auto f = function({x}, {x + 1});
  const std::vector<double> wide{1};
  EXPECT_THROW(f(wide), croton::TypeError);
  EXPECT_THROW(f(1.0F), croton::TypeError);
  EXPECT_THROW(f(), croton::TypeError);
  EXPECT_THROW(f(ArrayView(nullptr, croton::DType::f32, {3})), croton::ValueError);
  EXPECT_THROW(f(ArrayView(wide.data(), croton::DType::f32, {-1})), croton::ValueError);
  const auto permissive = function({x}, {x + 1}, {}, {.allow_input_downcast = true});
  EXPECT_EQ(permissive(wide)[0].item(), 2);
}

TEST(FaceCall, ResultsOwnTheirMemory) {
  const auto x = vector<double>("x");
  std::vector<double> given{1, 2};
  const auto same = function({x}, {x})(given)[0];
  given[0] = 7;
  EXPECT_EQ(values_of(same), (std::vector<double>{1, 2}));

  const auto w = shared(std::vector<double>{1, 2}, "w");
  const auto f = function({}, {w}, {{w, w + 1}});
  const auto first = f()[0];
  f();
  EXPECT_EQ(values_of(first), (std::vector<double>{1, 2}));
  EXPECT_EQ(values_of(w.get_value()), (std::vector<double>{3, 4}));
}

TEST(FaceCall, ErrorsNameTheLineOfTheExpression) {
  const auto x = matrix<double>("x"), y = matrix<double>("y");
  const int line = __LINE__ + 1;
  const auto f = function({x, y}, {dot(x, y)});
  const ArrayView wide(six.data(), {2, 3});
  std::string message;
  try {
    f(wide, wide);
  } catch (const croton::ValueError& error) {
    message = error.what();
  }
  EXPECT_NE(message.find("face_test.cpp"), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(line)), std::string::npos) << message;
}

TEST(FaceCall, WritesIntoTheCallersMemory) {
  const auto x = vector<double>("x");
  const auto f = function({x}, {x * 2, sum(x)});
  std::array<double, 3> doubled{};
  double total = 0;
  const std::vector<double> given{1, 2, 3};
  const ArrayView input(given);
  const std::array<OutputView, 2> outputs{OutputView(doubled.data(), {3}), OutputView(&total, {})};
  f.call_into({&input, 1}, outputs);
  EXPECT_EQ(doubled, (std::array<double, 3>{2, 4, 6}));
  EXPECT_EQ(total, 6);
}

TEST(FaceShared, LivesInTheEngine) {
  const auto count = shared(0.0, "count");
  const auto step = scalar<double>("step");
  const auto f = function({step}, {count * 1}, {{count, count + step}});
  EXPECT_EQ(f(2.0)[0].item(), 0);
  EXPECT_EQ(f(3.0)[0].item(), 2);
  EXPECT_EQ(count.get_value().item(), 5);
  count.set_value(1.0);
  EXPECT_EQ(count.get_value().item(), 1);
  EXPECT_THROW(count.set_value(1), croton::TypeError);
}

TEST(FaceShared, SoftmaxRegressionLearns) {
  const auto x = matrix<double>("x");
  const auto y = vector<int32_t>("y");
  const auto W = shared(croton::zeros<double>({2, 2}), "W"), b = shared(croton::zeros<double>({2}), "b");
  const auto p = softmax(dot(x, W) + b);
  const auto cost = -mean(log(p)[{croton::arange(y.shape()[0]), y}]);
  const auto [gW, gb] = grad(cost, {W, b});
  const auto train = function({x, y}, {cost}, {{W, W - 0.1 * gW}, {b, b - 0.1 * gb}});
  const std::vector<double> points{1, 0, 2, 1, 0, 1, 1, 2};
  const std::vector<int32_t> labels{0, 0, 1, 1};
  const ArrayView images(points.data(), {4, 2});
  const double first = train(images, labels)[0].item();
  EXPECT_NEAR(first, std::log(2.0), 1e-12);
  double last = first;
  for (int k = 0; k < 200; ++k) last = train(images, labels)[0].item();
  EXPECT_LT(last, 0.3);
}

TEST(FaceFunction, IsAPointerForC) {
  const auto x = vector<double>("x");
  const auto c = function({x}, {2.0 * x}).c_function();
  std::vector<double> in{1, 2, 3}, out(3);
  void* data[] = {in.data(), out.data()};
  const int64_t shapes[] = {3, 3}, wrong[] = {3, 2};
  EXPECT_EQ(c.call(c.context.get(), data, shapes), 0);
  EXPECT_EQ(out, (std::vector<double>{2, 4, 6}));
  EXPECT_EQ(c.call(c.context.get(), data, wrong), 1);
  EXPECT_NE(std::string(croton_last_error()).find("shape"), std::string::npos);
  EXPECT_EQ(c.call_scalars, nullptr);
}

TEST(FaceFunction, NamesMistakes) {
  const auto x = vector<double>("x"), y = vector<double>("y");
  EXPECT_THROW(function({x, y}, {x}), croton::UnusedInputError);
  EXPECT_THROW(function({x}, {x + y}), croton::MissingInputError);
  const auto w = shared(std::vector<double>{1, 2}, "w");
  EXPECT_THROW(function({}, {}, {{w, croton::cast<float>(w)}}), croton::TypeError);
}

}  // namespace
