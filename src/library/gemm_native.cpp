// Our own matrix products: float64, small float32, and products with a vector, on processors with AVX2 or AVX-512.
//
// A library that does not know the processor falls back to its oldest kernels: OpenBLAS 0.3.21 runs a newer server
// processor at a fifth of what these reach.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/memory.h"
#include "base/thread_pool.h"
#include "library/gemm_layout.h"
#include "library/gemm_native_tiles.h"

namespace croton {
namespace {

// A panel of the first operand stays in the second-level cache, a tile's share of the second operand in the first.
constexpr int64_t panel_rows = 96;
constexpr int64_t panel_depth = 256;
constexpr int64_t panel_columns = 1536;

bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

template <class T>
struct Tile {
  int64_t rows, columns;
  TileKernel<T> kernel;
};

template <class T>
Tile<T> best_tile() {
  if (has_avx512()) return {tile_rows_avx512, tile_vectors * 64 / static_cast<int64_t>(sizeof(T)), tile_avx512<T>};
  return {tile_rows_avx2, tile_vectors * 32 / static_cast<int64_t>(sizeof(T)), tile_avx2<T>};
}

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// The widths of strips are multiples of it, and a copy of a known size is a few moves instead of a call.
constexpr int64_t copied_at_once = 4;

// Row after row, as they lie in memory: strip after strip would touch a page per row, again for every strip.
template <class T>
void pack_rows(const T* from, int64_t depth_stride, int64_t size, int64_t depth, int64_t width, T* to) {
  const int64_t whole = size / width * width;
  for (int64_t l = 0; l < depth; ++l, from += depth_stride) {
    T* target = to + l * width;
    for (int64_t start = 0; start < whole; start += width, target += width * depth) {
      for (int64_t i = 0; i < width; i += copied_at_once) {
        std::memcpy(target + i, from + start + i, copied_at_once * sizeof(T));
      }
    }
    if (whole < size) std::fill(std::copy(from + whole, from + size, target), target + width, T(0));
  }
}

/// Strips of `width` along the first stride, each strip depth by depth, padded with zeros.
template <class T>
void pack(const T* from, int64_t stride, int64_t depth_stride, int64_t size, int64_t depth, int64_t width, T* to) {
  if (stride == 1) return pack_rows(from, depth_stride, size, depth, width, to);
  for (int64_t start = 0; start < size; start += width, to += width * depth) {
    const int64_t valid = std::min(width, size - start);
    const T* strip = from + start * stride;
    for (int64_t i = 0; i < width; ++i) {
      for (int64_t l = 0; l < depth; ++l) to[l * width + i] = i < valid ? strip[i * stride + l * depth_stride] : T(0);
    }
  }
}

// The tiles of one panel of packed operands. Tiles over the edge go through a buffer.
template <class T>
void run_tiles(const Tile<T>& tile, const T* a, const T* b, int64_t rows, int64_t columns, int64_t depth, T alpha,
               bool add, T* out, int64_t leading) {
  alignas(64) T edge[tile_rows_avx512 * tile_vectors * 64 / sizeof(T)];
  for (int64_t j = 0; j < columns; j += tile.columns) {
    for (int64_t i = 0; i < rows; i += tile.rows) {
      const T* strip_a = a + i * depth;
      const T* strip_b = b + j * depth;
      T* target = out + i * leading + j;
      if (i + tile.rows <= rows && j + tile.columns <= columns) {
        tile.kernel(depth, strip_a, strip_b, alpha, add, target, leading);
        continue;
      }
      tile.kernel(depth, strip_a, strip_b, alpha, false, edge, tile.columns);
      for (int64_t row = 0; row < std::min(tile.rows, rows - i); ++row) {
        for (int64_t column = 0; column < std::min(tile.columns, columns - j); ++column) {
          const T value = edge[row * tile.columns + column];
          T& element = target[row * leading + column];
          element = add ? element + value : value;
        }
      }
    }
  }
}

class Buffer {
 public:
  explicit Buffer(size_t bytes) : bytes_(bytes), data_(allocate_block(bytes)) {}
  ~Buffer() { release_block(data_, bytes_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  void* data() const { return data_; }

 private:
  size_t bytes_;
  void* data_;
};

// From so many multiply-adds on a second thread brings more than it costs.
constexpr double least_spread_work = 4e6;
// Columns of the output that one piece of work goes over: each packs its rows of the first operand anew.
constexpr int64_t piece_columns = 384;

int64_t pieces_of(int64_t size, int64_t piece) { return (size + piece - 1) / piece; }

/// Multiples of the tile, at most a panel, in a number that two and four threads share evenly.
int64_t rows_of_piece(int64_t m, int64_t tile_rows) {
  return round_up(pieces_of(m, round_up(pieces_of(m, panel_rows), 4)), tile_rows);
}

// Pieces of work for the pool, or for the calling thread alone; counts who has worked.
class Spread {
 public:
  explicit Spread(bool alone) : alone_(alone) {}
  template <class Run>
  void over(int64_t count, const Run& run) {
    if (alone_ || count < 2) {
      for (int64_t k = 0; k < count; ++k) run(k);
      return;
    }
    default_pool().for_each_chunk(count, 1, [&](int64_t begin, int64_t end, int worker) {
      worked_[static_cast<size_t>(worker)] = true;
      for (int64_t k = begin; k < end; ++k) run(k);
    });
  }
  int threads() const { return std::max(1, static_cast<int>(std::count(worked_.begin(), worked_.end(), true))); }

 private:
  bool alone_;
  std::array<bool, ThreadPool::max_threads> worked_{};
};

// One step of depth of one panel of columns: the second operand is packed once, all threads together, then pieces of
// the output are computed. Every element is the same sum in the same order, however the output is cut.
template <class T>
void run_panel(const GemmProblem& p, const Tile<T>& tile, int64_t j, int64_t n, int64_t l, T* packed_b,
               Spread& spread) {
  const int64_t k = std::min(panel_depth, p.k - l);
  const T* b = static_cast<const T*>(p.b) + l * p.b_row + j * p.b_column;
  const int64_t group = round_up(piece_columns, tile.columns), groups = pieces_of(n, group);
  spread.over(groups, [&](int64_t g) {
    const int64_t first = g * group;
    pack(b + first * p.b_column, p.b_column, p.b_row, std::min(group, n - first), k, tile.columns,
         packed_b + first * k);
  });
  const bool adds_c = p.c != nullptr && p.beta != 0;
  const int64_t rows = rows_of_piece(p.m, tile.rows);
  spread.over(pieces_of(p.m, rows) * groups, [&](int64_t piece) {
    const int64_t i = piece / groups * rows, first = piece % groups * group;
    GemmProblem part = p;
    part.m = std::min(rows, p.m - i);
    part.n = std::min(group, n - first);
    part.out = static_cast<T*>(p.out) + i * p.out_row + j + first;
    if (adds_c && l == 0) {
      part.c = static_cast<const T*>(p.c) + i * p.c_row + (j + first) * p.c_column;
      scale_into_output(part);
    }
    const Buffer packed_a(static_cast<size_t>(rows * k) * sizeof(T));
    T* a = static_cast<T*>(packed_a.data());
    pack(static_cast<const T*>(p.a) + i * p.a_row + l * p.a_column, p.a_row, p.a_column, part.m, k, tile.rows, a);
    run_tiles(tile, a, packed_b + first * k, part.m, part.n, k, static_cast<T>(p.alpha), adds_c || l > 0,
              static_cast<T*>(part.out), p.out_row);
  });
}

template <class T>
int run_product_of(const GemmProblem& p, bool alone) {
  static const Tile<T> tile = best_tile<T>();
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  Spread spread(alone || work < least_spread_work);
  const int64_t columns = round_up(std::min(p.n, panel_columns), tile.columns);
  const Buffer packed_b(static_cast<size_t>(columns * std::min(p.k, panel_depth)) * sizeof(T));
  for (int64_t j = 0; j < p.n; j += panel_columns) {
    for (int64_t l = 0; l < p.k; l += panel_depth) {
      run_panel(p, tile, j, std::min(panel_columns, p.n - j), l, static_cast<T*>(packed_b.data()), spread);
    }
  }
  return spread.threads();
}

int run_spread(const GemmProblem& p, bool alone) {
  return p.dtype == DType::f32 ? run_product_of<float>(p, alone) : run_product_of<double>(p, alone);
}

void run_product(const GemmProblem& p) { run_spread(p, true); }
int spread_product(const GemmProblem& p) { return run_spread(p, false); }

std::string refuse_product(const GemmProblem& p) {
  if (!has_avx512() && !has_avx2()) return "the processor has no AVX2";
  std::string reason = refuse_for_blas(p);
  return reason.empty() ? verdict<run_product, 37, 41, 43, 97, 25, 259>(p.dtype) : reason;
}

// matrix times vector: rows of the matrix either contiguous (inner products) or, transposed, weighted and added.
template <class T>
void run_vector_of(const GemmProblem& p) {
  scale_into_output(p);
  const bool column = p.n == 1;
  const T* matrix = static_cast<const T*>(column ? p.a : p.b);
  const T* vector = static_cast<const T*>(column ? p.b : p.a);
  const int64_t rows = column ? p.m : p.n;
  const BlasLayout layout =
      column ? *blas_layout(rows, p.k, p.a_row, p.a_column) : *blas_layout(rows, p.k, p.b_column, p.b_row);
  const int64_t vector_stride = p.k == 1 ? 1 : column ? p.b_row : p.a_column;
  const int64_t out_stride = rows == 1 ? 1 : column ? p.out_row : p.out_column;
  T* out = static_cast<T*>(p.out);
  const T alpha = static_cast<T>(p.alpha);
  if (layout.transposed) {
    add_weighted_rows(matrix, layout.leading, p.k, rows, vector, vector_stride, alpha, out);
  } else {
    add_row_products(matrix, layout.leading, rows, p.k, vector, alpha, out, out_stride);
  }
}

void run_vector(const GemmProblem& p) { p.dtype == DType::f32 ? run_vector_of<float>(p) : run_vector_of<double>(p); }

std::string refuse_vector(const GemmProblem& p) {
  if (p.m != 1 && p.n != 1) return "no operand is a vector";
  if (!has_avx2()) return "the processor has no AVX2";
  std::string reason = refuse_for_blas(p);
  if (!reason.empty()) return reason;
  const bool column = p.n == 1;
  const int64_t rows = column ? p.m : p.n;
  const bool transposed = column ? blas_layout(rows, p.k, p.a_row, p.a_column)->transposed
                                 : blas_layout(rows, p.k, p.b_column, p.b_row)->transposed;
  if (!transposed && p.k != 1 && (column ? p.b_row : p.a_column) != 1) return "the vector is not contiguous";
  if (transposed && rows != 1 && (column ? p.out_row : p.out_column) != 1) return "the output is not contiguous";
  return verdict<run_vector, 1, 41, 43, 41, 1, 43>(p.dtype);
}

}  // namespace

GemmImplementation native_implementation() { return {"own gemm", refuse_product, run_product, spread_product}; }
GemmImplementation native_vector_implementation() { return {"own gemv", refuse_vector, run_vector}; }

}  // namespace croton
