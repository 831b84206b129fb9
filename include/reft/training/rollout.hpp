// Sampled responses with their rewards, and the per-token numbers that are learnt from.
#pragma once

#include <reft/policy/trajectory.hpp>
#include <reft/reward/answer_reward.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace reft::inline REFT_ABI {

/// Responses and their rewards, row by row.
struct rollout {
    std::vector<trajectory> trajectories = {};
    std::vector<std::optional<reward>> rewards = {};  ///< empty where there is no verdict

    /// Positions of row i, prompt and response.
    std::int64_t length(std::size_t i) const {
        return static_cast<std::int64_t>(trajectories[i].prompt.size() + trajectories[i].response.size());
    }
    std::vector<std::int64_t> lengths() const {
        std::vector<std::int64_t> result;
        for (std::size_t i = 0; i < trajectories.size(); ++i) result.push_back(length(i));
        return result;
    }
    std::int64_t positions() const {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < trajectories.size(); ++i) sum += length(i);
        return sum;
    }

    token_batch batch() const { return batch_of(trajectories); }
    /// The rows [begin, end).
    token_batch batch(std::size_t begin, std::size_t end) const {
        return batch_of(std::span(trajectories).subspan(begin, end - begin));
    }
    /// The given rows, in the given order.
    token_batch batch(std::span<const std::int64_t> rows_wanted) const {
        token_batch result;
        for (const std::int64_t i : rows_wanted) {
            const trajectory& t = trajectories[static_cast<std::size_t>(i)];
            result.temperature = t.temperature;
            result.add(t.prompt, t.response);
        }
        return result;
    }

    /// The rewards of rows that all have a verdict.
    template <class T>
    std::vector<T> scores() const {
        std::vector<T> result;
        for (const auto& r : rewards) result.push_back(static_cast<T>(r.value().value));
        return result;
    }
};

/// The rows that have a verdict and at least one response token.
inline rollout with_verdict(const rollout& all) {
    rollout judged;
    for (std::size_t i = 0; i < all.trajectories.size(); ++i)
        if (all.rewards[i] && !all.trajectories[i].response.empty()) {
            judged.trajectories.push_back(all.trajectories[i]);
            judged.rewards.push_back(all.rewards[i]);
        }
    return judged;
}

/// Per-token numbers of a rollout, [response tokens] each, as they were before the first update.
template <class T>
struct experience {
    std::vector<T> log_probs = {}, entropies = {},
                   values = {};  ///< of the policy that sampled; values empty without a critic
    std::vector<T> ref_log_probs = {}, kl = {};
    std::vector<T> rewards = {}, advantages = {},
                   returns = {};  ///< advantages as the loss sees them: whitened if wanted
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

}  // namespace reft::inline REFT_ABI
