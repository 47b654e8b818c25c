// The process-wide request to stop (Ctrl-C), polled by long kernels and loops.
#pragma once

#include <atomic>

namespace croton {

// Safe to set from a signal handler. Whoever turns it into an Interrupted error clears it.
std::atomic<bool>& stop_requested();

}  // namespace croton
