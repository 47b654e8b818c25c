// Blocks of memory for arrays, from a process-wide cache of freed blocks: a fresh page can cost 300 times the store to
// it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace croton {

// Every block starts on a cache line (also the widest vector); from large_block_bytes on it starts on a huge page.
inline constexpr size_t block_alignment = 64;
inline constexpr size_t large_block_bytes = size_t{1} << 20;
inline constexpr size_t huge_page_bytes = size_t{2} << 20;

// Never null, also for zero bytes; contents are arbitrary. Raises MemoryError after emptying the cache and trying
// again.
void* allocate_block(size_t bytes);

// `bytes` is what allocate_block was given. Any thread may release. Null is ignored.
void release_block(void* block, size_t bytes) noexcept;

// What an allocation of that many bytes really occupies.
size_t block_capacity(size_t bytes);

// Bytes held in freed blocks; blocks in use do not count.
size_t cached_bytes();

// Gives all freed blocks back to the system; other threads give back their few small ones when they next use the cache.
void trim_cache();

// Above the limit the least recently freed blocks are given back. Default: CROTON_POOL_LIMIT in bytes, else an eighth
// of the memory, at most 2 GiB. 0 caches nothing.
size_t cache_limit();
void set_cache_limit(size_t bytes);

// For tests: the n-th next allocation (1 is the next one), by whichever thread, raises MemoryError; 0 switches it off.
// Returns what was left to count.
int64_t fail_nth_allocation(int64_t n);

}  // namespace croton
