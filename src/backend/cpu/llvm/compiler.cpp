// The code generator's entry: loop IR to LLVM IR to an object file to an image that the loader takes.
#include "backend/cpu/compiler.h"

#include <llvm/IR/Verifier.h>

#include "backend/cpu/llvm/kernel_emitter.h"
#include "backend/cpu/llvm/object_image.h"
#include "backend/cpu/llvm/object_writer.h"
#include "base/error.h"

namespace croton::codegen {
namespace {

using Isa = CpuTarget::Isa;

std::unique_ptr<llvm::Module> build_module(llvm::LLVMContext& context, const ObjectWriter& writer,
                                           const loop::Kernel& kernel, Isa isa, bool checked) {
  auto module = std::make_unique<llvm::Module>(kernel.name, context);
  const bool wide = isa == Isa::avx512;
  emit_kernel(*module, kernel, {.avx512 = wide, .vector_bytes = wide ? 64 : 32, .checked = checked});
  if (checked) {  // tests run this way too, so they check the code generator itself
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (llvm::verifyModule(*module, &stream)) raise<InternalError>("kernel '{}': {}", kernel.name, stream.str());
  }
  writer.prepare(*module);
  return module;
}

void compile(const loop::Kernel& kernel, const CompileOptions& options, Isa isa, KernelImage& image,
             std::string& assembly) {
  llvm::LLVMContext context;
  if (options.keep_assembly) {
    ObjectWriter writer(isa, llvm::CodeGenFileType::AssemblyFile);
    assembly = writer.write(*build_module(context, writer, kernel, isa, options.checked));
  }
  ObjectWriter& writer = object_writer_of_thread(isa);
  image = image_of_object(writer.write(*build_module(context, writer, kernel, isa, options.checked)), kernel.name);
}

}  // namespace
}  // namespace croton::codegen

extern "C" [[gnu::visibility("default")]] void croton_llvm_compile_2(const croton::loop::Kernel& kernel,
                                                                     const croton::CompileOptions& options,
                                                                     croton::CpuTarget::Isa isa,
                                                                     croton::KernelImage& image,
                                                                     std::string& assembly) {
  croton::codegen::compile(kernel, options, isa, image, assembly);
}
