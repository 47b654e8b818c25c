// Memory from and to the system, below the cache of blocks.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include <cstddef>

namespace croton {

// Null if the system refuses. Large blocks are mapped on huge pages: a fault is then paid per 2 MiB instead of per 4
// KiB.
void* obtain(size_t capacity, bool large);
void give_back(void* block, size_t capacity, bool large) noexcept;

// CROTON_POOL_LIMIT, else an eighth of the memory this process may have, at most 2 GiB.
size_t initial_cache_limit();

// Blocks at rest are poisoned, so the address sanitizer finds a use after release, and an overrun into the unused tail.
inline void mark_resting([[maybe_unused]] void* block, [[maybe_unused]] size_t capacity) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(block, capacity);
#endif
}

inline void mark_used([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(block, bytes);
#endif
}

}  // namespace croton
