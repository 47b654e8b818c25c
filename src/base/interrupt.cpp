// The one stop flag. Here and not inline in the header, so that every shared object of the process sees the same flag.
#include "base/interrupt.h"

namespace croton {

namespace {
// Constant-initialised, so a signal handler may touch it at any time.
constinit std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);
}  // namespace

std::atomic<bool>& stop_requested() { return stop_flag; }

}  // namespace croton
