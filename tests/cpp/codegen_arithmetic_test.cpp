// Generated code of single operations on awkward values: NaN, zeros, infinities, denormals, wrap-around, halves.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "codegen_support.h"

namespace croton::loop {
namespace {

class CodegenArithmetic : public CodegenTest {};
INSTANTIATE_TEST_SUITE_P(Ways, CodegenArithmetic, testing::ValuesIn(ways()),
                         [](const auto& info) { return way_name(info.param); });

template <class T>
using Limits = std::numeric_limits<T>;

using Binary = std::function<Value(Value, Value)>;

// out[i] = f(x[i], y[i]) by vectors, and by a serial loop, which must give the same bits.
template <class To, class From>
std::vector<To> run_both(const Way& way, DType from, DType to, const Binary& f, const std::vector<From>& x,
                         const std::vector<From>& y) {
  std::vector<To> results[2];
  for (const LoopKind kind : {LoopKind::vector, LoopKind::serial}) {
    Builder b("op");
    const int in = b.buffer(from, false, "x"), other = b.buffer(from, false, "y"), out = b.buffer(to, true, "out");
    b.for_each(kind, b.range_begin(), b.range_end(),
               [&](Value i) { b.store(out, i, f(b.load(in, i), b.load(other, i))); });
    Memory mx(x), my(y), result(std::vector<To>(x.size(), To{}));
    Runner runner(b.finish(), way);
    EXPECT_EQ(runner.run({&mx, &my, &result}, {}, 0, static_cast<int64_t>(x.size())), kernel_done);
    results[kind == LoopKind::serial] = result.get<To>();
  }
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_TRUE(std::memcmp(&results[0][i], &results[1][i], sizeof(To)) == 0 || results[0][i] != results[0][i])
        << +x[i] << ", " << +y[i] << ": vector " << +results[0][i] << " scalar " << +results[1][i];
  }
  return results[0];
}

template <class T>
bool same(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    return a == b && std::signbit(a) == std::signbit(b);
  }
  return a == b;
}

// Every pair of the given values.
template <class T>
void pairs(const std::vector<T>& values, std::vector<T>& x, std::vector<T>& y) {
  for (const T a : values) {
    for (const T b : values) {
      x.push_back(a);
      y.push_back(b);
    }
  }
}

template <class T, class To = T, class F>
void check_pairs(const Way& way, DType from, DType to, const std::vector<T>& values, const Binary& f,
                 const F& reference) {
  std::vector<T> x, y;
  pairs(values, x, y);
  const auto result = run_both<To>(way, from, to, f, x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    const To expected = reference(x[i], y[i]);
    EXPECT_TRUE(same(result[i], expected))
        << +x[i] << ", " << +y[i] << ": " << +result[i] << " instead of " << +expected;
  }
}

template <class T>
std::vector<T> awkward_floats() {
  const T inf = Limits<T>::infinity();
  return {T(0),
          T(-0.0),
          T(1),
          T(-1),
          T(0.5),
          T(2.5),
          T(-3.5),
          T(1e10),
          T(-7),
          inf,
          -inf,
          Limits<T>::quiet_NaN(),
          Limits<T>::denorm_min(),
          Limits<T>::min(),
          Limits<T>::max(),
          -Limits<T>::max()};
}

template <class T>
void check_floats(const Way& way, DType d) {
  const auto values = awkward_floats<T>();
  const auto check = [&](const Binary& f, auto reference) { check_pairs<T>(way, d, d, values, f, reference); };
  check([](Value a, Value b) { return min(a, b); }, [](T a, T b) { return std::isnan(a) ? a : a < b ? a : b; });
  check([](Value a, Value b) { return max(a, b); }, [](T a, T b) { return std::isnan(a) ? a : a > b ? a : b; });
  check([](Value a, Value b) { return a / b; }, [](T a, T b) { return a / b; });
  check([](Value a, Value b) { return a % b; }, [](T a, T b) { return std::fmod(a, b); });
  check([](Value a, Value b) { return fma(a, b, a); }, [](T a, T b) { return std::fma(a, b, a); });
  check([](Value a, Value b) { return a * b + a; }, [](T a, T b) { return static_cast<T>(a * b) + a; });
  check([](Value a, Value b) { return copysign(a, b); }, [](T a, T b) { return std::copysign(a, b); });
  check([](Value a, Value) { return rint(a); }, [](T a, T) { return std::nearbyint(a); });
  check([](Value a, Value) { return floor(a); }, [](T a, T) { return std::floor(a); });
  check([](Value a, Value) { return trunc(a); }, [](T a, T) { return std::trunc(a); });
  check([](Value a, Value) { return -abs(a); }, [](T a, T) { return -std::abs(a); });
  check([](Value a, Value) { return sqrt(a); }, [](T a, T) { return std::sqrt(a); });
  const auto compare = [&](const Binary& f, auto reference) {
    check_pairs<T, uint8_t>(way, d, DType::b1, values, f, reference);
  };
  compare([](Value a, Value b) { return a < b; }, [](T a, T b) { return uint8_t{a < b}; });
  compare([](Value a, Value b) { return a >= b; }, [](T a, T b) { return uint8_t{a >= b}; });
  compare([](Value a, Value b) { return a == b; }, [](T a, T b) { return uint8_t{a == b}; });
  compare([](Value a, Value b) { return a != b; }, [](T a, T b) { return uint8_t{a != b}; });
  compare([](Value a, Value) { return cast(a, DType::b1); }, [](T a, T) { return uint8_t{a != 0}; });
}

TEST_P(CodegenArithmetic, AwkwardFloat32) { check_floats<float>(GetParam(), DType::f32); }
TEST_P(CodegenArithmetic, AwkwardFloat64) { check_floats<double>(GetParam(), DType::f64); }

template <class T>
void check_integers(const Way& way, DType d) {
  using U = std::make_unsigned_t<T>;
  const std::vector<T> values = {
      0, 1, 2, 3, 7, 8, T(-1), T(-2), T(-7), 31, 64, 100, Limits<T>::min(), Limits<T>::max(), Limits<T>::max() - 1};
  const auto check = [&](const Binary& f, auto reference) { check_pairs<T>(way, d, d, values, f, reference); };
  const auto special = [](T b) { return std::is_signed_v<T> && b == T(-1); };
  check([](Value a, Value b) { return a / b; },
        [&](T a, T b) { return b == 0       ? T(0)
                               : special(b) ? T(U(0) - U(a))
                                            : T(a / b); });
  check([](Value a, Value b) { return a % b; }, [&](T a, T b) { return b == 0 || special(b) ? T(0) : T(a % b); });
  check([](Value a, Value b) { return a * b - a; },
        [](T a, T b) { return T(uint64_t(a) * uint64_t(b) - uint64_t(a)); });
  check([](Value a, Value b) { return min(a, b); }, [](T a, T b) { return std::min(a, b); });
  check([](Value a, Value b) { return max(a, b); }, [](T a, T b) { return std::max(a, b); });
  check([](Value a, Value) { return abs(a); }, [](T a, T) { return a < 0 ? T(U(0) - U(a)) : a; });
  const U bits = 8 * sizeof(T);
  check([d](Value a, Value b) { return a.builder->pure(Code::shl, d, {a, b}); },
        [&](T a, T b) { return U(b) >= bits ? T(0) : T(uint64_t(a) << U(b)); });
  check([d](Value a, Value b) { return a.builder->pure(Code::shr, d, {a, b}); },
        [&](T a, T b) { return U(b) >= bits ? T(a < 0 ? -1 : 0) : T(a >> U(b)); });
  check([](Value a, Value) { return a / 10; }, [](T a, T) { return T(a / 10); });
  check_pairs<T, uint8_t>(
      way, d, DType::b1, values, [](Value a, Value b) { return a < b; }, [](T a, T b) { return uint8_t{a < b}; });
}

TEST_P(CodegenArithmetic, AwkwardInt8) { check_integers<int8_t>(GetParam(), DType::i8); }
TEST_P(CodegenArithmetic, AwkwardUint8) { check_integers<uint8_t>(GetParam(), DType::u8); }
TEST_P(CodegenArithmetic, AwkwardInt16) { check_integers<int16_t>(GetParam(), DType::i16); }
TEST_P(CodegenArithmetic, AwkwardInt32) { check_integers<int32_t>(GetParam(), DType::i32); }
TEST_P(CodegenArithmetic, AwkwardUint32) { check_integers<uint32_t>(GetParam(), DType::u32); }
TEST_P(CodegenArithmetic, AwkwardInt64) { check_integers<int64_t>(GetParam(), DType::i64); }
TEST_P(CodegenArithmetic, AwkwardUint64) { check_integers<uint64_t>(GetParam(), DType::u64); }

template <class T>
void check_scale2(const Way& way, DType d) {
  std::mt19937 random(7);
  std::vector<T> x, power;
  const int range = d == DType::f64 ? 2200 : 320;
  std::uniform_real_distribution<double> mantissa(1, 2);
  std::uniform_int_distribution<int> power_of_x(d == DType::f64 ? -1074 : -149, d == DType::f64 ? 1023 : 127),
      powers(-range, range);
  for (int i = 0; i < 20000; ++i) {
    x.push_back(static_cast<T>(std::ldexp(static_cast<T>(mantissa(random)), power_of_x(random))) * (i % 2 ? 1 : -1));
    power.push_back(static_cast<T>(powers(random)));
  }
  for (const T a : awkward_floats<T>()) {
    for (const T p : {T(0), T(1), T(-1), T(1e9), T(-1e9), T(130), T(-150), T(1100), T(-1100)}) {
      x.push_back(a);
      power.push_back(p);
    }
  }
  const auto result = run_both<T>(way, d, d, [](Value a, Value b) { return scale2(a, b); }, x, power);
  for (size_t i = 0; i < x.size(); ++i) {
    const T expected = std::ldexp(x[i], static_cast<int>(std::clamp(power[i], T(-5000), T(5000))));
    EXPECT_TRUE(same(result[i], expected))
        << x[i] << " 2^" << power[i] << ": " << result[i] << " instead of " << expected;
  }
}

template <class T>
void check_scale2_near_one(const Way& way, DType d) {
  std::mt19937 random(8);
  std::vector<T> x, power;
  const int range = 2 * (Limits<T>::max_exponent - 1);
  std::uniform_real_distribution<double> mantissa(0.25, 4);
  for (int n = -range; n <= range; ++n) {
    for (const double a :
         {0.25, 4.0, mantissa(random), -mantissa(random), static_cast<double>(Limits<T>::quiet_NaN())}) {
      x.push_back(static_cast<T>(a));
      power.push_back(static_cast<T>(n));
    }
  }
  const auto result = run_both<T>(way, d, d, [](Value a, Value b) { return scale2_near_one(a, b); }, x, power);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_TRUE(same(result[i], std::ldexp(x[i], static_cast<int>(power[i])))) << x[i] << " 2^" << power[i];
  }
}

TEST_P(CodegenArithmetic, Scale2NearOneOfFloat32IsRoundedOnce) { check_scale2_near_one<float>(GetParam(), DType::f32); }
TEST_P(CodegenArithmetic, Scale2NearOneOfFloat64IsRoundedOnce) {
  check_scale2_near_one<double>(GetParam(), DType::f64);
}

TEST_P(CodegenArithmetic, Scale2OfFloat32IsRoundedOnce) { check_scale2<float>(GetParam(), DType::f32); }
TEST_P(CodegenArithmetic, Scale2OfFloat64IsRoundedOnce) { check_scale2<double>(GetParam(), DType::f64); }

template <class T>
void check_exponent(const Way& way, DType d) {
  std::vector<T> x;
  for (int e = d == DType::f64 ? -1022 : -126; e <= (d == DType::f64 ? 1023 : 127); ++e) {
    x.push_back(std::ldexp(T(1), e));
    x.push_back(std::nextafter(std::ldexp(T(1), e), Limits<T>::max()));
    x.push_back(std::ldexp(T(1.75), e));
  }
  const auto result =
      run_both<T>(way, d, d, [d](Value a, Value) { return a.builder->pure(Code::exponent, d, {a}); }, x, x);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(result[i], static_cast<T>(std::ilogb(x[i]))) << x[i];
}

TEST_P(CodegenArithmetic, ExponentOfFloat32) { check_exponent<float>(GetParam(), DType::f32); }
TEST_P(CodegenArithmetic, ExponentOfFloat64) { check_exponent<double>(GetParam(), DType::f64); }

template <class From, class To>
void check_cast(const Way& way, DType from, DType to, const std::vector<From>& values) {
  const auto result = run_both<To>(way, from, to, [to](Value a, Value) { return cast(a, to); }, values, values);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(same(result[i], static_cast<To>(values[i]))) << +values[i] << " became " << +result[i];
  }
}

TEST_P(CodegenArithmetic, Casts) {
  const std::vector<double> doubles = {0, -0.0, 1.5, -1.5, 100.9, -100.9, 0.1, -127.9, 3,
                                       7, 11,   12,  13,   14,    15,     16,  17};
  const std::vector<float> floats(doubles.begin(), doubles.end());
  check_cast<double, float>(GetParam(), DType::f64, DType::f32, doubles);
  check_cast<float, double>(GetParam(), DType::f32, DType::f64, floats);
  check_cast<double, int8_t>(GetParam(), DType::f64, DType::i8, doubles);
  check_cast<float, int16_t>(GetParam(), DType::f32, DType::i16, floats);
  check_cast<float, int64_t>(GetParam(), DType::f32, DType::i64, floats);
  check_cast<double, int64_t>(GetParam(), DType::f64, DType::i64, {1e18, -1e18, 0.5, -0.5, 4503599627370497.0});
  check_cast<double, uint64_t>(GetParam(), DType::f64, DType::u64, {1e19, 0.5, 9.2e18, 3, 1, 0, 8, 9, 10});
  check_cast<double, uint32_t>(GetParam(), DType::f64, DType::u32, {4294967295.0, 0.5, 3e9, 7});
  const std::vector<int64_t> longs = {
      0, 1, -1, Limits<int64_t>::min(), Limits<int64_t>::max(), 1ll << 53, (1ll << 53) + 1, -(1ll << 40), 5};
  check_cast<int64_t, double>(GetParam(), DType::i64, DType::f64, longs);
  check_cast<int64_t, float>(GetParam(), DType::i64, DType::f32, longs);
  check_cast<int64_t, int8_t>(GetParam(), DType::i64, DType::i8, longs);
  const std::vector<uint64_t> unsigned_longs(longs.begin(), longs.end());
  check_cast<uint64_t, double>(GetParam(), DType::u64, DType::f64, unsigned_longs);
  check_cast<uint64_t, float>(GetParam(), DType::u64, DType::f32, unsigned_longs);
  const std::vector<int8_t> bytes = {0, 1, -1, 127, -128, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
  check_cast<int8_t, double>(GetParam(), DType::i8, DType::f64, bytes);
  check_cast<int8_t, int64_t>(GetParam(), DType::i8, DType::i64, bytes);
  check_cast<int8_t, uint16_t>(GetParam(), DType::i8, DType::u16, bytes);
  check_cast<uint8_t, float>(GetParam(), DType::u8, DType::f32, std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

uint16_t half_bits(double value) { return std::bit_cast<uint16_t>(static_cast<_Float16>(value)); }

TEST_P(CodegenArithmetic, HalvesAreRoundedOnce) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> mantissa(1, 2);
  std::uniform_int_distribution<int> powers(-28, 17), steps(0, 4096);
  std::vector<double> x = {0,
                           -0.0,
                           65504,
                           65519.999,
                           65520,
                           1e300,
                           -1e300,
                           Limits<double>::infinity(),
                           5.9604644775390625e-8,
                           2.9802322387695312e-8,
                           2.98023223876953125e-8 * (1 + Limits<double>::epsilon())};
  for (int i = 0; i < 5000; ++i) {
    x.push_back(std::ldexp(mantissa(random), powers(random)));
    // Half-way cases of half precision, moved by less than float32 can see.
    const double tie = 1 + (2 * (steps(random) % 1024) + 1) / 2048.0;
    x.push_back(tie);
    x.push_back(std::nextafter(tie, 0));
    x.push_back(std::nextafter(tie, 2));
  }
  const auto halves = run_both<uint16_t>(
      GetParam(), DType::f64, DType::u16, [](Value a, Value) { return bitcast(cast(a, DType::f16), DType::u16); }, x,
      x);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(halves[i], half_bits(x[i])) << x[i];
  const std::vector<float> singles(x.begin(), x.end());
  const auto from_singles = run_both<uint16_t>(
      GetParam(), DType::f32, DType::u16, [](Value a, Value) { return bitcast(cast(a, DType::f16), DType::u16); },
      singles, singles);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(from_singles[i], half_bits(singles[i])) << singles[i];
}

TEST_P(CodegenArithmetic, HalvesInMemory) {
  Builder b("halves");
  const int in = b.buffer(DType::f16, false, "in"), out = b.buffer(DType::f16, true, "out"),
            wide = b.buffer(DType::f64, true, "wide");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) {
    const Value x = cast(b.load(in, i), DType::f32);
    b.store(out, i, cast(x * x, DType::f16));
    b.store(wide, i, cast(b.load(in, i), DType::f64));
  });
  std::vector<uint16_t> x;
  for (int i = 0; i < 67; ++i) x.push_back(half_bits(i * 0.37 - 5));
  Memory mx(x), squares(std::vector<uint16_t>(67, 0)), doubles(std::vector<double>(67, 0));
  Runner runner(b.finish(), GetParam());
  ASSERT_EQ(runner.run({&mx, &squares, &doubles}, {}, 0, 67), kernel_done);
  for (size_t i = 0; i < 67; ++i) {
    const double value = std::bit_cast<_Float16>(x[i]);
    EXPECT_EQ(doubles.get<double>()[i], value);
    EXPECT_EQ(squares.get<uint16_t>()[i], half_bits(value * value));
  }
}

TEST_P(CodegenArithmetic, HelpersAreCalledLaneByLane) {
  for (const char* name : {"lgamma", "erf", "cos", "sin"}) {
    std::vector<double> x(16, 0.0);  // whole vectors of zeros, which need no call
    for (int i = 0; i < 21; ++i) x.push_back(i % 3 == 0 ? -0.0 : i % 3 == 1 ? 0.0 : i * 0.7 + 0.1);
    const auto result = run_both<double>(
        GetParam(), DType::f64, DType::f64, [&](Value a, Value) { return a.builder->call(name, a); }, x, x);
    const Helper& helper = helpers()[static_cast<size_t>(helper_index(name))];
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(result[i], helper.f64(x[i])) << name << " of " << x[i];
      EXPECT_EQ(std::signbit(result[i]), std::signbit(helper.f64(x[i]))) << name << " of " << x[i];
    }
    const std::vector<float> singles(x.begin(), x.end());
    const auto in_single = run_both<float>(
        GetParam(), DType::f32, DType::f32, [&](Value a, Value) { return a.builder->call(name, a); }, singles, singles);
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_EQ(in_single[i], helper.f32(singles[i])) << name << " of " << singles[i];
  }
}

TEST_P(CodegenArithmetic, FoldingAgreesWithCode) {
  // The same operation on constants, folded by the builder, and on loaded values.
  if (GetParam().checked) return;  // thousands of bounds checks would only cost time
  const std::vector<Code> codes = {Code::add, Code::sub, Code::mul, Code::div, Code::rem, Code::min, Code::max};
  const std::vector<double> numbers = {
      0, -0.0, 1, -1, 3, -7.5, 0.1, 1e30, Limits<double>::infinity(), Limits<double>::quiet_NaN()};
  for (const DType d : {DType::f32, DType::f64, DType::i32}) {
    for (const Code code : codes) {
      Builder b("folding");
      const int in = b.buffer(d, false, "in"), out = b.buffer(DType::b1, true, "out");
      int64_t at = 0;
      std::vector<double> loaded;
      for (const double x : numbers) {
        for (const double y : numbers) {
          if (!is_float(d) && !(std::abs(x) < 1e6 && std::abs(y) < 1e6)) continue;
          const Value cx = b.constant(d, x), cy = b.constant(d, y);
          const Value computed = b.pure(code, d, {b.load(in, b.integer(2 * at)), b.load(in, b.integer(2 * at + 1))});
          const Value folded = b.pure(code, d, {cx, cy});
          const DType bits = integer_of_size(item_size(d), true);
          b.store(out, b.integer(at),
                  (bitcast(computed, bits) == bitcast(folded, bits)) | (is_nan(computed) & is_nan(folded)));
          loaded.push_back(x);
          loaded.push_back(y);
          ++at;
        }
      }
      Runner runner(b.finish(), GetParam());
      Memory m = d == DType::f32   ? Memory(std::vector<float>(loaded.begin(), loaded.end()))
                 : d == DType::f64 ? Memory(loaded)
                                   : Memory(std::vector<int32_t>(loaded.begin(), loaded.end()));
      Memory result(std::vector<uint8_t>(static_cast<size_t>(at), 0));
      ASSERT_EQ(runner.run({&m, &result}, {}, 0, 0), kernel_done);
      const auto equal = result.get<uint8_t>();
      for (size_t i = 0; i < equal.size(); ++i) {
        EXPECT_EQ(equal[i], 1) << dtype_name(d) << ' ' << traits(code).name << ' ' << loaded[2 * i] << ' '
                               << loaded[2 * i + 1];
      }
    }
  }
}

}  // namespace
}  // namespace croton::loop
