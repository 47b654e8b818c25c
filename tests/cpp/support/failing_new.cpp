// The global operators new and delete of the test program: the plain ones, but for a failure that a test asks for.
#include "support/failing_new.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constinit std::atomic<int64_t> countdown{0};

// Null where there is no memory, or where a test wants it so.
void* counted(size_t bytes, size_t alignment) noexcept {
  const bool counts = countdown.load(std::memory_order_relaxed) > 0;
  if (counts && countdown.fetch_sub(1, std::memory_order_relaxed) == 1) return nullptr;
  bytes += bytes == 0;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* checked(size_t bytes, size_t alignment) {
  void* const block = counted(bytes, alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(size_t bytes) { return checked(bytes, 0); }
void* operator new(size_t bytes, std::align_val_t alignment) { return checked(bytes, static_cast<size_t>(alignment)); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes, 0); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { std::free(block); }

namespace croton::test {

int64_t fail_nth_new(int64_t n) { return countdown.exchange(n); }

}  // namespace croton::test
