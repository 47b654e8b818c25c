// Our own matrix products, on processors with AVX2 or AVX-512: panels of both operands are packed where that pays, and
// the output is computed strip by strip.
//
// A library that does not know the processor falls back to its oldest kernels: OpenBLAS 0.3.21 runs a newer server
// processor at a fifth of what these reach.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "base/thread_pool.h"
#include "library/gemm_layout.h"
#include "library/gemm_tiles.h"

namespace croton {
namespace {

// A tile of the first operand and a strip of the second one stay in the first-level cache, the block of the first
// operand in the second-level cache, the panel of the second operand in what comes after it.
template <class T>
constexpr int64_t most_depth = sizeof(T) == 4 ? 384 : 256;
constexpr int64_t block_bytes = 192 * 1024;
constexpr int64_t panel_columns = 1024;
constexpr int64_t strips_packed_together = 4;  // so that a page of the second operand is looked up once for several

bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }

template <class T>
const Tiles<T>& best_tiles() {
  static const Tiles<T>& tiles = has_avx512() ? tiles_avx512(T()) : tiles_avx2(T());
  return tiles;
}

int64_t pieces_of(int64_t size, int64_t piece) { return (size + piece - 1) / piece; }
int64_t round_up(int64_t value, int64_t multiple) { return pieces_of(value, multiple) * multiple; }
/// At most `most`, in pieces of nearly equal size that are multiples.
int64_t even_piece(int64_t size, int64_t most, int64_t multiple) {
  return std::max(multiple, round_up(pieces_of(size, pieces_of(size, most)), multiple));
}

template <int64_t height, class T>
void pack_tile(const T* from, int64_t row, int64_t column, int64_t depth, T* to) {
  for (int64_t l = 0; l < depth; ++l, from += column, to += height) {
    for (int64_t r = 0; r < height; ++r) to[r] = from[r * row];
  }
}

/// Tiles of `height` rows behind one another, each column after column; rows over the edge are left out.
template <class T>
void pack_tiles(const T* from, int64_t row, int64_t column, int64_t rows, int64_t depth, int64_t height, T* to) {
  for (int64_t i = 0; i < rows; i += height, from += height * row, to += height * depth) {
    const int64_t count = std::min(height, rows - i);
    if (count == 6 && height == 6) {
      row == 1 ? pack_tile<6>(from, 1, column, depth, to) : pack_tile<6>(from, row, column, depth, to);
    } else if (count == 8 && height == 8) {
      row == 1 ? pack_tile<8>(from, 1, column, depth, to) : pack_tile<8>(from, row, column, depth, to);
    } else {
      for (int64_t l = 0; l < depth; ++l) {
        for (int64_t r = 0; r < count; ++r) to[l * height + r] = from[l * column + r * row];
      }
    }
  }
}

// The width of a strip is a multiple of it, and a copy of a known size is a few moves instead of a call.
constexpr int64_t copied_at_once = 8;

/// Strips of `width` columns behind one another, each row after row, padded with zeros.
template <class T>
void pack_strips(const T* from, int64_t row, int64_t column, int64_t depth, int64_t columns, int64_t width, T* to) {
  for (int64_t l = 0; l < depth; ++l, from += row) {
    T* target = to + l * width;
    for (int64_t j = 0; j < columns; j += width, target += width * depth) {
      __builtin_prefetch(from + j + columns, 0, 2);  // what is packed next, where rows are contiguous
      const int64_t count = std::min(width, columns - j);
      if (column == 1 && count == width) {
        for (int64_t s = 0; s < width; s += copied_at_once) {
          std::memcpy(target + s, from + j + s, copied_at_once * sizeof(T));
        }
        continue;
      }
      for (int64_t s = 0; s < count; ++s) target[s] = from[(j + s) * column];
      std::fill(target + count, target + width, T(0));
    }
  }
}

/// Memory for packed operands, on a huge page where it is large; null where there is none.
class Workspace {
 public:
  explicit Workspace(size_t bytes) : bytes_(bytes) {
    if (bytes == 0) return;
    try {
      data_ = allocate_block(bytes);
    } catch (const MemoryError&) {  // the product is computed all the same
    }
  }
  ~Workspace() { release_block(data_, bytes_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  void* data() const { return data_; }

 private:
  size_t bytes_;
  void* data_ = nullptr;
};

/// How a block of a product is computed: the pieces of its loops, and which operands are packed.
struct Blocking {
  int64_t depth = 0, rows = 0, columns = 0;
  bool packs_a = false, packs_b = false;
  int64_t a_elements = 0, b_elements = 0;
};

/// Whether `count` elements of distance `stride`, for each of `depth` steps of another one, leave the first-level cache
/// or come to lie in few of its sets.
template <class T>
bool strains_caches(int64_t stride, int64_t step, int64_t count, int64_t depth) {
  constexpr int64_t cache_bytes = 32768, period = 1024;
  const int64_t size = sizeof(T), reach = std::abs(stride) * count + std::abs(step) * depth;
  if (reach * size <= cache_bytes) return false;
  return std::abs(step) != 1 || stride * size % period == 0;
}

template <class T>
Blocking blocking_of(const GemmProblem& p, const Tiles<T>& tiles) {
  Blocking b;
  b.depth = even_piece(p.k, most_depth<T>, 4);
  b.rows = even_piece(p.m, block_bytes / (b.depth * static_cast<int64_t>(sizeof(T))), tiles.rows);
  b.columns = even_piece(p.n, panel_columns, tiles.columns());
  // A shallow product is hardly more than a pass over its output: tile after tile along long rows.
  constexpr int64_t shallow = 8;
  if (p.k <= shallow) b.rows = tiles.rows;
  // Packing pays where much is computed with each element, sooner where the operand as it lies strains the caches.
  constexpr int64_t few = 12, many = 64;
  const int64_t row_tiles = pieces_of(p.m, tiles.rows), strips = pieces_of(p.n, tiles.columns());
  b.packs_a = strips > (strains_caches<T>(p.a_row, p.a_column, std::min(b.rows, p.m), b.depth) ? few : many);
  b.packs_b = p.b_column != 1 || row_tiles > (strains_caches<T>(p.b_column, p.b_row, p.n, b.depth) ? few : many);
  if (b.packs_a) b.a_elements = round_up(std::min(b.rows, p.m), tiles.rows) * b.depth;
  if (b.packs_b) b.b_elements = round_up(std::min(b.columns, p.n), tiles.columns()) * b.depth;
  return b;
}

template <class T>
class Block {
 public:
  explicit Block(const GemmProblem& p)
      : p_(p),
        tiles_(best_tiles<T>()),
        blocking_(blocking_of<T>(p, tiles_)),
        workspace_(static_cast<size_t>(blocking_.a_elements + blocking_.b_elements) * sizeof(T)),
        packed_b_(static_cast<T*>(workspace_.data())),
        packed_a_(packed_b_ == nullptr ? nullptr : packed_b_ + blocking_.b_elements) {
    if (packed_b_ == nullptr) work_without_memory();
  }

  /// Another problem of the same sizes and strides.
  void run(const GemmProblem& p) {
    p_ = p;
    run();
  }

  void run() {
    for (int64_t j = 0; j < p_.n; j += blocking_.columns) {
      for (int64_t l = 0; l < p_.k; l += blocking_.depth) {
        for (int64_t i = 0; i < p_.m; i += blocking_.rows) run_panel(i, j, l);
      }
    }
  }

 private:
  // One strip at a time is packed, in the object itself, wherever it is needed. The depth of a step stays, and so do
  // the bits.
  void work_without_memory() {
    blocking_.packs_a = false;
    if (!blocking_.packs_b) return;
    blocking_.columns = tiles_.columns();
    packed_b_ = strip_;
  }

  const T* a(int64_t i, int64_t l) const { return static_cast<const T*>(p_.a) + i * p_.a_row + l * p_.a_column; }
  const T* b(int64_t l, int64_t j) const { return static_cast<const T*>(p_.b) + l * p_.b_row + j * p_.b_column; }

  // The output's rows from i on and columns from j on, as far as blocks reach, and the depth from l on.
  void run_panel(int64_t i, int64_t j, int64_t l) {
    const int64_t columns = std::min(blocking_.columns, p_.n - j), width = tiles_.columns();
    Strip<T> s{};
    s.rows = std::min(blocking_.rows, p_.m - i);
    s.depth = std::min(blocking_.depth, p_.k - l);
    s.alpha = static_cast<T>(p_.alpha);
    s.out_row = p_.out_row;
    set_added(s, l);
    set_first_operand(s, i, l);
    const int64_t group = strips_packed_together * width;
    for (int64_t start = 0; start < columns; start += group) {
      const int64_t end = std::min(columns, start + group);
      if (blocking_.packs_b && i == 0) {
        pack_strips(b(l, j + start), p_.b_row, p_.b_column, s.depth, end - start, width, packed_b_ + start * s.depth);
      }
      for (int64_t at = start; at < end; at += width) run_strip(s, i, j, l, at, std::min(width, columns - at));
    }
  }

  void run_strip(Strip<T>& s, int64_t i, int64_t j, int64_t l, int64_t at, int64_t count) {
    s.b = blocking_.packs_b ? packed_b_ + at * s.depth : b(l, j + at);
    s.b_row = blocking_.packs_b ? tiles_.columns() : p_.b_row;
    s.out = static_cast<T*>(p_.out) + i * p_.out_row + j + at;
    s.next = nullptr, s.next_bytes = 0;
    s.to_next = blocking_.packs_b ? 0 : count;
    if (blocking_.packs_b && i > 0) {
      const int64_t bytes = tiles_.columns() * s.depth * static_cast<int64_t>(sizeof(T));
      s.next = reinterpret_cast<const char*>(s.b) + bytes;
      s.next_bytes = at + tiles_.columns() < std::min(blocking_.columns, p_.n - j) ? bytes : 0;
      s.next_step = round_up(bytes * tiles_.rows / s.rows + 1, 64);
    }
    if (s.beta != 0) s.c = l > 0 ? s.out : static_cast<const T*>(p_.c) + i * p_.c_row + j + at;
    tiles_.run(s, count, blocking_.packs_a && blocking_.packs_b);
  }

  // What is added: c at first, then what has been summed so far.
  void set_added(Strip<T>& s, int64_t l) {
    s.beta = l > 0 ? T(1) : p_.c == nullptr ? T(0) : static_cast<T>(p_.beta);
    s.c_row = l > 0 ? p_.out_row : p_.c_row;
    s.c = nullptr;
  }

  void set_first_operand(Strip<T>& s, int64_t i, int64_t l) {
    const int64_t height = tiles_.rows;
    s.a = a(i, l), s.a_row = p_.a_row, s.a_column = p_.a_column, s.a_tile = height * p_.a_row;
    if (!blocking_.packs_a) return;
    pack_tiles(s.a, s.a_row, s.a_column, s.rows, s.depth, height, packed_a_);
    s.a = packed_a_, s.a_row = 1, s.a_column = height, s.a_tile = height * s.depth;
  }

  GemmProblem p_;
  const Tiles<T>& tiles_;
  Blocking blocking_;
  const Workspace workspace_;
  T* packed_b_;
  T* packed_a_;
  alignas(64) T strip_[most_depth<T> * most_strip_bytes / sizeof(T)];
};

// c by columns is brought into the output first; a strip reads rows.
GemmProblem with_rows_of_c(const GemmProblem& problem) {
  GemmProblem p = problem;
  if (p.beta == 0) p.c = nullptr;
  if (p.c == nullptr || p.n == 1 || p.c_column == 1) return p;
  scale_into_output(p);
  p.c = p.out, p.c_row = p.out_row, p.c_column = 1, p.beta = 1;
  return p;
}

void run_block(const GemmProblem& p) { p.dtype == DType::f32 ? Block<float>(p).run() : Block<double>(p).run(); }
void run_product(const GemmProblem& p) { run_block(with_rows_of_c(p)); }

template <class T>
void run_many_of(const GemmBatch& batch, int64_t begin, int64_t end) {
  Block<T> block(batch.first);
  for (int64_t k = begin; k < end; ++k) block.run(problem_at(batch, k));
}

void run_many(const GemmBatch& batch, int64_t begin, int64_t end) {
  batch.first.dtype == DType::f32 ? run_many_of<float>(batch, begin, end) : run_many_of<double>(batch, begin, end);
}

// -----------------------------------------------------------------------------------------------------------------
// several threads

// Multiply-adds of a piece of work that is worth handing to another thread, and pieces for each thread: it may be held
// up by others.
constexpr double least_piece_work = 5e5;
constexpr int64_t pieces_per_thread = 4;

struct Grid {
  int64_t rows = 1, columns = 1;              // how many pieces
  int64_t piece_rows = 0, piece_columns = 0;  // of the output
};

/// The cut into about `wanted` pieces for which least has to be packed.
Grid grid_of(const GemmProblem& p, int64_t wanted, int64_t tile_rows, int64_t tile_columns) {
  Grid best;
  double least = 0;
  for (int64_t rows = 1; rows <= wanted; ++rows) {
    const int64_t columns = pieces_of(wanted, rows);
    Grid grid;
    grid.piece_rows = round_up(pieces_of(p.m, rows), tile_rows);
    grid.piece_columns = round_up(pieces_of(p.n, columns), tile_columns);
    grid.rows = pieces_of(p.m, grid.piece_rows);
    grid.columns = pieces_of(p.n, grid.piece_columns);
    const double packed = static_cast<double>(grid.columns * p.m + grid.rows * p.n);
    const double missing = static_cast<double>(wanted) / static_cast<double>(grid.rows * grid.columns);
    const double cost = packed * std::max(missing, 1.0);
    if (rows == 1 || cost < least) best = grid, least = cost;
  }
  return best;
}

template <class T>
int spread_of(const GemmProblem& p) {
  const Tiles<T>& tiles = best_tiles<T>();
  const double work = static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  const int threads = default_pool().size();
  const int64_t wanted =
      threads == 1 ? 1 : static_cast<int64_t>(std::min(work / least_piece_work, 1.0 * threads * pieces_per_thread));
  if (wanted < 2) {
    Block<T>(p).run();
    return 1;
  }
  const Grid grid = grid_of(p, wanted, tiles.rows, tiles.columns());
  std::array<bool, ThreadPool::max_threads> worked{};
  default_pool().for_each_chunk(grid.rows * grid.columns, 1, [&](int64_t begin, int64_t end, int worker) {
    worked[static_cast<size_t>(worker)] = true;
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece / grid.columns * grid.piece_rows, j = piece % grid.columns * grid.piece_columns;
      run_block(part_of(p, i, j, grid.piece_rows, grid.piece_columns));
    }
  });
  return static_cast<int>(std::count(worked.begin(), worked.end(), true));
}

// Every element is the same sum in the same order, however the output is cut.
int spread_product(const GemmProblem& problem) {
  const GemmProblem p = with_rows_of_c(problem);
  return p.dtype == DType::f32 ? spread_of<float>(p) : spread_of<double>(p);
}

std::string refuse_product(const GemmProblem& p) {
  if (!has_avx512() && !has_avx2()) return "the processor has no AVX2";
  if (p.n != 1 && p.out_column != 1) return "the output is not stored by rows";
  return verdict<run_product, 37, 41, 43, 97, 25, 259, 7, 81, 300>(p.dtype);
}

}  // namespace

GemmImplementation native_implementation() {
  return {"own gemm", refuse_product, run_product, spread_product, run_many, true};
}

}  // namespace croton
