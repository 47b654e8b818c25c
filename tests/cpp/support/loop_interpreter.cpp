// Runs loop IR one scalar at a time.
#include "support/loop_interpreter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "ir/array.h"
#include "ir/loop_fold.h"

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
      case Code::prefetch:
        return;
      case Code::transpose:
        return transpose(i);
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

  // By the folding of constants, so that generated code is compared with it; then what folding leaves to the machine.
  Slot arithmetic(const Instruction& i, DType result) {
    std::vector<Scalar> operands;
    for (const ValueId id : i.operands) operands.push_back({dtype(id), slot(id).integer, slot(id).number});
    if (const auto folded = fold(i.code, result, operands)) return {folded->integer, folded->number};
    const double a = operands[0].number;
    switch (i.code) {
      case Code::fma:
        return {0, rounded(fused_in_float32(a, operands[1].number, operands[2].number), result)};
      case Code::scale2:
        return {0, scaled(a, operands[1].number, result)};
      case Code::exponent:
        return {0, rounded(std::logb(a), result)};
      default:
        raise<InternalError>("the interpreter does not know {} of {}", traits(i.code).name, dtype_name(result));
    }
  }

  static double fused_in_float32(double a, double b, double c) {
    return std::fma(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c));
  }
  static double rounded(double value, DType dtype) { return float_scalar(dtype, value).number; }
  // A float32 scaled within the range of float64 is exact, and so rounded once.
  static double scaled(double a, double power, DType dtype) {
    if (std::isnan(power)) return power;
    return rounded(std::ldexp(a, static_cast<int>(std::clamp(power, -5000.0, 5000.0))), dtype);
  }

  double helper(const Instruction& i, DType result) {
    const Helper& entry = helpers()[static_cast<size_t>(i.immediate)];
    const double x = slot(i.operands[0]).number;
    return result == DType::f64 ? entry.f64(x) : rounded(entry.f32(static_cast<float>(x)), result);
  }

  static Slot converted(const Slot& from, DType from_dtype, DType to, bool bits) {
    std::byte bytes[8];
    if (from_dtype == DType::u64 && is_float(to) && !bits) {
      const auto value = static_cast<uint64_t>(from.integer);
      return {0, to == DType::f64 ? static_cast<double>(value) : rounded(static_cast<float>(value), to)};
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

  void transpose(const Instruction& i) {
    const LocalArray& array = kernel_.locals[static_cast<size_t>(i.immediate)];
    const int64_t row = array.count / transpose_side, first = slot(i.operands[0]).integer;
    const auto item = static_cast<size_t>(item_size(array.dtype));
    std::byte* const memory = local(i.immediate);
    const auto at = [&](int64_t r, int64_t c) { return memory + static_cast<size_t>(r * row + first + c) * item; };
    for (int64_t r = 0; r < transpose_side; ++r) {
      for (int64_t c = 0; c < r; ++c) std::swap_ranges(at(r, c), at(r, c) + item, at(c, r));
    }
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
