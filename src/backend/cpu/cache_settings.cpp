// Where the kernel cache of this process lies, and how large it may grow.
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "backend/cpu/kernel_cache.h"
#include "base/error.h"
#include "base/fork_shield.h"

namespace croton {
namespace {

constexpr int64_t default_megabytes = 512;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int64_t limit_bytes() {
  const std::string text = environment("CROTON_CACHE_MB");
  if (text.empty()) return default_megabytes << 20;
  const bool digits = text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) raise<ValueError>("CROTON_CACHE_MB is a number of megabytes, not '{}'", text);
  return std::stoll(text) << 20;
}

std::string default_folder() {
  if (const std::string own = environment("CROTON_CACHE_DIR"); !own.empty()) return own;
  // XDG's rule: relative names do not count.
  if (const std::string caches = environment("XDG_CACHE_HOME"); caches.starts_with('/')) return caches + "/croton";
  const std::string home = environment("HOME");
  return home.starts_with('/') ? home + "/.cache/croton" : "";
}

struct Current {
  std::mutex mutex;  // taken inside ForkShields only
  std::string chosen;
  bool known = false;
  std::shared_ptr<KernelCache> cache;
};

Current& current() {
  static Current state;
  return state;
}

}  // namespace

std::shared_ptr<KernelCache> kernel_cache() {
  const ForkShield shield;
  Current& state = current();
  const std::lock_guard lock(state.mutex);
  if (!state.known) {
    const int64_t limit = limit_bytes();
    const std::string folder = state.chosen.empty() ? default_folder() : state.chosen;
    state.cache = limit > 0 && !folder.empty() ? std::make_shared<KernelCache>(folder, limit) : nullptr;
    state.known = true;
  }
  return state.cache;
}

void set_cache_folder(std::string folder) {
  const ForkShield shield;
  Current& state = current();
  const std::lock_guard lock(state.mutex);
  state.chosen = std::move(folder);
  state.known = false;
}

}  // namespace croton
