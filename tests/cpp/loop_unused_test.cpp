// Kernels reduced to their index checks: the same errors, no store, nothing that only a store needed.
#include "ir/loop_unused.h"

#include <gtest/gtest.h>

#include "codegen_support.h"

namespace croton::loop {
namespace {

// out[index[i]] += exp-like work on values[i], with a carried count that nothing but a store uses.
Kernel scatter() {
  Builder b("scatter");
  const int out = b.buffer(DType::f64, true, "out"), index = b.buffer(DType::i64, false, "index"),
            values = b.buffer(DType::f64, false, "values");
  const Value size = b.int_param(b.new_int());
  const auto count = b.loop(LoopKind::serial, b.range_begin(), b.range_end(), {b.constant(DType::f64, 0)},
                            [&](Value i, const Builder::Values& carried) {
                              const Value at = b.checked_index(b.load(index, i), size, b.new_site());
                              b.store(out, at, b.load(out, at) + sqrt(b.load(values, i)));
                              return Builder::Values{carried[0] + b.constant(DType::f64, 1)};
                            });
  b.store(out, b.integer(0), count[0]);
  return b.finish();
}

std::string text_of(const Kernel& kernel) { return print(kernel); }

TEST(LoopChecks, KeepChecksAndDropEffects) {
  const Kernel checks = checks_of(scatter());
  verify(checks);
  const std::string text = text_of(checks);
  EXPECT_NE(text.find("checked_index"), std::string::npos) << text;
  EXPECT_EQ(text.find("store"), std::string::npos) << text;
  EXPECT_EQ(text.find("sqrt"), std::string::npos) << text;
  EXPECT_EQ(checks.name, "scatter_check");
  EXPECT_EQ(checks.site_count, 1);
}

TEST(LoopChecks, FindTheSameErrors) {
  for (const int64_t bad : {int64_t{-5}, int64_t{4}, int64_t{3}}) {
    const std::vector<int64_t> index = {0, -4, bad, 9};
    for (const bool only_checks : {false, true}) {
      const CompiledKernel compiled = compile_kernel(only_checks ? checks_of(scatter()) : scatter(), {});
      std::vector<double> out(4, 0), values(4, 1);
      std::vector<int64_t> at = index;
      void* buffers[] = {out.data(), at.data(), values.data()};
      const int64_t ints[] = {4};
      Frame frame;
      EXPECT_EQ(compiled.entry(buffers, ints, 0, 4, &frame), kernel_index_error);
      EXPECT_EQ(frame.error_value, bad == 3 ? 9 : bad);
      EXPECT_EQ(frame.error_size, 4);
      EXPECT_EQ(out[0] != 0, !only_checks);
    }
  }
}

}  // namespace
}  // namespace croton::loop
