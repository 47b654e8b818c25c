// Lowers clusters to loop IR. The order of every sum is fixed here, as a function of sizes alone.
#pragma once

#include <functional>

#include "loops/emit.h"

namespace croton {

/// Kernels of a map or update cluster. Throws NotFusable when a member has to be kept apart.
LoweredCluster lower(const Cluster& cluster, GraphSizes& sizes, const VarSet& materialised, const std::string& name);

namespace lowering {

// Which axes of the domain one loop can run over: adjacent axes whose accesses all follow each other in memory.
struct LoopGroup {
  std::vector<int> axes;
  SizeId size;
};
using Groups = std::vector<LoopGroup>;

/// How a cluster's computation accesses memory, axis by axis of its domain.
struct Analysis {
  std::vector<Emitter::Access> accesses;
  std::vector<bool> free;  // the index of this axis is used in accesses only
  bool irregular = false;
};
/// `elements` computes and stores what the kernel does at a point of the domain; without it, all roots there.
Analysis analyse(const Cluster& cluster, GraphSizes& sizes, const VarSet& materialised,
                 const std::function<void(Emitter&)>& elements = {});

/// Groups among the axes in `part` (ascending).
Groups find_groups(const Cluster& cluster, GraphSizes& sizes, const Analysis& analysis, const std::vector<int>& part);

/// Sets the domain's index values of a group: the innermost axis counts, the others are zero (their strides follow it).
void set_index(Emitter& e, const LoopGroup& group, loop::Value value);
/// Splits a linear index over groups (row-major) and sets the domain's index values.
void set_linear(Emitter& e, const Groups& groups, loop::Value linear);
SizeId total(GraphSizes& sizes, const Groups& groups);
/// Visits the elements of this call's parallel range, which counts elements over the groups (row-major): whole rows in
/// the middle, parts of rows at its ends, a vector loop along each. `around` wraps the vector loop (once per row).
void for_each_in_range(Emitter& e, const Groups& groups, const std::function<void()>& body,
                       const std::function<void(const std::function<void()>&)>& around = {});

/// The same for the elements [begin, end), which may be none; the groups may be empty.
void for_each_between(Emitter& e, const Groups& groups, loop::Value begin, loop::Value end,
                      const std::function<void()>& body,
                      const std::function<void(const std::function<void()>&)>& around = {});

/// The reductions of a cluster that run over elements computed from others' results, by level.
struct Phases {
  std::vector<std::vector<NodePtr>> reductions;  // by phase
  std::vector<std::vector<Var>> stores;          // roots with an element per point of the domain, by phase
  std::vector<Var> row_stores;                   // roots without the reduced axes
  std::vector<std::vector<NodePtr>> columns;     // reductions over all other axes, by phase
  std::vector<Var> column_stores;                // roots that follow from them
  std::vector<std::pair<Var, int>> kept;         // costly elements wanted in a later phase than they are known in
};
Phases find_phases(const Cluster& cluster, GraphSizes& sizes);

/// Carried values of several reductions in one loop.
struct Carried {
  Carried(Emitter& emitter, const std::vector<NodePtr>& nodes) : e(emitter), reductions(nodes) {}
  Emitter& e;
  const std::vector<NodePtr>& reductions;
  std::vector<loop::Value> initial();
  std::vector<loop::Value> elements(loop::Value position);
  std::vector<loop::Value> combine(const std::vector<loop::Value>& l, const std::vector<loop::Value>& r);
  /// The same where r stands behind l.
  std::vector<loop::Value> append(const std::vector<loop::Value>& l, const std::vector<loop::Value>& r);
  void finish(const std::vector<loop::Value>& carried, const Emitter::Index& at);
  std::vector<DType> dtypes();
  bool rounds() const;  // a float sum or product: its order decides the last bits
};

// Constants of the fixed order of sums.
inline constexpr int64_t row_block = 4096;   // elements of a row summed by interleaved vectors before pairing
inline constexpr int64_t column_block = 64;  // rows added one after the other before pairing
inline constexpr int64_t tile_bytes = 4096;  // of columns that one worker reduces together
inline constexpr int pair_levels = 40;

/// Operands whose elements follow each other along another group's axis than the innermost one: transposed ones.
struct Across {
  size_t partner = 0;  // the group along which they do
  std::vector<Emitter::Access> accesses;
  std::vector<Emitter::Access> along;  // other operands, which follow the innermost group
};
Across find_across(const Cluster& c, GraphSizes& sizes, const Analysis& analysis, const Groups& groups);
/// A map over tiles: what lies across is transposed in local memory, so that each line of memory is read once.
LoweredKernel lower_tiles(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name,
                          const Groups& groups, const Across& across);

LoweredKernel lower_map(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name);
LoweredKernel lower_pieces(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name);
LoweredCluster lower_rows(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name);
/// Joins sums of blocks of rows, which temporaries have: of each column so many.
LoweredKernel lower_column_join(const Cluster& c, GraphSizes& sizes, const VarSet& materialised,
                                const std::string& name, const Phases& phases, SizeId blocks);
LoweredKernel lower_columns(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name);
LoweredCluster lower_whole(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name);
LoweredCluster lower_update(const Cluster& c, GraphSizes& sizes, const VarSet& materialised, const std::string& name);

/// Pairs the results of equal blocks like a binary counter: stack[level] holds the sum of 2^level blocks.
class PairStack {
 public:
  PairStack(Emitter& e, Carried& carried);
  /// Adds the result of block number `block`; `top` is the height before, the result the height after.
  loop::Value push(loop::Value block, loop::Value top, std::vector<loop::Value> values);
  std::vector<loop::Value> result(loop::Value top);

 private:
  Emitter& e_;
  Carried& carried_;
  std::vector<int> stacks_;
};

}  // namespace lowering
}  // namespace croton
