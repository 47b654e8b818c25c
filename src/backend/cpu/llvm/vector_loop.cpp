// Writes vector loops: a main part of full vectors, a masked rest, and the joining of carried values.
#include <bit>

#include "backend/cpu/llvm/kernel_emitter.h"
#include "base/error.h"

namespace croton::codegen {

using loop::Instruction;
using loop::Region;

namespace {
bool is_zero(llvm::Value* v) {
  auto* const constant = llvm::dyn_cast<llvm::ConstantInt>(v);
  return constant != nullptr && constant->isZero();
}
}  // namespace

// Length n, L lanes, U interleaved copies: floor(n / (L U)) iterations of U full vectors, the rest one vector at a time
// into copy 0, the last one masked. So the order of every sum is a function of n, L and U. A long body is written once:
// its last iteration takes the masked side of each access.
void KernelEmitter::vector_loop(const Instruction& i) {
  if (lanes_ != 1) raise<InternalError>("kernel '{}': a vector loop inside a vector loop", kernel_.name);
  V const begin = scalar(i.operands[0]);
  V const end = scalar(i.operands[1]);
  Carried initial;
  for (size_t k = 2; k < i.operands.size(); ++k) initial.push_back(scalar(i.operands[k]));
  plan_ = plan_vector_loop(kernel_, i, options_.vector_bytes);
  lanes_ = plan_.lanes;
  for (V& start : initial) start = arithmetic_.splat(start, lanes_);
  if (plan_.one_body && i.immediate == 0) {
    join_lanes(i, one_body(i, begin, end, std::move(initial)));
    lanes_ = 1;
    return;
  }

  const bool padded = i.immediate == 1;
  const auto step = static_cast<uint64_t>(lanes_) * static_cast<uint64_t>(plan_.interleave);
  V const distance = b_.CreateSub(end, begin);
  V const length = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, distance, b_.getInt64(0));
  V const reach = padded ? b_.CreateAdd(length, b_.getInt64(step - 1)) : length;
  V const full = b_.CreateAnd(reach, b_.getInt64(~(step - 1)));
  V const middle = b_.CreateAdd(begin, full);
  std::vector<Carried> copies(static_cast<size_t>(plan_.interleave), initial);
  if (!is_zero(full)) copies = main_part(i, begin, middle, std::move(copies));
  if (!padded && !is_zero(b_.CreateSub(length, full))) copies[0] = masked_part(i, middle, end, std::move(copies[0]));
  for (size_t gap = 1; gap < copies.size(); gap *= 2) {
    for (size_t left = 0; left < copies.size(); left += 2 * gap)
      copies[left] = combine(i, copies[left], copies[left + gap]);
  }
  join_lanes(i, std::move(copies[0]));
  lanes_ = 1;
}

// One copy of the body on one vector; gives the next carried values.
KernelEmitter::Carried KernelEmitter::vector_body(const Instruction& i, V index, const Carried& carried) {
  const Region& body = i.regions[0];
  at(body.params[0]) = {.scalar = index, .stride = b_.getInt64(1)};
  for (size_t k = 0; k < carried.size(); ++k) set(body.params[k + 1], carried[k], true);
  lines_read_.clear();
  body_depth_ = depth_ + 1;
  region(body);
  Carried next;
  for (size_t k = 0; k < carried.size(); ++k) next.push_back(vector(at(body.yields[k])));
  return next;
}

std::vector<KernelEmitter::Carried> KernelEmitter::main_part(const Instruction& i, V begin, V end,
                                                             std::vector<Carried> carried) {
  Block const before = b_.GetInsertBlock();
  Block const header = block("vector");
  Block const after = block("vector_done");
  b_.CreateCondBr(b_.CreateICmpSLT(begin, end), header, after);
  b_.SetInsertPoint(header);
  llvm::PHINode* const index = phi(b_.getInt64Ty(), begin, before);
  std::vector<std::vector<llvm::PHINode*>> nodes(carried.size());
  for (size_t copy = 0; copy < carried.size(); ++copy) {
    for (V const start : carried[copy]) nodes[copy].push_back(phi(start->getType(), start, before));
  }
  std::vector<Carried> next;
  for (size_t copy = 0; copy < carried.size(); ++copy) {
    V const start = b_.CreateNSWAdd(index, b_.getInt64(copy * static_cast<size_t>(lanes_)));
    next.push_back(vector_body(i, start, Carried(nodes[copy].begin(), nodes[copy].end())));
  }
  Block const latch = b_.GetInsertBlock();
  V const next_index = b_.CreateNSWAdd(index, b_.getInt64(carried.size() * static_cast<size_t>(lanes_)));
  index->addIncoming(next_index, latch);
  for (size_t copy = 0; copy < carried.size(); ++copy) {
    for (size_t k = 0; k < nodes[copy].size(); ++k) nodes[copy][k]->addIncoming(next[copy][k], latch);
  }
  b_.CreateCondBr(b_.CreateICmpSLT(next_index, end), header, after);
  b_.SetInsertPoint(after);
  for (size_t copy = 0; copy < carried.size(); ++copy) {
    for (size_t k = 0; k < carried[copy].size(); ++k) {
      llvm::PHINode* const result = phi(carried[copy][k]->getType(), carried[copy][k], before);
      result->addIncoming(next[copy][k], latch);
      carried[copy][k] = result;
    }
  }
  return carried;
}

// Lanes below rest_, compared in the integer of the lane's own width.
llvm::Value* KernelEmitter::lane_mask() {
  llvm::Type* const integer = b_.getIntNTy(static_cast<unsigned>(std::max(8, 8 * options_.vector_bytes / lanes_)));
  V active = rest_;
  if (partial_ != nullptr)
    active = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, active, b_.getInt64(static_cast<uint64_t>(lanes_)));
  V const limit = arithmetic_.splat(b_.CreateTrunc(active, integer), lanes_);
  return b_.CreateICmpULT(arithmetic_.lane_numbers(integer, lanes_), limit);
}

// The last iteration's accesses, and what it carries, are masked; `partial_` tells it from the others.
KernelEmitter::Carried KernelEmitter::one_body(const Instruction& i, V begin, V end, Carried carried) {
  Block const before = b_.GetInsertBlock();
  Block const header = block("vectors");
  Block const after = block("vectors_done");
  V const lanes = b_.getInt64(static_cast<uint64_t>(lanes_));
  V const last_full = b_.CreateSub(end, lanes);
  b_.CreateCondBr(b_.CreateICmpSLT(begin, end), header, after);
  b_.SetInsertPoint(header);
  llvm::PHINode* const index = phi(b_.getInt64Ty(), begin, before);
  std::vector<llvm::PHINode*> nodes;
  for (V const start : carried) nodes.push_back(phi(start->getType(), start, before));
  rest_ = b_.CreateSub(end, index);
  partial_ = b_.CreateICmpSGT(index, last_full);
  Carried next = vector_body(i, index, Carried(nodes.begin(), nodes.end()));
  for (size_t k = 0; k < next.size(); ++k) {
    next[k] = where_partial([&] { return next[k]; }, [&] { return b_.CreateSelect(lane_mask(), next[k], nodes[k]); });
  }
  rest_ = partial_ = nullptr;
  Block const latch = b_.GetInsertBlock();
  V const next_index = b_.CreateNSWAdd(index, lanes);
  index->addIncoming(next_index, latch);
  for (size_t k = 0; k < nodes.size(); ++k) nodes[k]->addIncoming(next[k], latch);
  b_.CreateCondBr(b_.CreateICmpSLT(next_index, end), header, after);
  b_.SetInsertPoint(after);
  for (size_t k = 0; k < carried.size(); ++k) {
    llvm::PHINode* const result = phi(carried[k]->getType(), carried[k], before);
    result->addIncoming(next[k], latch);
    carried[k] = result;
  }
  return carried;
}

// At most one vector without interleaving, else up to as many as there are copies: a loop.
KernelEmitter::Carried KernelEmitter::masked_part(const Instruction& i, V begin, V end, Carried carried) {
  Block const before = b_.GetInsertBlock();
  Block const header = block("masked");
  Block const after = block("masked_done");
  b_.CreateCondBr(b_.CreateICmpSLT(begin, end), header, after);
  b_.SetInsertPoint(header);
  const bool loops = plan_.interleave > 1;
  V index = begin;
  llvm::PHINode* index_phi = nullptr;
  std::vector<llvm::PHINode*> nodes;
  Carried current = carried;
  if (loops) {
    index = index_phi = phi(b_.getInt64Ty(), begin, before);
    for (V& value : current) {
      nodes.push_back(phi(value->getType(), value, before));
      value = nodes.back();
    }
  }
  V active = b_.CreateSub(end, index);
  if (loops)
    active = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, active, b_.getInt64(static_cast<uint64_t>(lanes_)));
  rest_ = active;
  Carried next = vector_body(i, index, current);
  for (size_t k = 0; k < next.size(); ++k) next[k] = b_.CreateSelect(lane_mask(), next[k], current[k]);
  rest_ = nullptr;
  Block const latch = b_.GetInsertBlock();
  if (loops) {
    V const next_index = b_.CreateNSWAdd(index, b_.getInt64(static_cast<uint64_t>(lanes_)));
    index_phi->addIncoming(next_index, latch);
    for (size_t k = 0; k < nodes.size(); ++k) nodes[k]->addIncoming(next[k], latch);
    b_.CreateCondBr(b_.CreateICmpSLT(next_index, end), header, after);
  } else {
    b_.CreateBr(after);
  }
  b_.SetInsertPoint(after);
  for (size_t k = 0; k < carried.size(); ++k) {
    llvm::PHINode* const result = phi(carried[k]->getType(), carried[k], before);
    result->addIncoming(next[k], latch);
    carried[k] = result;
  }
  return carried;
}

// The region on vectors of lanes_ lanes, or on scalars.
KernelEmitter::Carried KernelEmitter::combine(const Instruction& i, const Carried& left, const Carried& right) {
  if (left.empty()) return left;
  const Region& r = i.regions[1];
  const bool vectors = lanes_ > 1;
  for (size_t k = 0; k < left.size(); ++k) {
    set(r.params[k], left[k], vectors);
    set(r.params[left.size() + k], right[k], vectors);
  }
  region(r);
  Carried result;
  for (const loop::ValueId id : r.yields) result.push_back(phi_value(id, vectors));
  return result;
}

// Halves: lane l with lane l + L/2, then L/4, ... down to one.
void KernelEmitter::join_lanes(const Instruction& i, Carried carried) {
  while (lanes_ > 1 && !carried.empty()) {
    const int half = lanes_ / 2;
    Carried left, right;
    for (V const value : carried) {
      llvm::SmallVector<int> low, high;
      for (int lane = 0; lane < half; ++lane) {
        low.push_back(lane);
        high.push_back(lane + half);
      }
      left.push_back(half == 1 ? b_.CreateExtractElement(value, uint64_t{0}) : b_.CreateShuffleVector(value, low));
      right.push_back(half == 1 ? b_.CreateExtractElement(value, uint64_t{1}) : b_.CreateShuffleVector(value, high));
    }
    lanes_ = half;
    carried = combine(i, left, right);
  }
  for (size_t k = 0; k < i.results.size(); ++k) set(i.results[k], carried[k], false);
}

}  // namespace croton::codegen
