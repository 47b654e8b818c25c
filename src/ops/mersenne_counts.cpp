// Binomial, Poisson and multinomial numbers from the Mersenne Twister. Every constant and every order of operations is
// NumPy's: other ones would give other bits.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "ops/mersenne.h"

namespace croton {
namespace {

int64_t whole(double x) { return static_cast<int64_t>(std::floor(x)); }

// Terms of Stirling's series.
double stirling(double x) {
  const double square = x * x;
  return (13680. - (462. - (132. - (99. - 140. / square) / square) / square) / square) / x / 166320.;
}

// BTPE (Kachitvichyanukul and Schmeiser): a triangle, two parallelograms and two tails above the density.
struct Hull {
  double r, q, mode, triangle, middle, left, right, height, left_slope, right_slope, to_sides, to_left, to_right;
  int64_t m;

  Hull(int64_t count, double p) {
    const auto n = static_cast<double>(count);
    r = std::min(p, 1.0 - p);
    q = 1.0 - r;
    mode = n * r + r;
    m = whole(mode);
    triangle = std::floor(2.195 * std::sqrt(n * r * q) - 4.6 * q) + 0.5;
    middle = static_cast<double>(m) + 0.5;
    left = middle - triangle;
    right = middle + triangle;
    height = 0.134 + 20.5 / (15.3 + static_cast<double>(m));
    double a = (mode - left) / (mode - left * r);
    left_slope = a * (1.0 + a / 2.0);
    a = (right - mode) / (right * q);
    right_slope = a * (1.0 + a / 2.0);
    to_sides = triangle * (1.0 + 2.0 * height);
    to_left = to_sides + height / left_slope;
    to_right = to_left + height / right_slope;
  }
};

// Whether y is taken: v below the density at y relative to that at the mode.
bool accepted(const Hull& h, int64_t count, int64_t y, double v) {
  const auto n = static_cast<double>(count), m = static_cast<double>(h.m), at = static_cast<double>(y);
  const double spread = n * h.r * h.q;
  const int64_t away = std::llabs(y - h.m);
  const auto k = static_cast<double>(away);
  if (away <= 20 || k >= spread / 2.0 - 1) {
    const double s = h.r / h.q, a = s * (n + 1);
    double f = 1.0;
    for (int64_t i = h.m + 1; i <= y; ++i) f *= a / static_cast<double>(i) - s;
    for (int64_t i = y + 1; i <= h.m; ++i) f /= a / static_cast<double>(i) - s;
    return v <= f;
  }
  const double squeeze = (k / spread) * ((k * (k / 3.0 + 0.625) + 0.16666666666666666) / spread + 0.5);
  const double t = static_cast<double>(-away * away) / (2 * spread), level = std::log(v);
  if (level < t - squeeze) return true;
  if (level > t + squeeze) return false;
  const double x1 = at + 1, f1 = m + 1, z = n + 1 - m, w = n - at + 1;
  return level <= h.middle * std::log(f1 / x1) + (n - m + 0.5) * std::log(z / w) +
                      (at - m) * std::log(w * h.r / (x1 * h.q)) + stirling(f1) + stirling(z) + stirling(x1) +
                      stirling(w);
}

double log_gamma(double x) {
  constexpr double series[10] = {8.333333333333333e-02,  -2.777777777777778e-03, 7.936507936507937e-04,
                                 -5.952380952380952e-04, 8.417508417508418e-04,  -1.917526917526918e-03,
                                 6.410256410256410e-03,  -2.955065359477124e-02, 1.796443723688307e-01,
                                 -1.39243221690590e+00};
  if (x == 1.0 || x == 2.0) return 0.0;
  const int64_t below = x < 7.0 ? static_cast<int64_t>(7 - x) : 0;
  double at = x + static_cast<double>(below);
  const double square = (1.0 / at) * (1.0 / at);
  double sum = series[9];
  for (int k = 8; k >= 0; --k) {
    sum *= square;
    sum += series[k];
  }
  double result = sum / at + 0.5 * 1.8378770664093453e+00 + (at - 0.5) * std::log(at) - at;
  for (int64_t k = 0; k < below; ++k) {
    result -= std::log(at - 1.0);
    at -= 1.0;
  }
  return result;
}

}  // namespace

// Counts up while the probabilities of the counts fit into the uniform number.
int64_t Mersenne::binomial_by_inversion(int64_t n, double p) {
  const double q = 1.0 - p, count = static_cast<double>(n), first = std::exp(count * std::log(q)), mean = count * p;
  const auto most = static_cast<int64_t>(std::min(count, mean + 10.0 * std::sqrt(mean * q + 1)));
  while (true) {
    double rest = uniform(), probability = first;
    int64_t x = 0;
    while (rest > probability && ++x <= most) {
      rest -= probability;
      probability = (static_cast<double>(n - x + 1) * p * probability) / (static_cast<double>(x) * q);
    }
    if (x <= most) return x;
  }
}

int64_t Mersenne::binomial_by_rejection(int64_t n, double p) {
  const Hull h(n, p);
  int64_t y = 0;
  while (true) {
    const double u = uniform() * h.to_right;
    double v = uniform();
    if (u <= h.triangle) {
      y = whole(h.middle - h.triangle * v + u);
      break;
    }
    if (u <= h.to_sides) {
      const double x = h.left + (u - h.triangle) / h.height;
      v = v * h.height + 1.0 - std::fabs(static_cast<double>(h.m) - x + 0.5) / h.triangle;
      if (v > 1.0) continue;
      y = whole(x);
    } else if (u <= h.to_left) {
      if (v == 0.0) continue;
      y = whole(h.left + std::log(v) / h.left_slope);
      if (y < 0) continue;
      v = v * (u - h.to_sides) * h.left_slope;
    } else {
      if (v == 0.0) continue;
      y = whole(h.right - std::log(v) / h.right_slope);
      if (y > n) continue;
      v = v * (u - h.to_left) * h.right_slope;
    }
    if (accepted(h, n, y, v)) break;
  }
  return p > 0.5 ? n - y : y;
}

int64_t Mersenne::binomial(int64_t n, double p) {
  const bool is_rare = p <= 0.5;
  const double rare = is_rare ? p : 1.0 - p;
  const int64_t count =
      rare * static_cast<double>(n) <= 30.0 ? binomial_by_inversion(n, rare) : binomial_by_rejection(n, rare);
  return is_rare ? count : n - count;
}

int64_t Mersenne::poisson_by_products(double rate) {
  const double bound = std::exp(-rate);
  int64_t count = 0;
  for (double product = uniform(); product > bound; product *= uniform()) ++count;
  return count;
}

// The transformed rejection of Hoermann.
int64_t Mersenne::poisson_by_rejection(double rate) {
  const double b = 0.931 + 2.53 * std::sqrt(rate), a = -0.059 + 0.02483 * b;
  const double log_rate = std::log(rate), inverse = 1.1239 + 1.1328 / (b - 3.4), bound = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const double u = uniform() - 0.5, v = uniform(), s = 0.5 - std::fabs(u);
    const int64_t k = whole((2 * a / s + b) * u + rate + 0.43);
    if (s >= 0.07 && v <= bound) return k;
    if (k < 0 || (s < 0.013 && v > s)) continue;
    const auto count = static_cast<double>(k);
    if (std::log(v) + std::log(inverse) - std::log(a / (s * s) + b) <= -rate + count * log_rate - log_gamma(count + 1))
      return k;
  }
}

int64_t Mersenne::poisson(double rate) {
  if (rate >= 10) return poisson_by_rejection(rate);
  return rate == 0 ? 0 : poisson_by_products(rate);
}

// Each outcome's count is binomial among what is left.
void Mersenne::multinomial(int64_t n, const double* p, int64_t count, int64_t* out) {
  std::fill(out, out + count, 0);
  double rest = 1.0;
  for (int64_t k = 0; k < count - 1; ++k) {
    out[k] = binomial(n, p[k] / rest);
    n -= out[k];
    if (n <= 0) break;
    rest -= p[k];
  }
  if (n > 0) out[count - 1] = n;
}

}  // namespace croton
