// Runs loop IR kernels in tests: compiled for one instruction set, plain or checked, on vectors of the test.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "backend/cpu/compiler.h"
#include "base/error.h"
#include "ir/loop_builder.h"

namespace croton::loop {

struct Way {
  CpuTarget::Isa isa;
  bool checked;
};

inline std::string way_name(const Way& way) {
  return std::string(way.isa == CpuTarget::Isa::avx512 ? "avx512" : "avx2") + (way.checked ? "_checked" : "");
}

// Every way to compile that this processor can run.
inline std::vector<Way> ways() {
  std::vector<Way> all;
  for (const CpuTarget::Isa isa : {CpuTarget::Isa::avx512, CpuTarget::Isa::avx2}) {
    if (isa < host_target().isa) continue;
    for (const bool checked : {false, true}) all.push_back({isa, checked});
  }
  return all;
}

// One argument of a kernel, with canaries around it that every run checks.
class Memory {
 public:
  template <class T>
  explicit Memory(const std::vector<T>& values)
      : bytes_(values.size() * sizeof(T)), count_(values.size()), storage_(bytes_ + 2 * margin) {
    std::memset(storage_.data(), 0x5a, storage_.size());
    if (bytes_ > 0) std::memcpy(storage_.data() + margin, values.data(), bytes_);
  }
  explicit Memory(const std::vector<bool>& values) : Memory(std::vector<uint8_t>(values.begin(), values.end())) {}

  void* data() { return storage_.data() + margin; }
  size_t count() const { return count_; }

  template <class T>
  std::vector<T> get() const {
    std::vector<T> values(bytes_ / sizeof(T));
    if (bytes_ > 0) std::memcpy(values.data(), storage_.data() + margin, bytes_);
    return values;
  }

  bool intact() const {
    for (size_t i = 0; i < margin; ++i) {
      if (storage_[i] != 0x5a || storage_[storage_.size() - 1 - i] != 0x5a) return false;
    }
    return true;
  }

 private:
  static constexpr size_t margin = 128;
  size_t bytes_, count_;
  std::vector<uint8_t> storage_;
};

class Runner {
 public:
  Runner(const Kernel& kernel, const Way& way)
      : compiled_(compile_kernel(kernel, {.checked = way.checked, .keep_assembly = false, .isa = way.isa})) {}

  int run(std::vector<Memory*> memories, std::vector<int64_t> ints, int64_t begin, int64_t end) {
    std::vector<void*> pointers;
    std::vector<int64_t> bounds;
    for (Memory* memory : memories) {
      pointers.push_back(memory->data());
      bounds.push_back(0);
      bounds.push_back(static_cast<int64_t>(memory->count()) - 1);
    }
    frame.bounds = bounds.data();
    const int status = compiled_.entry(pointers.data(), ints.data(), begin, end, &frame);
    frame.bounds = nullptr;
    for (Memory* memory : memories) EXPECT_TRUE(memory->intact());
    return status;
  }

  Frame frame;

 private:
  CompiledKernel compiled_;
};

class CodegenTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    if (host_target().isa == CpuTarget::Isa::none) GTEST_SKIP() << "this processor has no AVX2: the interpreter runs";
  }
  int vector_bytes() const { return GetParam().isa == CpuTarget::Isa::avx512 ? 64 : 32; }
};

}  // namespace croton::loop
