// The driver of batching: asks each row's `batch`, names no op.
#include "autodiff/batch.h"

#include <algorithm>

#include "autodiff/drivers.h"
#include "base/error.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"

namespace croton {
namespace {

void check_stacked(const Var& item, const Var& stack) {
  const Type &a = item.type(), &b = stack.type();
  if (a.is_tensor() && b.is_tensor() && a.dtype == b.dtype && a.rank + 1 == b.rank) return;
  raise<TypeError>("{} cannot hold a stack of {}", type_name(b), type_name(a));
}

void visit(const NodePtr& node, const Expr& size, VarMap<Var>& stacks, Builder& builder) {
  const auto is_stacked = [&](const Var& x) { return stacks.contains(x); };
  if (std::none_of(node->inputs.begin(), node->inputs.end(), is_stacked)) return;
  if (!node->op->batch) {
    if (!node->op->no_batch.empty())
      raise<NotImplementedError>("{} takes no stack: {}", op_text(*node), node->op->no_batch);
    raise<InternalError>("row '{}' has neither a batch rule nor a reason why not", node->op->name);
  }
  builder.line = node->line;
  Batch context{builder, *node, {}, {}, size, body_drivers()};
  for (const Var& x : node->inputs) {
    const auto found = stacks.find(x);
    context.x.push_back(builder.wrap(found == stacks.end() ? x : found->second));
    context.batched.push_back(found != stacks.end());
  }
  const std::vector<Expr> results = node->op->batch(context);
  if (results.size() != node->types.size()) {
    raise<InternalError>("the batch rule of {} gives {} outputs of {}", op_text(*node), results.size(),
                         node->types.size());
  }
  for (uint32_t out = 0; out < results.size(); ++out) {
    check_stacked({node, out}, results[out].var);
    stacks.emplace(Var{node, out}, results[out].var);  // a variable that the user replaced stays replaced
  }
}

}  // namespace

std::vector<Var> vectorize(std::span<const Var> outputs, std::span<const std::pair<Var, Var>> stacked, const Var& size,
                           Builder& builder) {
  VarMap<Var> stacks;
  std::vector<Var> stop;
  for (const auto& [item, stack] : stacked) {
    check_stacked(item, stack);
    stacks.emplace(item, stack);
    stop.push_back(item);
  }
  const Expr count = builder.wrap(size);
  const LineId line = builder.line;
  for (const NodePtr& node : toposort(outputs, stop)) visit(node, count, stacks, builder);
  builder.line = line;
  std::vector<Var> result;
  for (const Var& y : outputs) {
    const auto found = stacks.find(y);
    result.push_back(found != stacks.end() ? found->second : repeat_leading(builder.wrap(y), count).var);
  }
  return result;
}

}  // namespace croton
