// The random numbers of NumPy's RandomState, bit for bit: the Mersenne Twister and its distributions as of NumPy 1.16,
// which NumPy has promised not to change.
#pragma once

#include <array>
#include <cstdint>

namespace croton {

/// A random state as an array: the twister's words, the place of the next one, and a normal that waits (whether, bits).
constexpr int twister_words = 624;
constexpr int state_words = twister_words + 4;

/// Draws from a state, which it changes. Every function takes the same words from the twister as NumPy's.
class Mersenne {
 public:
  explicit Mersenne(uint32_t* words);

  uint32_t next32() {
    if (words_[place] == twister_words) renew();
    return tempered_[words_[place]++];
  }
  uint64_t next64() {
    const uint64_t high = next32();
    return high << 32 | next32();
  }
  /// In [0, 1), of 53 bits.
  double uniform() {
    const uint32_t high = next32() >> 5, low = next32() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }
  void uniforms(double* out, int64_t count, double low, double range);  // low + range * uniform()
  double normal();                                                      // of mean 0 and deviation 1; they come in pairs
  void normals(double* out, int64_t count);
  int64_t binomial(int64_t n, double p);
  int64_t poisson(double rate);
  uint64_t up_to(uint64_t most);  // in [0, most]
  void shuffle(int64_t* values, int64_t count);
  void multinomial(int64_t n, const double* p, int64_t count, int64_t* out);

 private:
  static constexpr int place = twister_words, has_normal = place + 1, normal_bits = place + 2;

  void renew();
  void temper();
  double normal_pair(double& second);
  double waiting_normal();
  void keep_normal(double value);
  int64_t binomial_by_inversion(int64_t n, double p);
  int64_t binomial_by_rejection(int64_t n, double p);
  int64_t poisson_by_products(double rate);
  int64_t poisson_by_rejection(double rate);

  uint32_t* words_;
  std::array<uint32_t, twister_words> tempered_;
};

}  // namespace croton
