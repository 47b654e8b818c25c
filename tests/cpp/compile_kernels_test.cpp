// Kernels of one program that have the same code are compiled once.
#include <gtest/gtest.h>

#include "compile/kernels.h"
#include "ir/loop_builder.h"

namespace croton {
namespace {

CompiledCode scaling(const char* name, DType dtype, double factor) {
  loop::Builder b(name);
  const int in = b.buffer(dtype, false, name), out = b.buffer(dtype, true, "out");
  b.for_each(loop::LoopKind::vector, b.range_begin(), b.range_end(),
             [&](loop::Value i) { b.store(out, i, b.load(in, i) * factor); });
  return {b.finish(), nullptr, nullptr, {}};
}

TEST(CompileKernels, EqualOnesShareTheirCode) {
  std::vector<CompiledCode> kernels;
  kernels.push_back(scaling("a", DType::f64, 2));
  kernels.push_back(scaling("b", DType::f64, 3));
  kernels.push_back(scaling("c", DType::f64, 2));
  kernels.push_back(scaling("d", DType::f32, 2));
  kernels.push_back(scaling("e", DType::f64, -0.0));
  kernels.push_back(scaling("f", DType::f64, 0.0));
  compile_kernels(kernels, false);
  EXPECT_EQ(kernels[0].entry, kernels[2].entry);
  for (const auto& [left, right] : {std::pair{0, 1}, {0, 3}, {1, 3}, {4, 5}}) {
    EXPECT_NE(kernels[static_cast<size_t>(left)].entry, kernels[static_cast<size_t>(right)].entry);
  }
  std::vector<double> x = {1, 2, 3}, y(3);
  for (const auto& [k, factor] : {std::pair<size_t, double>{0, 2}, {1, 3}, {2, 2}}) {
    void* buffers[] = {x.data(), y.data()};
    Frame frame;
    ASSERT_EQ(kernels[k].entry(buffers, nullptr, 0, 3, &frame), kernel_done);
    EXPECT_EQ(y, (std::vector<double>{factor, 2 * factor, 3 * factor}));
  }
}

}  // namespace
}  // namespace croton
