// The layout of the row `scan`: which inputs and outputs of the node, and of its body, are what.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/expr.h"
#include "ir/op.h"

namespace croton {

/// A value that a step computes from those of earlier steps: lag k is the value k steps before.
struct ScanState {
  std::vector<int64_t> lags;  // that the body reads, each at least 1
  bool keeps_all = true;      // the result is the trace of all steps behind the initial values; else the last value
  int64_t depth() const;      // the greatest lag: how many initial values there are
};

/// Inputs of the node: the number of steps, sequences, initial values of the states (as many rows as `depth`),
/// constants. Inputs of the body: rows of the sequences, values of each state by lag, constants. Outputs of the body:
/// new values of the states, results to be stacked, and, if `until`, whether this step is the last one. Outputs of the
/// node: the states, then the stacked results.
struct ScanLayout {
  size_t sequences = 0, results = 0;
  bool until = false;
  int64_t truncate = -1;  // gradients go back so many steps at most; -1: all
  std::vector<ScanState> states;

  size_t first_state_input() const { return 1 + sequences; }
  size_t first_constant() const { return 1 + sequences + states.size(); }
  size_t state_values() const;  // of all states and lags
  size_t body_constant() const { return sequences + state_values(); }
};

ScanLayout scan_layout(const Attributes& attributes);
std::vector<int64_t> scan_attributes(const ScanLayout& layout);
std::vector<Expr> apply_scan(Builder& builder, const ScanLayout& layout, std::vector<Expr> inputs,
                             std::shared_ptr<const Graph> body);
/// Of a row of a stack; TypeError where there is no first axis.
Type row_type(Type stack);
/// A gradient or tangent with the dtype and pattern of what it belongs to.
Expr fitted(const Expr& gradient, const Type& type);

std::vector<Expr> scan_vjp(const Vjp& v);  // scan_backward.cpp
std::vector<Expr> scan_jvp(const Jvp& v);  // scan_forward.cpp

}  // namespace croton
