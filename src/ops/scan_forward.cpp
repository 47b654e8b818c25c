// The tangent of a loop: a loop that carries the tangents of its states beside them.
#include "ir/clone.h"
#include "ops/scan.h"
#include "ops/support.h"

namespace croton {
namespace {

bool moves(const Type& type) { return type.is_tensor() && !is_discrete(type.dtype); }

class ForwardScan {
 public:
  explicit ForwardScan(const Jvp& v)
      : v_(v), layout_(scan_layout(v.node.attributes)), body_(*v.node.bodies.at(0)), both_(layout_) {}

  std::vector<Expr> run() {
    add_sequences();
    add_states();
    add_constants();
    const std::vector<Expr> outputs =
        apply_scan(v_.builder, both_, given(), std::make_shared<const Graph>(make_body(inputs(), step())));
    return tangents_of(outputs);
  }

 private:
  // A variable of the body, and that of its tangent if it has one.
  void add_input(size_t k, bool is_moving, std::vector<Var>& tangents) {
    const Type& type = body_.inputs[k].type();
    primal_.push_back(new_input(type));
    if (!is_moving) return;
    wrt_.push_back(static_cast<int>(k));
    tangents.push_back(new_input(type));
    directions_.push_back(tangents.back());
  }

  void add_sequences() {
    for (size_t k = 0; k < layout_.sequences; ++k) {
      add_input(k, static_cast<bool>(v_.dx[1 + k]), sequence_tangents_);
      if (v_.dx[1 + k]) moving_sequences_.push_back(v_.dx[1 + k]);
    }
    both_.sequences += moving_sequences_.size();
  }

  // Any state may come to move.
  void add_states() {
    size_t value = layout_.sequences;
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      const bool is_moving = moves(body_.outputs[k].type());
      for (size_t lag = 0; lag < layout_.states[k].lags.size(); ++lag) add_input(value++, is_moving, state_tangents_);
      if (!is_moving) continue;
      both_.states.push_back(layout_.states[k]);
      const size_t place = layout_.first_state_input() + k;
      moving_states_.push_back(or_zeros(v_.dx[place], v_.x[place]));
    }
  }

  void add_constants() {
    for (size_t k = layout_.first_constant(); k < v_.x.size(); ++k) {
      const bool is_moving = static_cast<bool>(v_.dx[k]);
      add_input(layout_.body_constant() + k - layout_.first_constant(), is_moving, constant_tangents_);
      if (is_moving) moving_constants_.push_back(v_.dx[k]);
    }
  }

  std::vector<Var> inputs() const {
    std::vector<Var> all;
    const auto add = [&](auto begin, auto end) { all.insert(all.end(), begin, end); };
    const auto states = primal_.begin() + static_cast<ptrdiff_t>(layout_.sequences);
    const auto constants = primal_.begin() + static_cast<ptrdiff_t>(layout_.body_constant());
    add(primal_.begin(), states);
    add(sequence_tangents_.begin(), sequence_tangents_.end());
    add(states, constants);
    add(state_tangents_.begin(), state_tangents_.end());
    add(constants, primal_.end());
    add(constant_tangents_.begin(), constant_tangents_.end());
    return all;
  }

  std::vector<Expr> given() const {
    std::vector<Expr> all;
    const auto add = [&](auto begin, auto end) { all.insert(all.end(), begin, end); };
    const auto states = v_.x.begin() + static_cast<ptrdiff_t>(layout_.first_state_input());
    const auto constants = v_.x.begin() + static_cast<ptrdiff_t>(layout_.first_constant());
    add(v_.x.begin(), states);
    add(moving_sequences_.begin(), moving_sequences_.end());
    add(states, constants);
    add(moving_states_.begin(), moving_states_.end());
    add(constants, v_.x.end());
    add(moving_constants_.begin(), moving_constants_.end());
    return all;
  }

  std::vector<Var> step() {
    UserBuilder u;
    std::vector<Expr> x, both;
    for (const Var& v : primal_) x.push_back(u.wrap(v));
    const std::vector<Expr> y = v_.drivers.inline_body(u, body_, x);
    for (const Var& v : directions_) x.push_back(u.wrap(v));
    const std::vector<Expr> dy = v_.drivers.inline_body(u, v_.drivers.tangent(body_, wrt_), x);
    const size_t states = layout_.states.size();
    std::vector<Var> outputs;
    const auto add = [&](size_t begin, size_t end) {
      for (size_t k = begin; k < end; ++k) outputs.push_back(y[k].var);
      for (size_t k = begin; k < end; ++k) {
        if (moves(y[k].type())) outputs.push_back(fitted(dy[k], y[k].type()).var);
      }
    };
    add(0, states);
    add(states, states + layout_.results);
    if (layout_.until) outputs.push_back(y.back().var);
    for (size_t k = 0; k < layout_.results; ++k) both_.results += moves(y[states + k].type()) ? 1 : 0;
    return outputs;
  }

  std::vector<Expr> tangents_of(const std::vector<Expr>& outputs) const {
    const size_t states = layout_.states.size(), all_states = both_.states.size();
    std::vector<Expr> dy(states + layout_.results);
    size_t state = states, result = all_states + layout_.results;
    for (size_t k = 0; k < dy.size(); ++k) {
      if (moves(body_.outputs[k].type())) dy[k] = outputs[k < states ? state++ : result++];
    }
    return dy;
  }

  const Jvp& v_;
  const ScanLayout layout_;
  const Graph& body_;
  ScanLayout both_;  // of the loop with tangents
  std::vector<Var> primal_, directions_, sequence_tangents_, state_tangents_, constant_tangents_;
  std::vector<Expr> moving_sequences_, moving_states_, moving_constants_;
  std::vector<int> wrt_;
};

}  // namespace

std::vector<Expr> scan_jvp(const Jvp& v) { return ForwardScan(v).run(); }

}  // namespace croton
