// LAPACK's routines by OpenBLAS (the serial library), with their work memory.
#include "library/lapack.h"

#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "base/error.h"
#include "base/memory.h"

using croton::lapack::Integer;

// Fortran passes everything by address and, at the end, the lengths of texts.
#define CROTON_LAPACK(T, p)                                                                                            \
  void p##potrf_(const char*, const Integer*, T*, const Integer*, Integer*, size_t);                                   \
  void p##getrf_(const Integer*, const Integer*, T*, const Integer*, Integer*, Integer*);                              \
  void p##getrs_(const char*, const Integer*, const Integer*, const T*, const Integer*, const Integer*, T*,            \
                 const Integer*, Integer*, size_t);                                                                    \
  void p##getri_(const Integer*, T*, const Integer*, const Integer*, T*, const Integer*, Integer*);                    \
  void p##trsm_(const char*, const char*, const char*, const char*, const Integer*, const Integer*, const T*,          \
                const T*, const Integer*, T*, const Integer*, size_t, size_t, size_t, size_t);                         \
  void p##syevd_(const char*, const char*, const Integer*, T*, const Integer*, T*, T*, const Integer*, Integer*,       \
                 const Integer*, Integer*, size_t, size_t);                                                            \
  void p##geev_(const char*, const char*, const Integer*, T*, const Integer*, T*, T*, T*, const Integer*, T*,          \
                const Integer*, T*, const Integer*, Integer*, size_t, size_t);                                         \
  void p##gesdd_(const char*, const Integer*, const Integer*, T*, const Integer*, T*, T*, const Integer*, T*,          \
                 const Integer*, T*, const Integer*, Integer*, Integer*, size_t);                                      \
  void p##geqrf_(const Integer*, const Integer*, T*, const Integer*, T*, T*, const Integer*, Integer*);                \
  void p##orgqr_(const Integer*, const Integer*, const Integer*, T*, const Integer*, const T*, T*, const Integer*,     \
                 Integer*);                                                                                            \
  void p##gelsd_(const Integer*, const Integer*, const Integer*, T*, const Integer*, T*, const Integer*, T*, const T*, \
                 Integer*, T*, const Integer*, Integer*, Integer*);
extern "C" {
CROTON_LAPACK(float, s)
CROTON_LAPACK(double, d)
}
#undef CROTON_LAPACK

namespace croton {

WorkMemory::~WorkMemory() {
  for (const auto& [data, bytes] : blocks_) release_block(data, bytes);
}

void* WorkMemory::block(int64_t count, size_t size) {
  const auto bytes = static_cast<size_t>(checked_multiply(std::max<int64_t>(count, 1), static_cast<int64_t>(size)));
  if (next_ == blocks_.size()) blocks_.emplace_back(nullptr, 0);
  auto& [data, held] = blocks_[next_];
  if (held < bytes) {
    if (data != nullptr) release_block(data, held);
    data = nullptr, held = 0;
    data = allocate_block(bytes);
    held = bytes;
  }
  ++next_;
  return data;
}

namespace lapack {
namespace {

template <class T>
struct Routines;
#define CROTON_ROUTINE(name, s, d)            \
  template <class... A>                       \
  static void name(A... arguments) {          \
    if constexpr (std::is_same_v<T, float>) { \
      s(arguments...);                        \
    } else {                                  \
      d(arguments...);                        \
    }                                         \
  }
template <class T>
struct Routines {
  CROTON_ROUTINE(potrf, spotrf_, dpotrf_)
  CROTON_ROUTINE(getrf, sgetrf_, dgetrf_)
  CROTON_ROUTINE(getrs, sgetrs_, dgetrs_)
  CROTON_ROUTINE(getri, sgetri_, dgetri_)
  CROTON_ROUTINE(trsm, strsm_, dtrsm_)
  CROTON_ROUTINE(syevd, ssyevd_, dsyevd_)
  CROTON_ROUTINE(geev, sgeev_, dgeev_)
  CROTON_ROUTINE(gesdd, sgesdd_, dgesdd_)
  CROTON_ROUTINE(geqrf, sgeqrf_, dgeqrf_)
  CROTON_ROUTINE(orgqr, sorgqr_, dorgqr_)
  CROTON_ROUTINE(gelsd, sgelsd_, dgelsd_)
};
#undef CROTON_ROUTINE

constexpr Integer ask = -1;  // as length of the work memory: tell how much is wanted

// The answer comes as a float, which may round it down where it is large.
template <class T>
Integer wanted(T answer) {
  const double length = static_cast<double>(answer) * (1 + 2.0 * std::numeric_limits<T>::epsilon());
  return integer(std::max<int64_t>(1, static_cast<int64_t>(length) + 1));
}

int64_t checked(Integer info) {
  if (info < 0) raise<InternalError>("LAPACK refuses argument {}", -info);
  return info;
}

}  // namespace

Integer integer(int64_t size) {
  if (size > std::numeric_limits<Integer>::max())
    raise<ValueError>("a matrix of size {} is too large for LAPACK", size);
  return static_cast<Integer>(size);
}

template <class T>
int64_t cholesky(T* a, int64_t n, bool lower) {
  const Integer size = integer(n), leading = std::max<Integer>(size, 1);
  Integer info = 0;
  Routines<T>::potrf(lower ? "L" : "U", &size, a, &leading, &info, size_t{1});
  return checked(info);
}

template <class T>
int64_t lu(T* a, int64_t n, Integer* pivots) {
  const Integer size = integer(n), leading = std::max<Integer>(size, 1);
  Integer info = 0;
  Routines<T>::getrf(&size, &size, a, &leading, pivots, &info);
  return checked(info);
}

template <class T>
void lu_solve(const T* lu, const Integer* pivots, int64_t n, T* b, int64_t columns) {
  const Integer size = integer(n), count = integer(columns), leading = std::max<Integer>(size, 1);
  Integer info = 0;
  Routines<T>::getrs("N", &size, &count, lu, &leading, pivots, b, &leading, &info, size_t{1});
  checked(info);
}

template <class T>
void lu_inverse(T* lu, const Integer* pivots, int64_t n, WorkMemory& memory) {
  const Integer size = integer(n), leading = std::max<Integer>(size, 1);
  Integer info = 0;
  T answer{};
  Routines<T>::getri(&size, lu, &leading, pivots, &answer, &ask, &info);
  const Integer length = wanted(answer);
  Routines<T>::getri(&size, lu, &leading, pivots, memory.take<T>(length), &length, &info);
  checked(info);
}

template <class T>
void triangular_solve(const T* a, int64_t leading, int64_t n, bool lower, bool transposed, T* b, int64_t columns) {
  const Integer size = integer(n), count = integer(columns), a_leading = integer(leading), b_leading = size;
  const T one = 1;
  Routines<T>::trsm("L", lower ? "L" : "U", transposed ? "T" : "N", "N", &size, &count, &one, a, &a_leading, b,
                    &b_leading, size_t{1}, size_t{1}, size_t{1}, size_t{1});
}

template <class T>
int64_t symmetric_eigen(T* a, int64_t n, bool lower, bool vectors, T* values, WorkMemory& memory) {
  const Integer size = integer(n), leading = std::max<Integer>(size, 1);
  const char *job = vectors ? "V" : "N", *triangle = lower ? "L" : "U";
  Integer info = 0, integers = 0;
  T answer{};
  Routines<T>::syevd(job, triangle, &size, a, &leading, values, &answer, &ask, &integers, &ask, &info, size_t{1},
                     size_t{1});
  const Integer length = wanted(answer);
  Routines<T>::syevd(job, triangle, &size, a, &leading, values, memory.take<T>(length), &length,
                     memory.take<Integer>(integers), &integers, &info, size_t{1}, size_t{1});
  return checked(info);
}

template <class T>
int64_t eigen(T* a, int64_t n, T* real, T* imaginary, T* vectors, WorkMemory& memory) {
  const Integer size = integer(n), leading = std::max<Integer>(size, 1);
  Integer info = 0;
  T answer{};
  T* const none = nullptr;
  Routines<T>::geev("N", "V", &size, a, &leading, real, imaginary, none, &leading, vectors, &leading, &answer, &ask,
                    &info, size_t{1}, size_t{1});
  const Integer length = wanted(answer);
  Routines<T>::geev("N", "V", &size, a, &leading, real, imaginary, none, &leading, vectors, &leading,
                    memory.take<T>(length), &length, &info, size_t{1}, size_t{1});
  return checked(info);
}

template <class T>
int64_t svd(T* a, int64_t m, int64_t n, Singular mode, T* u, T* s, T* vt, WorkMemory& memory) {
  const Integer rows = integer(m), columns = integer(n), less = std::min(rows, columns);
  const Integer vt_leading = mode == Singular::full ? columns : less;
  const char* job = mode == Singular::thin ? "S" : mode == Singular::full ? "A" : "N";
  Integer info = 0;
  T answer{};
  Integer* const integers = memory.take<Integer>(8 * static_cast<int64_t>(less));
  Routines<T>::gesdd(job, &rows, &columns, a, &rows, s, u, &rows, vt, &vt_leading, &answer, &ask, integers, &info,
                     size_t{1});
  const Integer length = wanted(answer);
  Routines<T>::gesdd(job, &rows, &columns, a, &rows, s, u, &rows, vt, &vt_leading, memory.take<T>(length), &length,
                     integers, &info, size_t{1});
  return checked(info);
}

template <class T>
void qr(T* a, int64_t m, int64_t n, T* tau, WorkMemory& memory) {
  const Integer rows = integer(m), columns = integer(n);
  Integer info = 0;
  T answer{};
  Routines<T>::geqrf(&rows, &columns, a, &rows, tau, &answer, &ask, &info);
  const Integer length = wanted(answer);
  Routines<T>::geqrf(&rows, &columns, a, &rows, tau, memory.take<T>(length), &length, &info);
  checked(info);
}

template <class T>
void qr_q(T* a, int64_t m, int64_t columns, int64_t reflectors, const T* tau, WorkMemory& memory) {
  const Integer rows = integer(m), wide = integer(columns), count = integer(reflectors);
  Integer info = 0;
  T answer{};
  Routines<T>::orgqr(&rows, &wide, &count, a, &rows, tau, &answer, &ask, &info);
  const Integer length = wanted(answer);
  Routines<T>::orgqr(&rows, &wide, &count, a, &rows, tau, memory.take<T>(length), &length, &info);
  checked(info);
}

template <class T>
int64_t least_squares(T* a, int64_t m, int64_t n, T* b, int64_t columns, T rcond, T* s, int64_t& rank,
                      WorkMemory& memory) {
  const Integer rows = integer(m), wide = integer(n), count = integer(columns), b_leading = std::max(rows, wide);
  Integer info = 0, found = 0, integers = 0;
  T answer{};
  Routines<T>::gelsd(&rows, &wide, &count, a, &rows, b, &b_leading, s, &rcond, &found, &answer, &ask, &integers, &info);
  const Integer length = wanted(answer);
  Routines<T>::gelsd(&rows, &wide, &count, a, &rows, b, &b_leading, s, &rcond, &found, memory.take<T>(length), &length,
                     memory.take<Integer>(integers), &info);
  rank = found;
  return checked(info);
}

#define CROTON_INSTANTIATE(T)                                                          \
  template int64_t cholesky(T*, int64_t, bool);                                        \
  template int64_t lu(T*, int64_t, Integer*);                                          \
  template void lu_solve(const T*, const Integer*, int64_t, T*, int64_t);              \
  template void lu_inverse(T*, const Integer*, int64_t, WorkMemory&);                  \
  template void triangular_solve(const T*, int64_t, int64_t, bool, bool, T*, int64_t); \
  template int64_t symmetric_eigen(T*, int64_t, bool, bool, T*, WorkMemory&);          \
  template int64_t eigen(T*, int64_t, T*, T*, T*, WorkMemory&);                        \
  template int64_t svd(T*, int64_t, int64_t, Singular, T*, T*, T*, WorkMemory&);       \
  template void qr(T*, int64_t, int64_t, T*, WorkMemory&);                             \
  template void qr_q(T*, int64_t, int64_t, int64_t, const T*, WorkMemory&);            \
  template int64_t least_squares(T*, int64_t, int64_t, T*, int64_t, T, T*, int64_t&, WorkMemory&);
CROTON_INSTANTIATE(float)
CROTON_INSTANTIATE(double)
#undef CROTON_INSTANTIATE

}  // namespace lapack
}  // namespace croton
