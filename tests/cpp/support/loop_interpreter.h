// Runs loop IR one scalar at a time: the reference for code generators, and the way to test scalar code without one.
#pragma once

#include <cstdint>

#include "ir/kernel_abi.h"
#include "ir/loop.h"

namespace croton::loop {

/// Runs a kernel as a compiled one would run. Float32 arithmetic is rounded to float32 after every instruction. A
/// vector loop with carried values keeps lanes * interleave copies of them, which it joins in the order that the loop
/// IR prescribes.
int32_t interpret(const Kernel& kernel, void* const* buffers, const int64_t* ints, int64_t begin, int64_t end,
                  Frame* frame, int lanes = 1);

}  // namespace croton::loop
