// The streams of MRG31k3p (L'Ecuyer and Touzin), as Theano's MRG_RandomStreams has them: six words each.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace croton {

using StreamState = std::array<int32_t, 6>;

/// The state 2^134 steps further: where the next family of streams starts.
StreamState next_family(const StreamState& state);
/// The states of `count` streams, 2^72 steps apart; the first one is `state`.
std::vector<int32_t> stream_states(const StreamState& state, int64_t count);

}  // namespace croton
