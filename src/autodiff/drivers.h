// Gradient, tangent, batch and copy of body graphs, for the rows that have bodies.
#pragma once

#include "ir/op.h"

namespace croton {

/// The one implementation; it has no state.
const Drivers& body_drivers();

}  // namespace croton
