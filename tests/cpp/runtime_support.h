// Small programs made by hand, whose kernels are plain C++ functions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/executor.h"
#include "runtime/program.h"
#include "runtime/shared.h"

namespace croton::test {

inline Array vector_of(std::vector<double> values) {
  Array array = new_array(DType::f64, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), array.as<double>());
  return array;
}

inline std::vector<double> values_of(const Array& array) {
  std::vector<double> values;
  for_each_element(array, [&](int64_t, const std::byte* p) { values.push_back(element_as_double(p, array.dtype)); });
  return values;
}

inline Step step_of(Step::Kind kind, std::vector<int> prepares = {}) {
  Step step{};
  step.kind = kind;
  step.prepares = std::move(prepares);
  return step;
}

inline Guard guard_of(Guard::Kind kind) {
  Guard guard{};
  guard.kind = kind;
  return guard;
}

/// Builds a program step by step. Register 0 is the constant 0, register 1 the constant 1.
struct ProgramMaker {
  std::shared_ptr<Program> program = std::make_shared<Program>();

  ProgramMaker() {
    program->constants = {0, 1};
    program->register_count = 2;
  }
  SizeReg reg() { return program->register_count++; }
  SizeReg dim(int slot, int axis) {
    const SizeReg r = reg();
    program->size_instructions.push_back({SizeInstruction::Kind::dim, r, slot, axis, nullptr, {}});
    return r;
  }
  SizeReg apply(const char* op, std::vector<SizeReg> args) {
    const SizeReg r = reg();
    program->size_instructions.push_back({SizeInstruction::Kind::apply, r, -1, 0, &op_named(op), std::move(args)});
    return r;
  }
  SizeReg scalar(int slot) {
    const SizeReg r = reg();
    program->size_instructions.push_back({SizeInstruction::Kind::scalar, r, slot, 0, nullptr, {}});
    return r;
  }
  int slot(Slot::Source source, int index, std::vector<SizeReg> shape, std::vector<SizeReg> strides,
           DType dtype = DType::f64) {
    program->slots.push_back({source, index, dtype, std::move(shape), std::move(strides), no_reg});
    return static_cast<int>(program->slots.size()) - 1;
  }
  /// An argument of the call; its registers are read by `dim` instructions.
  int input(int rank = 1, DType dtype = DType::f64) {
    const int k = slot(Slot::Source::input, static_cast<int>(program->input_slots.size()), {}, {}, dtype);
    program->input_slots.push_back(k);
    describe(k, rank);
    return k;
  }
  int shared(const std::shared_ptr<SharedCell>& cell, bool updated) {
    const int k = slot(Slot::Source::shared, static_cast<int>(program->shared.size()), {}, {}, cell->type().dtype);
    program->shared.push_back(cell);
    program->shared_updated.push_back(updated);
    describe(k, cell->type().rank);
    return k;
  }
  void describe(int k, int rank) {
    for (int axis = 0; axis < rank; ++axis) {
      const SizeReg size = dim(k, axis), stride = reg();
      program->size_instructions.push_back({SizeInstruction::Kind::stride, stride, k, axis, nullptr, {}});
      program->slots[static_cast<size_t>(k)].shape.push_back(size);
      program->slots[static_cast<size_t>(k)].strides.push_back(stride);
    }
  }
  int kernel(KernelFunction entry, const std::string& name = "kernel") {
    program->kernels.emplace_back();
    program->kernels.back().entry = entry;
    program->kernels.back().loops.name = name;
    return static_cast<int>(program->kernels.size()) - 1;
  }
  /// A size step over all instructions and guards that no step has run yet.
  void sizes(Block* block = nullptr) {
    Step step = step_of(Step::Kind::sizes);
    step.first_instruction = done_instructions_;
    step.last_instruction = done_instructions_ = static_cast<int>(program->size_instructions.size());
    step.first_guard = done_guards_;
    step.last_guard = done_guards_ = static_cast<int>(program->guards.size());
    add(std::move(step), block);
  }
  Step& run(int kernel_index, std::vector<int> buffers, SizeReg count, std::vector<int> prepares = {},
            Block* block = nullptr) {
    Step step = step_of(Step::Kind::kernel, std::move(prepares));
    step.kernel.kernel = kernel_index;
    step.kernel.buffers = std::move(buffers);
    step.kernel.count = count;
    return add(std::move(step), block);
  }
  Step& add(Step step, Block* block = nullptr) {
    Block& target = block != nullptr ? *block : program->body;
    target.steps.push_back(std::move(step));
    return target.steps.back();
  }
  Executor executor() const { return Executor(program); }

 private:
  int done_instructions_ = 0, done_guards_ = 0;
};

// Kernels.
inline int32_t add_kernel(void* const* b, const int64_t*, int64_t begin, int64_t end, Frame*) {
  const auto *x = static_cast<const double*>(b[0]), *y = static_cast<const double*>(b[1]);
  auto* out = static_cast<double*>(b[2]);
  for (int64_t k = begin; k < end; ++k) out[k] = x[k] + y[k];
  return kernel_done;
}
inline int32_t add_one_kernel(void* const* b, const int64_t*, int64_t begin, int64_t end, Frame*) {
  for (int64_t k = begin; k < end; ++k) static_cast<double*>(b[1])[k] = static_cast<const double*>(b[0])[k] + 1;
  return kernel_done;
}
inline int32_t failing_kernel(void* const*, const int64_t*, int64_t, int64_t, Frame* frame) {
  frame->error_site = 0;
  frame->error_value = 7;
  frame->error_size = 3;
  return kernel_index_error;
}
// Fails at each index whose element of buffer 0 is not below 10.
inline int32_t checking_kernel(void* const* b, const int64_t*, int64_t begin, int64_t end, Frame* frame) {
  for (int64_t k = begin; k < end; ++k) {
    const auto value = static_cast<int64_t>(static_cast<const double*>(b[0])[k]);
    if (value < 10) continue;
    frame->error_site = 0;
    frame->error_value = value;
    frame->error_size = 10;
    return kernel_index_error;
  }
  return kernel_done;
}

template <class E, class F>
std::string message_of_throw(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.message;
  }
  ADD_FAILURE() << "nothing of the expected type was thrown";
  return {};
}

}  // namespace croton::test
