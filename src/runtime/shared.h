// The cell of a shared variable: a value that lives in the engine, replaced as a whole, read as a snapshot.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "ir/array.h"
#include "ir/node.h"

namespace croton {

/// Handle of a `shared` node. Readers take a snapshot (a reference to the current value) and see a whole state; a writer
/// replaces the value. A call that updates cells holds their update locks, in id order, from its snapshots to its commit.
class SharedCell final : public Handle {
 public:
  SharedCell(Type type, Array value);

  const Type& type() const { return type_; }
  uint64_t id() const { return id_; }                // increasing; the lock order

  Array snapshot() const;                            // keeps the storage alive; never written while others hold it
  /// Replaces the value. TypeError when dtype or rank differ, or an axis known to have size one has another.
  void set(Array value);
  /// Takes the value out for writing in place: only if nobody else holds its storage; else false. The caller holds the update
  /// lock, and puts a value back with `set` before it releases the lock.
  bool try_unique(Array& value) const;
  std::mutex& update_lock() const { return update_lock_; }

  std::string text() const override;
  std::string name;                                  // the user's name, for messages

 private:
  Type type_;
  uint64_t id_;
  mutable std::mutex value_lock_;                    // guards value_ for the few instructions of a copy
  mutable std::mutex update_lock_;
  Array value_;
};

/// A new `shared` variable around a cell.
Var make_shared_variable(std::shared_ptr<SharedCell> cell, const std::string& name, LineId line = 0);
/// The cell of a variable made so, else nullptr.
std::shared_ptr<SharedCell> cell_of(const Var& v);

}  // namespace croton
