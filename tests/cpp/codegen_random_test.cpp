// Random expressions over all dtypes: vector code of every instruction set gives the bits of scalar code.
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

#include "codegen_support.h"

namespace croton::loop {
namespace {

constexpr size_t length = 77;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  // Buffers 0 to 10 are one of each real dtype; the last one is the result.
  Kernel kernel(unsigned seed, LoopKind kind) {
    random_.seed(seed);
    Builder b("random");
    std::vector<int> inputs;
    for (const DType d : dtypes) inputs.push_back(b.buffer(d, false, std::string(dtype_name(d))));
    const DType result = pick_dtype();
    const int out = b.buffer(result, true, "out");
    const Value stride = b.int_param(b.new_int());
    b.for_each(kind, b.range_begin(), b.range_end(), [&](Value i) {
      values_.clear();
      for (size_t k = 0; k < inputs.size(); ++k) {
        if (chance(60)) add(b.load(inputs[k], chance(80) ? i : chance(50) ? i * stride : b.integer(5)));
      }
      add(i);
      add(b.load(inputs[9], i));
      for (int steps = 5 + below(25); steps > 0; --steps) add(operation(b));
      b.store(out, i, convert(values_of(result).empty() ? any() : one_of(values_of(result)), result));
    });
    return b.finish();
  }

  static Memory input(DType d) {
    std::mt19937 random(static_cast<unsigned>(d) + 1);
    std::uniform_real_distribution<double> uniform(-4, 4);
    std::vector<uint8_t> bytes(2 * length * static_cast<size_t>(item_size(d)));
    if (d == DType::f64) return doubles<double>(random, uniform);
    if (d == DType::f32) return doubles<float>(random, uniform);
    if (d == DType::f16) {
      std::vector<uint16_t> halves(2 * length);
      for (uint16_t& h : halves) h = std::bit_cast<uint16_t>(static_cast<_Float16>(uniform(random)));
      return Memory(halves);
    }
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(is_bool(d) ? random() % 2 : random());
    return typed(d, bytes);
  }

  static Memory typed(DType d, const std::vector<uint8_t>& bytes) {
    switch (item_size(d)) {
      case 1:
        return Memory(bytes);
      case 2:
        return Memory(convert_bytes<uint16_t>(bytes));
      case 4:
        return Memory(convert_bytes<uint32_t>(bytes));
      default:
        return Memory(convert_bytes<uint64_t>(bytes));
    }
  }

  static constexpr DType dtypes[] = {DType::b1,  DType::i8,  DType::i16, DType::i32, DType::i64, DType::u8,
                                     DType::u16, DType::u32, DType::u64, DType::f32, DType::f64, DType::f16};

 private:
  template <class T>
  static Memory doubles(std::mt19937& random, std::uniform_real_distribution<double>& uniform) {
    std::vector<T> values(2 * length);
    for (T& v : values) v = static_cast<T>(uniform(random));
    return Memory(values);
  }

  template <class T>
  static std::vector<T> convert_bytes(const std::vector<uint8_t>& bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  DType pick_dtype() { return dtypes[below(12)]; }
  void add(Value v) { values_.push_back(v); }
  Value any() { return one_of(values_); }
  Value one_of(const std::vector<Value>& from) {
    return from[static_cast<size_t>(below(static_cast<int>(from.size())))];
  }

  std::vector<Value> values_of(DType d) const {
    std::vector<Value> found;
    for (const Value& v : values_) {
      if (v.dtype() == d) found.push_back(v);
    }
    return found;
  }

  // What a float out of an integer's range becomes is not specified, so it is kept inside.
  Value convert(Value v, DType to) {
    if (is_float(v.dtype()) && is_integer(to)) {
      const Value number = select(is_nan(v), like(v, 0), v);
      v = max(min(number, like(v, 100)), like(v, is_unsigned_integer(to) ? 0 : -100));
    }
    return cast(v, to);
  }

  Value other_like(Value a) { return chance(20) ? like(a, below(7)) : one_of(values_of(a.dtype())); }

  Value operation(Builder& b) {
    const Value a = any();
    const DType d = a.dtype();
    if (chance(25)) return convert(a, pick_dtype());
    if (chance(15)) {
      const auto flags = values_of(DType::b1);
      if (!flags.empty()) return select(one_of(flags), a, other_like(a));
    }
    if (chance(15)) return compare(a, other_like(a));
    if (is_bool(d)) return chance(30) ? ~a : chance(50) ? (a & other_like(a)) : (a ^ other_like(a));
    return is_float(d) ? float_operation(a) : integer_operation(b, a);
  }

  Value compare(Value a, Value b) {
    static constexpr Code codes[] = {Code::eq, Code::ne, Code::lt, Code::le, Code::gt, Code::ge};
    return a.builder->pure(codes[below(6)], DType::b1, {a, b});
  }

  Value float_operation(Value a) {
    const Value b = other_like(a);
    switch (below(12)) {
      case 0:
        return a + b;
      case 1:
        return a - b;
      case 2:
        return a * b;
      case 3:
        return a / b;
      case 4:
        return min(a, b);
      case 5:
        return max(a, b);
      case 6:
        return sqrt(abs(a));
      case 7:
        return floor(a);
      case 8:
        return rint(a) - trunc(b);
      case 9:
        return copysign(a, b);
      case 10:
        return scale2(a, rint(min(max(b, like(a, -9)), like(a, 9))));
      default:
        return a.dtype() == DType::f16 ? -a : fma(a, b, a);
    }
  }

  Value integer_operation(Builder& builder, Value a) {
    const Value b = other_like(a);
    switch (below(12)) {
      case 0:
        return a + b;
      case 1:
        return a - b;
      case 2:
        return a * b;
      case 3:
        return a / b;
      case 4:
        return a % b;
      case 5:
        return min(a, b);
      case 6:
        return max(a, b);
      case 7:
        return -abs(a);
      case 8:
        return a ^ b;
      case 9:
        return ~(a | b);
      case 10:
        return builder.pure(Code::shl, a.dtype(), {a, b & like(a, 31)});
      default:
        return builder.pure(Code::shr, a.dtype(), {a, b & like(a, 31)});
    }
  }

  std::mt19937 random_;
  std::vector<Value> values_;
};

bool is_nan_bits(DType d, uint64_t bits) {
  if (d == DType::f64) return std::isnan(std::bit_cast<double>(bits));
  if (d == DType::f32) return std::isnan(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  return d == DType::f16 && (bits & 0x7fff) > 0x7c00;
}

std::vector<uint64_t> result_bits(const Kernel& kernel, const Way& way) {
  std::vector<Memory> inputs;
  for (const DType d : Generator::dtypes) inputs.push_back(Generator::input(d));
  const DType d = kernel.buffers.back().dtype;
  Memory out = Generator::typed(d, std::vector<uint8_t>(length * static_cast<size_t>(item_size(d)), 7));
  std::vector<Memory*> all;
  for (Memory& m : inputs) all.push_back(&m);
  all.push_back(&out);
  EXPECT_EQ(Runner(kernel, way).run(all, {2}, 0, static_cast<int64_t>(length)), kernel_done);
  std::vector<uint64_t> bits(length);
  const auto bytes = out.get<uint8_t>();
  const auto size = static_cast<size_t>(item_size(d));
  for (size_t i = 0; i < length; ++i) {
    std::memcpy(&bits[i], bytes.data() + i * size, size);
    if (is_nan_bits(d, bits[i])) bits[i] = ~uint64_t{0};
  }
  return bits;
}

TEST(CodegenRandom, VectorCodeGivesTheBitsOfScalarCode) {
  if (host_target().isa == CpuTarget::Isa::none) GTEST_SKIP() << "this processor has no AVX2: the interpreter runs";
  for (unsigned seed = 0; seed < 60; ++seed) {
    Generator generator(seed);
    const Kernel vector = generator.kernel(seed, LoopKind::vector), serial = generator.kernel(seed, LoopKind::serial);
    const auto expected = result_bits(serial, {host_target().isa, false});
    for (const Way& way : ways())
      ASSERT_EQ(result_bits(vector, way), expected) << "seed " << seed << ' ' << way_name(way) << '\n' << print(vector);
  }
}

}  // namespace
}  // namespace croton::loop
