// Forward mode: Jacobian-vector products, as more graph.
#pragma once

#include <span>
#include <vector>

#include "ir/expr.h"

namespace croton {

/// Tangents of the outputs when wrt[k] moves along eval_points[k] (null: it does not move). A null variable stands for
/// zero.
std::vector<Var> tangents(std::span<const Var> outputs, std::span<const Var> wrt, std::span<const Var> eval_points,
                          Builder& builder);

/// The same as the user's R-operator: d(outputs)/d(wrt) . eval_points, with zeros instead of nulls.
std::vector<Var> Rop(std::span<const Var> outputs, std::span<const Var> wrt, std::span<const Var> eval_points,
                     Builder& builder, DType float_x = DType::f64);

}  // namespace croton
