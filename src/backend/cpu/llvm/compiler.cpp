// The code generator's entry: loop IR to LLVM IR to machine code in memory, one object per kernel.
#include "backend/cpu/compiler.h"

#include <llvm/ExecutionEngine/JITSymbol.h>
#include <llvm/ExecutionEngine/RuntimeDyld.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include <array>
#include <chrono>
#include <cstring>
#include <mutex>

#include "backend/cpu/llvm/code_memory.h"
#include "backend/cpu/llvm/kernel_emitter.h"
#include "base/error.h"

namespace croton::codegen {
namespace {

constexpr char triple[] = "x86_64-unknown-linux-gnu";
using Isa = CpuTarget::Isa;

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
}

std::string host_features() {
  llvm::SubtargetFeatures features;
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

std::unique_ptr<llvm::TargetMachine> make_machine(Isa isa, int level) {
  initialize_llvm();
  std::string error;
  const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (target == nullptr) raise<InternalError>("LLVM: {}", error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // a*b+c is rounded twice unless the kernel says fma
  options.NoTrappingFPMath = true;
  const bool host = isa == Isa::avx512;
  const std::string cpu = host ? llvm::sys::getHostCPUName().str() : "x86-64-v3";
  const auto effort = level == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, cpu, host ? host_features() : "", options, llvm::Reloc::PIC_, llvm::CodeModel::Small, effort, true));
  if (!machine) raise<InternalError>("LLVM cannot generate code for {}", cpu);
  return machine;
}

// A target machine serves one thread at a time and costs a millisecond: each thread keeps its own.
llvm::TargetMachine& machine_of_thread(Isa isa, int level) {
  thread_local std::array<std::array<std::unique_ptr<llvm::TargetMachine>, 2>, 2> machines;
  auto& machine = machines[isa == Isa::avx512 ? 0 : 1][level == 0 ? 0 : 1];
  if (!machine) machine = make_machine(isa, level);
  return *machine;
}

// Kernels are freestanding; these are what code generation itself may call for block moves.
uint64_t runtime_function(llvm::StringRef name) {
  if (name == "memcpy") return reinterpret_cast<uint64_t>(&std::memcpy);
  if (name == "memmove") return reinterpret_cast<uint64_t>(&std::memmove);
  if (name == "memset") return reinterpret_cast<uint64_t>(&std::memset);
  return 0;
}

class Resolver : public llvm::LegacyJITSymbolResolver {
 public:
  llvm::JITSymbol findSymbol(const std::string& name) override {
    const uint64_t address = runtime_function(name);
    if (address == 0) return nullptr;
    return {address, llvm::JITSymbolFlags::Exported};
  }
  llvm::JITSymbol findSymbolInLogicalDylib(const std::string&) override { return nullptr; }
};

class LinkMemory : public llvm::RuntimeDyld::MemoryManager {
 public:
  explicit LinkMemory(CodeMemory& memory) : memory_(memory) {}
  bool needsToReserveAllocationSpace() override { return true; }
  void reserveAllocationSpace(uintptr_t code, llvm::Align code_align, uintptr_t constants, llvm::Align constants_align,
                              uintptr_t data, llvm::Align data_align) override {
    memory_.reserve(code + constants + data + code_align.value() + constants_align.value() + data_align.value());
  }
  uint8_t* allocateCodeSection(uintptr_t size, unsigned alignment, unsigned, llvm::StringRef) override {
    return memory_.take(size, alignment);
  }
  // Kernels have no variables: what is not constant here is a table of addresses, complete once linked.
  uint8_t* allocateDataSection(uintptr_t size, unsigned alignment, unsigned, llvm::StringRef, bool) override {
    return memory_.take(size, alignment);
  }
  void registerEHFrames(uint8_t*, uint64_t, size_t) override {}
  void deregisterEHFrames() override {}
  bool finalizeMemory(std::string*) override { return false; }

 private:
  CodeMemory& memory_;
};

llvm::SmallVector<char, 0> generate(llvm::TargetMachine& machine, llvm::Module& module, llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> output;
  llvm::raw_svector_ostream stream(output);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type, true))
    raise<InternalError>("LLVM cannot write object files");
  passes.run(module);
  return output;
}

std::shared_ptr<CodeMemory> link(llvm::SmallVector<char, 0> object_code, const std::string& name,
                                 KernelFunction& entry) {
  const llvm::SmallVectorMemoryBuffer buffer(std::move(object_code), name, false);
  auto object = llvm::object::ObjectFile::createObjectFile(buffer.getMemBufferRef());
  if (!object) raise<InternalError>("kernel '{}': {}", name, llvm::toString(object.takeError()));
  auto memory = std::make_shared<CodeMemory>();
  LinkMemory link_memory(*memory);
  Resolver resolver;
  llvm::RuntimeDyld linker(link_memory, resolver);
  linker.loadObject(**object);
  linker.resolveRelocations();
  if (linker.hasError()) raise<InternalError>("kernel '{}' cannot be linked: {}", name, linker.getErrorString().str());
  memory->seal();
  entry = reinterpret_cast<KernelFunction>(linker.getSymbol(name).getAddress());
  if (entry == nullptr) raise<InternalError>("kernel '{}' is not in its object", name);
  return memory;
}

std::unique_ptr<llvm::Module> build_module(llvm::LLVMContext& context, const loop::Kernel& kernel, Isa isa,
                                           bool checked) {
  auto module = std::make_unique<llvm::Module>(kernel.name, context);
  const bool wide = isa == Isa::avx512;
  emit_kernel(*module, kernel, {.avx512 = wide, .vector_bytes = wide ? 64 : 32, .checked = checked});
  if (checked) {  // tests run this way too, so they check the code generator itself
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (llvm::verifyModule(*module, &stream)) raise<InternalError>("kernel '{}': {}", kernel.name, stream.str());
  }
  return module;
}

void compile(const loop::Kernel& kernel, const CompileOptions& options, Isa isa, CompiledKernel& result) {
  const auto start = std::chrono::steady_clock::now();
  llvm::TargetMachine& machine = machine_of_thread(isa, options.level);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = build_module(context, kernel, isa, options.checked);
  module->setTargetTriple(triple);
  module->setDataLayout(machine.createDataLayout());
  if (options.keep_assembly) {
    // Code generation consumes its module, so the text gets one of its own.
    std::unique_ptr<llvm::Module> copy = build_module(context, kernel, isa, options.checked);
    copy->setTargetTriple(triple);
    copy->setDataLayout(machine.createDataLayout());
    const auto text = generate(machine, *copy, llvm::CodeGenFileType::AssemblyFile);
    result.assembly.assign(text.data(), text.size());
  }
  auto object = generate(machine, *module, llvm::CodeGenFileType::ObjectFile);
  const std::shared_ptr<CodeMemory> memory = link(std::move(object), kernel.name, result.entry);
  result.code_bytes = static_cast<int64_t>(memory->used());
  result.code = memory;
  result.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace
}  // namespace croton::codegen

extern "C" [[gnu::visibility("default")]] void croton_llvm_compile_1(const croton::loop::Kernel& kernel,
                                                                     const croton::CompileOptions& options,
                                                                     croton::CpuTarget::Isa isa,
                                                                     croton::CompiledKernel& result) {
  croton::codegen::compile(kernel, options, isa, result);
}
