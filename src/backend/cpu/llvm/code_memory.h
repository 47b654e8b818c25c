// Executable memory of one kernel: one mapping, written while linking, then read and execute only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace croton::codegen {

class CodeMemory {
 public:
  CodeMemory() = default;
  ~CodeMemory();
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;

  void reserve(size_t bytes);
  uint8_t* take(size_t bytes, size_t alignment);  // MemoryError past what was reserved
  void seal();                                    // no more writes
  size_t used() const { return used_; }

 private:
  uint8_t* base_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace croton::codegen
