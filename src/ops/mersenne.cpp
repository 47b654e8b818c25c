// The Mersenne Twister, and uniform and normal numbers, bounded integers and orders from it.
#include "ops/mersenne.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "ops/random_lanes.h"

namespace croton {

Mersenne::Mersenne(uint32_t* words) : words_(words) { temper(); }

void Mersenne::renew() {
  renew_twister(words_);
  temper();
  words_[place] = 0;
}

void Mersenne::temper() { temper_twister(words_, tempered_.data()); }

void Mersenne::uniforms(double* out, int64_t count, double low, double range) {
  while (count > 0) {
    const int64_t left = (twister_words - static_cast<int64_t>(words_[place])) / 2;
    if (left == 0) {  // no word, or one that makes a pair with the first new one
      *out++ = low + range * uniform();
      --count;
      continue;
    }
    const int64_t now = std::min(left, count);
    uniforms_of_words(tempered_.data() + words_[place], out, now, low, range);
    words_[place] += static_cast<uint32_t>(2 * now);
    out += now;
    count -= now;
  }
}

// The polar method: a point in the unit circle, without its middle, gives two.
double Mersenne::normal_pair(double& second) {
  double x = 0, y = 0, square = 0;
  do {
    x = 2.0 * uniform() - 1.0;
    y = 2.0 * uniform() - 1.0;
    square = x * x + y * y;
  } while (square >= 1.0 || square == 0.0);
  const double scale = std::sqrt(-2.0 * std::log(square) / square);
  second = scale * x;
  return scale * y;
}

double Mersenne::waiting_normal() {
  double value = 0;
  std::memcpy(&value, words_ + normal_bits, sizeof value);
  words_[has_normal] = words_[normal_bits] = words_[normal_bits + 1] = 0;
  return value;
}

void Mersenne::keep_normal(double value) {
  words_[has_normal] = 1;
  std::memcpy(words_ + normal_bits, &value, sizeof value);
}

double Mersenne::normal() {
  if (words_[has_normal] != 0) return waiting_normal();
  double second = 0;
  const double first = normal_pair(second);
  keep_normal(second);
  return first;
}

void Mersenne::normals(double* out, int64_t count) {
  if (count > 0 && words_[has_normal] != 0) {
    *out++ = waiting_normal();
    --count;
  }
  for (; count >= 2; count -= 2, out += 2) out[0] = normal_pair(out[1]);
  if (count > 0) *out = normal();
}

uint64_t Mersenne::up_to(uint64_t most) {
  if (most == 0) return 0;
  uint64_t mask = most;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  const bool narrow = most <= 0xffffffffu;
  while (true) {
    const uint64_t value = (narrow ? next32() : next64()) & mask;
    if (value <= most) return value;
  }
}

void Mersenne::shuffle(int64_t* values, int64_t count) {
  for (int64_t k = count - 1; k > 0; --k) std::swap(values[k], values[up_to(static_cast<uint64_t>(k))]);
}

}  // namespace croton
