// The gradient of a loop: a loop that runs backwards over what the steps were given.
#include <algorithm>

#include "base/error.h"
#include "ir/clone.h"
#include "ops/scan.h"
#include "ops/support.h"

namespace croton {
namespace {

const Graph& body_of(const Node& node) { return *node.bodies.at(0); }

Expr rows_before(const Expr& x, const Expr& stop) { return call("subtensor", {x, stop}, {2}); }
Expr rows_from(const Expr& x, const Expr& start) { return call("subtensor", {x, start}, {1}); }
Expr rows_between(const Expr& x, const Expr& start, const Expr& stop) {
  return call("subtensor", {x, start, stop}, {3});
}
Expr reversed(const Expr& x) { return call("subtensor", {x, x.builder->integer(-1)}, {4}); }
bool carries_gradient(const Type& type) { return type.is_tensor() && !is_discrete(type.dtype); }

/// Writes the loop that runs backwards: its states are the gradients of the states that are still open, by lag, and the
/// sums of gradients of the constants.
class BackwardScan {
 public:
  explicit BackwardScan(const Vjp& v)
      : v_(v), b_(v.builder), layout_(scan_layout(v.node.attributes)), body_(body_of(v.node)) {}

  std::vector<Expr> run() {
    keep_traces();
    steps_ = v_.x[0];
    if (layout_.until) steps_ = dim(traces_[0], 0) - b_.integer(layout_.states[0].depth());
    back_ = steps_;
    if (layout_.truncate >= 0) back_ = call("minimum", {steps_, b_.integer(layout_.truncate)});
    add_sequences();
    write_step();
    return results();
  }

 private:
  // Of states whose trace was not kept the loop runs once more.
  void keep_traces() {
    ScanLayout all = layout_;
    bool kept = true;
    for (ScanState& s : all.states) kept &= s.keeps_all, s.keeps_all = true;
    traces_ = kept ? v_.y : apply_scan(b_, all, v_.x, v_.node.bodies[0]);
    if (layout_.until && layout_.states.empty()) {
      raise<NotImplementedError>("scan: the gradient of a loop with until that carries no state");
    }
  }

  const Expr& input(size_t k) const { return v_.x[k]; }

  // Sequences of the backward loop: what each step was given, and the gradients of what it gave.
  void add_sequences() {
    for (size_t k = 0; k < layout_.sequences; ++k) {
      add_sequence(rows_before(input(1 + k), steps_), body_.inputs[k].type());
    }
    size_t value = layout_.sequences;
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      const int64_t depth = layout_.states[k].depth();
      for (const int64_t lag : layout_.states[k].lags) {
        const Expr start = b_.integer(depth - lag);
        add_sequence(rows_between(traces_[k], start, start + steps_), body_.inputs[value++].type());
      }
    }
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      const bool flows = v_.dy[k] && layout_.states[k].keeps_all;
      trace_gradient_.push_back(flows ? static_cast<int>(sequences_.size()) : -1);
      if (flows) add_sequence(rows_from(v_.dy[k], b_.integer(layout_.states[k].depth())), row_type(v_.dy[k].type()));
    }
    for (size_t k = 0; k < layout_.results; ++k) {
      const Expr& dy = v_.dy[layout_.states.size() + k];
      result_gradient_.push_back(dy ? static_cast<int>(sequences_.size()) : -1);
      if (dy) add_sequence(dy, row_type(dy.type()));
    }
  }
  void add_sequence(const Expr& rows, Type row) {
    row.ones &= row_type(rows.type()).ones;
    sequences_.push_back(reversed(rows));
    rows_.push_back(new_input(row));
  }

  bool is_open(size_t state) const { return carries_gradient(body_.inputs[first_value(state)].type()); }
  size_t first_value(size_t state) const {
    size_t value = layout_.sequences;
    for (size_t k = 0; k < state; ++k) value += layout_.states[k].lags.size();
    return value;
  }

  // The body of the backward loop.
  void write_step() {
    UserBuilder u;
    std::vector<Var> inputs = rows_, new_states, results;
    open_states(inputs);
    for (size_t k = layout_.first_constant(); k < v_.x.size(); ++k) {
      constants_.push_back(new_input(body_.inputs[layout_.body_constant() + k - layout_.first_constant()].type()));
    }
    const std::vector<Expr> dx = gradients_of_step(u);
    close_states(u, dx, new_states);
    add_sums(u, dx, inputs, new_states);
    for (size_t k = 0; k < layout_.sequences; ++k) {
      sequence_result_.push_back(dx[k] ? static_cast<int>(results.size()) : -1);
      if (dx[k]) results.push_back(dx[k].var);
    }
    inputs.insert(inputs.end(), constants_.begin(), constants_.end());
    backward_.sequences = sequences_.size();
    backward_.results = results.size();
    new_states.insert(new_states.end(), results.begin(), results.end());
    const Graph step = make_body(inputs, new_states);
    std::vector<Expr> given = {back_};
    given.insert(given.end(), sequences_.begin(), sequences_.end());
    given.insert(given.end(), initial_.begin(), initial_.end());
    given.insert(given.end(), v_.x.begin() + static_cast<ptrdiff_t>(layout_.first_constant()), v_.x.end());
    outputs_ = apply_scan(b_, backward_, std::move(given), std::make_shared<const Graph>(step));
  }

  // For each lag up to the depth, what has come together for the value that is so many steps back.
  void open_states(std::vector<Var>& inputs) {
    open_.resize(layout_.states.size());
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      if (!is_open(k)) continue;
      const Expr initial = input(layout_.first_state_input() + k);
      Type row = body_.inputs[first_value(k)].type();
      const Expr zero = float_zeros_like(rows_before(initial, b_.integer(1)), row.dtype);
      const int64_t depth = layout_.states[k].depth();
      for (int64_t lag = 1; lag <= depth; ++lag) {
        const bool last = lag == 1 && v_.dy[k] && !layout_.states[k].keeps_all;
        open_[k].push_back(new_input(row));
        inputs.push_back(open_[k].back());
        add_state(last ? dimshuffle(v_.dy[k], with_new_axis(v_.dy[k].rank())) : zero);
      }
    }
  }
  static std::vector<int64_t> with_new_axis(int rank) {
    std::vector<int64_t> pattern = {-1};
    for (int axis = 0; axis < rank; ++axis) pattern.push_back(axis);
    return pattern;
  }
  void add_state(Expr initial) {
    backward_.states.push_back({{1}, false});
    initial_.push_back(std::move(initial));
  }

  // Gradients of the step's inputs; null where nothing flows.
  std::vector<Expr> gradients_of_step(UserBuilder& u) {
    std::vector<int> from, to;
    std::vector<Expr> given;
    for (size_t k = 0; k < body_.inputs.size(); ++k) {
      const bool is_constant = k >= layout_.body_constant();
      given.push_back(u.wrap(is_constant ? constants_[k - layout_.body_constant()] : rows_[k]));
      if (carries_gradient(body_.inputs[k].type())) to.push_back(static_cast<int>(k));
    }
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      if (open_[k].empty()) continue;
      Expr g = u.wrap(open_[k][0]);
      if (trace_gradient_[k] >= 0) g = g + u.wrap(rows_[static_cast<size_t>(trace_gradient_[k])]);
      from.push_back(static_cast<int>(k));
      given.push_back(fitted(g, body_.outputs[k].type()));
    }
    for (size_t k = 0; k < layout_.results; ++k) {
      if (result_gradient_[k] < 0) continue;
      from.push_back(static_cast<int>(layout_.states.size() + k));
      const Type& type = body_.outputs[layout_.states.size() + k].type();
      given.push_back(fitted(u.wrap(rows_[static_cast<size_t>(result_gradient_[k])]), type));
    }
    std::vector<Expr> dx(body_.inputs.size());
    if (from.empty() || to.empty()) return dx;
    const std::vector<Expr> found = v_.drivers.inline_body(u, v_.drivers.gradient(body_, from, to), given);
    for (size_t k = 0; k < to.size(); ++k) {
      dx[static_cast<size_t>(to[k])] = fitted(found[k], body_.inputs[static_cast<size_t>(to[k])].type());
    }
    return dx;
  }

  // One step back, the value of lag k is that of lag k - 1.
  void close_states(UserBuilder& u, const std::vector<Expr>& dx, std::vector<Var>& new_states) {
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      for (size_t lag = 1; lag <= open_[k].size(); ++lag) {
        Expr next = lag < open_[k].size() ? u.wrap(open_[k][lag]) : Expr{};
        const std::vector<int64_t>& lags = layout_.states[k].lags;
        for (size_t j = 0; j < lags.size(); ++j) {
          const Expr& term = dx[first_value(k) + j];
          if (lags[j] == static_cast<int64_t>(lag) && term) next = next ? next + term : term;
        }
        if (!next) next = float_zeros_like(u.wrap(open_[k][0]), open_[k][0].type().dtype);
        new_states.push_back(fitted(next, open_[k][0].type()).var);
      }
    }
  }

  // The gradient of a constant is a sum over all steps.
  void add_sums(UserBuilder& u, const std::vector<Expr>& dx, std::vector<Var>& inputs, std::vector<Var>& new_states) {
    for (size_t k = layout_.body_constant(); k < dx.size(); ++k) {
      sums_.push_back(dx[k] ? new_input(dx[k].type()) : Var{});
      if (!dx[k]) continue;
      inputs.push_back(sums_.back());
      new_states.push_back(fitted(u.wrap(sums_.back()) + dx[k], sums_.back().type()).var);
      const Expr& constant = v_.x[layout_.first_constant() + k - layout_.body_constant()];
      add_state(dimshuffle(float_zeros_like(constant, dx[k].dtype()), with_new_axis(constant.rank())));
    }
  }

  std::vector<Expr> results() {
    std::vector<Expr> dx(v_.x.size());
    size_t out = 0;
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      if (open_[k].empty()) continue;
      std::vector<Expr> rows(open_[k].size());
      for (Expr& row : rows) row = dimshuffle(outputs_[out], with_new_axis(outputs_[out].rank())), ++out;
      std::reverse(rows.begin(), rows.end());  // the initial values stand in the order of time
      Expr g = rows.size() == 1 ? rows[0] : b_.apply("join", rows, {0});
      if (layout_.truncate >= 0) g = g * cast(call("eq", {back_, steps_}), g.dtype());  // the start was not reached
      if (trace_gradient_[k] >= 0) g = g + rows_before(v_.dy[k], b_.integer(layout_.states[k].depth()));
      dx[layout_.first_state_input() + k] = g;
    }
    for (size_t k = 0; k < sums_.size(); ++k) {
      if (sums_[k]) dx[layout_.first_constant() + k] = outputs_[out++];
    }
    for (size_t k = 0; k < layout_.sequences; ++k) {
      if (sequence_result_[k] < 0) continue;
      const Expr rows = reversed(outputs_[out++]);
      dx[1 + k] = call("inc_subtensor", {zeros_of(input(1 + k), rows.dtype()), rows, steps_ - back_, steps_}, {3});
    }
    return dx;
  }

  const Vjp& v_;
  Builder& b_;
  const ScanLayout layout_;
  const Graph& body_;
  ScanLayout backward_;
  Expr steps_, back_;  // of the loop, and those that gradients go back
  std::vector<Expr> traces_, sequences_, initial_, outputs_;
  std::vector<Var> rows_, constants_, sums_;
  std::vector<std::vector<Var>> open_;
  std::vector<int> trace_gradient_, result_gradient_, sequence_result_;
};

}  // namespace

std::vector<Expr> scan_vjp(const Vjp& v) { return BackwardScan(v).run(); }

}  // namespace croton
