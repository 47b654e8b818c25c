// Runs kernels on the thread pool, and matrix products.
#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "library/gemm.h"
#include "runtime/execution_state.h"

namespace croton {
namespace {

constexpr double inline_nanoseconds = 20'000;  // below it waking a thread costs more than it saves
constexpr double chunk_nanoseconds = 10'000;
constexpr double longest_chunk_nanoseconds = 2e6;  // between two looks at the stop flag

/// Thrown inside the pool, which rethrows the one of the lowest chunk: the failure of the lowest position.
struct KernelFailure {
  int32_t status;
  Frame frame;
};

[[noreturn, gnu::cold]] void fail(const ExecutionState& state, const KernelStep& step, const KernelFailure& failure) {
  const Frame& frame = failure.frame;
  if (failure.status == kernel_stopped) throw_interrupted(state);
  const auto at = static_cast<size_t>(frame.error_site);
  if (failure.status == kernel_index_error) {
    const int site = frame.error_site >= 0 && at < step.sites.size() ? step.sites[at] : -1;
    throw IndexError(fmt::format("index {} is out of bounds for axis of size {}", frame.error_value, frame.error_size) +
                     error_trailer(state.program, site, {}));
  }
  const std::string& name = state.program.kernels[static_cast<size_t>(step.kernel)].loops.name;
  raise<InternalError>("kernel {} failed with status {}: buffer {}, offset {}, limit {}", name, failure.status,
                       frame.error_site, frame.error_value, frame.error_size);
}

void gather_operands(ExecutionState& state, const KernelStep& step) {
  state.kernel_buffers.resize(step.buffers.size());
  for (size_t k = 0; k < step.buffers.size(); ++k) state.kernel_buffers[k] = state.data_of(step.buffers[k]);
  state.kernel_ints.resize(step.ints.size());
  for (size_t k = 0; k < step.ints.size(); ++k) state.kernel_ints[k] = state.value(step.ints[k]);
  state.kernel_bounds.clear();
  if (!state.program.checked) return;
  for (const int slot : step.buffers) {
    const auto [first, last] = state.extent(slot);
    state.kernel_bounds.insert(state.kernel_bounds.end(), {first, last});
  }
}

// A call that reads and writes more than caches hold stores past them, which saves reading what is overwritten: 1.45
// times faster beyond 150 MB on a server whose last cache looks like 100 MB, nothing lost from 6 MB on. The size of
// that cache cannot be asked for: virtual machines name the whole socket's, or none. Memory that the kernel also reads
// through another buffer is in the cache already.
constexpr int64_t streaming_bytes = int64_t{64} << 20;
constexpr double streaming_nanoseconds = 500'000;  // below it no call touches that much

bool wants_streaming(const ExecutionState& state, const KernelStep& step) {
  int64_t bytes = 0;
  for (size_t k = 0; k < step.buffers.size(); ++k) {
    const void* const memory = state.kernel_buffers[k];
    const auto end = state.kernel_buffers.begin() + static_cast<ptrdiff_t>(k);
    if (std::find(state.kernel_buffers.begin(), end, memory) != end) return false;
    bytes += state.elements(step.buffers[k]) * item_size(state.slot(step.buffers[k]).dtype);
  }
  return bytes > streaming_bytes;
}

// Several pieces for each thread, for some may be held up.
int64_t grain_of(double cost, int64_t count, int threads, const KernelStep& step, int64_t minimum) {
  const double by_time = std::min(std::ceil(chunk_nanoseconds / cost), static_cast<double>(count));
  const int64_t pieces = int64_t{step.coarse ? 2 : 8} * threads;
  int64_t grain = std::max(static_cast<int64_t>(by_time), ceil_div(count, pieces));
  grain = std::max(int64_t{1}, std::min(grain, static_cast<int64_t>(longest_chunk_nanoseconds / cost)));
  // Pieces of many elements begin on a cache line: their stores are aligned, and no two threads write one line.
  constexpr int64_t line_elements = 64, many = 1024;
  if (minimum == 1 && grain >= many) minimum = line_elements;
  return ceil_div(grain, minimum) * minimum;
}

struct Matrix {
  int64_t rows = 1, columns = 1, row_stride = 0, column_stride = 1;
};

// A vector stands as a row on the left of a product, as a column on its right. Of a stack it is the first matrix.
Matrix matrix_of(const ExecutionState& state, int slot, bool vector_is_row) {
  const size_t rank = state.slot(slot).shape.size();
  if (rank >= 2) {
    const int row = static_cast<int>(rank) - 2;
    return {state.dim(slot, row), state.dim(slot, row + 1), state.stride(slot, row), state.stride(slot, row + 1)};
  }
  if (rank == 0) return {};
  const int64_t size = state.dim(slot, 0), stride = state.stride(slot, 0);
  if (vector_is_row) return {1, size, size * stride, stride};
  return {size, 1, stride, 1};
}

double factor(ExecutionState& state, int slot, double otherwise) {
  return slot < 0 ? otherwise : element_as_double(state.data_of(slot), state.slot(slot).dtype);
}

GemmProblem problem_of(ExecutionState& state, const GemmStep& step) {
  const Matrix a = matrix_of(state, step.a, true), b = matrix_of(state, step.b, false);
  const bool out_is_row = state.slot(step.a).shape.size() == 1;
  const Matrix out = matrix_of(state, step.out, out_is_row);
  GemmProblem problem;
  problem.dtype = state.slot(step.out).dtype;
  problem.m = a.rows, problem.n = b.columns, problem.k = a.columns;
  problem.a = state.data_of(step.a), problem.b = state.data_of(step.b), problem.out = state.data_of(step.out);
  problem.a_row = a.row_stride, problem.a_column = a.column_stride;
  problem.b_row = b.row_stride, problem.b_column = b.column_stride;
  problem.out_row = out.row_stride, problem.out_column = out.column_stride;
  problem.alpha = factor(state, step.alpha_slot, step.alpha);
  if (step.c >= 0) {
    const Matrix c = matrix_of(state, step.c, out_is_row);
    problem.c = state.data_of(step.c);
    problem.c_row = c.rows == 1 && problem.m != 1 ? 0 : c.row_stride;
    problem.c_column = c.columns == 1 && problem.n != 1 ? 0 : c.column_stride;
    problem.beta = factor(state, step.beta_slot, step.beta);
  } else {
    problem.beta = 0;
  }
  return problem;
}

}  // namespace

int run_kernel(ExecutionState& state, const KernelStep& step) {
  const int64_t count = state.value(step.count);
  if (count <= 0) return 1;
  if (step.copied >= 0 && state.data_of(step.copied) == state.data_of(step.copy)) return 1;
  const double cost =
      std::max(step.cost, 1e-3) * static_cast<double>(std::max<int64_t>(1, state.value_or(step.cost_items, 1)));
  const double nanoseconds = cost * static_cast<double>(count);
  state.expect(nanoseconds);
  gather_operands(state, step);
  const KernelFunction entry = state.program.kernels[static_cast<size_t>(step.kernel)].entry;
  Frame blank;
  blank.stop = state.committed ? nullptr : &state.stop_flag();  // nothing stops between commit and publication
  blank.bounds = state.kernel_bounds.data();
  blank.streams = nanoseconds > streaming_nanoseconds && wants_streaming(state, step);
  const auto scratch_bytes = static_cast<size_t>(std::max<int64_t>(0, state.value_or(step.scratch, 0)));
  void* const* buffers = state.kernel_buffers.data();
  const int64_t* ints = state.kernel_ints.data();

  const int threads = step.serial || nanoseconds < inline_nanoseconds ? 1 : default_pool().size();
  const bool one_piece = step.serial || (threads == 1 && nanoseconds < longest_chunk_nanoseconds);
  if (one_piece) {
    if (scratch_bytes > 0) {
      if (state.scratch.empty()) state.scratch.emplace_back();
      blank.scratch = state.scratch[0].at_least(scratch_bytes);
    }
    const int32_t status = entry(buffers, ints, 0, count, &blank);
    if (status != kernel_done) fail(state, step, {status, blank});
    return 1;
  }
  if (scratch_bytes > 0) {
    while (state.scratch.size() < static_cast<size_t>(threads)) state.scratch.emplace_back();
    for (ScratchBlock& block : state.scratch) block.at_least(scratch_bytes);
  }
  const int64_t grain =
      grain_of(cost, count, threads, step, std::max<int64_t>(1, state.value_or(step.minimum_grain, 1)));
  try {
    default_pool().for_each_chunk(count, grain, [&](int64_t begin, int64_t end, int worker) {
      Frame frame = blank;
      ScratchBlock extra;  // the pool may have grown since
      if (scratch_bytes > 0) {
        const auto w = static_cast<size_t>(worker);
        frame.scratch = (w < state.scratch.size() ? state.scratch[w] : extra).at_least(scratch_bytes);
      }
      const bool stopped = blank.stop != nullptr && blank.stop->load(std::memory_order_relaxed);
      const int32_t status = stopped ? kernel_stopped : entry(buffers, ints, begin, end, &frame);
      if (status != kernel_done) throw KernelFailure{status, frame};
    });
  } catch (const KernelFailure& failure) {
    fail(state, step, failure);
  }
  return static_cast<int>(std::min<int64_t>(threads, ceil_div(count, grain)));
}

bool can_run_late(ExecutionState& state, const GemmStep& step) {
  GemmProblem problem = problem_of(state, step);
  problem.out_row = problem.n, problem.out_column = 1;  // of memory that is found later
  return can_run_without_failing(problem);
}

int run_gemm_step(ExecutionState& state, const GemmStep& step) {
  if (state.committed && state.ran_early(step.out)) return 1;
  const GemmProblem problem = problem_of(state, step);
  constexpr double nanoseconds_per_multiply_add = 0.03, nanoseconds_per_element = 0.5;
  const double rows = static_cast<double>(problem.m), columns = static_cast<double>(problem.n),
               depth = static_cast<double>(problem.k);
  const bool is_stack = state.slot(step.out).shape.size() == 3;
  const double count = is_stack ? static_cast<double>(state.dim(step.out, 0)) : 1;
  state.expect(count * (rows * columns * depth * nanoseconds_per_multiply_add +
                        (rows * depth + depth * columns + rows * columns) * nanoseconds_per_element));
  if (state.committed) return run_gemm_without_failing(problem);
  if (!is_stack) return run_gemm(problem);
  return run_gemm_batch(
      {problem, state.dim(step.out, 0), state.stride(step.a, 0), state.stride(step.b, 0), state.stride(step.out, 0)});
}

}  // namespace croton
