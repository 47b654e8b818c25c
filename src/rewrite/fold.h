// Evaluation of nodes whose inputs are all constants.
#pragma once

#include <cstddef>
#include <memory>

#include "ir/node.h"

namespace croton {

/// The node's value, or nullptr: when an input is not a constant, the row is not a pure function with a reference value
/// and one tensor output, evaluation fails (the error belongs to the call), or the result would be larger than `limit`
/// bytes. Rows that generate elements by index (alloc, arange) are not folded when that would make data out of a
/// formula.
std::shared_ptr<const Literal> folded(const Node& node, size_t limit);

}  // namespace croton
