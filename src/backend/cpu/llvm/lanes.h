// Decides how a vector loop is widened: which of its values differ from lane to lane, and how many lanes there are.
#pragma once

#include <vector>

#include "ir/loop.h"

namespace croton::codegen {

struct VectorPlan {
  std::vector<bool> varying;  // by value id
  int lanes = 1;              // a power of two
  int interleave = 1;         // copies of the body in flight
  bool one_body = false;      // full vectors and the masked rest run the same code: LLVM's work grows with the code
};

/// InternalError if control flow inside the loop depends on the lane.
VectorPlan plan_vector_loop(const loop::Kernel& kernel, const loop::Instruction& vector_loop, int vector_bytes);

}  // namespace croton::codegen
