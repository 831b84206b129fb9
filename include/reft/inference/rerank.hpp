// Reranking: the response that a scorer likes best.
#pragma once

#include <reft/core/error.hpp>
#include <reft/inference/sorted_order.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Scores responses to one question, the larger the better: `f(question, responses)`, score i is about response i.
/// A reward model, a verifier, mean log-probs, or minus the length.
template <class F>
concept response_scorer = requires(F& f, std::string_view question, std::span<const std::string> responses) {
    { f(question, responses) } -> std::convertible_to<std::vector<double>>;
};

/// Responses from the best to the worst.
struct ranking {
    std::vector<std::size_t> order = {};  ///< numbers of the responses, the best one first
    std::vector<double> scores = {};      ///< by response, as the scorer gave them

    /// The best response; none if there is no response or no score is a number.
    std::optional<std::size_t> best() const {
        if (order.empty() || std::isnan(scores[order.front()])) return std::nullopt;
        return order.front();
    }
};

/// Sorts by score. Equal scores keep the order of the responses; NaN is worse than all numbers, −∞ included.
inline ranking ranked(std::vector<double> scores) {
    ranking result{.order = detail::sample_numbers(scores.size()), .scores = std::move(scores)};
    const std::vector<double>& s = result.scores;
    // With the number of the response as the last word this is stable, and needs no memory.
    detail::sort_samples(result.order, [&s](std::size_t a, std::size_t b) {
        if (std::isnan(s[a]) != std::isnan(s[b])) return std::isnan(s[b]);
        if (s[a] > s[b]) return true;
        if (s[a] < s[b]) return false;
        return a < b;
    });
    return result;
}

/// Asks the scorer about all responses to a question and sorts them. Its scores are also weights for weighted_vote.
///
/// Errors    shape_error if the scorer does not give one score per response.
/// Source    ReFT §4.3 (reward model reranking); Cobbe et al. 2021, arXiv:2110.14168, §4.
template <response_scorer Scorer>
ranking rerank(std::string_view question, std::span<const std::string> responses, Scorer&& scorer) {
    std::vector<double> scores = scorer(question, responses);
    if (scores.size() != responses.size())
        throw shape_error("rerank: responses is [" + std::to_string(responses.size()) + "] but the scores are [" +
                          std::to_string(scores.size()) + "]");
    return ranked(std::move(scores));
}

}  // namespace reft::inline REFT_ABI
