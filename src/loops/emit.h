// Emits the scalar code of a cluster's nodes into a kernel: elements at an index, loads of what is in memory,
// parameters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/loop_builder.h"
#include "loops/schedule.h"
#include "loops/sizes.h"

namespace croton {

/// Memory that a kernel reads or writes: a variable's, or a temporary between the kernels of one cluster.
struct Operand {
  Var var;
  int temporary = -1;
  bool operator==(const Operand& other) const { return var == other.var && temporary == other.temporary; }
};

/// A kernel with what its parameters mean.
struct LoweredKernel {
  loop::Kernel loops;
  std::vector<Operand> buffers;
  std::vector<SizeId> ints;
  SizeId count = no_size;    // parallel range
  SizeId items = no_size;    // elements per index of the range, for the cost
  double cost = 1;           // estimated nanoseconds per item
  SizeId scratch = no_size;  // bytes per worker
  std::vector<Var> sites;    // of the index checks
  bool serial = false;
  bool coarse = false;  // pieces of the range should be as large as is good for all threads
  /// Copies all of this variable to another one and does nothing else: not needed where they are one memory.
  Var copied = {}, copy = {};
};
struct Temporary {
  DType dtype;
  SizeId count;
};
struct LoweredCluster {
  std::vector<LoweredKernel> kernels;  // run in order
  std::vector<Temporary> temporaries;
};

/// The node cannot be evaluated inside this kernel after all; the schedule has to keep it apart.
struct NotFusable {
  const Node* node;
};

/// One kernel under construction.
class Emitter {
 public:
  using Value = loop::Value;
  using Index = std::vector<Value>;

  Emitter(std::string name, const Cluster& cluster, GraphSizes& sizes, const VarSet& materialised);

  loop::Builder b;
  /// `analysis`: loads and stores do not use their index, so that what remains of it is other use.
  bool analysis = false;
  /// Accesses, collected when analysing: strides by domain axis where they are simple, and the domain axis that indexes
  /// each axis of the variable (-1: none, the index is zero).
  struct Access {
    std::vector<SizeId> strides;
    Var var;
    std::vector<int> axes;
    bool regular = true;  // simply along the axes
  };
  std::vector<Access> accesses;
  bool irregular = false;  // an access is not

  Value size(SizeId id);
  /// Element of a variable at an index of its own axes. `index` of an axis known to have size one may be anything.
  Value element(const Var& v, const Index& index);
  /// A hint that the element will be wanted soon; the index may lie outside.
  void prefetch(const Var& v, const Index& index);
  /// `start` is added to the offset of the index, in elements.
  void store(const Var& v, const Index& index, Value value, SizeId start = no_size);
  Value load_from(const Operand& operand, DType dtype, Value offset);
  void store_to(const Operand& operand, DType dtype, Value offset, Value value);
  int buffer(const Operand& operand, DType dtype, bool written);

  /// The domain's index values and sizes while loops are open; results and cached values known there.
  Index domain_index;
  void know(const Var& v, Value value) { known_[v] = value; }
  void forget(const Var& v) { known_.erase(v); }
  /// Rows: results of reductions must be read at the row's own index.
  void know_result(const Var& v, Value value, Index at) { results_[v] = {value, std::move(at)}; }
  /// Values found since the matching open are forgotten (their loop is left).
  size_t open_scope();
  void close_scope(size_t mark);

  Value checked(Value index, Value size, const Var& site);
  LoweredKernel finish();
  /// The same with int parameters that were made by hand: (index, meaning).
  LoweredKernel finish_with(const std::vector<std::pair<int, SizeId>>& ints);
  const Cluster& cluster() const { return cluster_; }
  GraphSizes& sizes() { return sizes_; }
  double cost() const;

 private:
  friend struct NodePull;
  Value evaluate(const Var& v, const Index& index);
  Value elementwise(const Var& v, const Index& index);
  Value sum_of(const std::vector<Value>& x);
  Value load(const Var& v, const Index& index);
  Value offset(const Var& v, const Index& index);
  bool is_parameter(const Var& v) const;
  bool inside(const Var& v) const;
  Value cast_size(const Var& v);

  const Cluster& cluster_;
  GraphSizes& sizes_;
  const VarSet& materialised_;
  LoweredKernel result_;
  std::vector<std::pair<int, SizeId>> meanings_;  // of the int parameters
  std::unordered_map<SizeId, int> ints_;
  VarMap<Value> known_;
  struct Result {
    Value value;
    Index at;
  };
  VarMap<Result> results_;
  using Key = std::pair<std::pair<uint64_t, uint32_t>, std::vector<loop::ValueId>>;
  std::map<Key, Value> memo_;
  std::vector<std::map<Key, Value>::iterator> memo_order_;
};

}  // namespace croton
