// The binary interface between compiled kernels and the executor: plain data, shared by every backend.
#pragma once

#include <atomic>
#include <cstdint>

namespace croton {

/// What a kernel reports and uses besides its buffers. One per running worker.
struct Frame {
  int32_t error_site = -1;                  // which check failed (index into Kernel::sites)
  int64_t error_value = 0;                  // the bad index
  int64_t error_size = 0;                   // the size that it had to be below
  const std::atomic<bool>* stop = nullptr;  // long loops look at it now and then
  void* scratch = nullptr;                  // 64-byte aligned, at least the plan's bytes for this kernel
  bool streams = false;                     // the call writes more than caches hold: stores may go past them
  const int64_t* bounds = nullptr;          // checked emission: first and last allowed element offset of each buffer
};

enum KernelStatus : int32_t { kernel_done = 0, kernel_index_error = 1, kernel_stopped = 2, kernel_bounds_error = 3 };

/// Runs the kernel's parallel range [begin, end). `ints` are the kernel's int parameters.
using KernelFunction = int32_t (*)(void* const* buffers, const int64_t* ints, int64_t begin, int64_t end, Frame* frame);

}  // namespace croton
