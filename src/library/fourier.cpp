// Fourier transforms by Eigen's (KissFFT), line by line on every core; lengths with large prime factors by Bluestein's
// convolution, since KissFFT's time grows with the largest factor.
#include "library/fourier.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <span>
#include <unsupported/Eigen/FFT>
#include <vector>

#include "base/checked.h"
#include "base/thread_pool.h"

namespace croton {
namespace {

constexpr int64_t largest_factor = 32;
constexpr int64_t chunk_elements = 1 << 14;

bool has_large_factor(int64_t n) {
  for (int64_t p = 2; p <= largest_factor; ++p) {
    while (n % p == 0) n /= p;
  }
  return n > 1;
}

/// Transforms of one length. Not shared between threads: it has work memory.
template <class T>
class Transform {
 public:
  using Number = std::complex<T>;

  explicit Transform(int64_t n) : n_(n), whole_(static_cast<size_t>(n)), line_(whole_) {
    library_.SetFlag(library_.Unscaled);
    library_.SetFlag(library_.HalfSpectrum);
    if (has_large_factor(n)) prepare_convolution();
  }

  Number* line() { return line_.data(); }  // memory for one line

  // In place.
  void run(Number* x, bool inverse) {
    if (n_ <= 1) return;
    if (!chirp_.empty()) return convolve(x, inverse);
    std::copy_n(x, n_, whole_.data());
    inverse ? library_.inv(x, whole_.data(), length(n_)) : library_.fwd(x, whole_.data(), length(n_));
  }

  void from_real(const T* x, Number* half) {
    if (chirp_.empty() && n_ > 1) return library_.fwd(half, x, length(n_));
    std::copy_n(x, n_, whole_.data());
    if (!chirp_.empty()) convolve(whole_.data(), false);
    std::copy_n(whole_.data(), n_ / 2 + 1, half);
  }

  void to_real(const Number* half, T* x) {
    for (int64_t k = 0; k <= n_ / 2; ++k) whole_[static_cast<size_t>(k)] = half[k];
    for (int64_t k = n_ / 2 + 1; k < n_; ++k) whole_[static_cast<size_t>(k)] = std::conj(half[n_ - k]);
    whole_[0] = whole_[0].real();
    if (n_ % 2 == 0) whole_[static_cast<size_t>(n_ / 2)] = whole_[static_cast<size_t>(n_ / 2)].real();
    if (!chirp_.empty()) {
      convolve(whole_.data(), true);
      for (int64_t k = 0; k < n_; ++k) x[k] = whole_[static_cast<size_t>(k)].real();
    } else if (n_ == 1) {
      x[0] = whole_[0].real();
    } else {
      library_.inv(x, whole_.data(), length(n_));
    }
  }

 private:
  static int length(int64_t n) { return checked_narrow<int>(n); }

  // e^(-i pi k^2 / n): the angle's multiple of 2 pi is taken off in integers.
  void prepare_convolution() {
    int64_t m = 1;
    while (m < 2 * n_ - 1) m *= 2;
    chirp_.resize(static_cast<size_t>(n_));
    for (int64_t k = 0; k < n_; ++k) {
      const auto square = static_cast<int64_t>(static_cast<unsigned __int128>(k) * static_cast<uint64_t>(k) %
                                               static_cast<uint64_t>(2 * n_));
      const double angle = std::numbers::pi * static_cast<double>(square) / static_cast<double>(n_);
      chirp_[static_cast<size_t>(k)] = std::complex<double>(std::cos(angle), -std::sin(angle));
    }
    std::vector<std::complex<double>> filter(static_cast<size_t>(m));
    for (int64_t k = 0; k < n_; ++k) {
      filter[static_cast<size_t>(k)] = std::conj(chirp_[static_cast<size_t>(k)]);
      if (k > 0) filter[static_cast<size_t>(m - k)] = std::conj(chirp_[static_cast<size_t>(k)]);
    }
    spectrum_.resize(filter.size()), product_.resize(filter.size()), spread_.resize(filter.size());
    wide_.SetFlag(wide_.Unscaled);
    wide_.fwd(spectrum_.data(), filter.data(), length(m));
    for (auto& value : spectrum_) value /= static_cast<double>(m);
  }

  // In double, so that float loses nothing by the detour. The inverse is the conjugate of the transform of conjugates.
  void convolve(Number* x, bool inverse) {
    std::fill(spread_.begin(), spread_.end(), std::complex<double>{});
    for (int64_t k = 0; k < n_; ++k) {
      const std::complex<double> value(x[k].real(), inverse ? -x[k].imag() : x[k].imag());
      spread_[static_cast<size_t>(k)] = value * chirp_[static_cast<size_t>(k)];
    }
    wide_.fwd(product_.data(), spread_.data(), length(static_cast<int64_t>(spread_.size())));
    for (size_t k = 0; k < product_.size(); ++k) product_[k] *= spectrum_[k];
    wide_.inv(spread_.data(), product_.data(), length(static_cast<int64_t>(spread_.size())));
    for (int64_t k = 0; k < n_; ++k) {
      const std::complex<double> value = spread_[static_cast<size_t>(k)] * chirp_[static_cast<size_t>(k)];
      x[k] = Number(static_cast<T>(value.real()), static_cast<T>(inverse ? -value.imag() : value.imag()));
    }
  }

  int64_t n_;
  Eigen::FFT<T> library_;
  Eigen::FFT<double> wide_;
  std::vector<Number> whole_, line_;
  std::vector<std::complex<double>> chirp_, spectrum_, product_, spread_;
};

template <class T, class F>
void for_each_line(int64_t count, int64_t length, F&& f) {
  const int64_t grain = std::max<int64_t>(1, chunk_elements / std::max<int64_t>(1, length));
  default_pool().for_each_chunk(count, grain, [&](int64_t begin, int64_t end) {
    Transform<T> transform(length);
    for (int64_t line = begin; line < end; ++line) f(transform, line);
  });
}

// Lines along an axis that is not the last: `inner` of them lie side by side.
template <class T>
void transform_axis(std::complex<T>* x, int64_t outer, int64_t length, int64_t inner, bool inverse) {
  if (length <= 1) return;
  for_each_line<T>(outer * inner, length, [&](Transform<T>& transform, int64_t k) {
    std::complex<T>* const first = x + k / inner * length * inner + k % inner;
    std::complex<T>* const line = transform.line();
    for (int64_t j = 0; j < length; ++j) line[j] = first[j * inner];
    transform.run(line, inverse);
    for (int64_t j = 0; j < length; ++j) first[j * inner] = line[j];
  });
}

// All transformed axes but the last of an array of complex numbers of this shape.
template <class T>
void transform_other_axes(std::complex<T>* x, std::span<const int64_t> shape, int axes, bool inverse) {
  for (size_t axis = shape.size() - static_cast<size_t>(axes); axis + 1 < shape.size(); ++axis) {
    transform_axis(x, checked_product(shape.first(axis)), shape[axis], checked_product(shape.subspan(axis + 1)),
                   inverse);
  }
}

template <class T>
void run_from_real(const Array& x, const Array& result, int axes) {
  const int64_t n = x.shape.back();
  auto* const numbers = reinterpret_cast<std::complex<T>*>(result.data);
  if (x.size() == 0) {
    std::fill_n(numbers, result.size() / 2, std::complex<T>{});
    return;
  }
  for_each_line<T>(x.size() / n, n, [&](Transform<T>& transform, int64_t line) {
    transform.from_real(x.as<T>() + line * n, numbers + line * (n / 2 + 1));
  });
  transform_other_axes(numbers, std::span(result.shape).first(result.shape.size() - 1), axes, false);
}

template <class T>
void run_to_real(const Array& x, const Array& result, int axes) {
  if (result.size() == 0) return;
  const int64_t n = result.shape.back();
  auto* const numbers = reinterpret_cast<std::complex<T>*>(x.data);
  transform_other_axes(numbers, std::span(x.shape).first(x.shape.size() - 1), axes, true);
  for_each_line<T>(result.size() / n, n, [&](Transform<T>& transform, int64_t line) {
    transform.to_real(numbers + line * (n / 2 + 1), result.as<T>() + line * n);
  });
}

}  // namespace

void transform_real(const Array& x, const Array& result, int axes) {
  (x.dtype == DType::f32 ? run_from_real<float> : run_from_real<double>)(x, result, axes);
}

void transform_to_real(const Array& x, const Array& result, int axes) {
  (x.dtype == DType::f32 ? run_to_real<float> : run_to_real<double>)(x, result, axes);
}

}  // namespace croton
