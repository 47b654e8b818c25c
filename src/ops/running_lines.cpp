// Running sums and products along one axis: lines side by side in vectors, or each line by itself, on every core.
#include <algorithm>
#include <type_traits>

#include "base/thread_pool.h"
#include "ops/lines.h"

namespace croton {
namespace {

constexpr int64_t chunk_elements = 1 << 15;
constexpr int64_t columns_together = 1 << 9;  // whose last results stay in the first cache

/// Elements of an array in C order as [outer][length][inner].
struct Block {
  int64_t outer = 1, length = 0, inner = 1;
};

Block block_of(const Array& x, size_t axis) {
  Block block;
  for (size_t k = 0; k < axis; ++k) block.outer *= x.shape[k];
  for (size_t k = axis + 1; k < x.shape.size(); ++k) block.inner *= x.shape[k];
  block.length = x.shape[axis];
  return block;
}

template <class T, class Combine>
void run_line(const T* from, T* to, int64_t length, Combine combine) {
  T total = from[0];
  to[0] = total;
  for (int64_t k = 1; k < length; ++k) to[k] = total = combine(total, from[k]);
}

template <class T, class Combine>
void run_columns(const T* from, T* to, const Block& block, int64_t columns, Combine combine) {
  std::copy(from, from + columns, to);
  for (int64_t k = 1; k < block.length; ++k) {
    const T *before = to, *next = from + block.inner;
    to += block.inner, from += block.inner;
    for (int64_t c = 0; c < columns; ++c) to[c] = combine(before[c], next[c]);
  }
}

template <class T, class Combine>
void run(const Array& x, const Array& result, const Block& block, Combine combine) {
  if (block.length == 0 || block.outer * block.inner == 0) return;
  const T* const from = x.as<T>();
  T* const to = result.as<T>();
  const int64_t plane = block.length * block.inner;
  if (block.inner == 1) {
    const int64_t grain = std::max<int64_t>(1, chunk_elements / block.length);
    default_pool().for_each_chunk(block.outer, grain, [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line)
        run_line(from + line * plane, to + line * plane, block.length, combine);
    });
    return;
  }
  const int64_t pieces = (block.inner + columns_together - 1) / columns_together;
  const int64_t work = block.length * std::min(block.inner, columns_together);
  default_pool().for_each_chunk(
      block.outer * pieces, std::max<int64_t>(1, chunk_elements / work), [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; ++piece) {
          const int64_t first = piece % pieces * columns_together, start = piece / pieces * plane + first;
          run_columns(from + start, to + start, block, std::min(columns_together, block.inner - first), combine);
        }
      });
}

/// Integers are combined as unsigned ones, which wrap; small ones in 32 bits, for their product as int could overflow.
template <class T>
void run_numbers(const Array& x, const Array& result, const Block& block, bool product) {
  using Wide = std::conditional_t<std::is_integral_v<T> && sizeof(T) < sizeof(uint32_t), uint32_t, T>;
  if (product) return run<T>(x, result, block, [](Wide a, Wide b) { return static_cast<T>(a * b); });
  run<T>(x, result, block, [](Wide a, Wide b) { return static_cast<T>(a + b); });
}

struct Half {
  uint16_t bits;
};

void run_halves(const Array& x, const Array& result, const Block& block, bool product) {
  run<Half>(x, result, block, [product](Half a, Half b) {
    const double left = half_to_double(a.bits), right = half_to_double(b.bits);
    return Half{half_from_double(product ? left * right : left + right)};
  });
}

}  // namespace

void running_lines(const Array& given, const Array& result, size_t axis, bool product) {
  const Array x = contiguous(given);
  const Block block = block_of(x, axis);
  switch (x.dtype) {
    case DType::b1:
      if (product)
        return run<uint8_t>(x, result, block, [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(a & b); });
      return run<uint8_t>(x, result, block, [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(a | b); });
    case DType::i8:
    case DType::u8:
      return run_numbers<uint8_t>(x, result, block, product);
    case DType::i16:
    case DType::u16:
      return run_numbers<uint16_t>(x, result, block, product);
    case DType::i32:
    case DType::u32:
      return run_numbers<uint32_t>(x, result, block, product);
    case DType::i64:
    case DType::u64:
      return run_numbers<uint64_t>(x, result, block, product);
    case DType::f16:
      return run_halves(x, result, block, product);
    case DType::f32:
      return run_numbers<float>(x, result, block, product);
    case DType::f64:
      return run_numbers<double>(x, result, block, product);
    case DType::c64:
      return run_numbers<std::complex<float>>(x, result, block, product);
    case DType::c128:
      return run_numbers<Complex>(x, result, block, product);
  }
}

}  // namespace croton
