// Matrix products: an ordered list of implementations, each of which says why it refuses a problem; run on sub-blocks
// by our pool.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/dtype.h"

namespace croton {

/// out[m,n] = beta * c[m,n] + alpha * sum_k a[m,k] * b[k,n]. Strides in elements, any sign; sizes may be zero (k = 0:
/// beta * c).
struct GemmProblem {
  DType dtype = DType::f64;  // f32 or f64
  int64_t m = 0, n = 0, k = 0;
  const void* a = nullptr;
  const void* b = nullptr;
  const void* c = nullptr;  // null: beta is 0; may be `out` with the same strides
  void* out = nullptr;
  int64_t a_row = 0, a_column = 0, b_row = 0, b_column = 0, c_row = 0, c_column = 0, out_row = 0, out_column = 0;
  double alpha = 1, beta = 0;
};

/// As many products of one shape: the operands of each lie so many elements behind those of the one before.
struct GemmBatch {
  GemmProblem first;
  int64_t count = 0, a_step = 0, b_step = 0, out_step = 0;  // without c
};
GemmProblem problem_at(const GemmBatch& batch, int64_t k);

struct GemmImplementation {
  const char* name;
  std::string (*refuse)(const GemmProblem&);  // "" : accepts
  void (*run)(const GemmProblem&);            // serial, on one block
  // Spreads the whole problem over the pool by itself, with the same bits for any number of threads, and returns how
  // many worked; null where run is to be called on blocks.
  int (*run_spread)(const GemmProblem&) = nullptr;
  // Serial, on the products from `begin` up to `end`: quicker than one call for each. Null: there is none.
  void (*run_many)(const GemmBatch&, int64_t begin, int64_t end) = nullptr;
  bool never_fails = false;  // also without memory
};

const std::vector<GemmImplementation>& gemm_implementations();
/// Runs the problem with the first implementation that accepts, on a grid of blocks that depends on sizes and dtype
/// only, so that every number of threads gives the same bits. Returns the number of threads that worked.
int run_gemm(const GemmProblem& problem);
/// Whether an implementation that never fails takes these sizes and strides; asking once finds all that could fail.
bool can_run_without_failing(const GemmProblem& problem);
/// The same by that implementation, for what is computed when a call may not fail any more.
int run_gemm_without_failing(const GemmProblem& problem);
/// All products of the batch: small ones are spread over the pool as wholes.
int run_gemm_batch(const GemmBatch& batch);
/// Which implementation would run, for the profile.
std::string gemm_implementation_name(const GemmProblem& problem);

}  // namespace croton
