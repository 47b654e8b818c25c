// The verifier: whatever a pass leaves behind must still be a graph that the rows agree with.
#pragma once

#include <span>
#include <string_view>

#include "ir/node.h"

namespace croton {

/// Arity, types (each row's rule is asked again), attributes, outputs, bodies, cycles. InternalError names `pass` and
/// the node.
void verify(std::span<const Var> outputs, std::string_view pass);

}  // namespace croton
