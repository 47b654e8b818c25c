// Runs a matrix product: brings odd strides into a BLAS layout, picks an implementation, and spreads blocks over the
// pool.
#include "library/gemm.h"

#include <array>
#include <utility>

#include "base/checked.h"
#include "base/memory.h"
#include "base/thread_pool.h"
#include "library/gemm_layout.h"

namespace croton {
namespace {

// Work is counted in multiply-adds of one core; 4e6 of them take 50 (f32) to 100 (f64) microseconds, below which a
// second thread costs more than it brings. Reading or writing an element costs about 16 of them.
constexpr double least_block_work = 4e6;
constexpr double work_per_element = 16;
// Blocks beyond this many are cut only while they stay wide: each block packs its operands anew.
constexpr int64_t cheap_blocks = 8;
constexpr int64_t wide_edge = 256;
// Edges are multiples of this, which fits the tiles of the inner kernels: 8 rows, 24 or 48 columns.
constexpr int64_t edge_multiple = 48;

// A row-major copy of an operand, or a result to be copied.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { release_block(data_, bytes_); }

  void* allocate(int64_t rows, int64_t columns, DType dtype) {
    bytes_ = static_cast<size_t>(checked_multiply(checked_multiply(rows, columns), item_size(dtype)));
    data_ = allocate_block(bytes_);
    return data_;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

struct Strides {
  int64_t row = 0, column = 0;
};

template <class T>
void copy_rows(const void* from, Strides from_strides, void* to, Strides to_strides, int64_t rows, int64_t columns) {
  const T* source = static_cast<const T*>(from);
  T* target = static_cast<T*>(to);
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(columns, 1));
  default_pool().for_each_chunk(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        target[i * to_strides.row + j * to_strides.column] = source[i * from_strides.row + j * from_strides.column];
      }
    }
  });
}

void copy_matrix(DType dtype, const void* from, Strides from_strides, void* to, Strides to_strides, int64_t rows,
                 int64_t columns) {
  auto copy = dtype == DType::f32 ? copy_rows<float> : copy_rows<double>;
  copy(from, from_strides, to, to_strides, rows, columns);
}

// out^T = beta * c^T + alpha * b^T a^T
GemmProblem transposed(const GemmProblem& p) {
  GemmProblem t = p;
  std::swap(t.m, t.n);
  t.a = p.b, t.a_row = p.b_column, t.a_column = p.b_row;
  t.b = p.a, t.b_row = p.a_column, t.b_column = p.a_row;
  std::swap(t.c_row, t.c_column);
  std::swap(t.out_row, t.out_column);
  return t;
}

bool output_by_columns(const GemmProblem& p) {
  const auto layout = blas_layout(p.m, p.n, p.out_row, p.out_column);
  return layout && layout->transposed;
}

// Which matrices a BLAS library needs as a copy.
struct Copies {
  bool a = false, b = false, out = false;
};

Copies copies_of(const GemmProblem& p) {
  return {!blas_layout(p.m, p.k, p.a_row, p.a_column), !blas_layout(p.k, p.n, p.b_row, p.b_column),
          !blas_layout(p.m, p.n, p.out_row, p.out_column)};
}

// Nothing is copied where any implementation but the loops takes the strides as they are.
Copies copies_wanted(const GemmProblem& p) {
  const std::vector<GemmImplementation>& all = gemm_implementations();
  const bool taken =
      std::any_of(all.begin(), all.end() - 1, [&](const GemmImplementation& i) { return i.refuse(p).empty(); });
  return taken ? Copies{} : copies_of(p);
}

// The strides after the copies that `copies` names; pointers are the caller's business.
void set_packed_strides(GemmProblem& p, Copies copies) {
  if (copies.a) p.a_row = p.k, p.a_column = 1;
  if (copies.b) p.b_row = p.n, p.b_column = 1;
  if (copies.out) p.out_row = p.n, p.out_column = 1;
}

// The first that accepts the strides as they are and needs nothing that may be missing.
const GemmImplementation* choose_that_never_fails(const GemmProblem& p) {
  const std::vector<GemmImplementation>& all = gemm_implementations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const GemmImplementation& implementation) {
    return implementation.never_fails && implementation.refuse(p).empty();
  });
  return found == all.end() ? nullptr : &*found;
}

const GemmImplementation& choose(const GemmProblem& p) {
  const std::vector<GemmImplementation>& all = gemm_implementations();
  for (const GemmImplementation& implementation : all) {
    if (implementation.refuse(p).empty()) return implementation;
  }
  return all.back();  // the reference takes everything
}

double block_work(int64_t m, int64_t n, int64_t k) {
  const double rows = static_cast<double>(m), columns = static_cast<double>(n), depth = static_cast<double>(k);
  return std::max(rows * columns * depth, work_per_element * (rows * depth + depth * columns + rows * columns));
}

int64_t half_edge(int64_t edge) {
  const int64_t half = (edge + 1) / 2;
  return (half + edge_multiple - 1) / edge_multiple * edge_multiple;
}

struct Grid {
  int64_t block_rows = 1, block_columns = 1, rows = 1, columns = 1;
};

// Halves the longer edge of the block while that pays: by sizes alone, never by the number of threads.
Grid grid_of(int64_t m, int64_t n, int64_t k) {
  int64_t block_rows = m, block_columns = n;
  const auto pieces = [](int64_t size, int64_t block) { return (size + block - 1) / block; };
  for (;;) {
    const bool by_rows = block_rows >= block_columns;
    const int64_t edge = by_rows ? block_rows : block_columns;
    const int64_t half = half_edge(edge);
    if (half >= edge) break;
    const int64_t blocks = pieces(m, block_rows) * pieces(n, block_columns);
    if (blocks >= cheap_blocks && half < wide_edge) break;
    if (block_work(by_rows ? half : block_rows, by_rows ? block_columns : half, k) < least_block_work) break;
    (by_rows ? block_rows : block_columns) = half;
  }
  return {block_rows, block_columns, pieces(m, block_rows), pieces(n, block_columns)};
}

int run_blocks(const GemmProblem& p, const GemmImplementation& implementation) {
  if (implementation.run_spread != nullptr) return implementation.run_spread(p);
  const Grid grid = grid_of(p.m, p.n, p.k);
  const int64_t blocks = grid.rows * grid.columns;
  if (blocks == 1) {
    implementation.run(p);
    return 1;
  }
  std::array<bool, ThreadPool::max_threads> worked{};
  default_pool().for_each_chunk(blocks, 1, [&](int64_t begin, int64_t end, int worker) {
    worked[worker] = true;
    for (int64_t block = begin; block < end; ++block) {
      const int64_t i = block / grid.columns * grid.block_rows, j = block % grid.columns * grid.block_columns;
      implementation.run(part_of(p, i, j, grid.block_rows, grid.block_columns));
    }
  });
  return static_cast<int>(std::count(worked.begin(), worked.end(), true));
}

const void* offset(const void* base, int64_t elements, DType dtype) {
  return base == nullptr ? nullptr : static_cast<const char*>(base) + elements * item_size(dtype);
}

// BLAS's leading strides at k = 0, and the product then, are not worth a call.
bool is_scaling_only(const GemmProblem& p) { return p.k == 0; }

}  // namespace

GemmProblem part_of(const GemmProblem& p, int64_t i, int64_t j, int64_t rows, int64_t columns) {
  GemmProblem part = p;
  part.m = std::min(rows, p.m - i);
  part.n = std::min(columns, p.n - j);
  part.a = offset(p.a, i * p.a_row, p.dtype);
  part.b = offset(p.b, j * p.b_column, p.dtype);
  part.c = offset(p.c, i * p.c_row + j * p.c_column, p.dtype);
  part.out = static_cast<char*>(p.out) + (i * p.out_row + j * p.out_column) * item_size(p.dtype);
  return part;
}

const std::vector<GemmImplementation>& gemm_implementations() {
  static const std::vector<GemmImplementation> all = {native_vector_implementation(), openblas_vector_implementation(),
                                                      native_outer_implementation(),  outer_implementation(),
                                                      onednn_implementation(),        native_implementation(),
                                                      openblas_implementation(),      reference_implementation()};
  return all;
}

int run_gemm(const GemmProblem& problem) {
  if (problem.m == 0 || problem.n == 0) return 1;
  GemmProblem p = output_by_columns(problem) ? transposed(problem) : problem;
  if (p.c == nullptr) p.beta = 0;
  if (p.beta == 0) p.c = nullptr;
  if (is_scaling_only(p)) {
    scale_into_output(p);
    return 1;
  }
  const Copies copies = copies_wanted(p);
  Scratch a, b, out;
  if (copies.a) {
    void* packed = a.allocate(p.m, p.k, p.dtype);
    copy_matrix(p.dtype, p.a, {p.a_row, p.a_column}, packed, {p.k, 1}, p.m, p.k);
    p.a = packed;
  }
  if (copies.b) {
    void* packed = b.allocate(p.k, p.n, p.dtype);
    copy_matrix(p.dtype, p.b, {p.b_row, p.b_column}, packed, {p.n, 1}, p.k, p.n);
    p.b = packed;
  }
  const GemmProblem before = p;
  if (copies.out) p.out = out.allocate(p.m, p.n, p.dtype);
  set_packed_strides(p, copies);
  const int threads = run_blocks(p, choose(p));
  if (copies.out) {
    copy_matrix(p.dtype, p.out, {p.n, 1}, before.out, {before.out_row, before.out_column}, p.m, p.n);
  }
  return threads;
}

bool can_run_without_failing(const GemmProblem& p) { return p.k == 0 || choose_that_never_fails(p) != nullptr; }

int run_gemm_without_failing(const GemmProblem& problem) {
  if (problem.m == 0 || problem.n == 0) return 1;
  GemmProblem p = problem;
  if (p.c == nullptr) p.beta = 0;
  if (p.beta == 0) p.c = nullptr;
  if (!is_scaling_only(p)) return run_blocks(p, *choose_that_never_fails(p));
  scale_into_output(p);
  return 1;
}

std::string gemm_implementation_name(const GemmProblem& problem) {
  if (problem.m == 0 || problem.n == 0 || is_scaling_only(problem)) return "none";
  GemmProblem p = output_by_columns(problem) ? transposed(problem) : problem;
  set_packed_strides(p, copies_wanted(p));
  return choose(p).name;
}

}  // namespace croton
