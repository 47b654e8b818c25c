// Writes one loop IR kernel as an LLVM function with explicit vectors.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <functional>
#include <vector>

#include "backend/cpu/llvm/arithmetic.h"
#include "backend/cpu/llvm/lanes.h"
#include "ir/loop.h"

namespace croton::codegen {

struct EmitterOptions {
  bool avx512 = false;
  int vector_bytes = 32;
  bool checked = false;
};

/// The function is named as the kernel and has the type KernelFunction.
void emit_kernel(llvm::Module& module, const loop::Kernel& kernel, const EmitterOptions& options);

/// What a loop IR value has become at the place being written.
/// Uniform: `scalar`. Affine (int64): lane l holds scalar + l * stride. Else: `vector`.
struct Emitted {
  llvm::Value* scalar = nullptr;
  llvm::Value* stride = nullptr;
  llvm::Value* vector = nullptr;

  bool uniform() const { return scalar != nullptr && stride == nullptr; }
  bool affine() const { return scalar != nullptr && stride != nullptr; }
};

class KernelEmitter {
 public:
  KernelEmitter(llvm::Module& module, const loop::Kernel& kernel, const EmitterOptions& options);
  void run();

 private:
  using V = llvm::Value*;
  using Block = llvm::BasicBlock*;
  struct Place {  // memory that a load or store names
    V pointer;
    DType dtype;
    int buffer;     // index of the buffer, or -1 for a local array
    int64_t count;  // elements of a local array on the stack, or -1
  };
  using Carried = std::vector<V>;

  // kernel_emitter.cpp
  void prologue();
  void find_loads(const loop::Region& r);
  void region(const loop::Region& r);
  void instruction(const loop::Instruction& i);
  void pure(const loop::Instruction& i);
  bool affine_pure(const loop::Instruction& i);
  void serial_loop(const loop::Instruction& i);
  void branch(const loop::Instruction& i);
  void while_loop(const loop::Instruction& i);
  void stop_if_asked();

  // Values
  DType dtype(loop::ValueId id) const { return kernel_.value_dtypes[static_cast<size_t>(id)]; }
  Emitted& at(loop::ValueId id) { return values_[static_cast<size_t>(id)]; }
  bool varies(loop::ValueId id) const { return lanes_ > 1 && plan_.varying[static_cast<size_t>(id)]; }
  V scalar(loop::ValueId id);
  V vector(const Emitted& e);
  V phi_value(loop::ValueId id, bool as_vector) { return as_vector ? vector(at(id)) : scalar(id); }
  void set(loop::ValueId id, V value, bool as_vector);

  // Control flow
  Block block(const char* name);
  llvm::PHINode* phi(llvm::Type* type, V value, Block from);
  void branch_unlikely(V condition, Block unlikely, Block likely);
  void return_status(int32_t status);
  void frame_store(size_t offset, V value);

  // memory.cpp
  Place place(const loop::Instruction& i) const;
  void load(const loop::Instruction& i);
  void store(const loop::Instruction& i);
  void prefetch(const loop::Instruction& i);
  void prefetch_line(V address, uint32_t locality);
  void checked_index(const loop::Instruction& i);
  void check_bounds(const Place& place, const Emitted& offset);
  void fail_if(V failing, int32_t status, V site, const Emitted& value, const Emitted& size);
  V address(const Place& place, V offset);
  V addresses(const Place& place, const Emitted& offset);
  llvm::Type* memory_type(DType dtype) const;
  V from_memory(V value, DType dtype);
  V to_memory(V value, DType dtype);
  V active_lanes();
  V where_partial(const std::function<V()>& all, const std::function<V()>& some);
  V load_apart(const Place& from, const Emitted& offset, llvm::FixedVectorType* type);
  bool may_stream(const Place& place, llvm::Type* type) const;
  void store_streaming(V stored, V pointer, llvm::Align align);
  V streams();
  void finish_streaming();

  // transpose.cpp
  void transpose(const loop::Instruction& i);
  std::vector<V> transposed(std::vector<V> rows);

  // vector_loop.cpp
  void vector_loop(const loop::Instruction& i);
  Carried vector_body(const loop::Instruction& i, V index, const Carried& carried);
  std::vector<Carried> main_part(const loop::Instruction& i, V begin, V end, std::vector<Carried> carried);
  Carried masked_part(const loop::Instruction& i, V begin, V end, Carried carried);
  Carried one_body(const loop::Instruction& i, V begin, V end, Carried carried);
  Carried combine(const loop::Instruction& i, const Carried& left, const Carried& right);
  void join_lanes(const loop::Instruction& i, Carried carried);
  V lane_mask();

  const loop::Kernel& kernel_;
  EmitterOptions options_;
  llvm::IRBuilder<> b_;
  llvm::Function* function_;
  Arithmetic arithmetic_;
  std::vector<Emitted> values_;  // by value id; bodies that are written several times overwrite theirs
  std::vector<V> buffers_, locals_;
  V stop_flag_ = nullptr;
  std::vector<bool> loaded_;        // by buffer: the kernel reads it
  int depth_ = 0, body_depth_ = 0;  // of regions: the current one, the vector loop's own
  std::vector<V> lines_read_;       // in that region, of full vectors: what a streaming store prefetches
  V streams_ = nullptr;             // set when a store that may stream has been written
  VectorPlan plan_;                 // of the vector loop being written
  int lanes_ = 1;                   // 1: scalar code
  // Which lanes of the vector being written are active: all where both are null.
  V rest_ = nullptr;     // those below this number
  V partial_ = nullptr;  // only where this bool holds (null: always), since rest_ may be more than there are
};

}  // namespace croton::codegen
