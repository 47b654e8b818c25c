// Writes one loop IR kernel as an LLVM function: prologue, values, scalar control flow.
#include "backend/cpu/llvm/kernel_emitter.h"

#include <llvm/IR/MDBuilder.h>

#include <cstddef>

#include "base/error.h"
#include "ir/kernel_abi.h"

namespace croton::codegen {

using llvm::BasicBlock;
using loop::Code;
using loop::Instruction;
using loop::Region;
using loop::ValueId;

KernelEmitter::KernelEmitter(llvm::Module& module, const loop::Kernel& kernel, const EmitterOptions& options)
    : kernel_(kernel),
      options_(options),
      b_(module.getContext()),
      arithmetic_(b_, options.avx512),
      values_(kernel.value_dtypes.size()) {
  llvm::Type* const pointer = b_.getPtrTy();
  llvm::Type* const word = b_.getInt64Ty();
  auto* const type = llvm::FunctionType::get(b_.getInt32Ty(), {pointer, pointer, word, word, pointer}, false);
  function_ = llvm::Function::Create(type, llvm::Function::ExternalLinkage, kernel.name, module);
  function_->setDSOLocal(true);
  const std::string width = std::to_string(8 * options.vector_bytes);
  function_->addFnAttr(llvm::Attribute::NoUnwind);
  function_->addFnAttr("no-trapping-math", "true");
  function_->addFnAttr("prefer-vector-width", width);
  function_->addFnAttr("min-legal-vector-width", width);
  function_->addFnAttr("frame-pointer", "none");
  // Spilled vectors would straddle cache lines on a stack aligned to 16 bytes.
  function_->addFnAttr(llvm::Attribute::getWithStackAlignment(module.getContext(), llvm::Align(64)));
}

void KernelEmitter::run() {
  b_.SetInsertPoint(block("entry"));
  prologue();
  region(kernel_.body);
  finish_streaming();
  return_status(kernel_done);
}

void KernelEmitter::prologue() {
  loaded_.assign(kernel_.buffers.size(), false);
  find_loads(kernel_.body);
  V const table = function_->getArg(0);
  V const frame = function_->getArg(4);
  for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
    buffers_.push_back(b_.CreateLoad(b_.getPtrTy(), b_.CreateConstGEP1_64(b_.getPtrTy(), table, i)));
  }
  for (const loop::LocalArray& local : kernel_.locals) {
    if (local.in_scratch) {
      V const base =
          b_.CreateLoad(b_.getPtrTy(), b_.CreateConstGEP1_64(b_.getInt8Ty(), frame, offsetof(Frame, scratch)));
      V const slot =
          b_.CreateConstGEP1_64(b_.getInt64Ty(), function_->getArg(1), static_cast<uint64_t>(local.scratch_int));
      locals_.push_back(b_.CreateGEP(b_.getInt8Ty(), base, b_.CreateLoad(b_.getInt64Ty(), slot)));
    } else {
      auto* const array = llvm::ArrayType::get(memory_type(local.dtype), static_cast<uint64_t>(local.count));
      llvm::AllocaInst* const memory = b_.CreateAlloca(array);
      memory->setAlignment(llvm::Align(64));
      locals_.push_back(memory);
    }
  }
}

void KernelEmitter::find_loads(const Region& r) {
  for (const Instruction& i : r.body) {
    if (i.code == Code::load) loaded_[static_cast<size_t>(i.immediate)] = true;
    for (const Region& inner : i.regions) find_loads(inner);
  }
}

void emit_kernel(llvm::Module& module, const loop::Kernel& kernel, const EmitterOptions& options) {
  KernelEmitter(module, kernel, options).run();
}

// Values

llvm::Value* KernelEmitter::scalar(ValueId id) {
  const Emitted& e = at(id);
  if (!e.uniform()) raise<InternalError>("kernel '{}': value %{} is not the same in all lanes", kernel_.name, id);
  return e.scalar;
}

llvm::Value* KernelEmitter::vector(const Emitted& e) {
  if (e.vector != nullptr) return e.vector;
  V const base = arithmetic_.splat(e.scalar, lanes_);
  if (e.stride == nullptr) return base;
  V const steps = b_.CreateMul(arithmetic_.splat(e.stride, lanes_), arithmetic_.lane_numbers(b_.getInt64Ty(), lanes_));
  return b_.CreateAdd(base, steps);
}

void KernelEmitter::set(ValueId id, V value, bool as_vector) {
  at(id) = as_vector ? Emitted{.vector = value} : Emitted{.scalar = value};
}

// Control flow

llvm::BasicBlock* KernelEmitter::block(const char* name) {
  return BasicBlock::Create(b_.getContext(), name, function_);
}

llvm::PHINode* KernelEmitter::phi(llvm::Type* type, V value, Block from) {
  llvm::PHINode* const node = b_.CreatePHI(type, 2);
  node->addIncoming(value, from);
  return node;
}

void KernelEmitter::branch_unlikely(V condition, Block unlikely, Block likely) {
  b_.CreateCondBr(condition, unlikely, likely, llvm::MDBuilder(b_.getContext()).createBranchWeights(1, 1 << 20));
}

void KernelEmitter::return_status(int32_t status) { b_.CreateRet(b_.getInt32(static_cast<uint32_t>(status))); }

void KernelEmitter::frame_store(size_t offset, V value) {
  b_.CreateStore(value, b_.CreateConstGEP1_64(b_.getInt8Ty(), function_->getArg(4), offset));
}

void KernelEmitter::region(const Region& r) {
  ++depth_;
  for (const Instruction& i : r.body) instruction(i);
  --depth_;
}

void KernelEmitter::instruction(const Instruction& i) {
  switch (i.code) {
    case Code::load:
    case Code::local_load:
      return load(i);
    case Code::store:
    case Code::local_store:
      return store(i);
    case Code::prefetch:
      return prefetch(i);
    case Code::transpose:
      return transpose(i);
    case Code::checked_index:
      return checked_index(i);
    case Code::branch:
      return branch(i);
    case Code::while_loop:
      return while_loop(i);
    case Code::loop:
      return i.kind == loop::LoopKind::vector ? vector_loop(i) : serial_loop(i);
    default:
      return pure(i);
  }
}

void KernelEmitter::pure(const Instruction& i) {
  Emitted& result = at(i.results[0]);
  const DType d = dtype(i.results[0]);
  switch (i.code) {
    case Code::constant:
      result = {.scalar = arithmetic_.constant(d, i.immediate, i.number)};
      return;
    case Code::int_param: {
      V const slot = b_.CreateConstGEP1_64(b_.getInt64Ty(), function_->getArg(1), static_cast<uint64_t>(i.immediate));
      result = {.scalar = b_.CreateLoad(b_.getInt64Ty(), slot)};
      return;
    }
    case Code::range_begin:
      result = {.scalar = function_->getArg(2)};
      return;
    case Code::range_end:
      result = {.scalar = function_->getArg(3)};
      return;
    default:
      break;
  }
  if (affine_pure(i)) return;
  bool uniform = true;
  for (const ValueId id : i.operands) uniform &= at(id).uniform();
  llvm::SmallVector<V> operands;
  for (const ValueId id : i.operands) operands.push_back(phi_value(id, !uniform));
  set(i.results[0], arithmetic_.emit(i, dtype(i.operands[0]), d, operands), !uniform);
}

// Sums of affine values and products with uniform ones stay affine: their loads need no gather.
bool KernelEmitter::affine_pure(const Instruction& i) {
  if (i.operands.size() != 2 || dtype(i.results[0]) != DType::i64) return false;
  const Emitted a = at(i.operands[0]), b = at(i.operands[1]);
  if (a.vector != nullptr || b.vector != nullptr || (a.uniform() && b.uniform())) return false;
  V const zero = b_.getInt64(0);
  V const stride_a = a.stride == nullptr ? zero : a.stride;
  V const stride_b = b.stride == nullptr ? zero : b.stride;
  Emitted& result = at(i.results[0]);
  switch (i.code) {
    case Code::add:
      result = {b_.CreateAdd(a.scalar, b.scalar), b_.CreateAdd(stride_a, stride_b), nullptr};
      break;
    case Code::sub:
      result = {b_.CreateSub(a.scalar, b.scalar), b_.CreateSub(stride_a, stride_b), nullptr};
      break;
    case Code::mul:
      if (a.affine() && b.affine()) return false;
      result = {b_.CreateMul(a.scalar, b.scalar),
                a.affine() ? b_.CreateMul(stride_a, b.scalar) : b_.CreateMul(a.scalar, stride_b), nullptr};
      break;
    default:
      return false;
  }
  return true;
}

// Also the parallel loop, which runs over this call's range.
void KernelEmitter::serial_loop(const Instruction& i) {
  const Region& body = i.regions[0];
  V const begin = scalar(i.operands[0]);
  V const end = scalar(i.operands[1]);
  const size_t count = i.results.size();
  Carried initial;
  for (size_t k = 0; k < count; ++k) initial.push_back(phi_value(i.operands[k + 2], varies(i.results[k])));

  Block const before = b_.GetInsertBlock();
  Block const header = block("serial");
  Block const after = block("serial_done");
  b_.CreateCondBr(b_.CreateICmpSLT(begin, end), header, after);
  b_.SetInsertPoint(header);
  llvm::PHINode* const index = phi(b_.getInt64Ty(), begin, before);
  at(body.params[0]) = {.scalar = index};
  std::vector<llvm::PHINode*> carried;
  for (size_t k = 0; k < count; ++k) {
    carried.push_back(phi(initial[k]->getType(), initial[k], before));
    set(body.params[k + 1], carried[k], varies(i.results[k]));
  }
  const bool has_loop = [&] {
    for (const Instruction& inner : body.body) {
      if (!inner.regions.empty()) return true;
    }
    return false;
  }();
  if (i.kind == loop::LoopKind::parallel && has_loop) stop_if_asked();
  region(body);
  Carried next;
  for (size_t k = 0; k < count; ++k) next.push_back(phi_value(body.yields[k], varies(i.results[k])));
  Block const latch = b_.GetInsertBlock();
  V const next_index = b_.CreateNSWAdd(index, b_.getInt64(1));
  index->addIncoming(next_index, latch);
  for (size_t k = 0; k < count; ++k) carried[k]->addIncoming(next[k], latch);
  b_.CreateCondBr(b_.CreateICmpSLT(next_index, end), header, after);

  b_.SetInsertPoint(after);
  for (size_t k = 0; k < count; ++k) {
    llvm::PHINode* const result = phi(initial[k]->getType(), initial[k], before);
    result->addIncoming(next[k], latch);
    set(i.results[k], result, varies(i.results[k]));
  }
}

void KernelEmitter::branch(const Instruction& i) {
  V const condition = scalar(i.operands[0]);
  Block const sides[2] = {block("then"), block("else")};
  Block const after = block("branch_done");
  b_.CreateCondBr(condition, sides[0], sides[1]);
  std::vector<llvm::PHINode*> results;
  for (size_t side = 0; side < 2; ++side) {
    b_.SetInsertPoint(sides[side]);
    region(i.regions[side]);
    Carried values;
    for (size_t k = 0; k < i.results.size(); ++k)
      values.push_back(phi_value(i.regions[side].yields[k], varies(i.results[k])));
    Block const from = b_.GetInsertBlock();
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
    for (size_t k = 0; k < values.size(); ++k) {
      if (side == 0) {
        results.push_back(phi(values[k]->getType(), values[k], from));
      } else {
        results[k]->addIncoming(values[k], from);
      }
    }
  }
  for (size_t k = 0; k < results.size(); ++k) set(i.results[k], results[k], varies(i.results[k]));
}

void KernelEmitter::while_loop(const Instruction& i) {
  const size_t count = i.results.size();
  Carried initial;
  for (size_t k = 0; k < count; ++k) initial.push_back(phi_value(i.operands[k], varies(i.results[k])));
  Block const before = b_.GetInsertBlock();
  Block const header = block("while");
  Block const body = block("do");
  Block const after = block("while_done");
  b_.CreateBr(header);
  b_.SetInsertPoint(header);
  std::vector<llvm::PHINode*> carried;
  for (size_t k = 0; k < count; ++k) {
    carried.push_back(phi(initial[k]->getType(), initial[k], before));
    set(i.regions[0].params[k], carried[k], varies(i.results[k]));
    set(i.regions[1].params[k], carried[k], varies(i.results[k]));
    set(i.results[k], carried[k], varies(i.results[k]));
  }
  region(i.regions[0]);
  b_.CreateCondBr(scalar(i.regions[0].yields[0]), body, after);
  b_.SetInsertPoint(body);
  region(i.regions[1]);
  for (size_t k = 0; k < count; ++k) {
    V const next = phi_value(i.regions[1].yields[k], varies(i.results[k]));
    carried[k]->addIncoming(next, b_.GetInsertBlock());
  }
  b_.CreateBr(header);
  b_.SetInsertPoint(after);
}

// A relaxed load of one byte in each iteration of the outermost loop, from a zero byte if nobody may ask.
void KernelEmitter::stop_if_asked() {
  llvm::Type* const byte = b_.getInt8Ty();
  if (stop_flag_ == nullptr) {
    llvm::IRBuilder<> entry(&function_->getEntryBlock(), function_->getEntryBlock().begin());
    V const never = entry.CreateAlloca(byte);
    entry.CreateStore(entry.getInt8(0), never);
    V const slot = entry.CreateConstGEP1_64(byte, function_->getArg(4), offsetof(Frame, stop));
    V const flag = entry.CreateLoad(entry.getPtrTy(), slot);
    stop_flag_ = entry.CreateSelect(entry.CreateIsNull(flag), never, flag);
  }
  llvm::LoadInst* const flag = b_.CreateLoad(byte, stop_flag_);
  flag->setAtomic(llvm::AtomicOrdering::Monotonic);
  Block const stop = block("stopped");
  Block const go_on = block("go_on");
  branch_unlikely(b_.CreateICmpNE(flag, b_.getInt8(0)), stop, go_on);
  b_.SetInsertPoint(stop);
  return_status(kernel_stopped);
  b_.SetInsertPoint(go_on);
}

}  // namespace croton::codegen
