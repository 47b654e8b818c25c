// What is known about sizes while a graph is rewritten: each axis of each variable as an interned size expression.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ir/expr.h"
#include "ir/op.h"
#include "ir/size.h"

namespace croton {

/// Answers from the rows' size rules. Two axes whose ids are equal have the same size in every call that succeeds in
/// computing both. Guards that the rules ask for are ignored here: the compiler's size program checks them.
class ShapeFacts {
 public:
  const std::vector<SizeId>& sizes(const Var& v);
  /// The value of a rank-0 integer variable.
  SizeId scalar(const Var& v);
  /// True when the two variables (of one rank) certainly have the same shape.
  bool same_shape(const Var& a, const Var& b);
  bool is_constant(SizeId id, int64_t& value) const { return table_.is_constant(id, value); }
  SizeTable& table() { return table_; }

 private:
  struct Known {
    Sizes sizes;
    SizeId scalar = no_size;
  };
  class Query;
  const Known& known(const Var& v);
  void learn(const NodePtr& node);
  Sizes sizes_by_rule(const NodePtr& node);
  SizeId scalar_by_rule(const NodePtr& node);

  SizeTable table_;
  std::unordered_map<uint64_t, Known> known_;  // by node id
};

}  // namespace croton
