// Turns LLVM modules into object files: one target machine and one list of passes, kept and used again.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

#include "backend/cpu/compiler.h"

namespace croton::codegen {

class ObjectWriter {
 public:
  ObjectWriter(CpuTarget::Isa isa, llvm::CodeGenFileType type);
  void prepare(llvm::Module& module) const;     // sets triple and data layout
  llvm::StringRef write(llvm::Module& module);  // valid until the next call; consumes the module's code

 private:
  std::unique_ptr<llvm::TargetMachine> machine_;
  llvm::SmallVector<char, 0> output_;
  llvm::raw_svector_ostream stream_{output_};
  llvm::legacy::PassManager passes_;
};

/// A writer serves one thread at a time and costs milliseconds: each thread keeps its own.
ObjectWriter& object_writer_of_thread(CpuTarget::Isa isa);

}  // namespace croton::codegen
