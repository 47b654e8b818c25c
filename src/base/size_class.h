// Size classes of blocks: the capacity is a function of the size asked for, so a block needs no header.
#pragma once

#include <bit>
#include <cstddef>

#include "base/memory.h"

namespace croton {

// Up to here a block comes from the free lists of its thread.
inline constexpr size_t small_block_bytes = size_t{64} << 10;
// No processor addresses more; below it the rounding cannot overflow.
inline constexpr size_t largest_block_bytes = size_t{1} << 47;

// `count` rounded up to one of 2^log_steps evenly spaced values per doubling: at most a 2^log_steps-th is wasted.
constexpr size_t round_to_step(size_t count, int log_steps) {
  const int excess = static_cast<int>(std::bit_width(count - 1)) - log_steps - 1;
  if (count <= 1 || excess <= 0) return count;
  const size_t step = size_t{1} << excess;
  return (count + step - 1) / step * step;
}

constexpr bool is_large(size_t bytes) { return bytes >= large_block_bytes; }

// Large blocks fill whole huge pages; their waste is mostly address space, so it may be small.
constexpr size_t capacity_of(size_t bytes) {
  if (is_large(bytes)) return round_to_step((bytes + huge_page_bytes - 1) / huge_page_bytes, 3) * huge_page_bytes;
  if (bytes <= block_alignment) return block_alignment;
  return round_to_step((bytes + block_alignment - 1) / block_alignment, 2) * block_alignment;
}

// Number of a small capacity: 64, 128, 192, 256, 320, ..., 512, 640, ... are classes 0, 1, 2, ...
constexpr int small_class(size_t bytes) {
  const size_t units = bytes <= block_alignment ? 1 : (bytes + block_alignment - 1) / block_alignment;
  if (units <= 4) return static_cast<int>(units) - 1;
  const int excess = static_cast<int>(std::bit_width(units - 1)) - 3;
  return 4 * excess + static_cast<int>((units - 1) >> excess);
}

inline constexpr int small_class_count = small_class(small_block_bytes) + 1;

}  // namespace croton
