// Several rewards added up with weights, and reported by part.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/reward/answer_reward.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// One reward among several: `reward_part("answer", judge, 1.0)`.
template <reward_function Reward>
struct reward_part {
    /// Keeps `reward_judge`; the name is for reports.
    explicit reward_part(std::string part_name, Reward reward_judge, double part_weight = 1.0)
        : name(std::move(part_name)), judge(std::move(reward_judge)), weight(part_weight) {}

    std::string name;  ///< in reports and messages
    Reward judge;      ///< gives its verdicts
    double weight;     ///< finite; with 0 the part is reported and changes nothing
};

/// The verdicts of one part, before its weight.
struct part_verdicts {
    std::string name = {};                             ///< of the part
    double weight = 0;                                 ///< of the part
    std::vector<std::optional<reward>> verdicts = {};  ///< by response
};

/// The sum and its parts.
struct combined_verdicts {
    std::vector<std::optional<reward>> total = {};  ///< by response
    std::vector<part_verdicts> parts = {};          ///< in the order of the parts
};

/// The weighted sum of rewards.
///
///   value = Σ_p weight_p · value_p
///
/// What was found and whether it is correct is said by the first part, which is therefore the one that looks at the
/// answer. No verdict of any part whose weight is not 0 means no verdict: a sum without it would be another reward.
///
/// Errors    option_error if a weight is not finite. Calls: shape_error if there are not as many responses as
///           questions, or verdicts of a part as responses; value_error if a reward that counts is not finite.
template <reward_function... Rewards>
    requires(sizeof...(Rewards) > 0)
class combined_reward {
  public:
    /// In the order in which they are asked.
    explicit combined_reward(reward_part<Rewards>... parts) : parts_(std::move(parts)...) {
        std::apply([](const auto&... part) { (require_weight(part.weight), ...); }, parts_);
    }

    /// One verdict per response: the sums.
    std::vector<std::optional<reward>> operator()(std::span<const question> questions,
                                                  std::span<const std::string> responses) {
        return by_part(questions, responses).total;
    }

    /// The sums, and the verdicts of every part.
    combined_verdicts by_part(std::span<const question> questions, std::span<const std::string> responses) {
        detail::require_one_response_each("combined_reward", questions.size(), responses.size());
        combined_verdicts all;
        const auto ask = [&](auto& part) {
            all.parts.push_back({part.name, part.weight, part.judge(questions, responses)});
            if (all.parts.back().verdicts.size() != responses.size())
                throw shape_error("combined_reward: responses is [" + std::to_string(responses.size()) +
                                  "] but the verdicts of " + part.name + " are [" +
                                  std::to_string(all.parts.back().verdicts.size()) + "]");
        };
        std::apply([&](auto&... part) { (ask(part), ...); }, parts_);
        all.total.resize(responses.size());
        for (std::size_t i = 0; i < responses.size(); ++i) all.total[i] = total(all.parts, i);
        return all;
    }

  private:
    static void require_weight(double weight) {
        detail::require_option(detail::is_finite(weight), "combined_reward", "weights must be finite", weight);
    }

    static std::optional<reward> total(const std::vector<part_verdicts>& parts, std::size_t i) {
        reward sum = parts.front().verdicts[i].value_or(reward{});
        sum.value = 0;
        for (const part_verdicts& part : parts) {
            if (part.weight == 0) continue;
            const std::optional<reward>& verdict = part.verdicts[i];
            if (!verdict) return std::nullopt;
            if (!detail::is_finite(verdict->value))
                throw value_error("combined_reward: the reward of " + part.name + " for response " + std::to_string(i) +
                                  " is not finite");
            sum.value += part.weight * verdict->value;
        }
        return sum;
    }

    std::tuple<reward_part<Rewards>...> parts_;
};

}  // namespace reft::inline REFT_ABI
