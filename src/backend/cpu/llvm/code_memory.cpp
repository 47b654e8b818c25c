// Executable memory of one kernel: one mapping, written while linking, then read and execute only.
#include "backend/cpu/llvm/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

namespace croton::codegen {

CodeMemory::~CodeMemory() {
  if (base_ != nullptr) munmap(base_, size_);
}

void CodeMemory::reserve(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  size_ = (bytes + page - 1) / page * page;
  void* const memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) raise<MemoryError>("no memory for {} bytes of machine code", size_);
  base_ = static_cast<uint8_t*>(memory);
}

uint8_t* CodeMemory::take(size_t bytes, size_t alignment) {
  if (alignment == 0) alignment = 1;
  const size_t begin = (used_ + alignment - 1) / alignment * alignment;
  if (base_ == nullptr || begin + bytes > size_) raise<MemoryError>("a kernel's machine code is larger than announced");
  used_ = begin + bytes;
  return base_ + begin;
}

void CodeMemory::seal() {
  if (mprotect(base_, size_, PROT_READ | PROT_EXEC) != 0)
    raise<MemoryError>("machine code could not be made executable");
}

}  // namespace croton::codegen
