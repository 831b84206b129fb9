// A reward evaluated on the threads of an executor.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/executor.hpp>
#include <reft/reward/answer_reward.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// How a batch is cut.
struct parallel_reward_options {
    std::int64_t grain = 16;  ///< responses per call of the reward, ≥ 1
};

/// Calls a reward for consecutive parts of the batch, on several threads at once; the verdicts come in the order of the
/// responses. The parts depend on the grain alone, so that any number of threads gives the same verdicts.
///
/// The reward is called as a const object by several threads at once. One that brings threads of its own, such as one
/// over a pool of processes, gains nothing by this.
///
/// Errors    option_error if the grain is not positive. Calls: shape_error if there are not as many responses as
///           questions, or verdicts as responses; an exception of the reward.
template <class Reward>
    requires reward_function<const Reward>
class parallel_reward {
  public:
    /// The executor must outlive this.
    explicit parallel_reward(Reward judge, executor& pool, const parallel_reward_options& options = {})
        : judge_(std::move(judge)), pool_(&pool), options_(options) {
        detail::require_option(options.grain >= 1, "parallel_reward", "grain must be positive",
                               static_cast<double>(options.grain));
    }

    /// One verdict per response.
    std::vector<std::optional<reward>> operator()(std::span<const question> questions,
                                                  std::span<const std::string> responses) const {
        detail::require_one_response_each("parallel_reward", questions.size(), responses.size());
        std::vector<std::optional<reward>> all(responses.size());
        const auto judge_range = [&](std::int64_t begin, std::int64_t end, int) {
            const auto first = static_cast<std::size_t>(begin), count = static_cast<std::size_t>(end - begin);
            std::vector<std::optional<reward>> some =
                judge_(questions.subspan(first, count), responses.subspan(first, count));
            if (some.size() != count)
                throw shape_error("parallel_reward: responses is [" + std::to_string(count) +
                                  "] but the verdicts are [" + std::to_string(some.size()) + "]");
            std::move(some.begin(), some.end(), all.begin() + begin);
        };
        for_ranges(*pool_, static_cast<std::int64_t>(all.size()), options_.grain, judge_range);
        return all;
    }

  private:
    Reward judge_;
    executor* pool_;
    parallel_reward_options options_;
};

}  // namespace reft::inline REFT_ABI
