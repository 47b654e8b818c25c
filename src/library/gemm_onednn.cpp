// Matrix products by oneDNN: float32 on processors with AVX-512, from the size on where it is ahead of ours.
#include <dnnl.h>
#include <fmt/format.h>
#include <omp.h>

#include "base/error.h"
#include "library/gemm_layout.h"

namespace croton {
namespace {

// Below it our own kernels are quicker.
constexpr int64_t least_multiply_adds = 64 * 64 * 64 + 1;

// oneDNN takes OpenMP's number of threads of the calling thread: one, since our pool spreads the blocks, and two teams
// of threads fight for the cores. The caller's own setting comes back.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneOpenMpThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int before_;
};

void run(const GemmProblem& problem) {
  const GemmProblem p = with_c_in_output(problem);
  const BlasLayout a = *blas_layout(p.m, p.k, p.a_row, p.a_column), b = *blas_layout(p.k, p.n, p.b_row, p.b_column);
  const BlasLayout out = *blas_layout(p.m, p.n, p.out_row, p.out_column);
  const OneOpenMpThread guard;
  const dnnl_status_t status =
      dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', p.m, p.n, p.k, static_cast<float>(p.alpha),
                 static_cast<const float*>(p.a), a.leading, static_cast<const float*>(p.b), b.leading,
                 static_cast<float>(p.beta), static_cast<float*>(p.out), out.leading);
  if (status != dnnl_success) {
    throw Error(
        fmt::format("oneDNN failed with status {} on a {} x {} x {} product", static_cast<int>(status), p.m, p.n, p.k));
  }
}

std::string refuse(const GemmProblem& p) {
  if (p.dtype != DType::f32) return "only float32";
  if (__builtin_cpu_supports("avx512f") == 0) return "our own kernels are quicker without AVX-512";
  if (static_cast<double>(p.m) * p.n * p.k < least_multiply_adds) return "small";
  std::string reason = refuse_for_blas(p);
  return reason.empty() ? verdict<run, 67, 71, 73>(p.dtype) : reason;
}

}  // namespace

GemmImplementation onednn_implementation() { return {"oneDNN sgemm", refuse, run}; }

}  // namespace croton
