// Memory of slots: arena buffers, fresh outputs, views; what a call takes at its start and drops at its end.
#include "runtime/execution_state.h"

#include <algorithm>
#include <functional>

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"

namespace croton {
namespace {

using Source = Slot::Source;

bool overlap(const Array& a, const Array& b) {
  using Extent = std::pair<const std::byte*, const std::byte*>;
  const auto extent = [](const Array& x) -> Extent {
    Extent range{x.data, x.data + item_size(x.dtype)};
    for (size_t axis = 0; axis < x.shape.size(); ++axis) {
      if (x.shape[axis] == 0) return {x.data, x.data};
      (x.strides[axis] < 0 ? range.first : range.second) += x.strides[axis] * (x.shape[axis] - 1);
    }
    return range;
  };
  const auto [a_first, a_last] = extent(a);
  const auto [b_first, b_last] = extent(b);
  const std::less<const std::byte*> before;
  return before(a_first, b_last) && before(b_first, a_last);
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
  for (size_t k = 0; k < program.slots.size(); ++k) {
    const Slot& s = program.slots[k];
    if (s.source == Source::constant) data[k] = program.literals[static_cast<size_t>(s.index)].data;
  }
  plan_transfers(*this);
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
  const Array* array = array_behind(k);
  const auto at = static_cast<size_t>(axis);
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

void ExecutionState::begin(std::span<const Array> call_inputs, std::vector<Array>& call_outputs,
                           Profile* call_profile) {
  if (call_inputs.size() != program.input_slots.size()) {
    raise<InternalError>("a program of {} inputs was given {}", program.input_slots.size(), call_inputs.size());
  }
  inputs = call_inputs;
  outputs = &call_outputs;
  profile = call_profile;
  committed = false;
  call_outputs.resize(program.output_slots.size());
  for (size_t k = 0; k < program.shared.size(); ++k) program.shared[k]->snapshot_into(snapshots[k]);
  for (size_t k = 0; k < program.slots.size(); ++k) {
    const Slot& s = program.slots[k];
    if (s.source == Source::input) data[k] = call_inputs[static_cast<size_t>(s.index)].data;
    if (s.source == Source::shared) data[k] = snapshots[static_cast<size_t>(s.index)].data;
  }
  accept_outputs();
  if (profile != nullptr) times.assign(static_cast<size_t>(count_profile_steps(program.body)), StepTime{});
}

// The caller's memory is written by the steps themselves unless something that they may read lies in it.
void ExecutionState::accept_outputs() {
  const std::vector<Array>& given = *outputs;
  direct.assign(given.size(), 0);
  for (size_t k = 0; k < given.size(); ++k) {
    if (given[k].data == nullptr) continue;
    const DType dtype = slot(program.output_slots[k]).dtype;
    if (given[k].dtype != dtype || !given[k].is_contiguous() || (given[k].storage && given[k].storage->read_only)) {
      raise<ValueError>("the array for output {} must be writable, C-contiguous and of dtype {}", k, dtype_name(dtype));
    }
    bool alone = true;
    for (const Array& input : inputs) alone &= !overlap(given[k], input);
    for (const Array& value : snapshots) alone &= !overlap(given[k], value);
    for (size_t other = 0; other < k; ++other)
      alone &= given[other].data == nullptr || !overlap(given[k], given[other]);
    direct[k] = alone;
  }
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
  const size_t bytes = bytes_of_shape(k, site);
  std::shared_ptr<Storage>& block = buffers[static_cast<size_t>(slot(k).index)];
  if (block == nullptr || block->bytes < bytes || block.use_count() > 1) {
    block.reset();
    auto fresh = std::make_shared<Storage>();
    fresh->data = static_cast<std::byte*>(allocate_block(bytes));
    fresh->bytes = bytes;
    block = std::move(fresh);
  }
  data_of(k) = block->data;
}

void ExecutionState::prepare_output(int k, int site) {
  bytes_of_shape(k, site);
  Array& array = arrays[static_cast<size_t>(k)];
  const int result = result_of_slot[static_cast<size_t>(k)];
  if (result >= 0 && direct[static_cast<size_t>(result)] != 0) {
    const Array& given = (*outputs)[static_cast<size_t>(result)];
    if (given.shape != shape) {
      throw ValueError(fmt::format("the array for output {} has shape {}, the result has {}", result,
                                   tuple_text(given.shape), tuple_text(shape)));
    }
    array = given;
  } else {
    array = new_array(slot(k).dtype, shape);
  }
  data_of(k) = array.data;
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
    if (taken[k] != 0) program.shared[k]->set(std::move(arrays[static_cast<size_t>(update.slot)]));
    taken[k] = 0;
  }
  for (Array& array : arrays) array.storage.reset();
  for (Array& array : snapshots) array.storage.reset();
  for (Transfer& result : results) result.copy.storage.reset();
  for (Transfer& update : updates) update.copy.storage.reset();
  inputs = {};
  outputs = nullptr;
  profile = nullptr;
}

void copy_elements(std::byte* target, const Array& source) {
  const auto item = static_cast<size_t>(item_size(source.dtype));
  const int64_t count = source.size();
  if (count == 0) return;
  if (source.is_contiguous()) {
    std::copy_n(source.data, static_cast<size_t>(count) * item, target);
    return;
  }
  for_each_element(
      source, [&](int64_t k, const std::byte* p) { std::copy_n(p, item, target + static_cast<size_t>(k) * item); });
}

bool is_zero(const std::byte* p, DType dtype) {
  return is_discrete(dtype) ? element_as_integer(p, dtype) == 0 : element_as_double(p, dtype) == 0;
}

std::string description_of(const Array& array) {
  return fmt::format("{} with strides {}", tuple_text(array.shape), tuple_text(array.strides));
}

}  // namespace croton
