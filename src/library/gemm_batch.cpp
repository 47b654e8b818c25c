// Runs many products of one shape: small ones as wholes, so many of them to a piece of work; large ones one by one.
#include <algorithm>
#include <array>

#include "base/thread_pool.h"
#include "library/gemm_layout.h"

namespace croton {
namespace {

// Multiply-adds of a product from which on it is cut itself, and of a piece of work worth handing to another thread.
constexpr double large_work = 4e6;
constexpr double least_piece_work = 5e5;
constexpr int64_t pieces_per_thread = 4;

double work_of(const GemmProblem& p) {
  // Reading and writing count, too: products of vectors do little else.
  const double m = static_cast<double>(p.m), n = static_cast<double>(p.n), k = static_cast<double>(p.k);
  return std::max(m * n * k, 8 * (m * k + k * n + m * n));
}

int run_one_by_one(const GemmBatch& batch) {
  int threads = 1;
  for (int64_t k = 0; k < batch.count; ++k) threads = std::max(threads, run_gemm(problem_at(batch, k)));
  return threads;
}

}  // namespace

GemmProblem problem_at(const GemmBatch& batch, int64_t k) {
  GemmProblem p = batch.first;
  const int64_t size = item_size(p.dtype);
  p.a = static_cast<const char*>(p.a) + k * batch.a_step * size;
  p.b = static_cast<const char*>(p.b) + k * batch.b_step * size;
  p.out = static_cast<char*>(p.out) + k * batch.out_step * size;
  return p;
}

int run_gemm_batch(const GemmBatch& batch) {
  const GemmProblem& p = batch.first;
  if (batch.count == 0 || p.m == 0 || p.n == 0) return 1;
  const double work = work_of(p);
  if (batch.count == 1 || work >= large_work || p.k == 0) return run_one_by_one(batch);
  const std::vector<GemmImplementation>& all = gemm_implementations();
  const auto native = std::find_if(all.begin(), all.end(), [](const auto& i) { return i.run_many != nullptr; });
  const bool many = native != all.end() && native->refuse(p).empty() && p.m != 1 && p.n != 1;
  const auto run = [&](int64_t begin, int64_t end) {
    if (many) return native->run_many(batch, begin, end);
    for (int64_t k = begin; k < end; ++k) run_gemm(problem_at(batch, k));
  };
  const auto least = static_cast<int64_t>(least_piece_work / work) + 1;
  const int64_t threads = default_pool().size();
  if (threads == 1 || batch.count <= least) {
    run(0, batch.count);
    return 1;
  }
  std::array<bool, ThreadPool::max_threads> worked{};
  const int64_t even = (batch.count + threads * pieces_per_thread - 1) / (threads * pieces_per_thread);
  default_pool().for_each_chunk(batch.count, std::max(least, even), [&](int64_t begin, int64_t end, int worker) {
    worked[static_cast<size_t>(worker)] = true;
    run(begin, end);
  });
  return static_cast<int>(std::count(worked.begin(), worked.end(), true));
}

}  // namespace croton
