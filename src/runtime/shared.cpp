// Cells of shared variables: snapshots, replacement, and taking the value out to write it in place.
#include "runtime/shared.h"

#include <atomic>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/fork_shield.h"
#include "base/text.h"
#include "ir/op.h"

namespace croton {
namespace {

uint64_t next_cell_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

// A lock of a vanished thread cannot be destroyed.
template <class T>
void make_anew(T& object) {
  new (&object) T;
}

}  // namespace

/// All cells, so that a forked child can free what other threads had locked.
struct CellRegistry {
  std::mutex mutex;  // taken inside ForkShields only
  SharedCell* first = nullptr;

  // Never destroyed: cells may live on in static objects.
  static CellRegistry& instance() {
    static CellRegistry& registry = *new CellRegistry;
    return registry;
  }
  CellRegistry() {
    after_fork_in_child([] {
      for (SharedCell* cell = instance().first; cell != nullptr; cell = cell->after_) cell->forget_other_threads();
    });
  }
  void add(SharedCell* cell) {
    const ForkShield shield;
    const std::lock_guard guard(mutex);
    cell->after_ = first;
    if (first != nullptr) first->before_ = cell;
    first = cell;
  }
  void remove(SharedCell* cell) {
    const ForkShield shield;
    const std::lock_guard guard(mutex);
    (cell->before_ != nullptr ? cell->before_->after_ : first) = cell->after_;
    if (cell->after_ != nullptr) cell->after_->before_ = cell->before_;
  }
};

void UpdateLock::forget_other_threads() {
  if (held_by_this_thread()) return;
  make_anew(mutex_);
  owner_.store({}, std::memory_order_relaxed);
}

SharedCell::SharedCell(Type type, Array value) : type_(type), id_(next_cell_id()) {
  require_fits(value.dtype, value.shape);
  value_ = std::move(value);
  CellRegistry::instance().add(this);
}

SharedCell::~SharedCell() { CellRegistry::instance().remove(this); }

// No fork cuts a change of the value in two, so it is whole and in its place; only readers may have had the lock.
void SharedCell::forget_other_threads() {
  make_anew(value_lock_);
  make_anew(returned_);
  update_lock_.forget_other_threads();
}

Array SharedCell::snapshot() const {
  Array value;
  snapshot_into(value);
  return value;
}

void SharedCell::snapshot_into(Array& value) const {
  std::unique_lock guard(value_lock_);
  returned_.wait(guard, [this] { return !taken_; });
  value = value_;
}

bool SharedCell::try_snapshot_into(Array& value) const {
  const std::lock_guard guard(value_lock_);
  if (taken_) return false;
  value = value_;
  return true;
}

void SharedCell::require_fits(DType dtype, const std::vector<int64_t>& shape) const {
  if (dtype != type_.dtype || shape.size() != type_.rank) {
    raise<TypeError>("shared variable '{}' is {}, it cannot hold {} with {} axes", name, type_name(type_),
                     dtype_name(dtype), shape.size());
  }
  for (int axis = 0; axis < type_.rank; ++axis) {
    const int64_t size = shape[static_cast<size_t>(axis)];
    if (type_.broadcasts(axis) && size != 1) {
      raise<TypeError>("axis {} of shared variable '{}' is known to have size 1, it cannot hold shape {}", axis, name,
                       tuple_text(shape));
    }
  }
}

void SharedCell::set(Array value) {
  const ForkShield shield;
  exchange(value);
}

void SharedCell::exchange(Array& value) {
  require_fits(value.dtype, value.shape);
  bool was_taken = false;
  {
    const std::lock_guard guard(value_lock_);
    std::swap(value_, value);  // whoever called frees the old value, outside the lock
    was_taken = std::exchange(taken_, false);
  }
  if (was_taken) returned_.notify_all();
}

bool SharedCell::try_unique(Array& value) {
  const std::lock_guard guard(value_lock_);
  const bool has_snapshot = value.storage != nullptr;
  if (taken_ || value_.storage == nullptr || (has_snapshot && value.storage != value_.storage)) return false;
  const Storage& storage = *value_.storage;
  if (storage.read_only || storage.owner != nullptr || !value_.is_contiguous()) return false;
  if (value_.storage.use_count() != (has_snapshot ? 2 : 1)) return false;
  // The count was read without ordering; dropping a reference acquires what former holders released: their reads are
  // over.
  std::shared_ptr<Storage>(value_.storage).reset();
  value = value_;
  value_.storage.reset();
  taken_ = true;
  return true;
}

std::string SharedCell::text() const { return name.empty() ? "<shared variable>" : name; }

Var make_shared_variable(std::shared_ptr<SharedCell> cell, const std::string& name, LineId line) {
  const Type type = cell->type();
  cell->name = name;
  Attributes attributes;
  attributes.handle = std::move(cell);
  Var variable{new_node(op_named("shared"), {}, {type}, std::move(attributes), {}, line), 0};
  if (!name.empty()) set_name(variable, name);
  return variable;
}

std::shared_ptr<SharedCell> cell_of(const Var& v) {
  return v ? std::dynamic_pointer_cast<SharedCell>(v.node->attributes.handle) : nullptr;
}

}  // namespace croton
