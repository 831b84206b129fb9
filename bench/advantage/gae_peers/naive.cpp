// The recurrence as it is written, row by row, with every test inside the loop.
#include "bench/advantage/gae_peers/formula.hpp"

namespace {

using namespace bench;

/// One row, from its last token to its first; `mask` may be null.
void row(const float* rewards, const float* values, const std::uint8_t* mask, std::int64_t length, float next_value,
         float* advantages) {
    float advantage = 0;
    for (std::int64_t t = length - 1; t >= 0; --t) {
        if (mask && !mask[t]) {
            advantages[t] = 0;
            continue;
        }
        const float td_error = rewards[t] + gae_gamma * next_value - values[t];
        advantage = td_error + gae_gamma * gae_lambda * advantage;
        advantages[t] = advantage;
        next_value = values[t];
    }
}

void padded_rows(token_arrays& a, bool masked, bool truncated) {
    for (std::int64_t b = 0; b < a.batch; ++b) {
        const auto i = static_cast<std::size_t>(b * a.time);
        row(&a.rewards[i], &a.values[i], masked ? &a.mask[i] : nullptr, a.time,
            truncated ? a.row_ends[static_cast<std::size_t>(b)] : 0.0f, &a.out[i]);
    }
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {gae_peer("gae", "naive", s, [](token_arrays& a) { padded_rows(a, false, false); }),
            gae_peer("gae_masked", "naive", s, [](token_arrays& a) { padded_rows(a, true, false); }),
            gae_peer("gae_truncated", "naive", s, [](token_arrays& a) { padded_rows(a, false, true); }),
            gae_peer("gae_packed", "naive", s, [](token_arrays& a) {
                for (std::size_t b = 0; b + 1 < a.offsets.size(); ++b) {
                    const auto i = static_cast<std::size_t>(a.offsets[b]);
                    row(&a.rewards[i], &a.values[i], nullptr, a.offsets[b + 1] - a.offsets[b], 0, &a.out[i]);
                }
            })};
}

const bool entered = enter("naive", peers);

}  // namespace
