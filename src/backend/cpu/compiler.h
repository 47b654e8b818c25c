// Compiles loop IR kernels to machine code of this processor; LLVM itself stands in a library that the first call
// opens.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/cpu/kernel_image.h"
#include "ir/kernel_abi.h"
#include "ir/loop.h"

namespace croton {

struct CpuTarget {
  enum class Isa : uint8_t {
    avx512,  // F, BW, DQ and VL: 64-byte vectors
    avx2,    // with FMA and F16C: 32-byte vectors
    none,    // no code is generated below AVX2
  };
  Isa isa = Isa::none;
  std::string cpu_name;  // vendor, family and model, for keys of stored code

  int vector_bytes() const { return isa == Isa::avx512 ? 64 : isa == Isa::avx2 ? 32 : 0; }
};

/// What this processor has. CROTON_ISA=avx2 forces 32-byte vectors; any other value but avx512 is a ValueError.
CpuTarget host_target();

struct CompileOptions {
  bool checked = false;        // compare every access with Frame::bounds; kernel_bounds_error names buffer and offset
  bool keep_assembly = false;  // fill CompiledKernel::assembly
  std::optional<CpuTarget::Isa> isa = std::nullopt;  // default: the host's
};

struct CompiledKernel {
  KernelFunction entry = nullptr;
  std::shared_ptr<void> code;  // owns the machine code
  double milliseconds = 0;
  int64_t code_bytes = 0;
  std::string assembly;
};

/// Thread-safe; several compilations may run at once.
CompiledKernel compile_kernel(const loop::Kernel& kernel, const CompileOptions& options = {});

/// True once a compilation has opened LLVM.
bool llvm_loaded();

/// What libcroton_llvm exports, under the name in code_generator_symbol.
using CodeGenerator = void (*)(const loop::Kernel& kernel, const CompileOptions& options, CpuTarget::Isa isa,
                               KernelImage& image, std::string& assembly);
inline constexpr char code_generator_symbol[] = "croton_llvm_compile_2";  // the number: version of this interface

}  // namespace croton
