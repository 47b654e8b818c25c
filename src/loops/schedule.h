// The schedule: which nodes share one kernel, which are calls, and in which order they run.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/op.h"
#include "ir/walk.h"
#include "loops/sizes.h"

namespace croton {

/// A group of nodes that runs as one step (a kernel pair for reductions over everything and for updates).
struct Cluster {
  enum class Kind : uint8_t { map, update, library, host, branch, loop };
  Kind kind = Kind::map;
  NodePtr node;                  // update, library, host, branch, loop: the node
  std::vector<NodePtr> others;   // update: further ones in the same loops; the roots are theirs in this order
  int region = Regions::always;  // all that it computes belongs to this region
  std::vector<Var> roots;        // what it computes for others, in order of discovery
  std::vector<SizeId> domain;    // iteration space; with `reduced` axes the roots may have the rest as their space
  std::vector<int> reduced;      // sorted axes of the domain over which its reductions run; empty: a plain map
  std::vector<NodePtr> members;  // evaluated inside, in reverse topological order
  struct Wanted {  // at how many indices: those of operations of elements that use it, and those of all other users
    int at_own = 0, elsewhere = 0;
  };
  std::unordered_map<const Node*, Wanted> wanted;
  int wanted_at(const Node* node) const;
  bool has(const Node* n) const { return member_set.contains(n); }
  // Beside reductions of rows: those over all other axes, and what is computed from them. Rows give sums of their
  // blocks, which a second kernel joins.
  std::unordered_set<const Node*> columns;
  bool rows() const;    // the innermost axis is reduced: each row is finished by one worker
  bool pieces() const;  // it makes one result of parts, each computed where it lies
  std::unordered_set<const Node*> member_set;
  size_t weight = 0;       // of the members: how much there is to compile
  size_t reductions = 0;   // among the members
  std::vector<int> needs;  // clusters that must run before
};

struct ScheduleOptions {
  bool fuse = true;
  bool interpret = false;                    // every node is a host call
  std::function<bool(const Node&)> library;  // the library has this problem
  std::unordered_set<const Node*> apart;     // nodes that the lowering could not put inside another kernel
};

struct Schedule {
  std::vector<Cluster> clusters;  // in an order in which they can run
  VarSet materialised;            // variables with memory of their own
};

/// `needed` are the variables that must exist in memory at the end. Deterministic.
Schedule make_schedule(std::span<const NodePtr> order, std::span<const Var> needed, GraphSizes& sizes,
                       const Regions& regions, const ScheduleOptions& options);

}  // namespace croton
