// The choice of the instruction set, and the facts that a compilation reports.
#include <cstdlib>

#include "codegen_support.h"

namespace croton::loop {
namespace {

class IsaWish {
 public:
  explicit IsaWish(const char* wish) {
    if (const char* old = std::getenv("CROTON_ISA")) old_ = old;
    setenv("CROTON_ISA", wish, 1);
  }
  ~IsaWish() {
    if (old_.empty()) {
      unsetenv("CROTON_ISA");
    } else {
      setenv("CROTON_ISA", old_.c_str(), 1);
    }
  }
  IsaWish(const IsaWish&) = delete;
  IsaWish& operator=(const IsaWish&) = delete;

 private:
  std::string old_;
};

Kernel doubling() {
  Builder b("doubling");
  const int in = b.buffer(DType::f32, false, "in"), out = b.buffer(DType::f32, true, "out");
  b.for_each(LoopKind::vector, b.range_begin(), b.range_end(), [&](Value i) { b.store(out, i, b.load(in, i) * 2); });
  return b.finish();
}

TEST(CodegenLoader, EnvironmentChoosesTheInstructionSet) {
  EXPECT_THROW(
      {
        const IsaWish wish("sse2");
        host_target();
      },
      ValueError);
  if (host_target().isa == CpuTarget::Isa::none) GTEST_SKIP() << "this processor has no AVX2: the interpreter runs";
  const IsaWish wish("avx2");
  EXPECT_EQ(host_target().isa, CpuTarget::Isa::avx2);
  EXPECT_EQ(host_target().vector_bytes(), 32);
  EXPECT_FALSE(host_target().cpu_name.empty());
  const CompiledKernel narrow = compile_kernel(doubling(), {.keep_assembly = true});
  EXPECT_EQ(narrow.assembly.find("zmm"), std::string::npos);
  EXPECT_NE(narrow.assembly.find("ymm"), std::string::npos);
}

TEST(CodegenLoader, ReportsWhatItMade) {
  if (host_target().isa == CpuTarget::Isa::none) GTEST_SKIP() << "this processor has no AVX2: the interpreter runs";
  const CompiledKernel kernel = compile_kernel(doubling());
  EXPECT_TRUE(llvm_loaded());
  EXPECT_NE(kernel.entry, nullptr);
  EXPECT_GT(kernel.code_bytes, 0);
  EXPECT_GT(kernel.milliseconds, 0);
  EXPECT_TRUE(kernel.assembly.empty());
}

// The code lives as long as the last owner, also without the kernel that was returned.
TEST(CodegenLoader, CodeOutlivesTheResult) {
  if (host_target().isa == CpuTarget::Isa::none) GTEST_SKIP() << "this processor has no AVX2: the interpreter runs";
  std::shared_ptr<void> code;
  KernelFunction entry = nullptr;
  {
    CompiledKernel kernel = compile_kernel(doubling());
    code = kernel.code;
    entry = kernel.entry;
  }
  const std::vector<float> x(5, 3);
  Memory in(x), out(x);
  void* const buffers[] = {in.data(), out.data()};
  Frame frame;
  EXPECT_EQ(entry(buffers, nullptr, 0, 5, &frame), kernel_done);
  EXPECT_EQ(out.get<float>(), std::vector<float>(5, 6));
}

}  // namespace
}  // namespace croton::loop
