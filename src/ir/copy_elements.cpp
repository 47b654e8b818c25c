// Copies arrays of any strides into C order: whole stretches, tiles of transposed planes, or element by element.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/thread_pool.h"
#include "ir/array.h"

namespace croton {
namespace {

constexpr int64_t parallel_bytes = 1 << 20, chunk_bytes = 1 << 18;

/// Axes from the outermost on, without those of size one, neighbours that follow each other made one.
struct Axes {
  size_t rank = 0;
  std::array<int64_t, max_rank> size, from, to;  // steps in bytes

  explicit Axes(const Array& source) {
    int64_t bytes = item_size(source.dtype);
    for (size_t k = source.shape.size(); k-- > 0;) {
      if (source.shape[k] == 1) continue;
      if (rank > 0 && source.strides[k] == from[rank - 1] * size[rank - 1]) {
        size[rank - 1] *= source.shape[k];
      } else {
        size[rank] = source.shape[k], from[rank] = source.strides[k], to[rank] = bytes;
        ++rank;
      }
      bytes *= source.shape[k];
    }
    std::reverse(size.begin(), size.begin() + rank);
    std::reverse(from.begin(), from.begin() + rank);
    std::reverse(to.begin(), to.begin() + rank);
  }
  // Takes an axis out, for a loop of its own.
  void remove(size_t axis) {
    for (size_t k = axis; k + 1 < rank; ++k) size[k] = size[k + 1], from[k] = from[k + 1], to[k] = to[k + 1];
    --rank;
  }
  int64_t count() const {
    int64_t product = 1;
    for (size_t k = 0; k < rank; ++k) product *= size[k];
    return product;
  }
  // Moves both pointers to an index counted over all axes.
  void move(int64_t number, const std::byte*& source, std::byte*& target) const {
    for (size_t k = rank; k-- > 0;) {
      const int64_t index = number % size[k];
      number /= size[k];
      source += index * from[k], target += index * to[k];
    }
  }
};

// f(begin, end) over [0, count), on every core when there is much to copy.
template <class F>
void for_each_part(int64_t count, int64_t bytes_each, F&& f) {
  if (count * bytes_each < parallel_bytes) return f(int64_t{0}, count);
  default_pool().for_each_chunk(count, std::max<int64_t>(1, chunk_bytes / bytes_each), f);
}

// The innermost axis runs through the source by another step than its elements' size.
template <class T>
void copy_apart(const Axes& all, std::byte* target, const std::byte* source) {
  Axes outer = all;
  const int64_t length = all.size[all.rank - 1], step = all.from[all.rank - 1];
  outer.remove(all.rank - 1);
  for_each_part(outer.count(), length * static_cast<int64_t>(sizeof(T)), [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const std::byte* from = source;
      std::byte* to = target;
      outer.move(line, from, to);
      for (int64_t k = 0; k < length; ++k)
        std::memcpy(to + k * static_cast<int64_t>(sizeof(T)), from + k * step, sizeof(T));
    }
  });
}

// One tile: `height` elements beside each other in each of `width` lines of the source, turned into as many lines of
// the target. Constant sides let the compiler unroll what whole tiles do.
template <class T>
struct Turn {
  static constexpr int64_t item = sizeof(T), tall = 64, wide = 16;
  int64_t column_from, row_to;
  T turned[tall][wide];

  void whole(std::byte* to, const std::byte* from) {
    for (int64_t c = 0; c < wide; ++c) {
      T line[tall];
      std::memcpy(line, from + c * column_from, sizeof line);
      for (int64_t r = 0; r < tall; ++r) turned[r][c] = line[r];
    }
    for (int64_t r = 0; r < tall; ++r) std::memcpy(to + r * row_to, turned[r], sizeof turned[r]);
  }
  void part(std::byte* to, const std::byte* from, int64_t height, int64_t width) const {
    for (int64_t r = 0; r < height; ++r) {
      for (int64_t c = 0; c < width; ++c)
        std::memcpy(to + r * row_to + c * item, from + r * item + c * column_from, item);
    }
  }
  // The lines of the next tile: hundreds of bytes here and there are no stream that the processor would foresee.
  void prefetch(const std::byte* from) const {
    constexpr int64_t line_bytes = 64;
    for (int64_t c = 0; c < wide; ++c) {
      for (int64_t k = 0; k < tall * item; k += line_bytes) __builtin_prefetch(from + c * column_from + k);
    }
  }
};

// Axis `across` of the source has its elements beside each other, the innermost of the target another axis: tiles are
// read along the one and written along the other, so that each cache line is fetched once.
template <class T>
void copy_turned(const Axes& all, size_t across, std::byte* target, const std::byte* source) {
  using Tile = Turn<T>;
  Axes outer = all;
  outer.remove(all.rank - 1);
  outer.remove(across);
  const int64_t rows = all.size[across], columns = all.size[all.rank - 1];
  const int64_t column_from = all.from[all.rank - 1], row_to = all.to[across];
  const int64_t strips = (rows + Tile::tall - 1) / Tile::tall;
  for_each_part(outer.count() * strips, Tile::tall * columns * Tile::item, [&](int64_t begin, int64_t end) {
    Tile tile{column_from, row_to, {}};
    for (int64_t strip = begin; strip < end; ++strip) {
      const int64_t row = strip % strips * Tile::tall, height = std::min(Tile::tall, rows - row);
      const std::byte* from = source + row * Tile::item;
      std::byte* to = target + row * row_to;
      outer.move(strip / strips, from, to);
      for (int64_t column = 0; column < columns; column += Tile::wide) {
        const int64_t width = std::min(Tile::wide, columns - column), left = columns - column - width;
        const std::byte* const here = from + column * column_from;
        if (left >= Tile::wide && height == Tile::tall) tile.prefetch(here + Tile::wide * column_from);
        if (height == Tile::tall && width == Tile::wide) {
          tile.whole(to + column * Tile::item, here);
        } else {
          tile.part(to + column * Tile::item, here, height, width);
        }
      }
    }
  });
}

template <class T>
void copy_items(const Axes& all, std::byte* target, const std::byte* source) {
  for (size_t axis = 0; axis + 1 < all.rank; ++axis) {
    if (all.from[axis] == sizeof(T)) return copy_turned<T>(all, axis, target, source);
  }
  copy_apart<T>(all, target, source);
}

// The innermost axis, of `bytes`, is one stretch of memory.
void copy_stretches(const Axes& all, int64_t bytes, std::byte* target, const std::byte* source) {
  Axes outer = all;
  outer.remove(all.rank - 1);
  for_each_part(outer.count(), bytes, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const std::byte* from = source;
      std::byte* to = target;
      outer.move(line, from, to);
      std::memcpy(to, from, static_cast<size_t>(bytes));
    }
  });
}

}  // namespace

void copy_elements(std::byte* target, const Array& source) {
  if (source.size() == 0) return;
  const Axes all(source);
  const int64_t item = item_size(source.dtype);
  if (all.rank == 0) {
    std::memcpy(target, source.data, static_cast<size_t>(item));
  } else if (all.from[all.rank - 1] == item) {
    copy_stretches(all, all.size[all.rank - 1] * item, target, source.data);
  } else if (item == 1) {
    copy_items<uint8_t>(all, target, source.data);
  } else if (item == 2) {
    copy_items<uint16_t>(all, target, source.data);
  } else if (item == 4) {
    copy_items<uint32_t>(all, target, source.data);
  } else if (item == 8) {
    copy_items<uint64_t>(all, target, source.data);
  } else {
    copy_items<Complex>(all, target, source.data);
  }
}

}  // namespace croton
