// A compiled function as C calls it: pointers of include/croton/cfunction.h, and what the context points to.
#pragma once

#include <memory>

#include "compile/function.h"
#include "croton/cfunction.h"

namespace croton::face {

/// TypeError where an input or output is no array. The pointers work as long as the context lives.
struct CFunction {
  explicit CFunction(std::shared_ptr<Function> function);
  std::shared_ptr<void> context;
  croton_array_function call = nullptr;
  croton_scalar_function call_scalars = nullptr;  // null where inputs and the output are no float64 scalars
};

}  // namespace croton::face
