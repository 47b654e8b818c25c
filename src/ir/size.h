// Size expressions: interned int64 scalars (sizes, strides, bounds) that a compiled function computes before its
// kernels.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/location.h"
#include "ir/node.h"

namespace croton {

/// Index of an expression in its SizeTable. Equal expressions have equal ids.
using SizeId = int32_t;
inline constexpr SizeId no_size = -1;

struct SizeExpr {
  enum class Kind : uint8_t {
    constant,      // value
    input_dim,     // size of axis `value` of the leaf variable `leaf`
    input_stride,  // stride of axis `value` of `leaf`, in elements
    input_scalar,  // value of the rank-0 integer leaf variable `leaf` (a function input, shared variable, or kernel
                   // result)
    apply,         // an elementwise row with an integer value, applied to `args` (add, mul, switch, ...)
  };
  Kind kind = Kind::constant;
  int64_t value = 0;
  Var leaf = {};
  const Op* op = nullptr;
  std::vector<SizeId> args = {};
};

/// A condition that each call checks before any kernel runs.
struct SizeGuard {
  // reshape: product of `many` equals product of `others`; index: -right <= left < right
  enum class Kind : uint8_t { equal, not_negative, reshape, index };
  Kind kind = Kind::equal;
  SizeId left = no_size, right = no_size;
  std::vector<SizeId> many = {}, others = {};
  LineId line = 0;
  std::string text = {};  // message; {0} and {1} are replaced by the two values
  Var node = {};          // the variable whose computation needs it
};

/// Interning table of size expressions with folding of constants; one per compilation.
class SizeTable {
 public:
  SizeId constant(int64_t value);
  SizeId input_dim(const Var& leaf, int axis);
  SizeId input_stride(const Var& leaf, int axis);
  SizeId input_scalar(const Var& leaf);
  SizeId apply(const Op& op, std::vector<SizeId> args);  // folds when all arguments are constant; x+0, x*1, x*0
  SizeId add(SizeId a, SizeId b);
  SizeId sub(SizeId a, SizeId b);
  SizeId mul(SizeId a, SizeId b);
  SizeId floor_div(SizeId a, SizeId b);
  SizeId min(SizeId a, SizeId b);
  SizeId max(SizeId a, SizeId b);
  SizeId select(SizeId condition, SizeId a, SizeId b);
  SizeId less(SizeId a, SizeId b);
  SizeId equal(SizeId a, SizeId b);

  const SizeExpr& operator[](SizeId id) const { return exprs_[static_cast<size_t>(id)]; }
  bool is_constant(SizeId id, int64_t& value) const;
  bool is_constant(SizeId id) const { return (*this)[id].kind == SizeExpr::Kind::constant; }
  bool never_negative(SizeId id) const;  // true only when it is certain
  int count() const { return static_cast<int>(exprs_.size()); }
  std::string text(SizeId id, int depth = 16) const;  // "..." for what lies deeper

 private:
  SizeId intern(SizeExpr expr);
  SizeId simplified(const Op& op, const std::vector<SizeId>& args);
  SizeId simplified_select(const std::vector<SizeId>& args);
  SizeId shifted(SizeId a, int64_t right);
  SizeId difference(SizeId a, SizeId b);
  std::vector<SizeExpr> exprs_;
  std::unordered_multimap<uint64_t, SizeId> index_;
};

}  // namespace croton
