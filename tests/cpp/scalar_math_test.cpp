// Errors of the elementary functions in units in the last place against the C library in a wider format, and edges.
#include "ops/scalar_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "backend/cpu/compiler.h"
#include "ops/scalar_gamma.h"
#include "support/loop_interpreter.h"

namespace croton::scalar_math {
namespace {

using Unary = Value (*)(Value);
using Binary = Value (*)(Value, Value);
using Wide = long double;

template <class T>
constexpr DType dtype_of = sizeof(T) == 4 ? DType::f32 : DType::f64;
template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

// out[i] = code(in0[i], ...) for i in the parallel range.
template <class Code>
loop::Kernel kernel_of(DType dtype, int operands, Code&& code) {
  loop::Builder b("k");
  std::vector<int> inputs;
  for (int k = 0; k < operands; ++k) inputs.push_back(b.buffer(dtype, false, "in"));
  const int out = b.buffer(dtype, true, "out", false);
  b.for_each(loop::LoopKind::vector, b.range_begin(), b.range_end(), [&](Value index) {
    std::vector<Value> x;
    for (const int input : inputs) x.push_back(b.load(input, index));
    b.store(out, index, code(x));
  });
  return b.finish();
}

// What runs the code: the interpreter, or machine code for one instruction set.
struct Engine {
  std::optional<CpuTarget::Isa> isa;

  const char* name() const { return !isa ? "interpreted" : *isa == CpuTarget::Isa::avx512 ? "avx512" : "avx2"; }
};

std::vector<Engine> engines() {
  std::vector<Engine> all = {{}};
  for (const CpuTarget::Isa isa : {CpuTarget::Isa::avx512, CpuTarget::Isa::avx2}) {
    if (isa >= host_target().isa) all.push_back({isa});
  }
  return all;
}

// A kernel made ready to run on vectors.
template <class T>
class Runner {
 public:
  Runner(const Engine& engine, Unary f)
      : Runner(engine, kernel_of(dtype_of<T>, 1, [&](const std::vector<Value>& v) { return f(v[0]); })) {}
  Runner(const Engine& engine, Binary f)
      : Runner(engine, kernel_of(dtype_of<T>, 2, [&](const std::vector<Value>& v) { return f(v[0], v[1]); })) {}

  std::vector<T> operator()(const std::vector<T>& x) { return run({x.data()}, x.size()); }
  std::vector<T> operator()(const std::vector<T>& x, const std::vector<T>& y) {
    return run({x.data(), y.data()}, x.size());
  }

 private:
  Runner(const Engine& engine, loop::Kernel kernel) : kernel_(std::move(kernel)) {
    if (engine.isa) compiled_ = compile_kernel(kernel_, {.isa = engine.isa});
  }

  std::vector<T> run(std::vector<const T*> inputs, size_t count) {
    std::vector<T> out(count);
    std::vector<void*> buffers;
    for (const T* input : inputs) buffers.push_back(const_cast<T*>(input));
    buffers.push_back(out.data());
    Frame frame;
    const auto end = static_cast<int64_t>(count);
    const int32_t status = compiled_.entry != nullptr
                               ? compiled_.entry(buffers.data(), nullptr, 0, end, &frame)
                               : loop::interpret(kernel_, buffers.data(), nullptr, 0, end, &frame);
    EXPECT_EQ(status, kernel_done);
    return out;
  }

  loop::Kernel kernel_;
  CompiledKernel compiled_;
};

// Distance from the exact result in units of the last place of T there. An infinite result counts as the next power of
// two; zeros must have the right sign.
template <class T>
double error_in_ulps(T got, Wide exact) {
  if (std::isnan(exact)) return std::isnan(got) ? 0 : HUGE_VAL;
  if (std::isnan(got)) return HUGE_VAL;
  const T rounded = static_cast<T>(exact);
  if (got == rounded) return got == 0 && std::signbit(got) != std::signbit(rounded) ? HUGE_VAL : 0;
  if (std::isinf(exact)) return HUGE_VAL;
  using Limits = std::numeric_limits<T>;
  const int exponent = exact == 0 ? Limits::min_exponent - 1 : std::max(std::ilogb(exact), Limits::min_exponent - 1);
  const Wide ulp = std::ldexp(Wide{1}, std::min(exponent, Limits::max_exponent - 1) - (Limits::digits - 1));
  const Wide value = std::isinf(got) ? std::copysign(std::ldexp(Wide{1}, Limits::max_exponent), Wide{got}) : Wide{got};
  return static_cast<double>(std::fabs(value - exact) / ulp);
}

struct Worst {
  double ulps = 0, x = 0, y = 0;
  void see(double error, double at, double and_at = 0) {
    if (error > ulps) *this = {error, at, and_at};
  }
};

struct Function {
  const char* name;
  Unary code;
  Wide (*exact)(Wide);
  double (*exact_for_float32)(double);
  double bound;      // of the error, for both dtypes
  double low, high;  // where random float64 numbers are drawn, besides all magnitudes
};

template <class T>
T exact_sigmoid(T x) {
  const T e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
template <class T>
T exact_softplus(T x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x))) + (std::isnan(x) ? x : 0);
}

const std::vector<Function>& functions() {
  static const std::vector<Function> table = {
      {"exp", exp, std::exp, std::exp, 1.1, -750, 715},
      {"expm1", expm1, std::expm1, std::expm1, 1.5, -45, 715},
      {"log", log, std::log, std::log, 1.0, 0, 4},
      {"log1p", log1p, std::log1p, std::log1p, 1.5, -1, 4},
      {"exp2", exp2, std::exp2, std::exp2, 1.2, -1080, 1030},
      {"log2", log2, std::log2, std::log2, 1.3, 0, 4},
      {"log10", log10, std::log10, std::log10, 1.0, 0, 4},
      {"tanh", tanh, std::tanh, std::tanh, 1.4, -20, 20},
      {"sigmoid", sigmoid, exact_sigmoid<Wide>, exact_sigmoid<double>, 1.1, -750, 40},
      {"softplus", softplus, exact_softplus<Wide>, exact_softplus<double>, 1.4, -750, 40},
      {"sin", sin, std::sin, std::sin, 1.0, -1e6, 1e6},
      {"cos", cos, std::cos, std::cos, 1.0, -1e6, 1e6},
      {"tan", tan, std::tan, std::tan, 1.0, -1e6, 1e6},
      {"arctan", arctan, std::atan, std::atan, 1.0, -4, 4},
      {"erf", erf, std::erf, std::erf, 1.2, -6, 6},
      {"arcsin", arcsin, std::asin, std::asin, 2.0, -1, 1},
      {"arccos", arccos, std::acos, std::acos, 2.0, -1, 1},
      {"sinh", sinh, std::sinh, std::sinh, 2.5, -711, 711},
      {"cosh", cosh, std::cosh, std::cosh, 2.5, -711, 711},
      {"arcsinh", arcsinh, std::asinh, std::asinh, 3.0, -10, 10},
      {"arccosh", arccosh, std::acosh, std::acosh, 3.0, 1, 10},
      {"arctanh", arctanh, std::atanh, std::atanh, 3.0, -1, 1},
  };
  return table;
}

// Where functions change their mind: signed zeros, denormals, ones, infinities, NaN, and the ends of the ranges.
template <class T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           Limits::denorm_min(),
                           Limits::min(),
                           1,
                           2,
                           T(0.5),
                           T(0.55),
                           Limits::max(),
                           infinity<T>,
                           Limits::epsilon(),
                           T(0.69314718055994530942L),
                           T(1.41421356237309504880L),
                           T(0.70710678118654752440L),
                           T(-std::log(Limits::denorm_min())),
                           T(std::log(Limits::max()))};
  for (size_t i = 0, n = values.size(); i < n; ++i) {
    for (const T toward : {T(0), infinity<T>}) values.push_back(std::nextafter(values[i], toward));
  }
  for (size_t i = 0, n = values.size(); i < n; ++i) values.push_back(-values[i]);
  values.push_back(Limits::quiet_NaN());
  return values;
}

std::vector<double> double_sample(double low, double high, int count) {
  std::mt19937_64 random(7);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(std::bit_cast<double>(random()));
  for (int i = 0; i < count; ++i) values.push_back(std::uniform_real_distribution(low, high)(random));
  for (int i = 0; i < count; ++i) values.push_back(std::uniform_real_distribution(-1.0, 1.0)(random));
  return values;
}

Wide exact_value(const Function& f, double x) { return f.exact(Wide{x}); }
double exact_value(const Function& f, float x) { return f.exact_for_float32(double{x}); }

template <class T>
void see_errors(const Function& f, Runner<T>& runner, const std::vector<T>& x, Worst& worst) {
  const std::vector<T> got = runner(x);
  for (size_t i = 0; i < x.size(); ++i) {
    worst.see(error_in_ulps(got[i], exact_value(f, x[i])), x[i]);
  }
}

// The bit patterns that a stride of a prime meets; every one where the environment asks for all of machine code.
Worst worst_of_floats(const Function& f, const Engine& engine) {
  const bool all = engine.isa && std::getenv("CROTON_TEST_ALL_FLOATS") != nullptr;
  const uint64_t stride = all ? 1 : engine.isa ? 4099 : 65537, patterns = uint64_t{1} << 32, chunk = uint64_t{1} << 20;
  Runner<float> runner(engine, f.code);
  Worst worst;
  see_errors(f, runner, special_values<float>(), worst);
  for (uint64_t first = 0; first < patterns; first += chunk * stride) {
    std::vector<float> x;
    const uint64_t last = std::min(patterns, first + chunk * stride);
    for (uint64_t bits = first; bits < last; bits += stride)
      x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    see_errors(f, runner, x, worst);
  }
  return worst;
}

Worst worst_of_doubles(const Function& f, const Engine& engine) {
  Runner<double> runner(engine, f.code);
  Worst worst;
  see_errors(f, runner, special_values<double>(), worst);
  see_errors(f, runner, double_sample(f.low, f.high, engine.isa ? 60000 : 10000), worst);
  return worst;
}

void report(const Engine& engine, const char* dtype, const char* name, const Worst& worst, double bound) {
  EXPECT_LE(worst.ulps, bound) << name << " of " << dtype << ", " << engine.name() << ", at " << worst.x << ", "
                               << worst.y;
  if (std::getenv("CROTON_TEST_PRINT_ULPS") != nullptr) {
    std::printf("%-10s %s %-12s %.3f ulp at %.17g, %.17g\n", name, dtype, engine.name(), worst.ulps, worst.x, worst.y);
  }
}

class ScalarMath : public testing::TestWithParam<Engine> {};
INSTANTIATE_TEST_SUITE_P(Engines, ScalarMath, testing::ValuesIn(engines()),
                         [](const auto& info) { return std::string(info.param.name()); });

TEST_P(ScalarMath, Float32ErrorsStayInBounds) {
  for (const Function& f : functions()) report(GetParam(), "float32", f.name, worst_of_floats(f, GetParam()), f.bound);
}

TEST_P(ScalarMath, Float64ErrorsStayInBounds) {
  for (const Function& f : functions()) report(GetParam(), "float64", f.name, worst_of_doubles(f, GetParam()), f.bound);
}

template <class T>
Worst worst_power(const Engine& engine, const std::vector<T>& x, const std::vector<T>& y) {
  const std::vector<T> got = Runner<T>(engine, pow)(x, y);
  Worst worst;
  for (size_t i = 0; i < x.size(); ++i) worst.see(error_in_ulps(got[i], std::pow(Wide{x[i]}, Wide{y[i]})), x[i], y[i]);
  return worst;
}

// Bases of all magnitudes with exponents that keep the result finite, and bases near one with large exponents.
template <class T>
Worst worst_power_of_sample(const Engine& engine) {
  using Limits = std::numeric_limits<T>;
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<T> x, y;
  for (int i = 0; i < (engine.isa ? 200000 : 20000); ++i) {
    const double log_x = i % 3 == 0 ? std::ldexp(unit(random) - 0.5, -static_cast<int>(20 * unit(random)))
                                    : (unit(random) * 2 - 1) * std::log(Limits::max());
    x.push_back(static_cast<T>(std::exp(log_x)));
    const double log_result = (unit(random) * 2.1 - 1.05) * std::log(Limits::max());
    y.push_back(static_cast<T>(log_result / log_x));
  }
  return worst_power(engine, x, y);
}

TEST_P(ScalarMath, PowersStayInBounds) {
  report(GetParam(), "float32", "pow", worst_power_of_sample<float>(GetParam()), 1.0);
  report(GetParam(), "float64", "pow", worst_power_of_sample<double>(GetParam()), 1.2);
}

template <class T>
void check_power_edges(const Engine& engine) {
  std::vector<T> values = special_values<T>();
  for (const T v : {T(2), T(3), T(4), T(2.5), T(0.5), T(1e15), T(9007199254740993.0)}) {
    values.push_back(v);
    values.push_back(-v);
  }
  std::vector<T> x, y;
  for (const T a : values) {
    for (const T b : values) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  const std::vector<T> got = Runner<T>(engine, pow)(x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    const T expected = std::pow(x[i], y[i]);
    const bool same = error_in_ulps(got[i], Wide{expected}) <= 2 && std::isinf(got[i]) == std::isinf(expected);
    EXPECT_TRUE(same) << x[i] << " ** " << y[i] << " gave " << got[i] << ", not " << expected;
  }
}

template <class T>
void check_angles(const Engine& engine, const char* dtype) {
  std::vector<T> values = special_values<T>(), x, y;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 200; ++i) values.push_back(static_cast<T>(normal(random)));
  for (const T a : values) {
    for (const T b : values) {
      y.push_back(a);
      x.push_back(b);
    }
  }
  const std::vector<T> got = Runner<T>(engine, arctan2)(y, x);
  Worst worst;
  for (size_t i = 0; i < x.size(); ++i)
    worst.see(error_in_ulps(got[i], std::atan2(Wide{y[i]}, Wide{x[i]})), y[i], x[i]);
  report(engine, dtype, "arctan2", worst, 1.0);
}

TEST_P(ScalarMath, AnglesStayInBounds) {
  check_angles<float>(GetParam(), "float32");
  check_angles<double>(GetParam(), "float64");
}

TEST_P(ScalarMath, PowersHaveTheEdgesOfTheStandard) {
  check_power_edges<float>(GetParam());
  check_power_edges<double>(GetParam());
}

template <class T>
void check_edges(const Engine& engine) {
  const T inf = infinity<T>, nan = std::numeric_limits<T>::quiet_NaN(), tiny = std::numeric_limits<T>::denorm_min();
  const auto at = [&](Unary f, T x) { return Runner<T>(engine, f)({x})[0]; };
  EXPECT_EQ(at(exp, inf), inf);
  EXPECT_EQ(at(exp, -inf), 0);
  EXPECT_EQ(at(exp, 0), 1);
  EXPECT_EQ(at(log, 0), -inf);
  EXPECT_EQ(at(log, -T(0)), -inf);
  EXPECT_EQ(at(log, inf), inf);
  EXPECT_TRUE(std::isnan(at(log, -1)));
  EXPECT_TRUE(std::isnan(at(log, -inf)));
  EXPECT_EQ(at(log1p, -1), -inf);
  EXPECT_TRUE(std::isnan(at(log1p, -2)));
  EXPECT_EQ(at(sigmoid, -10000), 0);
  EXPECT_EQ(at(sigmoid, 10000), 1);
  EXPECT_EQ(at(softplus, 10000), 10000);
  EXPECT_EQ(at(tanh, -inf), -1);
  for (const Unary f : {log1p, expm1, tanh}) {
    EXPECT_TRUE(std::signbit(at(f, -T(0))));
    EXPECT_EQ(at(f, -T(0)), 0);
    EXPECT_EQ(at(f, tiny), tiny);
    EXPECT_EQ(at(f, -3 * tiny), -3 * tiny);
  }
  for (const Function& f : functions()) EXPECT_TRUE(std::isnan(at(f.code, nan))) << f.name;
}

TEST_P(ScalarMath, EdgesFollowTheStandard) {
  check_edges<float>(GetParam());
  check_edges<double>(GetParam());
}

// Values from the literature (Abramowitz and Stegun, tables 6.1 to 6.4, and reflection).
TEST(ScalarGamma, DerivativesHaveKnownValues) {
  EXPECT_NEAR(psi(1.0), -0.57721566490153286061, 1e-15);
  EXPECT_NEAR(psi(0.5), -1.96351002602142347944, 2e-15);
  EXPECT_NEAR(psi(-0.5), 0.03648997397857652056, 1e-15);
  EXPECT_NEAR(psi(100.0), 4.60016185273808740020, 1e-14);
  EXPECT_NEAR(polygamma(1, 1.0), 1.64493406684822643647, 1e-14);
  EXPECT_NEAR(polygamma(1, -0.5), 8.93480220054467930942, 1e-13);
  EXPECT_NEAR(polygamma(2, 1.0), -2.40411380631918857080, 1e-14);
  EXPECT_NEAR(polygamma(3, 1.0), 6.49393940226682914910, 1e-13);
  EXPECT_TRUE(std::isnan(psi(-3.0)));
}

TEST_P(ScalarMath, DerivativesOfTheGammaFunctionMatchTheirReference) {
  const std::vector<double> x = {-2.25, -0.5, 0.01, 0.5, 1, 1.5, 3, 7.75, 10, 1e5};
  const std::vector<double> first = Runner<double>(GetParam(), static_cast<Unary>(psi))(x);
  const std::vector<double> second = Runner<double>(GetParam(), [](Value v) { return polygamma(1, v); })(x);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(first[i], psi(x[i]), 1e-14 * (1 + std::fabs(first[i]))) << x[i];
    EXPECT_NEAR(second[i], polygamma(1, x[i]), 1e-14 * (1 + std::fabs(second[i]))) << x[i];
  }
}

}  // namespace
}  // namespace croton::scalar_math
