// The global operators new and delete of the test program: the plain ones, but for a failure that a test asks for.
#include "support/failing_new.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constinit std::atomic<int64_t> countdown{0};

void* checked(size_t bytes, size_t alignment) {
  const bool counts = countdown.load(std::memory_order_relaxed) > 0;
  if (counts && countdown.fetch_sub(1, std::memory_order_relaxed) == 1) throw std::bad_alloc();
  void* const block = alignment <= alignof(std::max_align_t)
                          ? std::malloc(bytes)
                          : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (block == nullptr && bytes != 0) throw std::bad_alloc();
  return block == nullptr ? std::malloc(1) : block;
}

}  // namespace

void* operator new(size_t bytes) { return checked(bytes, 0); }
void* operator new(size_t bytes, std::align_val_t alignment) { return checked(bytes, static_cast<size_t>(alignment)); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { std::free(block); }

namespace croton::test {

int64_t fail_nth_new(int64_t n) { return countdown.exchange(n); }

}  // namespace croton::test
