// Loops of the random generators over vectors, for whatever instruction set the processor has; the same bits on each.
#pragma once

#include <cstdint>

namespace croton {

/// The next 624 words of the Mersenne Twister in the place of the last ones.
void renew_twister(uint32_t* words);
/// The words as they are given out.
void temper_twister(const uint32_t* words, uint32_t* out);
/// low + range * u for uniform numbers u of 53 bits, each from two words.
void uniforms_of_words(const uint32_t* words, double* out, int64_t count, double low, double range);

/// Streams of MRG31k3p that lie behind one another, and the samples that they give: `steps` from each, and one more
/// from the first `last` of them. Samples of one step lie behind one another, steps `stride` apart.
struct StreamPiece {
  const int32_t* before;  // six words per stream
  int32_t* after;
  int64_t streams, steps, last, stride;
};
/// Samples as floats in (0, 1), as integers from 1 to 2^31 - 1 for dtypes that no vectors hold.
void advance_streams(const StreamPiece& piece, float* samples);
void advance_streams(const StreamPiece& piece, double* samples);
void advance_streams(const StreamPiece& piece, uint32_t* samples);

}  // namespace croton
