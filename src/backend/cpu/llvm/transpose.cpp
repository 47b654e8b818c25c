// Writes the transposition of a square in a local array: rows in registers, interleaved pairwise.
#include <algorithm>

#include "backend/cpu/llvm/kernel_emitter.h"

namespace croton::codegen {

using loop::transpose_side;

// Interleaving row k with row k + n/2 for all k moves each element's place, of 2 log(n) bits, round by one bit; after
// log(n) rounds the bits of the row and those of the column have changed places.
std::vector<llvm::Value*> KernelEmitter::transposed(std::vector<V> rows) {
  const int n = static_cast<int>(rows.size());
  llvm::SmallVector<int> low, high;
  for (int lane = 0; lane < n; ++lane) {
    low.push_back(lane / 2 + (lane % 2) * n);
    high.push_back(low.back() + n / 2);
  }
  for (int round = 1; round < n; round *= 2) {
    std::vector<V> next;
    for (size_t k = 0; k < rows.size() / 2; ++k) {
      for (const auto& half : {low, high})
        next.push_back(b_.CreateShuffleVector(rows[k], rows[k + rows.size() / 2], half));
    }
    rows = std::move(next);
  }
  return rows;
}

// Blocks as wide as a vector: those on the diagonal stay where they are, the others change places.
void KernelEmitter::transpose(const loop::Instruction& i) {
  const Place square = place(i);
  const int64_t row = kernel_.locals[static_cast<size_t>(i.immediate)].count / transpose_side;
  const int64_t side = std::min<int64_t>(transpose_side, options_.vector_bytes / item_size(square.dtype));
  auto* const type = llvm::FixedVectorType::get(memory_type(square.dtype), static_cast<unsigned>(side));
  const llvm::Align align(static_cast<uint64_t>(item_size(square.dtype)));
  V const first = scalar(i.operands[0]);
  const auto pointer = [&](int64_t r, int64_t c) {
    return address(square, b_.CreateAdd(first, b_.getInt64(static_cast<uint64_t>(r * row + c))));
  };
  const auto load = [&](int64_t r, int64_t c) {
    std::vector<V> rows;
    for (int64_t k = 0; k < side; ++k) rows.push_back(b_.CreateAlignedLoad(type, pointer(r + k, c), align));
    return transposed(std::move(rows));
  };
  const auto store = [&](const std::vector<V>& rows, int64_t r, int64_t c) {
    for (int64_t k = 0; k < side; ++k) b_.CreateAlignedStore(rows[static_cast<size_t>(k)], pointer(r + k, c), align);
  };
  for (int64_t r = 0; r < transpose_side; r += side) {
    store(load(r, r), r, r);
    for (int64_t c = r + side; c < transpose_side; c += side) {
      const std::vector<V> above = load(r, c), below = load(c, r);
      store(below, r, c);
      store(above, c, r);
    }
  }
}

}  // namespace croton::codegen
