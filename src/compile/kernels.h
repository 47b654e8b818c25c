// Machine code for the kernels of a program.
#pragma once

#include <span>

#include "runtime/program.h"

namespace croton {

/// Compiles every kernel, equal ones once, on the threads of the default pool.
void compile_kernels(std::span<CompiledCode> kernels, bool checked);

}  // namespace croton
