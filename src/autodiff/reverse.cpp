// The driver of reverse mode. It names no op: rows say what is connected (`connects`) and how gradients flow (`vjp`).
#include "autodiff/reverse.h"

#include <algorithm>
#include <optional>

#include "autodiff/drivers.h"
#include "base/error.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"

namespace croton {
namespace {

// What is known of the gradient of one variable. A zero stays a flag until the user asks for it, so nothing is built
// for it.
struct Gradient {
  enum class State : uint8_t { zero, value, undefined } state = State::zero;
  Expr value = {};
  std::string reason = {};  // why it is undefined
};

using Connections = std::vector<std::vector<bool>>;  // [input][output]

Connections connections(const Node& node) {
  if (node.op->connects) return node.op->connects(node);
  return Connections(node.inputs.size(), std::vector<bool>(node.types.size(), true));
}

bool carries_gradient(const Type& type) { return type.is_tensor() && !is_discrete(type.dtype); }

std::string where_made(const Var& v) {
  return v.node->line == 0 ? std::string() : "\nIt was made at " + line_text(v.node->line);
}

class Reverse {
 public:
  Reverse(Builder& builder, const GradOptions& options) : builder_(builder), options_(options) {}

  std::vector<Var> run(const Var& cost, std::span<const Var> wrt) {
    seed(cost);
    mark(wrt);
    const LineId line = builder_.line;
    for (size_t k = order_.size(); k-- > 0;) visit(order_[k]);
    builder_.line = line;
    if (options_.add_names && cost && !name_of(cost).empty()) add_names(name_of(cost), wrt);
    std::vector<Var> result;
    for (const Var& v : wrt) result.push_back(answer(v));
    return result;
  }

 private:
  // ----------------------------------------------------------------------------------------------------------- the
  // start

  void seed(const Var& cost) {
    if (cost) {
      roots_.push_back(cost);
      const DType dtype = carries_gradient(cost.type()) ? cost.type().dtype : options_.float_x;
      gradients_[cost] = {Gradient::State::value, builder_.constant(dtype, 1)};
    }
    for (const auto& [v, gradient] : options_.known_grads) {
      gradients_[v] = given(v, gradient);
      known_.insert(v);
    }
    for (const auto& [v, gradient] : options_.seeds) accumulate(v, given(v, gradient));
  }

  Gradient given(const Var& v, const Var& gradient) {
    const Type& type = gradient.type();
    if (!type.is_tensor() || is_discrete(type.dtype)) {
      raise<TypeError>("Gradients must always be continuous, but grad was given a known_grad of type {}",
                       type_name(type));
    }
    if (type.rank != v.type().rank) {
      raise<ValueError>("the known gradient of {} has {} axes, the variable has {}", variable_text(v), type.rank,
                        v.type().rank);
    }
    roots_.push_back(v);
    newest_ = std::max(newest_, gradient.node->id);
    return {Gradient::State::value, fitted(builder_.wrap(gradient), builder_.wrap(v))};
  }

  // Which variables depend on one of `wrt` through connected inputs.
  void mark(std::span<const Var> wrt) {
    wanted_.insert(wrt.begin(), wrt.end());
    const VarSet constant(options_.consider_constant.begin(), options_.consider_constant.end());
    order_ = toposort(roots_, options_.consider_constant);
    for (const NodePtr& node : order_) {
      newest_ = std::max(newest_, node->id);
      if (node->inputs.empty()) continue;
      const Connections connected = connections(*node);
      for (uint32_t out = 0; out < node->types.size(); ++out) {
        if (constant.contains({node, out})) continue;
        for (size_t in = 0; in < node->inputs.size(); ++in) {
          if (connected[in][out] && wanted_.contains(node->inputs[in])) {
            wanted_.insert({node, out});
            break;
          }
        }
      }
    }
    for (const Var& v : options_.consider_constant) blocked_.insert(v);
  }

  // ---------------------------------------------------------------------------------------------------------- one node

  void visit(const NodePtr& node) {
    if (node->inputs.empty()) return;
    // What flows into the outputs; a blocked one flows no further.
    std::vector<const Gradient*> dy(node->types.size(), nullptr);
    bool any = false;
    for (uint32_t out = 0; out < dy.size(); ++out) {
      const Var y{node, out};
      const auto found = gradients_.find(y);
      if (found == gradients_.end() || !wanted_.contains(y) || blocked_.contains(y)) continue;
      dy[out] = &found->second;
      any = true;
    }
    if (!any) return;
    const Connections connected = connections(*node);
    std::vector<std::optional<Gradient>> incoming(node->inputs.size());
    bool differentiate = false;
    for (size_t in = 0; in < incoming.size(); ++in) {
      if (!wanted_.contains(node->inputs[in])) continue;
      incoming[in] = from_flags(*node, connected[in], dy);
      differentiate |= incoming[in] && incoming[in]->state == Gradient::State::value;
    }
    if (differentiate) call_rule(node, dy, incoming);
    for (size_t in = 0; in < incoming.size(); ++in) {
      if (incoming[in]) accumulate(node->inputs[in], std::move(*incoming[in]));
    }
  }

  // What can be said of an input's gradient without the rule: nothing flows, zero, undefined, or a value (still to be
  // made).
  static std::optional<Gradient> from_flags(const Node& node, const std::vector<bool>& connected,
                                            const std::vector<const Gradient*>& dy) {
    std::optional<Gradient> result;
    for (size_t out = 0; out < dy.size(); ++out) {
      if (!connected[out] || !dy[out]) continue;
      if (!result) result.emplace();
      // A discrete output is locally constant.
      if (!carries_gradient(node.types[out])) continue;
      if (dy[out]->state == Gradient::State::undefined) return *dy[out];
      if (dy[out]->state == Gradient::State::value) result->state = Gradient::State::value;
    }
    return result;
  }

  void call_rule(const NodePtr& node, const std::vector<const Gradient*>& dy,
                 std::vector<std::optional<Gradient>>& incoming) {
    if (!node->op->vjp) {
      const std::string reason = undefined_reason(*node);
      for (auto& gradient : incoming) {
        if (gradient && gradient->state == Gradient::State::value)
          gradient = Gradient{Gradient::State::undefined, {}, reason};
      }
      return;
    }
    builder_.line = node->line;
    Vjp context{builder_, *node, {}, {}, {}, body_drivers()};
    for (const Var& x : node->inputs) context.x.push_back(builder_.wrap(x));
    for (uint32_t out = 0; out < dy.size(); ++out) {
      context.y.push_back(builder_.wrap({node, out}));
      const bool flows = dy[out] && dy[out]->state == Gradient::State::value && carries_gradient(node->types[out]);
      // A rule is given gradients of its outputs' dtypes, whatever those above computed in.
      context.dy.push_back(flows ? cast(dy[out]->value, node->types[out].dtype) : Expr{});
    }
    const std::vector<Expr> terms = node->op->vjp(context);
    if (terms.size() != node->inputs.size()) {
      raise<InternalError>("the gradient rule of {} gives {} terms for {} inputs", op_text(*node), terms.size(),
                           node->inputs.size());
    }
    for (size_t in = 0; in < terms.size(); ++in) {
      if (!incoming[in] || incoming[in]->state != Gradient::State::value) continue;
      incoming[in] = terms[in] ? checked_term(*node, in, terms[in]) : Gradient{};
    }
  }

  static std::string undefined_reason(const Node& node) {
    if (node.op->no_gradient.empty()) {
      raise<InternalError>("row '{}' has neither a gradient nor a reason why not", node.op->name);
    }
    return fmt::format("the gradient of {} is not defined: {}", op_text(node), node.op->no_gradient) +
           (node.line == 0 ? "" : " (made at " + line_text(node.line) + ")");
  }

  Gradient checked_term(const Node& node, size_t in, const Expr& term) {
    const Type& type = term.type();
    if (!type.is_tensor() || is_discrete(type.dtype) || type.rank != node.inputs[in].type().rank) {
      raise<InternalError>("the gradient rule of {} gives {} for input {}, which is {}", op_text(node), type_name(type),
                           in, type_name(node.inputs[in].type()));
    }
    return {Gradient::State::value, fitted(term, builder_.wrap(node.inputs[in]))};
  }

  // A gradient has the pattern of its variable. As in Theano it has the dtype of what it is computed from.
  static Expr fitted(const Expr& gradient, const Expr& variable) {
    return broadcast_like(sum_to(gradient, variable), variable);
  }

  void accumulate(const Var& v, Gradient term) {
    if (known_.contains(v)) return;
    const auto [place, is_new] = gradients_.emplace(v, term);
    Gradient& sum = place->second;
    if (is_new || sum.state == Gradient::State::undefined || term.state == Gradient::State::zero) return;
    if (term.state == Gradient::State::undefined || sum.state == Gradient::State::zero) {
      sum = std::move(term);
    } else {
      sum.value = fitted(sum.value + term.value, builder_.wrap(v));
    }
  }

  // ---------------------------------------------------------------------------------------------------------- the
  // answer

  // Only nodes made here get a name; the gradient may also be a variable of the user's.
  void add_names(const std::string& cost_name, std::span<const Var> wrt) {
    for (const Var& v : wrt) {
      const auto found = gradients_.find(v);
      if (found == gradients_.end() || found->second.state != Gradient::State::value || name_of(v).empty()) continue;
      const Var& gradient = found->second.value.var;
      if (gradient.node->id > newest_ && name_of(gradient).empty()) {
        set_name(gradient, "(d" + cost_name + "/d" + name_of(v) + ")");
      }
    }
  }

  Var answer(const Var& v) {
    const auto found = gradients_.find(v);
    if (found == gradients_.end()) {
      disconnected(v);
      return options_.return_disconnected == GradOptions::Missing::null ? Var{} : zero_of(v);
    }
    const Gradient& gradient = found->second;
    if (gradient.state == Gradient::State::zero) return zero_of(v);
    if (gradient.state == Gradient::State::value) return gradient.value.var;
    if (options_.raise_undefined) raise<NullTypeGradError>("tensor.grad encountered a NaN. {}", gradient.reason);
    return {};
  }

  Var zero_of(const Var& v) {
    if (!v.type().is_tensor()) raise<TypeError>("a variable of type {} has no gradient", type_name(v.type()));
    return float_zeros_like(builder_.wrap(v), options_.float_x).var;
  }

  void disconnected(const Var& v) const {
    const std::string text =
        "grad method was asked to compute the gradient with respect to a variable that is not part of the "
        "computational "
        "graph of the cost, or is used only by a non-differentiable operator: " +
        variable_text(v) + where_made(v);
    if (options_.disconnected == GradOptions::Disconnected::raise) throw DisconnectedInputError(text);
    if (options_.disconnected == GradOptions::Disconnected::warn && options_.warn) options_.warn(text);
  }

  Builder& builder_;
  const GradOptions& options_;
  std::vector<Var> roots_;
  std::vector<NodePtr> order_;
  VarSet wanted_, blocked_, known_;
  VarMap<Gradient> gradients_;
  uint64_t newest_ = 0;  // nodes with a larger id were made by this run
};

void check_wrt(std::span<const Var> wrt) {
  for (const Var& v : wrt) {
    if (!v) raise<TypeError>("wrt holds a null variable");
  }
}

}  // namespace

std::vector<Var> grad(const Var& cost, std::span<const Var> wrt, const GradOptions& options, Builder& builder) {
  check_wrt(wrt);
  if (!cost && options.known_grads.empty()) raise<ValueError>("cost and known_grads can't both be None.");
  if (cost && (!cost.type().is_tensor() || cost.type().rank != 0)) raise<TypeError>("cost must be a scalar.");
  if (cost && is_complex(cost.type().dtype)) raise<TypeError>("cost must be real, not {}", type_name(cost.type()));
  return Reverse(builder, options).run(cost, wrt);
}

std::vector<Var> grad(const Var& cost, std::span<const Var> wrt, const GradOptions& options) {
  UserBuilder builder;
  return grad(cost, wrt, options, builder);
}

std::vector<Var> Lop(std::span<const Var> outputs, std::span<const Var> wrt, std::span<const Var> eval_points,
                     GradOptions options, Builder& builder) {
  if (outputs.size() != eval_points.size()) {
    raise<ValueError>("Lop needs an eval point for each of {} outputs, not {}", outputs.size(), eval_points.size());
  }
  for (size_t k = 0; k < outputs.size(); ++k) options.seeds.emplace_back(outputs[k], eval_points[k]);
  check_wrt(wrt);
  return Reverse(builder, options).run({}, wrt);
}

}  // namespace croton
