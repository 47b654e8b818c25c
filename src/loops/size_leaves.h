// What sizes are read from, found once for each expression and without recursion.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "ir/op.h"
#include "ir/size.h"

namespace croton {

class SizeLeaves {
 public:
  explicit SizeLeaves(const SizeTable& table) : table_(table) {}

  /// Scalars, and arrays whose sizes are known only when they have been computed.
  const std::vector<Var>& of(SizeId id) {
    const auto missing = [&](SizeId other) { return !found_.contains(other); };
    for (std::vector<SizeId> todo = {id}; !todo.empty();) {
      const SizeExpr& e = table_[todo.back()];
      const auto arg = std::find_if(e.args.begin(), e.args.end(), missing);
      if (arg != e.args.end()) {
        todo.push_back(*arg);
        continue;
      }
      if (missing(todo.back())) found_.emplace(todo.back(), leaves_of(e));
      todo.pop_back();
    }
    return found_.at(id);
  }

 private:
  std::vector<Var> leaves_of(const SizeExpr& e) const {
    std::vector<Var> found;
    if (e.kind == SizeExpr::Kind::input_scalar || (e.kind == SizeExpr::Kind::input_dim && !e.leaf.op().has(leaf))) {
      found.push_back(e.leaf);
    }
    for (const SizeId arg : e.args) {
      for (const Var& v : found_.at(arg)) {
        if (std::find(found.begin(), found.end(), v) == found.end()) found.push_back(v);
      }
    }
    return found;
  }

  const SizeTable& table_;
  std::unordered_map<SizeId, std::vector<Var>> found_;
};

}  // namespace croton
