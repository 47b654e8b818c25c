// Sizes and strides of every variable of a graph as size expressions, by the rows' size and view rules.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ir/op.h"
#include "ir/walk.h"
#include "loops/regions.h"

namespace croton {

/// Answers for the graph below `outputs`. Leaves are contiguous unless `strided` says that their strides are to be read
/// in each call. Sizes that a guard makes equal are one expression here, since guards run before what relies on them;
/// guards of a region that may not run say nothing to the rest.
class GraphSizes {
 public:
  GraphSizes(std::span<const NodePtr> order, const VarMap<int>& strided, const Regions& regions);

  SizeTable& table() { return table_; }
  const std::vector<SizeId>& dims(const Var& v);
  /// Strides in elements of a materialised variable or of a view of one.
  const std::vector<SizeId>& strides(const Var& v);
  /// The variable is input 0 of its node seen with other strides.
  bool is_view(const Var& v) const { return views_.contains(v); }
  SizeId view_offset(const Var& v) const { return views_.at(v); }
  /// Value of a rank-0 discrete variable.
  SizeId scalar(const Var& v);
  bool is_scalar(const Var& v) const {
    return v.type().is_tensor() && v.type().rank == 0 && is_discrete(v.type().dtype);
  }
  /// Iteration space of an update row.
  std::vector<SizeId> update_space(const NodePtr& node);
  SizeId product(std::span<const SizeId> sizes);
  const std::vector<SizeGuard>& guards() const { return guards_; }
  /// The expression that stands for everything equal to `id`.
  SizeId canonical(SizeId id) const;

 private:
  friend struct NodeSizeQuery;
  void add_node(const NodePtr& node);
  void add_view(const NodePtr& node);
  void add_guard(SizeGuard guard);
  void unify(SizeId a, SizeId b);
  int known_when(SizeId id) const;
  bool known_outside(SizeId id, int region) const;
  std::vector<SizeId> contiguous(const std::vector<SizeId>& dims);

  SizeTable table_;
  const VarMap<int>& strided_;
  const Regions& regions_;
  VarMap<std::vector<SizeId>> dims_, strides_;
  VarMap<SizeId> views_, scalars_;
  std::vector<SizeGuard> guards_;
  std::unordered_multimap<uint64_t, size_t> guard_index_;  // by hash of what is compared
  std::unordered_map<SizeId, SizeId> parent_;
};

}  // namespace croton
