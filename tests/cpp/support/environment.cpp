// What holds for all C++ tests: kernels are compiled, not taken from the user's cache.
#include <cstdlib>

namespace croton {
namespace {
[[maybe_unused]] const int without_cache = setenv("CROTON_CACHE_MB", "0", 0);
}  // namespace
}  // namespace croton
