// The per-token numbers that a policy learns from, as they were before the first update.
#pragma once

#include <reft/advantage/gae.hpp>
#include <reft/core/rows.hpp>
#include <reft/policy/token_batch.hpp>
#include <reft/reward/shaped_rewards.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace reft::inline REFT_ABI {

/// Per-token numbers of a rollout, [response tokens] each, as they were before the first update.
template <class T>
struct experience {
    std::vector<T> log_probs = {};      ///< of the policy that sampled
    std::vector<T> entropies = {};      ///< of the same
    std::vector<T> values = {};         ///< before each token; empty without a value head or critic
    std::vector<T> ref_log_probs = {};  ///< of the reference
    std::vector<T> kl = {};             ///< to the reference, as the reward counts it
    std::vector<T> rewards = {};        ///< −β·KL, and the score on the last token
    std::vector<T> advantages = {};     ///< as the loss sees them: whitened if wanted
    std::vector<T> returns = {};        ///< what the values are to become
};

/// The rows `chosen` of a per-token array about `batch`, one after the other. Empty arrays stay empty.
template <class T>
std::vector<T> gathered_rows(const std::vector<T>& x, const token_batch& batch, std::span<const std::int64_t> chosen) {
    std::vector<T> result;
    if (x.empty()) return result;
    const auto offsets = batch.response_offsets();
    for (const std::int64_t b : chosen) {
        const auto first = x.begin() + static_cast<std::ptrdiff_t>(offsets[static_cast<std::size_t>(b)]);
        const auto last = x.begin() + static_cast<std::ptrdiff_t>(offsets[static_cast<std::size_t>(b) + 1]);
        result.insert(result.end(), first, last);
    }
    return result;
}

/// The rows `chosen` of everything that the losses read of an experience about `batch`.
template <class T>
experience<T> rows_of_experience(const experience<T>& e, const token_batch& batch,
                                 std::span<const std::int64_t> chosen) {
    experience<T> part;
    part.log_probs = gathered_rows(e.log_probs, batch, chosen);
    part.values = gathered_rows(e.values, batch, chosen);
    part.advantages = gathered_rows(e.advantages, batch, chosen);
    part.returns = gathered_rows(e.returns, batch, chosen);
    return part;
}

/// Rewards, advantages and returns from what is already in `e`: log-probs, values, KL. Without values the advantage is
/// the reward to go.
template <class T>
void shape_and_estimate(experience<T>& e, const std::vector<T>& scores, const rows& r, double kl_coef,
                        const gae_options& options) {
    e.rewards.resize(e.kl.size());
    e.advantages.resize(e.kl.size());
    e.returns.resize(e.kl.size());
    shaped_rewards(scores, e.kl, r, e.rewards, {.kl_coef = kl_coef});
    if (e.values.empty()) {
        const std::vector<T> zero(e.kl.size(), T(0));
        gae(e.rewards, zero, r, e.advantages, {options.gamma, 1.0});
        e.returns = e.advantages;
    } else {
        gae(e.rewards, e.values, r, e.advantages, options);
        returns(e.advantages, e.values, r, e.returns);
    }
}

}  // namespace reft::inline REFT_ABI
