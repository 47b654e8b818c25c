// Inner kernels of our own matrix products: strips of the output, a register tile at a time.
#pragma once

#include <cstdint>

namespace croton {

/// out = beta * c + alpha * a . b on a strip: all `rows`, as many columns as registers hold. A tile of rows is one
/// accumulator per element, so an element is the same sum in the same order wherever the tiles lie.
template <class T>
struct Strip {
  int64_t rows, depth;
  const T* a;
  int64_t a_row, a_column;  // strides
  int64_t a_tile;           // from the first row of a tile to that of the next one
  const T* b;
  int64_t b_row;  // rows of b are contiguous
  T* out;
  int64_t out_row;
  const T* c;  // null: none; may be `out`
  int64_t c_row;
  T alpha, beta;
  int64_t last_lanes;  // columns in the last vector
  // The next strip of b comes from a far cache: where it lies in the rows of b, or, packed, how much each tile asks
  // for.
  int64_t to_next;
  const char* next;
  int64_t next_step, next_bytes;
};

template <class T>
using StripKernel = void (*)(const Strip<T>&);

constexpr int most_tile_vectors = 3;
constexpr int most_strip_bytes = most_tile_vectors * 64;  // of a row

/// The kernels of an instruction set by the number of vectors in a row of the strip.
template <class T>
struct Tiles {
  int64_t rows = 0;     // of a tile
  int64_t vectors = 0;  // of a full strip
  int64_t lanes = 0;    // of a vector
  // By whether the last vector has fewer columns, and by the number of vectors less one. Packed: both operands are, for
  // full tiles and strips.
  StripKernel<T> strided[2][most_tile_vectors] = {}, packed[2][most_tile_vectors] = {};

  int64_t columns() const { return vectors * lanes; }
  /// Runs a strip of so many columns, at most columns().
  void run(Strip<T>& strip, int64_t columns, bool is_packed) const {
    const int64_t count = (columns + lanes - 1) / lanes;
    strip.last_lanes = columns - (count - 1) * lanes;
    (is_packed ? packed : strided)[strip.last_lanes < lanes][count - 1](strip);
  }
};

const Tiles<float>& tiles_avx2(float);
const Tiles<double>& tiles_avx2(double);
const Tiles<float>& tiles_avx512(float);
const Tiles<double>& tiles_avx512(double);

}  // namespace croton
