// Puts kernel images into executable memory: one mapping each, written once, then read and execute only.
#include "backend/cpu/kernel_image.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "ir/loop.h"

namespace croton {
namespace {

class CodeMemory {
 public:
  explicit CodeMemory(size_t bytes) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_ = (bytes + page - 1) / page * page;
    void* const memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) raise<MemoryError>("no memory for {} bytes of machine code", size_);
    base_ = static_cast<uint8_t*>(memory);
  }
  ~CodeMemory() { munmap(base_, size_); }
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;

  uint8_t* base() const { return base_; }
  void seal() {
    if (mprotect(base_, size_, PROT_READ | PROT_EXEC) != 0)
      raise<MemoryError>("machine code could not be made executable");
  }

 private:
  uint8_t* base_;
  size_t size_;
};

int helper_functions() { return 2 * static_cast<int>(loop::helpers().size()); }

}  // namespace

int function_count() { return helper_functions() + 2; }
int helper_function(int helper, bool f64) { return 2 * helper + (f64 ? 0 : 1); }
int remainder_function(bool f64) { return helper_functions() + (f64 ? 0 : 1); }

const void* function_address(int number) {
  const bool f64 = number % 2 == 0;
  if (number >= helper_functions()) {
    double (*const wide)(double, double) = ::fmod;
    float (*const narrow)(float, float) = ::fmodf;
    return f64 ? reinterpret_cast<const void*>(wide) : reinterpret_cast<const void*>(narrow);
  }
  const loop::Helper& helper = loop::helpers()[static_cast<size_t>(number / 2)];
  return f64 ? reinterpret_cast<const void*>(helper.f64) : reinterpret_cast<const void*>(helper.f32);
}

LoadedImage load(const KernelImage& image) {
  const auto memory = std::make_shared<CodeMemory>(image.bytes.size());
  std::memcpy(memory->base(), image.bytes.data(), image.bytes.size());
  for (const KernelImage::Slot& slot : image.slots) {
    const void* const address = function_address(static_cast<int>(slot.function));
    std::memcpy(memory->base() + slot.offset, &address, sizeof address);
  }
  memory->seal();
  return {reinterpret_cast<KernelFunction>(memory->base() + image.entry), memory};
}

}  // namespace croton
