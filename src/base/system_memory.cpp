// Memory from and to the system: mappings on huge pages, and how much the process may have.
#include "base/system_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

namespace croton {

namespace {

void* map_large(size_t capacity) {
  const size_t mapped = capacity + huge_page_bytes;
  void* const area = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return nullptr;
  char* const start = static_cast<char*>(area);
  const size_t before = (huge_page_bytes - reinterpret_cast<uintptr_t>(start) % huge_page_bytes) % huge_page_bytes;
  char* const block = start + before;
  if (before > 0) munmap(start, before);
  munmap(block + capacity, mapped - before - capacity);
  madvise(block, capacity, MADV_HUGEPAGE);  // advice: a kernel without huge pages may refuse
  return block;
}

}  // namespace

void* obtain(size_t capacity, bool large) {
  void* const block = large ? map_large(capacity) : std::aligned_alloc(block_alignment, capacity);
  if (block) mark_resting(block, capacity);
  return block;
}

void give_back(void* block, size_t capacity, bool large) noexcept {
  mark_used(block, capacity);
  if (large) {
    munmap(block, capacity);
  } else {
    std::free(block);
  }
}

namespace {

size_t smallest_memory_limit() {
  size_t memory = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  // A container is allowed less than the machine has; "max" does not parse and leaves the value.
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    size_t allowed = 0;
    if (std::ifstream(file) >> allowed && allowed > 0) memory = std::min(memory, allowed);
  }
  return memory;
}

}  // namespace

size_t initial_cache_limit() {
  const char* const own = std::getenv("CROTON_POOL_LIMIT");
  if (!own || !*own) return std::min(smallest_memory_limit() / 8, size_t{2} << 30);
  const std::string_view text = strip(own);
  size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size()) {
    raise<ValueError>("CROTON_POOL_LIMIT must be a number of bytes, not {}", quote(own));
  }
  return limit;
}

}  // namespace croton
