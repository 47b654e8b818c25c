// Compiles the kernels of a program: layers, steps and chains that repeat share the code of the first one.
#include "compile/kernels.h"

#include <map>
#include <vector>

#include "backend/cpu/compiler.h"
#include "base/thread_pool.h"

namespace croton {
namespace {

/// For each kernel the first one that has the same code.
std::vector<size_t> first_equals(std::span<const CompiledCode> kernels) {
  std::vector<size_t> first;
  std::map<std::vector<uint64_t>, size_t> known;
  for (size_t k = 0; k < kernels.size(); ++k)
    first.push_back(known.emplace(loop::code_words(kernels[k].loops), k).first->second);
  return first;
}

}  // namespace

void compile_kernels(std::span<CompiledCode> kernels, bool checked) {
  const CompileOptions options{.checked = checked};
  const std::vector<size_t> first = first_equals(kernels);
  std::vector<size_t> distinct;
  for (size_t k = 0; k < first.size(); ++k) {
    if (first[k] == k) distinct.push_back(k);
  }
  default_pool().for_each_chunk(static_cast<int64_t>(distinct.size()), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t k = begin; k < end; ++k) {
      CompiledCode& c = kernels[distinct[static_cast<size_t>(k)]];
      CompiledKernel compiled = compile_kernel(c.loops, options);
      c.entry = compiled.entry;
      c.code = std::move(compiled.code);
    }
  });
  for (size_t k = 0; k < first.size(); ++k) {
    kernels[k].entry = kernels[first[k]].entry;
    kernels[k].code = kernels[first[k]].code;
  }
}

}  // namespace croton
