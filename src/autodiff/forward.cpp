// The driver of forward mode: asks each row's `jvp`, names no op.
#include "autodiff/forward.h"

#include "autodiff/drivers.h"
#include "base/error.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"

namespace croton {
namespace {

bool carries_tangent(const Type& type) { return type.is_tensor() && !is_discrete(type.dtype); }

class Forward {
 public:
  explicit Forward(Builder& builder) : builder_(builder) {}

  void seed(const Var& v, const Var& direction) {
    if (!direction) return;
    const Type& type = direction.type();
    if (!type.is_tensor() || type.rank != v.type().rank) {
      raise<ValueError>("the eval point of {} has type {}, which does not fit {}", variable_text(v), type_name(type),
                        type_name(v.type()));
    }
    const Expr tangent = builder_.wrap(direction);
    tangents_[v] = carries_tangent(v.type()) ? cast(tangent, v.type().dtype) : tangent;
  }

  void visit(const NodePtr& node) {
    bool moves = false;
    for (const Var& x : node->inputs) moves |= tangents_.contains(x);
    if (!moves || !any_continuous(*node)) return;
    if (!node->op->jvp) refuse(*node);
    builder_.line = node->line;
    Jvp context{builder_, *node, {}, {}, {}, body_drivers()};
    for (const Var& x : node->inputs) {
      context.x.push_back(builder_.wrap(x));
      context.dx.push_back(builder_.wrap(of(x)));
    }
    for (uint32_t out = 0; out < node->types.size(); ++out) context.y.push_back(builder_.wrap({node, out}));
    const std::vector<Expr> results = node->op->jvp(context);
    if (results.size() != node->types.size()) {
      raise<InternalError>("the tangent rule of {} gives {} tangents for {} outputs", op_text(*node), results.size(),
                           node->types.size());
    }
    for (uint32_t out = 0; out < results.size(); ++out) keep({node, out}, results[out]);
  }

  Var of(const Var& v) const {
    const auto found = tangents_.find(v);
    return found == tangents_.end() ? Var{} : found->second.var;
  }

 private:
  static bool any_continuous(const Node& node) {
    for (const Type& type : node.types) {
      if (carries_tangent(type)) return true;
    }
    return false;
  }

  [[noreturn]] static void refuse(const Node& node) {
    if (node.op->no_gradient.empty()) {
      raise<InternalError>("row '{}' has neither a tangent rule nor a reason why not", node.op->name);
    }
    raise<NullTypeGradError>("the tangent of {} is not defined: {}", op_text(node), node.op->no_gradient);
  }

  void keep(const Var& y, const Expr& tangent) {
    // The user may have given the direction of an intermediate variable.
    if (!tangent || !carries_tangent(y.type()) || tangents_.contains(y)) return;
    if (tangent.rank() != y.type().rank || !carries_tangent(tangent.type())) {
      raise<InternalError>("the tangent rule of {} gives {} for {}", op_text(*y.node), type_name(tangent.type()),
                           type_name(y.type()));
    }
    tangents_[y] = cast(broadcast_like(tangent, builder_.wrap(y)), y.type().dtype);
  }

  Builder& builder_;
  VarMap<Expr> tangents_;
};

}  // namespace

std::vector<Var> tangents(std::span<const Var> outputs, std::span<const Var> wrt, std::span<const Var> eval_points,
                          Builder& builder) {
  if (wrt.size() != eval_points.size()) {
    raise<ValueError>("Rop needs an eval point for each of {} variables, not {}", wrt.size(), eval_points.size());
  }
  Forward forward(builder);
  for (size_t k = 0; k < wrt.size(); ++k) forward.seed(wrt[k], eval_points[k]);
  const LineId line = builder.line;
  for (const NodePtr& node : toposort(outputs)) forward.visit(node);
  builder.line = line;
  std::vector<Var> result;
  for (const Var& y : outputs) result.push_back(forward.of(y));
  return result;
}

std::vector<Var> Rop(std::span<const Var> outputs, std::span<const Var> wrt, std::span<const Var> eval_points,
                     Builder& builder, DType float_x) {
  std::vector<Var> result = tangents(outputs, wrt, eval_points, builder);
  for (size_t k = 0; k < result.size(); ++k) {
    if (!result[k]) result[k] = float_zeros_like(builder.wrap(outputs[k]), float_x).var;
  }
  return result;
}

}  // namespace croton
