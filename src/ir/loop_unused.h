// Removal of code from kernels: what nothing uses, or all but the index checks.
#pragma once

#include "ir/loop.h"

namespace croton::loop {

/// Drops what neither an effect (a store, an index check, a while loop) nor another instruction that stays uses.
void remove_unused(Kernel& kernel);

/// The kernel without its stores to buffers and without what only those needed: what has to pass before memory may be
/// overwritten for good. It finds every index error that the kernel would find, as long as what both load stays the
/// same, and writes nothing but its own local arrays.
Kernel checks_of(Kernel kernel);

}  // namespace croton::loop
