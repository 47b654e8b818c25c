// The cell of a shared variable: a value that lives in the engine, replaced as a whole, read as a snapshot.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ir/array.h"
#include "ir/node.h"

namespace croton {

/// Handle of a `shared` node. Readers take a snapshot (a reference to the current value) and see a whole state; a
/// writer replaces the value. A call that updates cells holds their update locks, in id order, from its snapshots to
/// its commit.
class SharedCell final : public Handle {
 public:
  SharedCell(Type type, Array value);

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
  void exchange(Array& value);  // set that gives the old value back, where there was one
  /// The TypeError that `set` would raise.
  void require_fits(DType dtype, const std::vector<int64_t>& shape) const;
  /// Takes the value out for writing in place: only if it is contiguous, owns its memory, and nobody but the caller
  /// holds its storage; else false. `value` is the caller's only snapshot, or empty. The caller holds the update lock,
  /// and puts a value back with `set` before it releases the lock; until then `snapshot` waits.
  bool try_unique(Array& value);
  std::mutex& update_lock() const { return update_lock_; }

  std::string text() const override;
  std::string name;  // the user's name, for messages

 private:
  Type type_;
  uint64_t id_;
  mutable std::mutex value_lock_;  // guards value_ for the few instructions of a copy
  mutable std::mutex update_lock_;
  mutable std::condition_variable returned_;  // value_ was taken out and is back
  bool taken_ = false;
  Array value_;
};

/// A new `shared` variable around a cell.
Var make_shared_variable(std::shared_ptr<SharedCell> cell, const std::string& name, LineId line = 0);
/// The cell of a variable made so, else nullptr.
std::shared_ptr<SharedCell> cell_of(const Var& v);

}  // namespace croton
