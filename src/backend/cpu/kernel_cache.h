// Compiled kernels on disk: one file each, named by what the code depends on. Whatever goes wrong is a miss, never an
// error.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/cpu/kernel_image.h"
#include "base/hash.h"

namespace croton {

class KernelCache {
 public:
  /// The folder is made by the first `store`. It is used only while it belongs to this user and nobody else may write.
  KernelCache(std::string folder, int64_t limit_bytes) : folder_(std::move(folder)), limit_(limit_bytes) {}

  /// Deletes an entry that is damaged. Any number of threads and processes may call everything at once.
  std::optional<KernelImage> find(const Hash128& key);
  void store(const Hash128& key, const KernelImage& image);

  struct Census {
    int64_t entries = 0, bytes = 0;
    int64_t damaged = 0;  // found by this look, and deleted
  };
  Census look(bool verify);  // reads every entry when it verifies
  int64_t clear();           // number of entries deleted
  void trim();               // down to the limit, those unused for longest first

  const std::string& folder() const { return folder_; }
  int64_t limit() const { return limit_; }
  int64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  int64_t misses() const { return misses_.load(std::memory_order_relaxed); }

 private:
  bool usable(bool make);

  const std::string folder_;
  const int64_t limit_;
  std::atomic<bool> checked_{false};
  std::atomic<int64_t> hits_{0}, misses_{0}, temporary_{0};
};

/// The cache of this process; null when there is none. From CROTON_CACHE_DIR, else XDG_CACHE_HOME/croton, else
/// HOME/.cache/croton; CROTON_CACHE_MB is the limit (512), and 0 means none (ValueError unless it is such a number).
std::shared_ptr<KernelCache> kernel_cache();
/// Kernels that are compiled from now on use this folder; an empty name goes back to the default.
void set_cache_folder(std::string folder);

}  // namespace croton
