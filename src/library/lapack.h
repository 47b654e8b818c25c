// LAPACK on one column-major matrix: the seam behind which OpenBLAS stands. All functions exist for float and double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace croton {

/// Memory that is used again for each matrix of a stack: after `reset` the same requests get the same blocks.
class WorkMemory {
 public:
  WorkMemory() = default;
  WorkMemory(const WorkMemory&) = delete;
  WorkMemory& operator=(const WorkMemory&) = delete;
  ~WorkMemory();

  template <class T>
  T* take(int64_t count) {
    return static_cast<T*>(block(count, sizeof(T)));
  }
  void reset() { next_ = 0; }

 private:
  void* block(int64_t count, size_t size);
  std::vector<std::pair<void*, size_t>> blocks_;
  size_t next_ = 0;
};

namespace lapack {

using Integer = int32_t;  // of OpenBLAS as Debian builds it
/// A size as LAPACK takes it. ValueError when it is too large.
Integer integer(int64_t size);

/// The factor overwrites its triangle of `a`. Returns k > 0 when the leading minor of order k is not positive.
template <class T>
int64_t cholesky(T* a, int64_t n, bool lower);

/// a = P L U. Returns k > 0 when pivot k is exactly zero.
template <class T>
int64_t lu(T* a, int64_t n, Integer* pivots);
template <class T>
void lu_solve(const T* lu, const Integer* pivots, int64_t n, T* b, int64_t columns);
template <class T>
void lu_inverse(T* lu, const Integer* pivots, int64_t n, WorkMemory& memory);

/// b becomes the solution. `a` may be a matrix by rows: then `transposed` with the other triangle.
template <class T>
void triangular_solve(const T* a, int64_t leading, int64_t n, bool lower, bool transposed, T* b, int64_t columns);

/// Eigenvalues in ascending order; the vectors, where wanted, overwrite `a`. Returns more than zero when they did not
/// converge, as do the others below.
template <class T>
int64_t symmetric_eigen(T* a, int64_t n, bool lower, bool vectors, T* values, WorkMemory& memory);
/// Column j of `vectors` is the vector of value j; a pair of complex values shares two columns, as LAPACK has it.
template <class T>
int64_t eigen(T* a, int64_t n, T* real, T* imaginary, T* vectors, WorkMemory& memory);

enum class Singular { thin, full, values };
/// a = u diag(s) vt; `a` is destroyed.
template <class T>
int64_t svd(T* a, int64_t m, int64_t n, Singular mode, T* u, T* s, T* vt, WorkMemory& memory);

/// R stands on and above the diagonal, the reflectors below.
template <class T>
void qr(T* a, int64_t m, int64_t n, T* tau, WorkMemory& memory);
/// The first `columns` columns of Q over the `reflectors` reflectors in `a`.
template <class T>
void qr_q(T* a, int64_t m, int64_t columns, int64_t reflectors, const T* tau, WorkMemory& memory);

/// The solution of least norm overwrites the first n rows of b, which has max(m, n) of them.
template <class T>
int64_t least_squares(T* a, int64_t m, int64_t n, T* b, int64_t columns, T rcond, T* s, int64_t& rank,
                      WorkMemory& memory);

/// c = a b for square matrices.
template <class T>
void multiply(const T* a, const T* b, T* c, int64_t n);
/// e to the power of a, which overwrites `a`.
template <class T>
void exponential(T* a, int64_t n, WorkMemory& memory);

}  // namespace lapack
}  // namespace croton
