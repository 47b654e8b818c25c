// Runs a loop: its body step after step, on rows of sequences, values of earlier steps, and constants.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "ops/scan.h"
#include "runtime/execution_state.h"
#include "runtime/executor.h"

namespace croton {
namespace {

/// An array without its first axis: the view of one row, moved from row to row.
struct Rows {
  Array all;
  Array row;
  explicit Rows(Array array) : all(std::move(array)) {
    row.dtype = all.dtype;
    row.shape.assign(all.shape.begin() + 1, all.shape.end());
    row.strides.assign(all.strides.begin() + 1, all.strides.end());
    row.storage = all.storage;
  }
  const Array& at(int64_t k) {
    row.data = all.data + k * all.strides[0];
    return row;
  }
};

std::vector<int64_t> stack_shape(int64_t count, const std::vector<int64_t>& row) {
  std::vector<int64_t> shape = {count};
  shape.insert(shape.end(), row.begin(), row.end());
  return shape;
}

/// The values of a state: all of them, or as many as later steps read.
class StateRows {
 public:
  StateRows(const ScanState& state, const Array& initial, int64_t steps)
      : keeps_all_(state.keeps_all), depth_(state.depth()), rows_(memory_for(state, initial, steps)) {
    Rows given(initial);
    for (int64_t k = 0; k < depth_; ++k) copy_elements(rows_.at(k).data, given.at(k));
  }
  /// The value after `step` steps back by `lag`; lag 0 is what step number `step` makes.
  const Array& before(int64_t step, int64_t lag) { return rows_.at(place(depth_ + step - lag)); }
  Array result(int64_t steps) {
    if (!keeps_all_) return rows_.at(place(depth_ + steps - 1));
    Array trace = rows_.all;
    trace.shape[0] = depth_ + steps;
    return trace;
  }

 private:
  static Array memory_for(const ScanState& state, const Array& initial, int64_t steps) {
    const int64_t count = state.depth() + (state.keeps_all ? steps : 1);
    const std::vector<int64_t> row(initial.shape.begin() + 1, initial.shape.end());
    return new_array(initial.dtype, stack_shape(count, row));
  }
  int64_t place(int64_t k) const { return keeps_all_ ? k : k % (depth_ + 1); }
  bool keeps_all_;
  int64_t depth_;
  Rows rows_;
};

class Loop {
 public:
  Loop(ExecutionState& state, const Step& step)
      : state_(state), step_(step), layout_(scan_layout(step.host.node->attributes)) {
    for (const int slot : step.host.inputs) given_.push_back(state.view_of(slot));
    steps_ = element_as_integer(given_[0].data, given_[0].dtype);
    check();
    for (size_t k = 0; k < layout_.sequences; ++k) sequences_.emplace_back(with_contiguous_rows(given_[1 + k]));
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      states_.emplace_back(layout_.states[k], given_[layout_.first_state_input() + k], steps_);
    }
    inputs_.resize(layout_.body_constant());
    for (size_t k = layout_.first_constant(); k < given_.size(); ++k) inputs_.push_back(contiguous(given_[k]));
    outputs_.resize(layout_.states.size() + layout_.results + (layout_.until ? 1 : 0));
  }

  void run() {
    for (int64_t step = 0; step < steps_; ++step) {
      set_inputs(step);
      set_outputs(step);
      step_.loop_body->run({inputs_, outputs_, nullptr, state_.control});
      if (results_.empty()) keep_first_results();
      if (layout_.until && element_as_double(outputs_.back().data, outputs_.back().dtype) != 0) steps_ = step + 1;
    }
    give();
  }

 private:
  // Rows one after the other, each contiguous: what the body was compiled for.
  static Array with_contiguous_rows(const Array& array) {
    Array row = array;
    row.shape.erase(row.shape.begin());
    row.strides.erase(row.strides.begin());
    return row.is_contiguous() ? array : contiguous(array);
  }

  void check() const {
    if (steps_ < 0) raise<ValueError>("scan: the number of steps is negative: {}", steps_);
    for (size_t k = 0; k < layout_.sequences; ++k) {
      if (given_[1 + k].shape[0] >= steps_) continue;
      raise<ValueError>("scan: {} steps were asked for, but sequence {} has only {} rows", steps_, k,
                        given_[1 + k].shape[0]);
    }
    for (size_t k = 0; k < layout_.states.size(); ++k) {
      const int64_t rows = given_[layout_.first_state_input() + k].shape[0], depth = layout_.states[k].depth();
      if (rows == depth) continue;
      raise<ValueError>("scan: {} initial values are needed for state {}, which reads so far back, but {} are given",
                        depth, k, rows);
    }
  }

  void set_inputs(int64_t step) {
    size_t at = 0;
    for (Rows& rows : sequences_) inputs_[at++] = rows.at(step);
    for (size_t k = 0; k < states_.size(); ++k) {
      for (const int64_t lag : layout_.states[k].lags) inputs_[at++] = states_[k].before(step, lag);
    }
  }

  // Everything is written where it belongs; the shapes of results are known when there is a first one.
  void set_outputs(int64_t step) {
    size_t at = 0;
    for (StateRows& rows : states_) outputs_[at++] = rows.before(step, 0);
    for (Rows& rows : results_) outputs_[at++] = rows.at(step);
    if (layout_.until) outputs_.back() = Array{};
  }

  void keep_first_results() {
    for (size_t k = 0; k < layout_.results; ++k) {
      const Array& first = outputs_[states_.size() + k];
      results_.emplace_back(new_array(first.dtype, stack_shape(steps_, first.shape)));
      copy_elements(results_.back().at(0).data, first);
    }
  }

  void give() {
    const std::vector<int>& slots = step_.host.outputs;
    const auto put = [&](size_t k, Array array) {
      if (slots[k] >= 0) put_result(state_, slots[k], std::move(array));
    };
    for (size_t k = 0; k < states_.size(); ++k) put(k, states_[k].result(steps_));
    for (size_t k = 0; k < layout_.results; ++k) {
      const size_t out = states_.size() + k;
      if (results_.empty()) {
        const Type& type = step_.host.node->types[out];
        put(out, new_array(type.dtype, std::vector<int64_t>(static_cast<size_t>(type.rank), 0)));
        continue;
      }
      Array stack = results_[k].all;
      stack.shape[0] = steps_;
      put(out, std::move(stack));
    }
  }

  ExecutionState& state_;
  const Step& step_;
  const ScanLayout layout_;
  std::vector<Array> given_, inputs_, outputs_;
  std::vector<Rows> sequences_, results_;
  std::vector<StateRows> states_;
  int64_t steps_ = 0;
};

}  // namespace

void run_loop(ExecutionState& state, const Step& step) {
  state.turn_long();  // nobody can tell of a body that is not known
  try {
    Loop(state, step).run();
  } catch (Interrupted&) {
    throw;
  } catch (Error& error) {
    error.message += error_trailer(state.program, step.site, {});
    throw;
  }
}

}  // namespace croton
