// How results reach the caller and new values reach shared variables: planned once, prepared at the commit step.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "runtime/execution_state.h"

namespace croton {
namespace {

using Source = Slot::Source;

bool owns_array(Source source) { return source == Source::output || source == Source::dynamic; }

int root_of(const ExecutionState& state, int slot) {
  while (state.slot(slot).source == Source::view) slot = state.slot(slot).index;
  return slot;
}

// Views of what had no memory yet when they were prepared.
void place_views(ExecutionState& state, int slot) {
  if (state.slot(slot).source != Source::view) return;
  place_views(state, state.slot(slot).index);
  state.prepare(slot, -1);
}

Transfer transfer_of(const ExecutionState& state, int slot, int target, bool first_use) {
  Transfer transfer{.slot = slot, .target = target};
  const int root = root_of(state, slot);
  if (root == slot && owns_array(state.slot(slot).source) && first_use) return transfer;
  const Source source = state.slot(root).source;
  const bool late = source == Source::output || source == Source::buffer || source == Source::in_place;
  transfer.how = late ? Transfer::How::copy_late : Transfer::How::copy_early;
  return transfer;
}

// Nobody else can see or change the memory, and it is all the storage holds.
bool movable(const ExecutionState& state, int slot) {
  const Array& array = state.arrays[static_cast<size_t>(slot)];
  if (state.slot(slot).source == Source::output) return true;
  const Storage* storage = array.storage.get();
  return storage != nullptr && storage->owner == nullptr && !storage->read_only && array.storage.use_count() == 1 &&
         array.data == storage->data && array.is_contiguous();
}

// Rows of elements pass at the speed of memory, single elements more slowly.
void expect_copy(ExecutionState& state, const Array& source) {
  constexpr double nanoseconds_per_byte = 0.2, nanoseconds_per_element = 5;
  const auto count = static_cast<double>(source.size());
  state.expect(source.is_contiguous() ? count * item_size(source.dtype) * nanoseconds_per_byte
                                      : count * nanoseconds_per_element);
}

void reserve(ExecutionState& state, Transfer& transfer) {
  if (transfer.how == Transfer::How::in_place) return;
  if (state.data_of(transfer.slot) == nullptr && state.elements(transfer.slot) != 0) {
    raise<InternalError>("slot {} has no memory when results are collected", transfer.slot);
  }
  if (transfer.how == Transfer::How::move && movable(state, transfer.slot)) return;
  Array view = state.view_of(transfer.slot);
  expect_copy(state, view);
  transfer.copy = new_array(view.dtype, view.shape);
  if (transfer.how == Transfer::How::copy_late) {
    transfer.view = std::move(view);
  } else {
    copy_elements(transfer.copy.data, view);
  }
}

// Of a slot in place the array is that of an earlier call until it is prepared: its registers know.
const std::vector<int64_t>& shape_of(ExecutionState& state, int slot) {
  const Slot& s = state.slot(slot);
  state.shape.clear();
  for (int axis = 0; axis < static_cast<int>(s.shape.size()); ++axis) {
    const auto a = static_cast<size_t>(axis);
    state.shape.push_back(s.source == Source::in_place ? state.value(s.shape[a]) : state.dim(slot, axis));
  }
  return state.shape;
}

void check_caller_array(ExecutionState& state, const Transfer& result) {
  const Array& given = state.outputs[static_cast<size_t>(result.target)];
  if (given.data == nullptr) return;
  const std::vector<int64_t>& shape = shape_of(state, result.slot);
  if (given.shape != shape) {
    throw ValueError(fmt::format("the array for output {} has shape {}, the result has {}", result.target,
                                 tuple_text(given.shape), tuple_text(shape)));
  }
}

// The new value is written over the old one when nobody else holds that, else into fresh memory.
void prepare_in_place(ExecutionState& state, const Transfer& update) {
  const auto cell = static_cast<size_t>(update.target);
  const auto slot = static_cast<size_t>(update.slot);
  Array& snapshot = state.snapshots[cell];
  Array& target = state.arrays[slot];
  if (!state.ran_early(update.slot) && snapshot.shape == state.shape &&
      state.program.shared[cell]->try_unique(snapshot)) {
    target = snapshot;
    snapshot.storage.reset();  // its pointer and shape stay: readers of the old value see the same memory
    state.taken[cell] = 1;
  } else {
    target = new_array(state.slot(update.slot).dtype, state.shape);
  }
  state.data[slot] = target.data;
}

void fill_late_copy(ExecutionState& state, Transfer& transfer) {
  if (transfer.how != Transfer::How::copy_late) return;
  if (state.slot(transfer.slot).source == Source::in_place) {
    copy_elements(transfer.copy.data, state.arrays[static_cast<size_t>(transfer.slot)]);
    return;
  }
  if (state.slot(root_of(state, transfer.slot)).source == Source::in_place) place_views(state, transfer.slot);
  transfer.view.data = state.data_of(transfer.slot);  // a buffer may have been given its memory since
  copy_elements(transfer.copy.data, transfer.view);
}

// To be taken by whoever gets it.
Array& value_of(ExecutionState& state, Transfer& transfer) {
  if (transfer.copy.storage != nullptr) return transfer.copy;
  state.shaped[static_cast<size_t>(transfer.slot)] = 0;
  return state.arrays[static_cast<size_t>(transfer.slot)];
}

void give_result(ExecutionState& state, Transfer& result) {
  const auto k = static_cast<size_t>(result.target);
  Array& target = state.outputs[k];
  if (target.data == nullptr) {
    // What the caller gave stays here for the next result: vectors that have grown, an emptied storage.
    std::swap(target, value_of(state, result));
    return;
  }
  const Array& value = value_of(state, result);
  if (value.data != target.data) copy_elements(target.data, value);
}

}  // namespace

void plan_transfers(ExecutionState& state) {
  const Program& program = state.program;
  std::vector<bool> used(program.slots.size());
  state.result_of_slot.assign(program.slots.size(), -1);
  for (size_t k = 0; k < program.output_slots.size(); ++k) {
    const int slot = program.output_slots[k];
    const auto at = static_cast<size_t>(slot);
    state.results.push_back(transfer_of(state, slot, static_cast<int>(k), !used[at]));
    if (!used[at] && program.slots[at].source == Source::output) state.result_of_slot[at] = static_cast<int>(k);
    used[at] = true;
  }
  for (const auto& [cell, slot] : program.updates) {
    const auto at = static_cast<size_t>(slot);
    Transfer update = transfer_of(state, slot, cell, !used[at]);
    if (program.slots[at].source == Source::in_place && !used[at]) update.how = Transfer::How::in_place;
    used[at] = true;
    state.updates.push_back(std::move(update));
  }
  state.plain = program.updates.empty();
  for (const Transfer& result : state.results) {
    state.plain &= result.how == Transfer::How::move && state.slot(result.slot).source == Source::output;
  }
  // An in-place slot whose value is also an output goes back to its cell all the same; the output is the copy.
  for (Transfer& update : state.updates) {
    if (state.slot(update.slot).source == Source::in_place && state.slot(update.slot).index == update.target) {
      update.how = Transfer::How::in_place;
    }
  }
}

namespace {

// The steps have written all results where they belong, or will be copied from.
void commit_plainly(ExecutionState& state) {
  for (const Transfer& result : state.results) {
    if (state.direct[static_cast<size_t>(result.target)] == 0) check_caller_array(state, result);
  }
  state.committed = true;
}

}  // namespace

void commit(ExecutionState& state) {
  if (state.plain) return commit_plainly(state);
  for (Transfer& result : state.results) {
    if (state.slot(root_of(state, result.slot)).source == Source::in_place) {
      result.copy = new_array(state.slot(result.slot).dtype, shape_of(state, result.slot));
      if (state.slot(result.slot).source == Source::view) {
        result.view = state.view_of(result.slot);
        result.view.storage.reset();  // that of an earlier call
      }
    } else {
      reserve(state, result);
    }
    check_caller_array(state, result);
  }
  for (Transfer& update : state.updates) {
    reserve(state, update);
    const std::vector<int64_t>& shape = shape_of(state, update.slot);
    state.program.shared[static_cast<size_t>(update.target)]->require_fits(state.slot(update.slot).dtype, shape);
  }
  for (size_t k = 0; k < state.late_products.size(); ++k) {
    state.early[k] = can_run_late(state, *state.late_products[k]) ? 0 : 1;
  }
  if (!state.updates.empty()) state.shield.emplace();
  for (const Transfer& update : state.updates) {
    if (update.how != Transfer::How::in_place) continue;
    shape_of(state, update.slot);
    prepare_in_place(state, update);
  }
  for (size_t k = 0; k < state.late_products.size(); ++k) {
    if (state.early[k] != 0) run_gemm_step(state, *state.late_products[k]);
  }
  state.committed = true;
}

void publish(ExecutionState& state) {
  if (state.plain) {
    for (Transfer& result : state.results) {
      if (state.direct[static_cast<size_t>(result.target)] == 0) give_result(state, result);
    }
    return;
  }
  for (Transfer& result : state.results) fill_late_copy(state, result);
  for (Transfer& update : state.updates) fill_late_copy(state, update);
  for (Transfer& result : state.results) give_result(state, result);
  for (Transfer& update : state.updates) {
    const auto cell = static_cast<size_t>(update.target);
    state.program.shared[cell]->exchange(value_of(state, update));
    state.taken[cell] = 0;
  }
}

}  // namespace croton
