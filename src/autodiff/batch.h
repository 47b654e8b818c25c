// Batching: a graph over single items becomes one over stacks of items along a new leading axis.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "ir/expr.h"

namespace croton {

/// The outputs with each first variable of `stacked` replaced by its second, which has one more leading axis of the
/// given size (an int64 scalar). Every output gets that axis; one that depends on no stacked variable is repeated.
std::vector<Var> vectorize(std::span<const Var> outputs, std::span<const std::pair<Var, Var>> stacked, const Var& size,
                           Builder& builder);

}  // namespace croton
