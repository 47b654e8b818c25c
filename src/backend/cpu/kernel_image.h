// Machine code of one kernel as a block of bytes that works at any address: what the code generator makes, the disk
// cache stores and the loader puts into executable memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ir/kernel_abi.h"

namespace croton {

/// Functions of this process that kernels call, by number: the helpers of loop IR (float64 and float32 alternate), then
/// C's fmod and fmodf.
int function_count();
int helper_function(int helper, bool f64);
int remainder_function(bool f64);
const void* function_address(int number);

/// Code and constants refer to each other by distance only. What the code calls stands in slots, 8 bytes each, which
/// the loader fills.
struct KernelImage {
  static constexpr size_t alignment = 64;
  struct Slot {
    uint32_t offset;
    uint32_t function;
  };
  std::vector<uint8_t> bytes;
  uint32_t entry = 0;  // offset of the kernel's first instruction
  std::vector<Slot> slots;
};

struct LoadedImage {
  KernelFunction entry = nullptr;
  std::shared_ptr<void> code;  // owns the memory, which is read and execute only
};

/// MemoryError when there is no memory for code.
LoadedImage load(const KernelImage& image);

}  // namespace croton
