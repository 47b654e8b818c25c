// Runs loop IR one scalar at a time, with the meaning that ir/loop.h states beside each code.
#include "support/loop_interpreter.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.h"
#include "ir/array.h"

namespace croton::loop {
namespace {

/// A value: `number` for floats (float16 and float32 exactly), `integer` for the rest (wrapped, uint64 as its bits).
struct Slot {
  int64_t integer = 0;
  double number = 0;
};

/// Ends the run: the kernel returns this status.
struct Stop {
  int32_t status;
};

int64_t wrap(int64_t value, DType dtype) {
  switch (dtype) {
    case DType::b1:
      return value & 1;
    case DType::i8:
      return static_cast<int8_t>(value);
    case DType::i16:
      return static_cast<int16_t>(value);
    case DType::i32:
      return static_cast<int32_t>(value);
    case DType::u8:
      return static_cast<uint8_t>(value);
    case DType::u16:
      return static_cast<uint16_t>(value);
    case DType::u32:
      return static_cast<uint32_t>(value);
    default:
      return value;
  }
}

// Rounds to the dtype. For one operation on float32 operands, double and then float is the correctly rounded result.
double round_to(double value, DType dtype) {
  if (dtype == DType::f64) return value;
  if (dtype == DType::f32) return static_cast<float>(value);
  std::byte bytes[2];
  store_double(bytes, DType::f16, value);
  return element_as_double(bytes, DType::f16);
}

double fused(double a, double b, double c, DType dtype) {
  if (dtype == DType::f64) return std::fma(a, b, c);
  return round_to(std::fmaf(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c)), dtype);
}

double scaled(double a, double power, DType dtype) {
  if (std::isnan(power)) return power;
  const int n = static_cast<int>(std::fmin(std::fmax(power, -5000), 5000));
  if (dtype == DType::f64) return std::ldexp(a, n);
  return round_to(std::ldexp(a, n),
                  dtype);  // a float32 scaled within the range of float64 is exact, and so rounded once
}

double float_binary(Code code, double a, double b) {
  switch (code) {
    case Code::add:
      return a + b;
    case Code::sub:
      return a - b;
    case Code::mul:
      return a * b;
    case Code::div:
      return a / b;
    case Code::rem:
      return std::fmod(a, b);
    case Code::copysign:
      return std::copysign(a, b);
    case Code::min:
      return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmin(a, b);
    case Code::max:
      return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmax(a, b);
    default:
      raise<InternalError>("{} is no operation on two floats", traits(code).name);
  }
}

double float_unary(Code code, double a) {
  switch (code) {
    case Code::neg:
      return -a;
    case Code::abs:
      return std::fabs(a);
    case Code::sqrt:
      return std::sqrt(a);
    case Code::floor:
      return std::floor(a);
    case Code::ceil:
      return std::ceil(a);
    case Code::trunc:
      return std::trunc(a);
    case Code::rint:
      return std::nearbyint(a);
    case Code::exponent:
      return std::logb(a);
    default:
      raise<InternalError>("{} is no operation on one float", traits(code).name);
  }
}

bool less(int64_t a, int64_t b, DType dtype) {
  return dtype == DType::u64 ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}

int64_t quotient(int64_t a, int64_t b, DType dtype) {
  if (b == 0) return 0;
  if (dtype == DType::u64) return static_cast<int64_t>(static_cast<uint64_t>(a) / static_cast<uint64_t>(b));
  if (b == -1) return static_cast<int64_t>(-static_cast<uint64_t>(a));
  return a / b;
}

int64_t shifted_left(int64_t a, int64_t bits) {
  return bits < 0 || bits > 63 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << bits);
}

int64_t shifted_right(int64_t a, int64_t bits, DType dtype) {
  const bool all = bits < 0 || bits > 63;
  if (!is_signed_integer(dtype)) return all ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) >> bits);
  return a >> (all ? 63 : bits);
}

int64_t integer_binary(Code code, int64_t a, int64_t b, DType dtype) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (code) {
    case Code::add:
      return static_cast<int64_t>(x + y);
    case Code::sub:
      return static_cast<int64_t>(x - y);
    case Code::mul:
      return static_cast<int64_t>(x * y);
    case Code::div:
      return quotient(a, b, dtype);
    case Code::rem:
      return b == 0 ? 0 : static_cast<int64_t>(x - static_cast<uint64_t>(quotient(a, b, dtype)) * y);
    case Code::min:
      return less(a, b, dtype) ? a : b;
    case Code::max:
      return less(a, b, dtype) ? b : a;
    case Code::bit_and:
      return a & b;
    case Code::bit_or:
      return a | b;
    case Code::bit_xor:
      return a ^ b;
    case Code::shl:
      return shifted_left(a, b);
    case Code::shr:
      return shifted_right(a, b, dtype);
    default:
      raise<InternalError>("{} is no operation on two integers", traits(code).name);
  }
}

int64_t integer_unary(Code code, int64_t a, DType dtype) {
  switch (code) {
    case Code::neg:
      return static_cast<int64_t>(-static_cast<uint64_t>(a));
    case Code::abs:
      return a < 0 && is_signed_integer(dtype) ? static_cast<int64_t>(-static_cast<uint64_t>(a)) : a;
    case Code::bit_not:
      return ~a;
    default:
      raise<InternalError>("{} is no operation on one integer", traits(code).name);
  }
}

template <class T>
bool compared(Code code, T a, T b) {
  switch (code) {
    case Code::eq:
      return a == b;
    case Code::ne:
      return a != b;
    case Code::lt:
      return a < b;
    case Code::le:
      return a <= b;
    case Code::gt:
      return a > b;
    default:
      return a >= b;
  }
}

class Interpreter {
 public:
  Interpreter(const Kernel& kernel, void* const* buffers, const int64_t* ints, int64_t begin, int64_t end, Frame* frame,
              int lanes)
      : kernel_(kernel), buffers_(buffers), ints_(ints), begin_(begin), end_(end), frame_(frame), lanes_(lanes) {
    slots_.resize(kernel.value_dtypes.size());
    for (const LocalArray& local : kernel.locals) {
      const size_t bytes =
          local.in_scratch ? 0 : static_cast<size_t>(local.count) * static_cast<size_t>(item_size(local.dtype));
      locals_.emplace_back(bytes);
    }
  }

  int32_t run() {
    try {
      region(kernel_.body);
    } catch (const Stop& stop) {
      return stop.status;
    }
    return kernel_done;
  }

 private:
  using Slots = std::vector<Slot>;

  DType dtype(ValueId id) const { return kernel_.value_dtypes[static_cast<size_t>(id)]; }
  Slot& slot(ValueId id) { return slots_[static_cast<size_t>(id)]; }
  Slots read(const std::vector<ValueId>& ids, size_t first = 0) {
    Slots values;
    for (size_t i = first; i < ids.size(); ++i) values.push_back(slot(ids[i]));
    return values;
  }
  void write(const std::vector<ValueId>& ids, const Slots& values, size_t first = 0) {
    for (size_t i = first; i < ids.size(); ++i) slot(ids[i]) = values[i - first];
  }

  void region(const Region& r) {
    for (const Instruction& i : r.body) step(i);
  }
  Slots yields(const Region& r) {
    region(r);
    return read(r.yields);
  }

  void step(const Instruction& i) {
    switch (i.code) {
      case Code::loop:
        return run_loop(i);
      case Code::branch:
        return write(i.results, yields(i.regions[slot(i.operands[0]).integer != 0 ? 0 : 1]));
      case Code::while_loop:
        return run_while(i);
      case Code::store:
        return put(buffer(i.immediate), kernel_.buffers[static_cast<size_t>(i.immediate)].dtype, i);
      case Code::local_store:
        return put(local(i.immediate), kernel_.locals[static_cast<size_t>(i.immediate)].dtype, i);
      default:
        slot(i.results[0]) = value(i, dtype(i.results[0]));
    }
  }

  Slot value(const Instruction& i, DType result) {
    switch (i.code) {
      case Code::constant:
        return {i.immediate, i.number};
      case Code::int_param:
        return {ints_[i.immediate], 0};
      case Code::range_begin:
        return {begin_, 0};
      case Code::range_end:
        return {end_, 0};
      case Code::load:
        return get(buffer(i.immediate), result, slot(i.operands[0]).integer);
      case Code::local_load:
        return get(local(i.immediate), result, slot(i.operands[0]).integer);
      case Code::checked_index:
        return {checked(i), 0};
      case Code::select:
        return slot(i.operands[slot(i.operands[0]).integer != 0 ? 1 : 2]);
      case Code::cast:
        return converted(slot(i.operands[0]), dtype(i.operands[0]), result, false);
      case Code::bitcast:
        return converted(slot(i.operands[0]), dtype(i.operands[0]), result, true);
      case Code::call:
        return {0, helper(i, result)};
      default:
        return arithmetic(i, result);
    }
  }

  Slot arithmetic(const Instruction& i, DType result) {
    const Slot a = slot(i.operands[0]), b = i.operands.size() > 1 ? slot(i.operands[1]) : Slot{};
    const DType operand = dtype(i.operands[0]);
    if (i.code >= Code::eq && i.code <= Code::ge) {
      if (is_float(operand)) return {compared(i.code, a.number, b.number), 0};
      if (operand == DType::u64) {
        return {compared(i.code, static_cast<uint64_t>(a.integer), static_cast<uint64_t>(b.integer)), 0};
      }
      return {compared(i.code, a.integer, b.integer), 0};
    }
    if (is_float(result)) {
      if (i.code == Code::fma) return {0, fused(a.number, b.number, slot(i.operands[2]).number, result)};
      if (i.code == Code::scale2) return {0, scaled(a.number, b.number, result)};
      const bool unary = i.operands.size() == 1;
      return {0, round_to(unary ? float_unary(i.code, a.number) : float_binary(i.code, a.number, b.number), result)};
    }
    if (i.operands.size() == 1) return {wrap(integer_unary(i.code, a.integer, result), result), 0};
    return {wrap(integer_binary(i.code, a.integer, b.integer, result), result), 0};
  }

  double helper(const Instruction& i, DType result) {
    const Helper& entry = helpers()[static_cast<size_t>(i.immediate)];
    const double x = slot(i.operands[0]).number;
    return result == DType::f64 ? entry.f64(x) : round_to(entry.f32(static_cast<float>(x)), result);
  }

  static Slot converted(const Slot& from, DType from_dtype, DType to, bool bits) {
    std::byte bytes[8];
    if (from_dtype == DType::u64 && is_float(to) && !bits) {
      const auto value = static_cast<uint64_t>(from.integer);
      return {0, to == DType::f64 ? static_cast<double>(value) : round_to(static_cast<float>(value), to)};
    }
    if (is_float(from_dtype)) {
      store_double(bytes, bits ? from_dtype : to, from.number);
    } else {
      store_integer(bytes, bits ? from_dtype : to, from.integer);
    }
    return get(bytes, to, 0);
  }

  static Slot get(const std::byte* base, DType dtype, int64_t offset) {
    const std::byte* p = base + offset * item_size(dtype);
    if (dtype == DType::f32) {
      float value;
      std::memcpy(&value, p, sizeof value);
      return {0, value};
    }
    if (is_float(dtype)) return {0, element_as_double(p, dtype)};
    return {element_as_integer(p, dtype), 0};
  }

  void put(std::byte* base, DType dtype, const Instruction& i) {
    std::byte* p = base + slot(i.operands[0]).integer * item_size(dtype);
    if (is_float(dtype)) {
      store_double(p, dtype, slot(i.operands[1]).number);
    } else {
      store_integer(p, dtype, slot(i.operands[1]).integer);
    }
  }

  std::byte* buffer(int64_t index) const { return static_cast<std::byte*>(buffers_[index]); }
  std::byte* local(int64_t index) {
    const LocalArray& array = kernel_.locals[static_cast<size_t>(index)];
    if (array.in_scratch) return static_cast<std::byte*>(frame_->scratch) + ints_[array.scratch_int];
    return locals_[static_cast<size_t>(index)].data();
  }

  int64_t checked(const Instruction& i) {
    const int64_t index = slot(i.operands[0]).integer, size = slot(i.operands[1]).integer;
    const int64_t from_start = index < 0 ? index + size : index;
    if (from_start >= 0 && from_start < size) return from_start;
    frame_->error_site = static_cast<int32_t>(i.immediate);
    frame_->error_value = index;
    frame_->error_size = size;
    throw Stop{kernel_index_error};
  }

  void run_while(const Instruction& i) {
    Slots values = read(i.operands);
    for (;;) {
      write(i.regions[0].params, values);
      if (yields(i.regions[0])[0].integer == 0) break;
      write(i.regions[1].params, values);
      values = yields(i.regions[1]);
    }
    write(i.results, values);
  }

  void run_loop(const Instruction& i) {
    const int64_t begin = slot(i.operands[0]).integer, end = slot(i.operands[1]).integer;
    const bool copied = i.kind == LoopKind::vector && !i.results.empty();
    const auto lanes = static_cast<size_t>(copied ? lanes_ : 1),
               copies = copied ? static_cast<size_t>(i.interleave) : 1;
    std::vector<Slots> states(lanes * copies, read(i.operands, 2));
    for (int64_t index = begin; index < end; ++index) {
      Slots& state = states[static_cast<size_t>(index - begin) % states.size()];
      slot(i.regions[0].params[0]) = {index, 0};
      write(i.regions[0].params, state, 1);
      state = yields(i.regions[0]);
    }
    write(i.results, states.size() == 1 ? states[0] : joined(i, std::move(states), lanes, copies));
  }

  // Copies pairwise first, then lanes by halves. State (copy, lane) stands at copy * lanes + lane.
  Slots joined(const Instruction& i, std::vector<Slots> states, size_t lanes, size_t copies) {
    const auto join = [&](size_t left, size_t right) {
      Slots both = states[left];
      both.insert(both.end(), states[right].begin(), states[right].end());
      write(i.regions[1].params, both);
      states[left] = yields(i.regions[1]);
    };
    for (size_t distance = 1; distance < copies; distance *= 2) {
      for (size_t copy = 0; copy + distance < copies; copy += 2 * distance) {
        for (size_t lane = 0; lane < lanes; ++lane) join(copy * lanes + lane, (copy + distance) * lanes + lane);
      }
    }
    for (size_t half = lanes / 2; half > 0; half /= 2) {
      for (size_t lane = 0; lane < half; ++lane) join(lane, lane + half);
    }
    return states[0];
  }

  const Kernel& kernel_;
  void* const* buffers_;
  const int64_t* ints_;
  int64_t begin_, end_;
  Frame* frame_;
  int lanes_;
  Slots slots_;
  std::vector<std::vector<std::byte>> locals_;
};

}  // namespace

int32_t interpret(const Kernel& kernel, void* const* buffers, const int64_t* ints, int64_t begin, int64_t end,
                  Frame* frame, int lanes) {
  return Interpreter(kernel, buffers, ints, begin, end, frame, lanes).run();
}

}  // namespace croton::loop
