// Loops of the random generators, written with Highway, which compiles this file once per instruction set.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)  // what has no AVX2 gets plain code
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/random_lanes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "ops/random_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace croton::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::ScalableTag<uint32_t>;
using Word = hn::Vec<Words>;
constexpr Words words_tag;

// ------------------------------------------------------------------------------------------------ Mersenne Twister

constexpr int64_t word_count = 624, ahead = 227;  // a word is made with the one 397 behind it, cyclically

// The upper bit of one word and the lower ones of the next.
HWY_INLINE Word twisted(Word upper, Word lower) {
  const Words d;
  const Word y = hn::Or(hn::And(upper, hn::Set(d, 0x80000000u)), hn::And(lower, hn::Set(d, 0x7fffffffu)));
  const Word all_if_odd = hn::Sub(hn::Zero(d), hn::And(y, hn::Set(d, 1u)));
  return hn::Xor(hn::ShiftRight<1>(y), hn::And(all_if_odd, hn::Set(d, 0x9908b0dfu)));
}

uint32_t twisted_word(uint32_t upper, uint32_t lower) {
  const uint32_t y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
  return (y >> 1) ^ ((0u - (y & 1u)) & 0x9908b0dfu);
}

// Words [from, to) from themselves, the next ones, and those `offset` behind, which are old or were made before.
void renew_range(uint32_t* w, int64_t from, int64_t to, int64_t offset) {
  const Words d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t k = from;
  for (; k + lanes <= to; k += lanes) {
    const Word made = hn::Xor(hn::LoadU(d, w + k + offset), twisted(hn::LoadU(d, w + k), hn::LoadU(d, w + k + 1)));
    hn::StoreU(made, d, w + k);
  }
  for (; k < to; ++k) w[k] = w[k + offset] ^ twisted_word(w[k], w[k + 1]);
}

void renew(uint32_t* w) {
  renew_range(w, 0, ahead, word_count - ahead);
  renew_range(w, ahead, word_count - 1, -ahead);
  w[word_count - 1] = w[word_count - 1 - ahead] ^ twisted_word(w[word_count - 1], w[0]);
}

void temper(const uint32_t* w, uint32_t* out) {
  const Words d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t k = 0; k < word_count; k += lanes) {  // a multiple of all lane counts
    Word y = hn::LoadU(d, w + k);
    y = hn::Xor(y, hn::ShiftRight<11>(y));
    y = hn::Xor(y, hn::And(hn::ShiftLeft<7>(y), hn::Set(d, 0x9d2c5680u)));
    y = hn::Xor(y, hn::And(hn::ShiftLeft<15>(y), hn::Set(d, 0xefc60000u)));
    hn::StoreU(hn::Xor(y, hn::ShiftRight<18>(y)), d, out + k);
  }
}

// high * 2^26 + low is exact, and so is the product by 2^-53.
void to_uniforms(const uint32_t* words, double* out, int64_t count, double low, double range) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<int32_t, decltype(d)> di;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t k = 0;
  for (; k + lanes <= count; k += lanes) {
    hn::Vec<decltype(du)> first, second;
    hn::LoadInterleaved2(du, words + 2 * k, first, second);
    const auto high = hn::PromoteTo(d, hn::BitCast(di, hn::ShiftRight<5>(first)));
    const auto rest = hn::PromoteTo(d, hn::BitCast(di, hn::ShiftRight<6>(second)));
    const auto u = hn::Mul(hn::Add(hn::Mul(high, hn::Set(d, 67108864.0)), rest), hn::Set(d, 0x1p-53));
    hn::StoreU(hn::Add(hn::Set(d, low), hn::Mul(hn::Set(d, range), u)), d, out + k);
  }
  for (; k < count; ++k) {
    const double u = ((words[2 * k] >> 5) * 67108864.0 + (words[2 * k + 1] >> 6)) * 0x1p-53;
    out[k] = low + range * u;
  }
}

// ------------------------------------------------------------------------------------------------------- MRG31k3p

constexpr uint32_t modulus1 = 2147483647, modulus2 = 2147462579;

// One stream in each lane.
struct Streams {
  Word x11, x12, x13, x21, x22, x23;
};

// y modulo m for y < 2m: below zero wraps to what is large.
HWY_INLINE Word reduced(Word y, uint32_t m) { return hn::Min(y, hn::Sub(y, hn::Set(words_tag, m))); }

// 2^15 * x modulo 2^31 - 21069, up to one modulus too large.
HWY_INLINE Word shifted(Word x) {
  const Words d;
  return hn::Add(hn::ShiftLeft<15>(hn::And(x, hn::Set(d, 65535u))), hn::Mul(hn::ShiftRight<16>(x), hn::Set(d, 21069u)));
}

// x11' = 2^22 x12 + (2^7 + 1) x13 modulo 2^31 - 1, x21' = 2^15 x21 + (2^15 + 1) x23 modulo 2^31 - 21069; gives their
// difference, from 1 to 2^31 - 1.
HWY_INLINE Word advance(Streams& s) {
  const Words d;
  const Word twelve = hn::Add(hn::ShiftLeft<22>(hn::And(s.x12, hn::Set(d, 511u))), hn::ShiftRight<9>(s.x12));
  const Word thirteen = hn::Add(hn::ShiftLeft<7>(hn::And(s.x13, hn::Set(d, 16777215u))), hn::ShiftRight<24>(s.x13));
  const Word first = reduced(hn::Add(reduced(hn::Add(twelve, thirteen), modulus1), s.x13), modulus1);
  s.x13 = s.x12, s.x12 = s.x11, s.x11 = first;
  const Word rest = reduced(hn::Add(reduced(shifted(s.x23), modulus2), s.x23), modulus2);
  const Word second = reduced(hn::Add(rest, reduced(shifted(s.x21), modulus2)), modulus2);
  s.x23 = s.x22, s.x22 = s.x21, s.x21 = second;
  const auto above = hn::Gt(first, second);
  return hn::Add(hn::Sub(first, second), hn::IfThenZeroElse(above, hn::Set(d, modulus1)));
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE Streams load(const int32_t* state) {
  const auto word = [&](int k) { return hn::Set(words_tag, static_cast<uint32_t>(state[k])); };
  return {word(0), word(1), word(2), word(3), word(4), word(5)};
}

HWY_INLINE void store(const Streams& s, int32_t* state) {
  const Word words[6] = {s.x11, s.x12, s.x13, s.x21, s.x22, s.x23};
  for (int k = 0; k < 6; ++k) state[k] = static_cast<int32_t>(hn::GetLane(words[k]));
}
#else
using Pairs = hn::Repartition<uint64_t, Words>;
constexpr Pairs pairs_tag;
using Pair = hn::Vec<Pairs>;

// Words lie in pairs behind one another; the lanes of two vectors of pairs make two vectors of words.
HWY_INLINE Streams load(const int32_t* state) {
  const auto* const from = reinterpret_cast<const uint64_t*>(state);
  Pair a, b, c, a2, b2, c2;
  hn::LoadInterleaved3(pairs_tag, from, a, b, c);
  hn::LoadInterleaved3(pairs_tag, from + 3 * hn::Lanes(pairs_tag), a2, b2, c2);
  const auto even = [](Pair lower, Pair upper) HWY_ATTR {
    return hn::ConcatEven(words_tag, hn::BitCast(words_tag, upper), hn::BitCast(words_tag, lower));
  };
  const auto odd = [](Pair lower, Pair upper) HWY_ATTR {
    return hn::ConcatOdd(words_tag, hn::BitCast(words_tag, upper), hn::BitCast(words_tag, lower));
  };
  return {even(a, a2), odd(a, a2), even(b, b2), odd(b, b2), even(c, c2), odd(c, c2)};
}

HWY_INLINE void store(const Streams& s, int32_t* state) {
  const hn::Half<Words> half;
  auto* const to = reinterpret_cast<uint64_t*>(state);
  const auto lower = [&](Word even, Word odd) HWY_ATTR {
    return hn::Or(hn::PromoteTo(pairs_tag, hn::LowerHalf(half, even)),
                  hn::ShiftLeft<32>(hn::PromoteTo(pairs_tag, hn::LowerHalf(half, odd))));
  };
  const auto upper = [&](Word even, Word odd) HWY_ATTR {
    return hn::Or(hn::PromoteTo(pairs_tag, hn::UpperHalf(half, even)),
                  hn::ShiftLeft<32>(hn::PromoteTo(pairs_tag, hn::UpperHalf(half, odd))));
  };
  hn::StoreInterleaved3(lower(s.x11, s.x12), lower(s.x13, s.x21), lower(s.x22, s.x23), pairs_tag, to);
  hn::StoreInterleaved3(upper(s.x11, s.x12), upper(s.x13, s.x21), upper(s.x22, s.x23), pairs_tag,
                        to + 3 * hn::Lanes(pairs_tag));
}
#endif

HWY_INLINE void put(Word value, uint32_t* out) { hn::StoreU(value, words_tag, out); }

HWY_INLINE void put(Word value, float* out) {
  const hn::RebindToFloat<Words> d;
  const auto number = hn::ConvertTo(d, hn::BitCast(hn::RebindToSigned<Words>(), value));
  hn::StoreU(hn::Mul(number, hn::Set(d, 4.6566126e-10f)), d, out);
}

HWY_INLINE void put(Word value, double* out) {
#if HWY_TARGET == HWY_SCALAR
  *out = hn::GetLane(value) * 4.656612873077392578125e-10;
#else
  const hn::RepartitionToWide<hn::RebindToFloat<Words>> d;
  const hn::Half<hn::RebindToSigned<Words>> half;
  const auto numbers = hn::BitCast(hn::RebindToSigned<Words>(), value);
  const auto norm = hn::Set(d, 4.656612873077392578125e-10);
  hn::StoreU(hn::Mul(hn::PromoteTo(d, hn::LowerHalf(half, numbers)), norm), d, out);
  hn::StoreU(hn::Mul(hn::PromoteTo(d, hn::UpperHalf(half, numbers)), norm), d, out + hn::Lanes(d));
#endif
}

// As many streams as there are lanes, `last` of which go one step further.
template <class T>
HWY_INLINE void advance_group(const StreamPiece& p, int64_t last, const int32_t* before, int32_t* after, T* samples) {
  Streams s = load(before);
  for (int64_t step = 0; step < p.steps; ++step, samples += p.stride) put(advance(s), samples);
  if (last > 0) {
    const Streams old = s;
    HWY_ALIGN T row[hn::MaxLanes(words_tag)];
    put(advance(s), row);
    std::copy(row, row + last, samples);
    const auto further = hn::FirstN(words_tag, static_cast<size_t>(last));
    s = {hn::IfThenElse(further, s.x11, old.x11), hn::IfThenElse(further, s.x12, old.x12),
         hn::IfThenElse(further, s.x13, old.x13), hn::IfThenElse(further, s.x21, old.x21),
         hn::IfThenElse(further, s.x22, old.x22), hn::IfThenElse(further, s.x23, old.x23)};
  }
  store(s, after);
}

// Fewer streams than lanes: by way of memory of their own.
template <class T>
void advance_rest(const StreamPiece& p, int64_t streams, int64_t last, const int32_t* before, int32_t* after,
                  T* samples) {
  constexpr size_t lanes = hn::MaxLanes(words_tag);
  HWY_ALIGN int32_t state[6 * lanes] = {};
  HWY_ALIGN T row[lanes];
  std::copy(before, before + 6 * streams, state);
  const StreamPiece one{.before = state, .after = state, .streams = streams, .steps = 1, .last = 0, .stride = 0};
  for (int64_t step = 0; step < p.steps; ++step, samples += p.stride) {
    advance_group(one, 0, state, state, row);
    std::copy(row, row + streams, samples);
  }
  std::copy(state, state + 6 * streams, after);
  if (last == 0) return;
  advance_group(one, 0, state, state, row);
  std::copy(row, row + last, samples);
  std::copy(state, state + 6 * last, after);
}

template <class T>
HWY_INLINE void advance_piece(const StreamPiece& p, T* samples) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(words_tag));
  const int64_t moved = p.steps > 0 ? p.streams : p.last;
  std::copy(p.before + 6 * moved, p.before + 6 * p.streams, p.after + 6 * moved);
  for (int64_t first = 0; first < moved; first += lanes) {
    const int64_t streams = HWY_MIN(lanes, moved - first);
    const int64_t last = HWY_MIN(streams, HWY_MAX(int64_t{0}, p.last - first));
    if (streams == lanes) {
      advance_group(p, last, p.before + 6 * first, p.after + 6 * first, samples + first);
    } else {
      advance_rest(p, streams, last, p.before + 6 * first, p.after + 6 * first, samples + first);
    }
  }
}

void advance_floats(const StreamPiece& p, float* samples) { advance_piece(p, samples); }
void advance_doubles(const StreamPiece& p, double* samples) { advance_piece(p, samples); }
void advance_integers(const StreamPiece& p, uint32_t* samples) { advance_piece(p, samples); }

}  // namespace
}  // namespace croton::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace croton {

HWY_EXPORT(renew);
HWY_EXPORT(temper);
HWY_EXPORT(to_uniforms);
HWY_EXPORT(advance_floats);
HWY_EXPORT(advance_doubles);
HWY_EXPORT(advance_integers);

void renew_twister(uint32_t* words) { HWY_DYNAMIC_DISPATCH(renew)(words); }
void temper_twister(const uint32_t* words, uint32_t* out) { HWY_DYNAMIC_DISPATCH(temper)(words, out); }
void uniforms_of_words(const uint32_t* words, double* out, int64_t count, double low, double range) {
  HWY_DYNAMIC_DISPATCH(to_uniforms)(words, out, count, low, range);
}
void advance_streams(const StreamPiece& piece, float* samples) { HWY_DYNAMIC_DISPATCH(advance_floats)(piece, samples); }
void advance_streams(const StreamPiece& piece, double* samples) {
  HWY_DYNAMIC_DISPATCH(advance_doubles)(piece, samples);
}
void advance_streams(const StreamPiece& piece, uint32_t* samples) {
  HWY_DYNAMIC_DISPATCH(advance_integers)(piece, samples);
}

}  // namespace croton
#endif
