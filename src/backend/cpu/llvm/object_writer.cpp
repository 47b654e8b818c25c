// Turns LLVM modules into object files: one target machine and one list of passes, kept and used again.
#include "backend/cpu/llvm/object_writer.h"

#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/PassRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "base/error.h"

namespace croton::codegen {
namespace {

using Isa = CpuTarget::Isa;
constexpr char triple[] = "x86_64-unknown-linux-gnu";

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

std::unique_ptr<llvm::TargetMachine> make_machine(Isa isa) {
  initialize_llvm();
  std::string error;
  const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (target == nullptr) raise<InternalError>("LLVM: {}", error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // a*b+c is rounded twice unless the kernel says fma
  options.NoTrappingFPMath = true;
  const bool host = isa == Isa::avx512;
  const std::string cpu = host ? llvm::sys::getHostCPUName().str() : "x86-64-v3";
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, cpu, host ? host_features() : "", options, llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default, true));
  if (!machine) raise<InternalError>("LLVM cannot generate code for {}", cpu);
  return machine;
}

// What LLVM's own list is cut down to. Loop IR comes folded, hoisted and in vectors, so most of that list only costs
// time: without strength reduction, scheduling and late copies' removal kernels run as fast and compile in half the
// time.
constexpr std::array passes_kept = {
    // IR: target facts, masked accesses that the processor lacks, addresses moved to their loads
    "tti", "basic-aa", "unreachableblockelim", "scalarize-masked-mem-intrin", "codegenprepare",
    // selection, constants out of loops, what several blocks compute
    "x86-isel", "finalize-isel", "early-machinelicm", "machine-cse", "peephole-opt", "dead-mi-elimination",
    "x86-flags-copy-lowering",
    // registers
    "processimpdefs", "unreachable-mbb-elimination", "livevars", "machine-loops", "phi-node-elimination",
    "twoaddressinstruction", "register-coalescer", "rename-independent-subregs", "greedy", "virtregrewriter",
    "stack-slot-coloring", "machinelicm",
    // the final form
    "prologepilog", "branch-folder", "postrapseudos", "x86-pseudo", "block-placement", "X86 vzeroupper inserter",
    "x86-fixup-vector-constants", "x86-compress-evex", "unpack-mi-bundles"};

// Hands the passes that are kept on to another manager.
class Selection : public llvm::legacy::PassManagerBase {
 public:
  explicit Selection(llvm::legacy::PassManagerBase& passes) : passes_(passes) {}
  void add(llvm::Pass* pass) override {
    std::unique_ptr<llvm::Pass> owned(pass);
    const llvm::PassInfo* const info = llvm::PassRegistry::getPassRegistry()->getPassInfo(pass->getPassID());
    const llvm::StringRef name = info == nullptr ? pass->getPassName() : info->getPassArgument();
    if (name == "tileconfig") tiles_done_ = true;
    if (name == "greedy" && !tiles_done_) return;  // a first round allocates tile registers only
    if (std::find(passes_kept.begin(), passes_kept.end(), name) != passes_kept.end()) passes_.add(owned.release());
  }

 private:
  llvm::legacy::PassManagerBase& passes_;
  bool tiles_done_ = false;
};

}  // namespace

ObjectWriter::ObjectWriter(Isa isa, llvm::CodeGenFileType type) : machine_(make_machine(isa)) {
  auto& machine = static_cast<llvm::LLVMTargetMachine&>(*machine_);
  Selection selection(passes_);
  auto* const module_info = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* const config = machine.createPassConfig(selection);
  config->setDisableVerify(true);
  passes_.add(config);
  passes_.add(module_info);
  if (config->addISelPasses()) raise<InternalError>("LLVM cannot select instructions");
  config->addMachinePasses();
  config->setInitialized();
  if (machine.addAsmPrinter(passes_, stream_, nullptr, type, module_info->getMMI().getContext()))
    raise<InternalError>("LLVM cannot write object files");
  passes_.add(llvm::createFreeMachineFunctionPass());
}

void ObjectWriter::prepare(llvm::Module& module) const {
  module.setTargetTriple(triple);
  module.setDataLayout(machine_->createDataLayout());
}

llvm::StringRef ObjectWriter::write(llvm::Module& module) {
  output_.clear();
  passes_.run(module);
  return stream_.str();
}

ObjectWriter& object_writer_of_thread(Isa isa) {
  thread_local std::array<std::unique_ptr<ObjectWriter>, 2> writers;
  auto& writer = writers[isa == Isa::avx512 ? 0 : 1];
  if (!writer) writer = std::make_unique<ObjectWriter>(isa, llvm::CodeGenFileType::ObjectFile);
  return *writer;
}

}  // namespace croton::codegen
