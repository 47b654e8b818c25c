// The exponential of a matrix by scaling and squaring (N. J. Higham, SIAM J. Matrix Anal. Appl. 26, 2005): a Pade
// approximant p(a) / p(-a) of the order that the norm asks for, of a matrix that is halved until the highest one does.
#include <cblas.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "library/lapack.h"

namespace croton::lapack {
namespace {

struct Approximant {
  double largest_norm;                  // for which the error is below the rounding of the type
  std::array<double, 14> coefficients;  // of p, from the constant on
  int order;
};

constexpr Approximant of_double[] = {
    {1.495585217958292e-2, {120, 60, 12, 1}, 3},
    {2.539398330063230e-1, {30240, 15120, 3360, 420, 30, 1}, 5},
    {9.504178996162932e-1, {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1}, 7},
    {2.097847961257068, {17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1}, 9},
    {5.371920351148152,
     {64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
      670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1},
     13}};
constexpr Approximant of_float[] = {{4.258730016922831e-1, {120, 60, 12, 1}, 3},
                                    {1.880152677804762, {30240, 15120, 3360, 420, 30, 1}, 5},
                                    {3.925724783138660, {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1}, 7}};

template <class T>
std::span<const Approximant> approximants() {
  if constexpr (std::is_same_v<T, float>)
    return of_float;
  else
    return of_double;
}

// The largest sum of a column's magnitudes; NaN when one is.
template <class T>
double norm_of(const T* a, int64_t n) {
  double largest = 0;
  for (int64_t j = 0; j < n; ++j) {
    double total = 0;
    for (int64_t i = 0; i < n; ++i) total += std::fabs(static_cast<double>(a[j * n + i]));
    if (!(total <= largest)) largest = total;
  }
  return largest;
}

// sum over k of c[2k + first] * squares[k], where squares[0] is one
template <class T>
void combine(std::span<const T* const> squares, const Approximant& p, int first, int last, T* sum, int64_t n) {
  std::fill(sum, sum + n * n, T{0});
  for (int k = first; k <= last; k += 2) {
    const T c = static_cast<T>(p.coefficients[static_cast<size_t>(k)]);
    const auto power = static_cast<size_t>(k / 2);
    if (power == 0) {
      for (int64_t i = 0; i < n; ++i) sum[i * n + i] += c;
    } else {
      for (int64_t i = 0; i < n * n; ++i) sum[i] += c * squares[power][i];
    }
  }
}

// Terms from a^8 on of order 13 are a^6 times terms up to a^6, so only three powers are made.
template <class T>
void add_high_terms(std::span<const T* const> squares, const Approximant& p, int first, T* sum, T* high, T* product,
                    int64_t n) {
  std::fill(high, high + n * n, T{0});
  for (int k = first; k <= p.order; k += 2) {
    const T c = static_cast<T>(p.coefficients[static_cast<size_t>(k)]);
    const T* const power = squares[static_cast<size_t>(k / 2 - 3)];
    for (int64_t i = 0; i < n * n; ++i) high[i] += c * power[i];
  }
  multiply(squares[3], high, product, n);
  for (int64_t i = 0; i < n * n; ++i) sum[i] += product[i];
}

template <class T>
void approximate(T* a, int64_t n, const Approximant& p, WorkMemory& memory) {
  const int64_t size = n * n;
  std::array<const T*, 5> squares{};
  const int powers = std::min(p.order / 2, p.order == 13 ? 3 : 4);
  for (int k = 1; k <= powers; ++k) {
    T* const power = memory.take<T>(size);
    k == 1 ? multiply(a, a, power, n) : multiply(squares[static_cast<size_t>(k - 1)], squares[1], power, n);
    squares[static_cast<size_t>(k)] = power;
  }
  T *odd = memory.take<T>(size), *even = memory.take<T>(size), *u = memory.take<T>(size), *spare = memory.take<T>(size);
  const bool high = p.order == 13;
  combine<T>(squares, p, 1, high ? 7 : p.order, odd, n);
  combine<T>(squares, p, 0, high ? 6 : p.order - 1, even, n);
  if (high) {
    add_high_terms<T>(squares, p, 9, odd, u, spare, n);
    add_high_terms<T>(squares, p, 8, even, u, spare, n);
  }
  multiply(a, odd, u, n);
  for (int64_t i = 0; i < size; ++i) {
    spare[i] = even[i] - u[i];
    a[i] = even[i] + u[i];
  }
  Integer* const pivots = memory.take<Integer>(n);
  lu(spare, n, pivots);
  lu_solve(spare, pivots, n, a, n);
}

}  // namespace

template <class T>
void multiply(const T* a, const T* b, T* c, int64_t n) {
  const Integer size = integer(n);
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, a, size, b, size, 0, c, size);
  } else {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, a, size, b, size, 0, c, size);
  }
}

template <class T>
void exponential(T* a, int64_t n, WorkMemory& memory) {
  if (n == 0) return;
  const double norm = norm_of(a, n);
  if (!std::isfinite(norm)) {
    std::fill(a, a + n * n, std::numeric_limits<T>::quiet_NaN());
    return;
  }
  const auto all = approximants<T>();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Approximant& p) { return norm <= p.largest_norm; });
  if (found != all.end()) return approximate(a, n, *found, memory);
  const int halvings = std::max(0, static_cast<int>(std::ceil(std::log2(norm / all.back().largest_norm))));
  for (int64_t i = 0; i < n * n; ++i) a[i] = std::ldexp(a[i], -halvings);
  approximate(a, n, all.back(), memory);
  T* const square = memory.take<T>(n * n);
  for (int k = 0; k < halvings; ++k) {
    multiply(a, a, square, n);
    std::copy(square, square + n * n, a);
  }
}

template void multiply(const float*, const float*, float*, int64_t);
template void multiply(const double*, const double*, double*, int64_t);
template void exponential(float*, int64_t, WorkMemory&);
template void exponential(double*, int64_t, WorkMemory&);

}  // namespace croton::lapack
