// The cell of a shared variable: a value that lives in the engine, replaced as a whole, read as a snapshot.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ir/array.h"
#include "ir/node.h"

namespace croton {

/// A lock that knows who has it.
class UpdateLock {
 public:
  void lock() {
    mutex_.lock();
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  }
  bool try_lock() {
    if (held_by_this_thread() || !mutex_.try_lock()) return false;
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    return true;
  }
  void unlock() {
    owner_.store({}, std::memory_order_relaxed);
    mutex_.unlock();
  }
  bool held_by_this_thread() const { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  /// In a forked child: what a thread had that is not there any more is free.
  void forget_other_threads();

 private:
  std::mutex mutex_;
  std::atomic<std::thread::id> owner_;
};

/// Handle of a `shared` node. Readers take a snapshot (a reference to the current value) and see a whole state; a
/// writer replaces the value. A call that updates cells holds their update locks, in id order, from its snapshots to
/// its commit.
class SharedCell final : public Handle {
 public:
  SharedCell(Type type, Array value);
  SharedCell(const SharedCell&) = delete;
  SharedCell& operator=(const SharedCell&) = delete;
  ~SharedCell() override;

  const Type& type() const { return type_; }
  uint64_t id() const { return id_; }  // increasing; the lock order

  Array snapshot() const;                  // keeps the storage alive; never written while others hold it
  void snapshot_into(Array& value) const;  // the same without allocation when `value` had that rank before
  /// The same, unless the value is being written in place: then it would have to wait, and returns false.
  bool try_snapshot_into(Array& value) const;
  /// Replaces the value. TypeError when dtype or rank differ, or an axis known to have size one has another. It does
  /// not wait for a call that updates the cell: what is set while one runs is overwritten by it (unless the caller
  /// holds the update lock).
  void set(Array value);
  /// The same, from inside a ForkShield; gives the old value back, where there was one.
  void exchange(Array& value);
  /// The TypeError that `set` would raise.
  void require_fits(DType dtype, const std::vector<int64_t>& shape) const;
  /// Takes the value out for writing in place: only if it is contiguous, owns its memory, and nobody but the caller
  /// holds its storage; else false. `value` is the caller's only snapshot, or empty. The caller holds the update lock,
  /// and puts a value back with `exchange` before it releases the lock; until then `snapshot` waits. All
  /// of that lies inside one ForkShield.
  bool try_unique(Array& value);
  UpdateLock& update_lock() const { return update_lock_; }

  std::string text() const override;
  std::string name;  // the user's name, for messages

 private:
  friend struct CellRegistry;
  void forget_other_threads();

  Type type_;
  uint64_t id_;
  mutable std::mutex value_lock_;  // guards value_ for the few instructions of a copy
  mutable UpdateLock update_lock_;
  mutable std::condition_variable returned_;  // value_ was taken out and is back
  bool taken_ = false;
  Array value_;
  SharedCell *before_ = nullptr, *after_ = nullptr;  // in the registry of all cells
};

/// A new `shared` variable around a cell.
Var make_shared_variable(std::shared_ptr<SharedCell> cell, const std::string& name, LineId line = 0);
/// The cell of a variable made so, else nullptr.
std::shared_ptr<SharedCell> cell_of(const Var& v);

}  // namespace croton
