// Host calls (reference values of rows, users' own ops) and the choice between two blocks.
#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "runtime/execution_state.h"

namespace croton {
namespace {

// Contiguous, as steps after it take it, and kept alive by its storage; memory without storage is somebody else's.
Array owned(Array array) {
  if (array.storage != nullptr && array.is_contiguous()) return array;
  Array copy = new_array(array.dtype, array.shape);
  copy_elements(copy.data, array);
  return copy;
}

void call(ExecutionState& state, const HostStep& step, const std::vector<Array>& inputs) {
  const Node& node = *step.node;
  if (node.op->value == nullptr) raise<InternalError>("row '{}' has no reference value to call", node.op->name);
  std::vector<Array> outputs(node.types.size());
  for (size_t k = 0; k < step.outputs.size(); ++k) {
    const int slot = step.outputs[k];
    if (slot >= 0 && state.slot(slot).source != Slot::Source::dynamic) outputs[k] = state.view_of(slot);
  }
  node.op->value(node, inputs, outputs);
  if (outputs.size() < step.outputs.size()) raise<InternalError>("'{}' gave too few outputs", node.op->name);
  for (size_t k = 0; k < step.outputs.size(); ++k) {
    if (step.outputs[k] >= 0) put_result(state, step.outputs[k], std::move(outputs[k]));
  }
}

void expect(ExecutionState& state, const HostStep& step) {
  if (step.node->attributes.handle != nullptr) return state.turn_long();  // nobody can tell of a user's own op
  constexpr double nanoseconds_per_element = 20;
  int64_t elements = 0;
  for (const int slot : step.inputs) elements += state.elements(slot);
  state.expect(nanoseconds_per_element * static_cast<double>(elements));
}

}  // namespace

void put_result(ExecutionState& state, int slot, Array result) {
  if (state.slot(slot).source == Slot::Source::dynamic) {
    Array& target = state.arrays[static_cast<size_t>(slot)];
    target = owned(std::move(result));
    state.data_of(slot) = target.data;
    return;
  }
  std::vector<int64_t> expected;
  for (const SizeReg r : state.slot(slot).shape) expected.push_back(state.value(r));
  if (result.shape != expected) {
    throw ValueError(
        fmt::format("the result has shape {}, but {} was inferred", tuple_text(result.shape), tuple_text(expected)));
  }
  if (result.dtype != state.slot(slot).dtype) raise<InternalError>("a host call gave another dtype");
  if (result.data == state.data_of(slot) && result.is_contiguous()) return;  // it was computed there
  copy_elements(state.data_of(slot), result);
}

void run_host(ExecutionState& state, const HostStep& step, int site) {
  expect(state, step);
  std::vector<Array> inputs;
  inputs.reserve(step.inputs.size());
  for (const int slot : step.inputs) inputs.push_back(state.view_of(slot));
  try {
    call(state, step, inputs);
  } catch (Interrupted&) {
    throw;
  } catch (Error& error) {
    std::vector<std::string> descriptions;
    for (const Array& input : inputs) descriptions.push_back(description_of(input));
    error.message += error_trailer(state.program, site, descriptions);
    throw;
  }
}

void run_branch(ExecutionState& state, const BranchStep& step) {
  const bool otherwise = is_zero(state.data_of(step.condition), state.slot(step.condition).dtype);
  run_block(state, otherwise ? *step.else_block : *step.then_block);
  const std::vector<int>& results = otherwise ? step.else_results : step.then_results;
  for (size_t k = 0; k < step.outputs.size(); ++k) put_result(state, step.outputs[k], state.view_of(results[k]));
}

}  // namespace croton
