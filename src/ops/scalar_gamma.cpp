// Derivatives of the gamma function's logarithm: recurrence up to ten, then the asymptotic series; reflection below
// zero.
#include "ops/scalar_gamma.h"

#include <cmath>
#include <iterator>
#include <vector>

#include "ops/scalar_math.h"
#include "ops/scalar_math_parts.h"

namespace croton::scalar_math {

using loop::fma;
using loop::like;
using loop::select;

namespace {

constexpr double pi = 0x1.921fb54442d18p+1;
constexpr int steps = 10;

// The same formulas serve loop values and doubles.
double constant_like(double, double number) { return number; }
Value constant_like(Value x, double number) { return like(x, number); }
double choose(bool condition, double a, double b) { return condition ? a : b; }
Value choose(Value condition, Value a, Value b) { return select(condition, a, b); }
double logarithm(double x) { return std::log(x); }
Value logarithm(Value x) { return log(x); }
double nearest(double x) { return std::nearbyint(x); }
Value nearest(Value x) { return loop::rint(x); }
double tangent(double x) { return std::tan(x); }
Value tangent(Value x) { return tan(x); }

template <class T>
T series(T x, const std::vector<double>& coefficients) {
  T sum = constant_like(x, 0);
  for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c) sum = sum * x + constant_like(x, *c);
  return sum;
}

// Sum of 1/(x + k) for k < steps as one fraction.
template <class T>
T reciprocals(T x) {
  T numerator = constant_like(x, 1), denominator = x;
  for (int k = 1; k < steps; ++k) {
    const T next = x + static_cast<double>(k);
    numerator = numerator * next + denominator;
    denominator = denominator * next;
  }
  return numerator / denominator;
}

template <class T>
T power(T x, int n) {
  return n == 1 ? x : power(x, n - 1) * x;
}

double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

// Coefficients of the polynomial p with p(cot(x)) = the n-th derivative of cot(x): each is -(1 + c^2) times the last
// one's.
std::vector<double> cotangent_derivative(int n) {
  std::vector<double> p = {0, 1};
  for (; n > 0; --n) {
    std::vector<double> next(p.size() + 1);
    for (size_t k = 1; k < p.size(); ++k) {
      next[k - 1] -= static_cast<double>(k) * p[k];
      next[k + 1] -= static_cast<double>(k) * p[k];
    }
    p = std::move(next);
  }
  return p;
}

template <class T>
T psi_of(T x) {
  const auto below = x < 0.5;
  const T positive = choose(below, 1.0 - x, x);
  const auto small = positive < static_cast<double>(steps);
  const T y = choose(small, positive + static_cast<double>(steps), positive), inverse = 1.0 / y,
          square = inverse * inverse;
  const T tail = series(square, {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12});
  const T far = logarithm(y) - inverse * 0.5 - square * tail;
  const T value = choose(small, far - reciprocals(choose(small, positive, constant_like(x, 1))), far);
  const T fraction = x - nearest(x);
  const T reflected = value - pi / tangent(fraction * pi);
  const auto pole = (fraction == 0.0) & (x < 0.0);
  return choose(below, choose(pole, constant_like(x, std::nan("")), reflected), value);
}

// For positive x, without the sign (-1)^(n + 1): n! times the sum of 1/(x + k)^(n + 1), the far ones by the series.
template <class T>
T polygamma_of_positive(int n, T x) {
  const int count = steps + 2 * n;
  T sum = constant_like(x, 0);
  for (int k = 0; k < count; ++k) sum = sum + 1.0 / power(x + static_cast<double>(k), n + 1);
  const T inverse = 1.0 / (x + static_cast<double>(count));
  constexpr double bernoulli[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6};
  std::vector<double> c = {factorial(n - 1), factorial(n) / 2};
  for (int k = 1; k <= 7; ++k) {
    c.push_back(bernoulli[k - 1] * factorial(2 * k + n - 1) / factorial(2 * k));
    c.push_back(0);
  }
  return sum * factorial(n) + power(inverse, n) * series(inverse, c);
}

template <class T>
T polygamma_of(int n, T x) {
  const auto below =
      x < 0.0;  // near zero on the other side the sum has the pole, and reflection would subtract infinities
  const T value = polygamma_of_positive(n, choose(below, 1.0 - x, x)) * (n % 2 == 0 ? -1.0 : 1.0);
  const T cotangent = 1.0 / tangent((x - nearest(x)) * pi);
  const T reflected =
      value * (n % 2 == 0 ? 1.0 : -1.0) - series(cotangent, cotangent_derivative(n)) * std::pow(pi, n + 1);
  return choose(below, reflected, value);
}

}  // namespace

double psi(double x) { return psi_of(x); }
double polygamma(int order, double x) { return polygamma_of(order, x); }
Value psi(Value x) { return loop::cast(psi_of(loop::cast(x, DType::f64)), x.dtype()); }
Value polygamma(int order, Value x) { return loop::cast(polygamma_of(order, loop::cast(x, DType::f64)), x.dtype()); }

Value gammaln(Value x) {
  return in_single_or_double([](Value v) { return v.builder->call("lgamma", v); }, x);
}
Value erfc(Value x) {
  return in_single_or_double([](Value v) { return v.builder->call("erfc", v); }, x);
}

}  // namespace croton::scalar_math
