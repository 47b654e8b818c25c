// Writes loads, stores, gathers, scatters, and the checks of indices and bounds.
#include <llvm/IR/IntrinsicsX86.h>
#include <algorithm>

#include <cstddef>

#include "backend/cpu/llvm/kernel_emitter.h"
#include "base/error.h"
#include "ir/kernel_abi.h"

namespace croton::codegen {

using loop::Code;
using loop::Instruction;

// Bools are bytes; halves are moved as integers, for which every processor has masked moves and gathers.
llvm::Type* KernelEmitter::memory_type(DType dtype) const {
  if (is_bool(dtype) || dtype == DType::f16) return arithmetic_.scalar_type(is_bool(dtype) ? DType::u8 : DType::u16);
  return arithmetic_.scalar_type(dtype);
}

namespace {
llvm::Type* same_lanes(llvm::Type* element, llvm::Value* like) {
  auto* const vector = llvm::dyn_cast<llvm::FixedVectorType>(like->getType());
  return vector == nullptr ? element : llvm::FixedVectorType::get(element, vector->getNumElements());
}
}  // namespace

llvm::Value* KernelEmitter::from_memory(V value, DType dtype) {
  if (is_bool(dtype)) return b_.CreateICmpNE(value, llvm::Constant::getNullValue(value->getType()));
  if (dtype == DType::f16) return b_.CreateBitCast(value, same_lanes(b_.getHalfTy(), value));
  return value;
}

llvm::Value* KernelEmitter::to_memory(V value, DType dtype) {
  if (is_bool(dtype)) return b_.CreateZExt(value, same_lanes(b_.getInt8Ty(), value));
  if (dtype == DType::f16) return b_.CreateBitCast(value, same_lanes(b_.getInt16Ty(), value));
  return value;
}

KernelEmitter::Place KernelEmitter::place(const Instruction& i) const {
  const auto n = static_cast<size_t>(i.immediate);
  if (i.code == Code::load || i.code == Code::store)
    return {buffers_[n], kernel_.buffers[n].dtype, static_cast<int>(n), -1};
  const loop::LocalArray& local = kernel_.locals[n];
  return {locals_[n], local.dtype, -1, local.in_scratch ? -1 : local.count};
}

llvm::Value* KernelEmitter::address(const Place& place, V offset) {
  return b_.CreateGEP(memory_type(place.dtype), place.pointer, offset);
}

// A scalar base and a vector that no iteration changes, where the offset allows it: one addressing mode of a gather.
llvm::Value* KernelEmitter::addresses(const Place& place, const Emitted& offset) {
  if (!offset.affine()) return address(place, vector(offset));
  const Emitted steps{.scalar = b_.getInt64(0), .stride = offset.stride};
  return b_.CreateGEP(memory_type(place.dtype), address(place, offset.scalar), vector(steps));
}

llvm::Value* KernelEmitter::active_lanes() {
  if (rest_ != nullptr) return lane_mask();
  return llvm::ConstantInt::getTrue(llvm::FixedVectorType::get(b_.getInt1Ty(), static_cast<unsigned>(lanes_)));
}

// `all` where every lane is active, `some` (with masks) where not; both give a value, or neither.
llvm::Value* KernelEmitter::where_partial(const std::function<V()>& all, const std::function<V()>& some) {
  if (rest_ == nullptr) return all();
  if (partial_ == nullptr) return some();
  Block const masked = block("some_lanes"), full = block("all_lanes"), after = block("accessed");
  branch_unlikely(partial_, masked, full);
  b_.SetInsertPoint(masked);
  V const from_some = some();
  Block const masked_end = b_.GetInsertBlock();
  b_.CreateBr(after);
  b_.SetInsertPoint(full);
  V const from_all = all();
  Block const full_end = b_.GetInsertBlock();
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
  if (from_all == nullptr) return nullptr;
  llvm::PHINode* const result = phi(from_all->getType(), from_all, full_end);
  result->addIncoming(from_some, masked_end);
  return result;
}

namespace {
bool is_constant(llvm::Value* v, int64_t number) {
  auto* const constant = llvm::dyn_cast_or_null<llvm::ConstantInt>(v);
  return constant != nullptr && constant->getSExtValue() == number;
}
}  // namespace

// Lane by lane, by one step from each to the next: AVX2's gather takes longer than as many loads.
llvm::Value* KernelEmitter::load_apart(const Place& from, const Emitted& offset, llvm::FixedVectorType* type) {
  llvm::Type* const element = type->getElementType();
  V pointer = address(from, offset.scalar);
  V value = llvm::PoisonValue::get(type);
  for (uint64_t lane = 0; lane < type->getNumElements(); ++lane) {
    if (lane > 0) pointer = b_.CreateGEP(element, pointer, offset.stride);
    const llvm::Align align(static_cast<uint64_t>(item_size(from.dtype)));
    value = b_.CreateInsertElement(value, b_.CreateAlignedLoad(element, pointer, align), lane);
  }
  return value;
}

void KernelEmitter::load(const Instruction& i) {
  const Place from = place(i);
  Emitted offset = at(i.operands[0]);
  if (is_constant(offset.stride, 0)) offset.stride = nullptr;
  if (options_.checked) check_bounds(from, offset);
  llvm::Type* const element = memory_type(from.dtype);
  const llvm::Align align(static_cast<uint64_t>(item_size(from.dtype)));
  if (offset.uniform()) {
    V const value = from_memory(b_.CreateAlignedLoad(element, address(from, offset.scalar), align), from.dtype);
    at(i.results[0]) = {.scalar = value};
    return;
  }
  auto* const type = llvm::FixedVectorType::get(element, static_cast<unsigned>(lanes_));
  V const zero = llvm::Constant::getNullValue(type);
  const auto gather = [&] { return b_.CreateMaskedGather(type, addresses(from, offset), align, active_lanes(), zero); };
  V value;
  if (is_constant(offset.stride, 1)) {
    V const pointer = address(from, offset.scalar);
    value = where_partial([&] { return b_.CreateAlignedLoad(type, pointer, align); },
                          [&] { return b_.CreateMaskedLoad(type, pointer, align, lane_mask(), zero); });
    if (from.buffer >= 0 && depth_ == body_depth_) lines_read_.push_back(pointer);
  } else if (offset.affine() && !options_.avx512) {
    value = where_partial([&] { return load_apart(from, offset, type); }, gather);
  } else {
    value = gather();
  }
  at(i.results[0]) = {.vector = from_memory(value, from.dtype)};
}

void KernelEmitter::store(const Instruction& i) {
  const Place to = place(i);
  Emitted offset = at(i.operands[0]);
  const Emitted& value = at(i.operands[1]);
  if (is_constant(offset.stride, 0)) offset.stride = nullptr;
  if (options_.checked) check_bounds(to, offset);
  const llvm::Align align(static_cast<uint64_t>(item_size(to.dtype)));
  if (offset.uniform() && value.uniform()) {
    b_.CreateAlignedStore(to_memory(value.scalar, to.dtype), address(to, offset.scalar), align);
    return;
  }
  V const stored = to_memory(vector(value), to.dtype);
  if (!is_constant(offset.stride, 1)) {
    b_.CreateMaskedScatter(stored, addresses(to, offset), align, active_lanes());
    return;
  }
  V const pointer = address(to, offset.scalar);
  const auto store_all = [&]() -> V {
    if (may_stream(to, stored->getType())) {
      store_streaming(stored, pointer, align);
    } else {
      b_.CreateAlignedStore(stored, pointer, align);
    }
    return nullptr;
  };
  where_partial(store_all, [&]() -> V {
    b_.CreateMaskedStore(stored, pointer, align, lane_mask());
    return nullptr;
  });
}

// The line of the first lane, into the second cache: what is far apart would push each other out of the first.
void KernelEmitter::prefetch(const Instruction& i) {
  const auto n = static_cast<size_t>(i.immediate);
  const Emitted& offset = at(i.operands[0]);
  if (offset.scalar == nullptr) raise<InternalError>("kernel '{}': a gather cannot be prefetched", kernel_.name);
  V const address = b_.CreateGEP(memory_type(kernel_.buffers[n].dtype), buffers_[n], offset.scalar);
  prefetch_line(address, 2);
}

void KernelEmitter::prefetch_line(V address, uint32_t locality) {
  b_.CreateIntrinsic(llvm::Intrinsic::prefetch, {address->getType()},
                     {address, b_.getInt32(0), b_.getInt32(locality), b_.getInt32(1)});
}

// A line that the kernel has read is in the cache anyway, and going past it would cost a write back.
bool KernelEmitter::may_stream(const Place& place, llvm::Type* type) const {
  if (place.buffer < 0 || loaded_[static_cast<size_t>(place.buffer)]) return false;
  const uint64_t bits = type->getPrimitiveSizeInBits().getFixedValue();
  return bits == 128 || bits == 256 || bits == 512 || bits == 1024;
}

// Past the caches where the call is large and the address a multiple of the vector's size: one test per store.
void KernelEmitter::store_streaming(V stored, V pointer, llvm::Align align) {
  const uint64_t bytes = std::min<uint64_t>(stored->getType()->getPrimitiveSizeInBits().getFixedValue() / 8,
                                            static_cast<uint64_t>(options_.vector_bytes));
  V const misaligned_bits = b_.CreateSelect(streams(), b_.getInt64(bytes - 1), b_.getInt64(~uint64_t{0}));
  V const misaligned = b_.CreateAnd(b_.CreatePtrToInt(pointer, b_.getInt64Ty()), misaligned_bits);
  Block const past = block("store_past_caches"), plain = block("store"), after = block("stored");
  b_.CreateCondBr(b_.CreateICmpEQ(misaligned, b_.getInt64(0)), past, plain);
  b_.SetInsertPoint(past);
  llvm::LLVMContext& context = b_.getContext();
  b_.CreateAlignedStore(stored, pointer, llvm::Align(bytes))
      ->setMetadata(llvm::LLVMContext::MD_nontemporal,
                    llvm::MDNode::get(context, llvm::ConstantAsMetadata::get(b_.getInt32(1))));
  // Such stores keep the processor from reading ahead by itself where much is computed between them.
  constexpr uint64_t bytes_ahead = 2048;
  for (V const line : lines_read_) {
    V const ahead = b_.CreateConstGEP1_64(b_.getInt8Ty(), line, bytes_ahead);
    prefetch_line(ahead, 3);
  }
  lines_read_.clear();
  b_.CreateBr(after);
  b_.SetInsertPoint(plain);
  b_.CreateAlignedStore(stored, pointer, align);
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
}

llvm::Value* KernelEmitter::streams() {
  if (streams_ == nullptr) {
    llvm::IRBuilder<> entry(&function_->getEntryBlock(), function_->getEntryBlock().begin());
    V const flag = entry.CreateConstGEP1_64(b_.getInt8Ty(), function_->getArg(4), offsetof(Frame, streams));
    streams_ = entry.CreateIsNotNull(entry.CreateLoad(b_.getInt8Ty(), flag));
  }
  return streams_;
}

// Stores past the caches are ordered with nothing: they end before others are told that the kernel has.
void KernelEmitter::finish_streaming() {
  if (streams_ == nullptr) return;
  Block const wait = block("wait_for_stores"), end = block("end");
  b_.CreateCondBr(streams_, wait, end);
  b_.SetInsertPoint(wait);
  b_.CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {}, {});
  b_.CreateBr(end);
  b_.SetInsertPoint(end);
}

// Leaves the kernel with the first failing lane's value and size. `failing` is a bool or one bool per lane.
void KernelEmitter::fail_if(V failing, int32_t status, V site, const Emitted& value, const Emitted& size) {
  Block const fail = block("fail");
  Block const good = block("good");
  const bool by_lane = failing->getType()->isVectorTy();
  V bits = nullptr;
  if (by_lane) {
    if (rest_ != nullptr) failing = b_.CreateAnd(failing, lane_mask());
    bits = b_.CreateBitCast(failing, b_.getIntNTy(static_cast<unsigned>(lanes_)));
    failing = b_.CreateICmpNE(bits, llvm::Constant::getNullValue(bits->getType()));
  }
  branch_unlikely(failing, fail, good);
  b_.SetInsertPoint(fail);
  const auto of_lane = [&](const Emitted& e, V lane) {
    return e.uniform() ? e.scalar : b_.CreateExtractElement(vector(e), lane);
  };
  V lane = nullptr;
  if (by_lane) {
    V const wide = b_.CreateZExtOrTrunc(bits, b_.getInt64Ty());
    lane = b_.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, wide, b_.getTrue());
  }
  frame_store(offsetof(Frame, error_site), site);
  frame_store(offsetof(Frame, error_value), of_lane(value, lane));
  frame_store(offsetof(Frame, error_size), of_lane(size, lane));
  return_status(status);
  b_.SetInsertPoint(good);
}

void KernelEmitter::checked_index(const Instruction& i) {
  const Emitted index = at(i.operands[0]), size = at(i.operands[1]);
  const bool uniform = index.uniform() && size.uniform();
  V const given = uniform ? index.scalar : vector(index);
  V const limit = uniform ? size.scalar : vector(size);
  V const from_end = b_.CreateICmpSLT(given, llvm::Constant::getNullValue(given->getType()));
  V const position = b_.CreateSelect(from_end, b_.CreateAdd(given, limit), given);
  fail_if(b_.CreateICmpUGE(position, limit), kernel_index_error, b_.getInt32(static_cast<uint32_t>(i.immediate)), index,
          size);
  set(i.results[0], position, !uniform);
}

// A load moved out of a loop that runs zero times may look into an empty array: harmless, so empty arrays may be read.
void KernelEmitter::check_bounds(const Place& place, const Emitted& offset) {
  V low = b_.getInt64(0);
  V high = nullptr;
  if (place.buffer >= 0) {
    V const slot = b_.CreateConstGEP1_64(b_.getInt8Ty(), function_->getArg(4), offsetof(Frame, bounds));
    V const bounds = b_.CreateLoad(b_.getPtrTy(), slot);
    const auto number = static_cast<uint64_t>(place.buffer);
    low = b_.CreateLoad(b_.getInt64Ty(), b_.CreateConstGEP1_64(b_.getInt64Ty(), bounds, 2 * number));
    high = b_.CreateLoad(b_.getInt64Ty(), b_.CreateConstGEP1_64(b_.getInt64Ty(), bounds, 2 * number + 1));
  } else if (place.count >= 0) {
    high = b_.getInt64(static_cast<uint64_t>(place.count - 1));
  } else {
    return;  // the size of scratch memory is not known here
  }
  const bool uniform = offset.uniform();
  V const position = uniform ? offset.scalar : vector(offset);
  V const below = b_.CreateICmpSLT(position, uniform ? low : arithmetic_.splat(low, lanes_));
  V const above = b_.CreateICmpSGT(position, uniform ? high : arithmetic_.splat(high, lanes_));
  V outside = b_.CreateOr(below, above);
  if (uniform) outside = b_.CreateAnd(outside, b_.CreateICmpSLE(low, high));
  const auto site = static_cast<uint32_t>(place.buffer >= 0 ? place.buffer : -1);
  fail_if(outside, kernel_bounds_error, b_.getInt32(site), offset, Emitted{.scalar = high});
}

}  // namespace croton::codegen
