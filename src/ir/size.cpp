// The table of size expressions: interning, folding, and the few identities that keep size programs short.
#include "ir/size.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/hash.h"
#include "ir/op.h"

namespace croton {
namespace {

uint64_t hash_of(const SizeExpr& e) {
  uint64_t seed = hash_combine(static_cast<uint64_t>(e.kind), static_cast<uint64_t>(e.value));
  if (e.leaf) seed = hash_combine(seed, VarHash{}(e.leaf));
  if (e.op) seed = hash_text(e.op->name, seed);
  for (const SizeId arg : e.args) seed = hash_combine(seed, static_cast<uint64_t>(arg));
  return seed;
}

bool equal_exprs(const SizeExpr& a, const SizeExpr& b) {
  return a.kind == b.kind && a.value == b.value && a.leaf == b.leaf && a.op == b.op && a.args == b.args;
}

std::string leaf_text(const Var& leaf) {
  const std::string& name = name_of(leaf);
  return name.empty() ? "<" + type_name(leaf.type()) + ">" : name;
}

// Rows that print between their arguments.
std::string_view infix(std::string_view op_name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> table = {
      {{"add", " + "}, {"sub", " - "}, {"mul", " * "}, {"int_div", " // "}, {"lt", " < "}, {"eq", " == "}}};
  for (const auto& [name, symbol] : table) {
    if (name == op_name) return symbol;
  }
  return {};
}

}  // namespace

SizeId SizeTable::intern(SizeExpr expr) {
  const uint64_t hash = hash_of(expr);
  const auto [begin, end] = index_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (equal_exprs(exprs_[static_cast<size_t>(it->second)], expr)) return it->second;
  }
  const auto id = static_cast<SizeId>(exprs_.size());
  exprs_.push_back(std::move(expr));
  index_.emplace(hash, id);
  return id;
}

SizeId SizeTable::constant(int64_t value) {
  SizeExpr expr{.kind = SizeExpr::Kind::constant};
  expr.value = value;
  return intern(std::move(expr));
}

SizeId SizeTable::input_dim(const Var& leaf, int axis) {
  if (leaf.type().broadcasts(axis)) return constant(1);
  SizeExpr expr{.kind = SizeExpr::Kind::input_dim};
  expr.value = axis;
  expr.leaf = leaf;
  return intern(std::move(expr));
}

SizeId SizeTable::input_stride(const Var& leaf, int axis) {
  SizeExpr expr{.kind = SizeExpr::Kind::input_stride};
  expr.value = axis;
  expr.leaf = leaf;
  return intern(std::move(expr));
}

SizeId SizeTable::input_scalar(const Var& leaf) {
  SizeExpr expr{.kind = SizeExpr::Kind::input_scalar};
  expr.leaf = leaf;
  return intern(std::move(expr));
}

SizeId SizeTable::apply(const Op& op, std::vector<SizeId> args) {
  if (!op.elementwise.value_integer) {
    raise<InternalError>("row '{}' has no integer value, so no size can be computed by it", op.name);
  }
  std::vector<int64_t> values(args.size());
  bool all_constant = true;
  for (size_t k = 0; k < args.size(); ++k) all_constant &= is_constant(args[k], values[k]);
  if (all_constant) return constant(op.elementwise.value_integer(values.data(), DType::i64));
  // Equal sums and products get one id: constants last, the others in the order of their making.
  if (op.has(commutative)) {
    std::sort(args.begin(), args.end(),
              [this](SizeId a, SizeId b) { return std::pair(is_constant(a), a) < std::pair(is_constant(b), b); });
  }
  if (const SizeId known = simplified(op, args); known != no_size) return known;
  SizeExpr expr{.kind = SizeExpr::Kind::apply};
  expr.op = &op;
  expr.args = std::move(args);
  return intern(std::move(expr));
}

// The identities of integer arithmetic (also when it wraps); no_size when none applies.
SizeId SizeTable::simplified(const Op& op, const std::vector<SizeId>& args) {
  if (op.name == "switch") return simplified_select(args);
  if (args.size() != 2) return no_size;
  const SizeId a = args[0], b = args[1];
  int64_t right = 0;
  const bool known = is_constant(b, right);
  if (op.name == "add") {
    if (known && right == 0) return a;
    return known ? shifted(a, right) : no_size;
  }
  if (op.name == "sub") {
    if (a == b) return constant(0);
    if (known && right != INT64_MIN) return add(a, constant(-right));
    return difference(a, b);
  }
  if (op.name == "mul") {
    if (known && right == 0) return b;
    return known && right == 1 ? a : no_size;
  }
  if (op.name == "int_div") return known && right == 1 ? a : no_size;
  if (op.name == "minimum") return a == b || (known && right == 0 && never_negative(a)) ? b : no_size;
  if (op.name == "maximum") return a == b || (known && right == 0 && never_negative(a)) ? a : no_size;
  if (op.name == "eq") return a == b ? constant(1) : no_size;
  if (op.name == "lt") return a == b || (known && right <= 0 && never_negative(a)) ? constant(0) : no_size;
  return no_size;
}

SizeId SizeTable::simplified_select(const std::vector<SizeId>& args) {
  int64_t condition = 0;
  if (is_constant(args[0], condition)) return condition ? args[1] : args[2];
  return args[1] == args[2] ? args[1] : no_size;
}

// a + right, where a is itself a sum with a constant.
SizeId SizeTable::shifted(SizeId a, int64_t right) {
  const SizeExpr& inner = (*this)[a];
  int64_t left = 0, total = 0;
  if (inner.kind != SizeExpr::Kind::apply || inner.op->name != "add" || !is_constant(inner.args[1], left))
    return no_size;
  if (__builtin_add_overflow(left, right, &total)) return no_size;
  const SizeId base = inner.args[0];  // `inner` moves when the table grows
  return add(base, constant(total));
}

// (x + y) - y and (x + c) - (x + d), which slices give.
SizeId SizeTable::difference(SizeId a, SizeId b) {
  const auto parts = [this](SizeId id) {
    const SizeExpr& e = (*this)[id];
    const bool is_sum = e.kind == SizeExpr::Kind::apply && e.op->name == "add";
    return is_sum ? std::pair(e.args[0], e.args[1]) : std::pair(id, no_size);
  };
  const auto [a0, a1] = parts(a);
  const auto [b0, b1] = parts(b);
  if (a1 != no_size && a1 == b) return a0;
  if (a1 != no_size && a0 == b) return a1;
  if (b1 != no_size && b0 == a && is_constant(b1)) return sub(constant(0), b1);
  if (a1 != no_size && b1 != no_size && a0 == b0 && is_constant(a1) && is_constant(b1)) return sub(a1, b1);
  return no_size;
}

bool SizeTable::never_negative(SizeId id) const {
  const SizeExpr& e = (*this)[id];
  if (e.kind == SizeExpr::Kind::constant) return e.value >= 0;
  if (e.kind == SizeExpr::Kind::input_dim) return true;
  if (e.kind != SizeExpr::Kind::apply) return false;
  // One level only: sums and products of sizes could wrap, comparisons cannot be negative.
  if (e.op->name == "maximum") return is_constant(e.args[1]) && (*this)[e.args[1]].value >= 0;
  return e.op->name == "lt" || e.op->name == "eq";
}

SizeId SizeTable::add(SizeId a, SizeId b) { return apply(op_named("add"), {a, b}); }
SizeId SizeTable::sub(SizeId a, SizeId b) { return apply(op_named("sub"), {a, b}); }
SizeId SizeTable::mul(SizeId a, SizeId b) { return apply(op_named("mul"), {a, b}); }
SizeId SizeTable::floor_div(SizeId a, SizeId b) { return apply(op_named("int_div"), {a, b}); }
SizeId SizeTable::min(SizeId a, SizeId b) { return apply(op_named("minimum"), {a, b}); }
SizeId SizeTable::max(SizeId a, SizeId b) { return apply(op_named("maximum"), {a, b}); }
SizeId SizeTable::select(SizeId condition, SizeId a, SizeId b) { return apply(op_named("switch"), {condition, a, b}); }
SizeId SizeTable::less(SizeId a, SizeId b) { return apply(op_named("lt"), {a, b}); }
SizeId SizeTable::equal(SizeId a, SizeId b) { return apply(op_named("eq"), {a, b}); }

bool SizeTable::is_constant(SizeId id, int64_t& value) const {
  const SizeExpr& expr = (*this)[id];
  if (expr.kind != SizeExpr::Kind::constant) return false;
  value = expr.value;
  return true;
}

std::string SizeTable::text(SizeId id, int depth) const {
  if (id == no_size) return "?";
  const SizeExpr& e = (*this)[id];
  switch (e.kind) {
    case SizeExpr::Kind::constant:
      return std::to_string(e.value);
    case SizeExpr::Kind::input_dim:
      return fmt::format("{}.shape[{}]", leaf_text(e.leaf), e.value);
    case SizeExpr::Kind::input_stride:
      return fmt::format("{}.strides[{}]", leaf_text(e.leaf), e.value);
    case SizeExpr::Kind::input_scalar:
      return leaf_text(e.leaf);
    case SizeExpr::Kind::apply:
      break;
  }
  if (depth == 0) return "...";
  const std::string_view symbol = infix(e.op->name);
  std::string text(symbol.empty() ? e.op->name : std::string_view{});
  text += '(';
  for (size_t k = 0; k < e.args.size(); ++k) {
    if (k > 0) text += symbol.empty() ? std::string_view(", ") : symbol;
    text += this->text(e.args[k], depth - 1);
  }
  return text + ')';
}

}  // namespace croton
