// Sampled responses with their rewards.
#pragma once

#include <reft/policy/trajectory.hpp>
#include <reft/reward/answer_reward.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// Responses and their rewards, row by row.
struct rollout {
    std::vector<trajectory> trajectories = {};        ///< one per row
    std::vector<std::optional<reward>> rewards = {};  ///< empty where there is no verdict
    std::vector<std::int64_t> row_numbers = {};       ///< what errors call the rows; empty: 0, 1, ...

    /// What errors call row i.
    std::int64_t row_number(std::size_t i) const {
        return row_numbers.empty() ? static_cast<std::int64_t>(i) : row_numbers[i];
    }

    /// Positions of row i, prompt and response.
    std::int64_t length(std::size_t i) const {
        return static_cast<std::int64_t>(trajectories[i].prompt.size() + trajectories[i].response.size());
    }
    /// length(i) of every row.
    std::vector<std::int64_t> lengths() const {
        std::vector<std::int64_t> result;
        for (std::size_t i = 0; i < trajectories.size(); ++i) result.push_back(length(i));
        return result;
    }
    /// The sum of the lengths.
    std::int64_t positions() const {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < trajectories.size(); ++i) sum += length(i);
        return sum;
    }

    /// All rows.
    token_batch batch() const { return batch_of(trajectories); }
    /// The rows [begin, end).
    token_batch batch(std::size_t begin, std::size_t end) const {
        return batch_of(std::span(trajectories).subspan(begin, end - begin));
    }
    /// The given rows, in the given order.
    token_batch batch(std::span<const std::int64_t> rows_wanted) const { return batch_of(trajectories, rows_wanted); }

    /// The values of the rewards; throws value_error if a row has no verdict, or one that is not finite.
    template <class T>
    std::vector<T> scores() const {
        std::vector<T> result;
        result.reserve(rewards.size());
        for (const std::optional<reward>& r : rewards) {
            if (!r || !std::isfinite(r->value))
                throw value_error("rollout::scores: row " + std::to_string(row_number(result.size())) +
                                  (r ? " has a reward that is not finite" : " has no verdict"));
            result.push_back(static_cast<T>(r->value));
        }
        return result;
    }
};

/// The rows that have a verdict and at least one response token; row_numbers says where they stood.
inline rollout with_verdict(const rollout& all) {
    rollout judged;
    for (std::size_t i = 0; i < all.trajectories.size(); ++i)
        if (all.rewards[i] && !all.trajectories[i].response.empty()) {
            judged.trajectories.push_back(all.trajectories[i]);
            judged.rewards.push_back(all.rewards[i]);
            judged.row_numbers.push_back(all.row_number(i));
        }
    return judged;
}

}  // namespace reft::inline REFT_ABI
