// Memory of slots: arena buffers, fresh outputs, views; what a call takes at its start and drops at its end.
#include "runtime/execution_state.h"

#include <algorithm>
#include <functional>

#include "base/checked.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/text.h"

namespace croton {
namespace {

using Source = Slot::Source;

// Whether elements of the array lie in [first, last).
bool reaches_into(const Array& x, const std::byte* first, const std::byte* last) {
  const std::byte *low = x.data, *high = x.data;
  for (size_t axis = 0; axis < x.shape.size(); ++axis) {
    if (x.shape[axis] == 0) return false;
    (x.strides[axis] < 0 ? low : high) += x.strides[axis] * (x.shape[axis] - 1);
  }
  const std::less<const std::byte*> before;
  return x.data != nullptr && before(low, last) && before(first, high + item_size(x.dtype));
}

int count_profile_steps(const Block& block) {
  int count = 0;
  for (const Step& step : block.steps) {
    count = std::max(count, step.profile + 1);
    if (step.kind != Step::Kind::branch) continue;
    count =
        std::max({count, count_profile_steps(*step.branch.then_block), count_profile_steps(*step.branch.else_block)});
  }
  return count;
}

}  // namespace

void* ScratchBlock::at_least(size_t bytes) {
  if (bytes > bytes_) {
    release_block(std::exchange(data_, nullptr), std::exchange(bytes_, 0));
    data_ = allocate_block(bytes);
    bytes_ = bytes;
  }
  return data_;
}

ExecutionState::ExecutionState(std::shared_ptr<const Program> p)
    : owner(std::move(p)),
      program(*owner),
      data(program.slots.size()),
      arrays(program.slots.size()),
      snapshots(program.shared.size()),
      taken(program.shared.size()),
      buffers(static_cast<size_t>(program.buffer_count)) {
  registers = program.constants;
  registers.resize(std::max(registers.size(), static_cast<size_t>(program.register_count)));
  sizes_seen.resize(program.size_instructions.size() + program.guards.size());
  bytes_version.resize(program.slots.size());
  bytes.resize(program.slots.size());
  shaped.resize(program.slots.size());
  direct.resize(program.output_slots.size());
  for (size_t k = 0; k < program.slots.size(); ++k) {
    const Slot& s = program.slots[k];
    if (s.source == Source::constant) data[k] = program.literals[static_cast<size_t>(s.index)].data;
    if (s.source == Source::input || s.source == Source::shared) inputs_and_shared.push_back(static_cast<int>(k));
    const bool owns = s.source == Source::output || s.source == Source::dynamic || s.source == Source::in_place;
    if (owns) owners.push_back(static_cast<int>(k));
  }
  reserve_for_steps(program.body);
  bool after_commit = false;
  for (const Step& step : program.body.steps) {
    if (after_commit && step.kind == Step::Kind::gemm) late_products.push_back(&step.gemm);
    after_commit |= step.kind == Step::Kind::commit;
  }
  early.resize(late_products.size());
  plan_transfers(*this);
}

// What steps after the commit need must not be allocated then.
void ExecutionState::reserve_for_steps(const Block& block) {
  size_t rank = 0;
  for (const Slot& s : program.slots) rank = std::max(rank, s.shape.size());
  shape.reserve(rank);
  for (const Step& step : block.steps) {
    kernel_buffers.reserve(step.kernel.buffers.size());
    kernel_ints.reserve(step.kernel.ints.size());
    kernel_bounds.reserve(2 * step.kernel.buffers.size());
    if (step.kind != Step::Kind::branch) continue;
    reserve_for_steps(*step.branch.then_block);
    reserve_for_steps(*step.branch.else_block);
  }
}

const Array* ExecutionState::array_behind(int k) const {
  const Slot& s = slot(k);
  const auto index = static_cast<size_t>(s.index);
  switch (s.source) {
    case Source::input:
      return &inputs[index];
    case Source::shared:
      return &snapshots[index];
    case Source::constant:
      return &program.literals[index];
    case Source::output:
    case Source::dynamic:
    case Source::in_place:
      return &arrays[static_cast<size_t>(k)];
    case Source::buffer:
    case Source::view:
      return nullptr;
  }
  return nullptr;
}

int64_t ExecutionState::dim(int k, int axis) const {
  const auto at = static_cast<size_t>(axis);
  const Array* array = array_behind(k);
  return array != nullptr && at < array->shape.size() ? array->shape[at] : value(slot(k).shape[at]);
}

int64_t ExecutionState::stride(int k, int axis) const {
  const Array* array = array_behind(k);
  const auto at = static_cast<size_t>(axis);
  if (array != nullptr && at < array->strides.size()) return array->strides[at] / item_size(array->dtype);
  return value(slot(k).strides[at]);
}

std::pair<int64_t, int64_t> ExecutionState::extent(int k) const {
  int64_t first = 0, last = 0;
  const int rank = static_cast<int>(slot(k).shape.size());
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t size = dim(k, axis);
    if (size == 0) return {0, -1};
    const int64_t reach = stride(k, axis) * (size - 1);
    (reach < 0 ? first : last) += reach;
  }
  return {first, last};
}

int64_t ExecutionState::elements(int k) const {
  int64_t count = 1;
  if (const Array* array = array_behind(k)) return array->size();
  for (const SizeReg r : slot(k).shape) count *= value(r);
  return count;
}

Array ExecutionState::view_of(int k) const {
  if (const Array* array = array_behind(k)) return *array;
  const Slot& s = slot(k);
  Array view;
  view.dtype = s.dtype;
  for (const SizeReg r : s.shape) view.shape.push_back(value(r));
  for (const SizeReg r : s.strides) view.strides.push_back(value(r) * item_size(s.dtype));
  view.data = data[static_cast<size_t>(k)];
  int root = k;
  while (slot(root).source == Source::view) root = slot(root).index;
  const Array* behind = array_behind(root);
  view.storage = behind != nullptr ? behind->storage : buffers[static_cast<size_t>(slot(root).index)];
  return view;
}

void ExecutionState::begin(const Call& call) {
  if (call.inputs.size() != program.input_slots.size()) {
    raise<InternalError>("a program of {} inputs was given {}", program.input_slots.size(), call.inputs.size());
  }
  if (call.outputs.size() != program.output_slots.size()) {
    raise<InternalError>("a program of {} outputs was given places for {}", program.output_slots.size(),
                         call.outputs.size());
  }
  inputs = call.inputs;
  outputs = call.outputs;
  profile = call.profile;
  control = call.control;
  estimated = 0;
  committed = false;
  if (!program.shared.empty()) take_snapshots();
  for (const int k : inputs_and_shared) {
    const Slot& s = slot(k);
    const auto index = static_cast<size_t>(s.index);
    data_of(k) = s.source == Source::input ? inputs[index].data : snapshots[index].data;
  }
  accept_outputs();
  if (profile != nullptr) times.assign(static_cast<size_t>(count_profile_steps(program.body)), StepTime{});
}

void ExecutionState::take_snapshots() {
  for (size_t k = 0; k < program.shared.size(); ++k) {
    if (program.shared[k]->try_snapshot_into(snapshots[k])) continue;
    turn_long();
    program.shared[k]->snapshot_into(snapshots[k]);
  }
}

// The caller's memory is written by the steps themselves unless something that they may read lies in it.
void ExecutionState::accept_outputs() {
  for (size_t k = 0; k < outputs.size(); ++k) {
    direct[k] = 0;
    if (outputs[k].data != nullptr) direct[k] = accept_output(k);
  }
}

bool ExecutionState::accept_output(size_t k) const {
  const Array& given = outputs[k];
  const DType dtype = slot(program.output_slots[k]).dtype;
  if (given.dtype != dtype || !given.is_contiguous() || (given.storage && given.storage->read_only)) {
    raise<ValueError>("the array for output {} must be writable, C-contiguous and of dtype {}", k, dtype_name(dtype));
  }
  const std::byte *const first = given.data, *const last = first + given.size() * item_size(dtype);
  const auto apart = [&](const Array& other) { return !reaches_into(other, first, last); };
  const auto before = outputs.first(k);
  return std::all_of(inputs.begin(), inputs.end(), apart) && std::all_of(snapshots.begin(), snapshots.end(), apart) &&
         std::all_of(before.begin(), before.end(), apart);
}

// The bytes of a slot by its registers, checked; computed again only when a register has changed.
size_t ExecutionState::bytes_of(int k, int site) {
  const auto at = static_cast<size_t>(k);
  if (bytes_version[at] != sizes_version) {
    bytes[at] = bytes_of_shape(k, site);
    bytes_version[at] = sizes_version;
  }
  return bytes[at];
}

size_t ExecutionState::bytes_of_shape(int k, int site) {
  const Slot& s = slot(k);
  shape.clear();
  for (const SizeReg r : s.shape) shape.push_back(value(r));
  for (const int64_t n : shape) {
    if (n >= 0) continue;
    throw ValueError("negative dimensions are not allowed: " + tuple_text(shape) + error_trailer(program, site, {}));
  }
  return static_cast<size_t>(checked_multiply(checked_product(shape), item_size(s.dtype)));
}

// A buffer that a host call still holds is left to it.
void ExecutionState::prepare_buffer(int k, int site) {
  const size_t wanted = bytes_of(k, site);
  std::shared_ptr<Storage>& block = buffers[static_cast<size_t>(slot(k).index)];
  if (block == nullptr || block->bytes < wanted || block.use_count() > 1) {
    block.reset();
    block = new_storage(wanted);
  }
  data_of(k) = block->data;
}

void ExecutionState::prepare_output(int k, int site) {
  const auto at = static_cast<size_t>(k);
  const size_t wanted = bytes_of(k, site);
  Array& array = arrays[at];
  if (shaped[at] != sizes_version) {
    set_contiguous(array, slot(k));
    shaped[at] = sizes_version;
  }
  const int result = result_of_slot[at];
  if (result >= 0 && direct[static_cast<size_t>(result)] != 0) {
    const Array& given = outputs[static_cast<size_t>(result)];
    if (!std::equal(given.shape.begin(), given.shape.end(), array.shape.begin(), array.shape.end())) {
      throw ValueError(fmt::format("the array for output {} has shape {}, the result has {}", result,
                                   tuple_text(given.shape), tuple_text(array.shape)));
    }
    if (array.storage != given.storage) array.storage = given.storage;
    array.data = given.data;
  } else {
    give_memory(array, wanted);
  }
  data[at] = array.data;
}

void ExecutionState::set_contiguous(Array& array, const Slot& s) const {
  const size_t rank = s.shape.size();
  array.dtype = s.dtype;
  array.shape.resize(rank);
  array.strides.resize(rank);
  int64_t step = item_size(s.dtype);
  for (size_t axis = rank; axis-- > 0;) {
    const int64_t n = value(s.shape[axis]);
    array.shape[axis] = n;
    array.strides[axis] = step;
    if (n > 1) step = static_cast<int64_t>(static_cast<uint64_t>(step) * static_cast<uint64_t>(n));  // wraps beside a 0
  }
}

void ExecutionState::prepare(int k, int site) {
  const Slot& s = slot(k);
  switch (s.source) {
    case Source::buffer:
      prepare_buffer(k, site);
      break;
    case Source::output:
      prepare_output(k, site);
      break;
    case Source::view:
      data_of(k) = data_of(s.index) + value_or(s.offset, 0) * item_size(s.dtype);
      break;
    case Source::input:
    case Source::shared:
    case Source::constant:
    case Source::dynamic:   // by its host step
    case Source::in_place:  // at the commit step
      break;
  }
}

void ExecutionState::end() noexcept {
  for (const Transfer& update : updates) {
    const auto k = static_cast<size_t>(update.target);
    if (taken[k] != 0) program.shared[k]->exchange(arrays[static_cast<size_t>(update.slot)]);
    taken[k] = 0;
  }
  shield.reset();  // what is freed now may be Python's, and wait for its lock
  for (const int k : owners) leave_memory(arrays[static_cast<size_t>(k)]);
  for (Array& array : snapshots) array.storage.reset();
  if (!plain) {
    for (std::vector<Transfer>* transfers : {&results, &updates}) {
      for (Transfer& transfer : *transfers) {
        transfer.copy.storage.reset();
        transfer.view.storage.reset();
      }
    }
  }
  inputs = {};
  outputs = {};
  profile = nullptr;
  control = nullptr;
}

const std::atomic<bool>& ExecutionState::stop_flag() const {
  constinit static const std::atomic<bool> never{false};
  if (control == nullptr) return stop_requested();
  return control->stop() != nullptr ? *control->stop() : never;
}

bool is_zero(const std::byte* p, DType dtype) {
  return is_discrete(dtype) ? element_as_integer(p, dtype) == 0 : element_as_double(p, dtype) == 0;
}

std::string description_of(const Array& array) {
  return fmt::format("{} with strides {}", tuple_text(array.shape), tuple_text(array.strides));
}

}  // namespace croton
