// A user's own op, written in C++ or in Python behind a handle: what the row `host_op` asks of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"

namespace croton {

/// Stands in the attributes of `host_op` (or of `host_effect_op`, when it says `has_effect`). Two of them are equal
/// when `same` says so (the same class and the same properties), and then calls with the same inputs are merged.
/// `perform` may be called from any thread, never twice at the same time for one node.
struct HostOp : Handle {
  /// Types of the outputs; raises TypeError or ValueError when the inputs do not fit.
  virtual std::vector<Type> types(std::span<const Var> inputs) const = 0;
  /// Computes the outputs; `outputs` has one array per output, to be replaced. Inputs are not to be written to.
  virtual void perform(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) = 0;
  /// True when it prints, reads a clock, or keeps state: then it is never merged, folded or left out.
  virtual bool has_effect() const { return false; }
  /// Sizes of the outputs from those of the inputs; false when they are known only after `perform`.
  virtual bool infer_sizes(SizeQuery&, Sizes&) const { return false; }
  /// Gradients with respect to the inputs, null where nothing flows.
  virtual std::vector<Expr> gradient(const Vjp& v) const;
  /// Tangents of the outputs, null where they are zero.
  virtual std::vector<Expr> tangent(const Jvp& v) const;
  /// Which output depends on which input: [input][output].
  virtual std::vector<std::vector<bool>> connects(const Node& node) const;
};

/// The user's op of a node of one of the two rows.
HostOp& host_op_of(const Node& node);
/// A node of the row that fits the op.
std::vector<Expr> apply_host_op(Builder& builder, std::shared_ptr<HostOp> op, std::vector<Expr> inputs);

}  // namespace croton
