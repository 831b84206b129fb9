// Majority at k: would a majority vote over k of the samples be right.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/random.hpp>
#include <reft/inference/majority_vote.hpp>
#include <reft/inference/sorted_order.hpp>
#include <reft/reward/comparison.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// How `maj@k` is found.
struct maj_at_k_options {
    vote_options vote = {};              ///< of each vote
    std::int64_t most_subsets = 10'000;  ///< with more subsets than this, as many random ones are drawn, ≥ 1
    std::uint64_t seed = 0;              ///< of the random subsets
    std::uint32_t question = 0;          ///< its number; random subsets of different questions are independent
};

/// The share of subsets whose vote is right.
struct maj_at_k_result {
    double value = 0;           ///< `maj@k`, or its estimate
    double standard_error = 0;  ///< of the estimate; 0 if exact
    std::int64_t subsets = 0;   ///< that voted
    bool exact = false;         ///< all subsets voted
};

namespace detail {

/// C(n, k), or limit + 1 if it is larger than `limit`.
inline std::int64_t subsets_of(std::int64_t n, std::int64_t k, std::int64_t limit) {
    k = std::min(k, n - k);
    std::int64_t count = 1;
    for (std::int64_t i = 1; i <= k; ++i) {
        // C(n−k+i, i) = C(n−k+i−1, i−1)·(n−k+i)/i grows with i. The double is exact enough to see an overflow.
        if (static_cast<double>(count) * static_cast<double>(n - k + i) / static_cast<double>(i) >
            static_cast<double>(limit) + 0.5)
            return limit + 1;
        count = count * (n - k + i) / i;
    }
    return count;
}

/// The next k of 0, ..., n−1 in lexicographic order; false after the last ones.
inline bool next_subset(std::vector<std::size_t>& subset, std::size_t n) {
    const std::size_t k = subset.size();
    for (std::size_t i = k; i-- > 0;) {
        if (subset[i] == n - k + i) continue;
        ++subset[i];
        for (std::size_t j = i + 1; j < k; ++j) subset[j] = subset[j - 1] + 1;
        return true;
    }
    return false;
}

/// A random subset of 0, ..., n−1 in ascending order, which is the order of sampling.
///
/// Source    selection sampling: Knuth, The Art of Computer Programming 2, algorithm 3.4.2S.
inline void random_subset(random_stream& stream, std::size_t n, std::vector<std::size_t>& subset) {
    std::size_t taken = 0;
    for (std::size_t i = 0; taken < subset.size(); ++i)
        if (stream.below(n - i) < subset.size() - taken) subset[taken++] = i;
}

}  // namespace detail

/// The probability that the majority vote over k samples is right, drawn without replacement from those given.
///
///   maj@k = mean over the subsets of k samples of [comparison(winner, gold)]
///
/// Exact where there are at most `most_subsets` subsets; otherwise that many random subsets are drawn with
/// random numbers that depend on seed and question alone. For k = n it is the vote itself. A vote that nobody wins is
/// wrong. A tie is decided by the rule for the votes, in every subset anew.
///
/// Errors    option_error unless 1 ≤ k ≤ n, or if an option is outside its range.
/// Cost      subsets·(k + the different answers); a random subset takes as many random numbers as there are samples.
template <answer_comparison Comparison>
maj_at_k_result maj_at_k(std::span<const std::optional<answer>> answers, const answer& gold, std::int64_t k,
                         const Comparison& equal, const maj_at_k_options& options = {}) {
    const auto n = static_cast<std::int64_t>(answers.size());
    detail::require_option(k >= 1 && k <= n, "maj_at_k",
                           "k must be between 1 and the number of samples, " + std::to_string(n),
                           static_cast<double>(k));
    detail::require_option(options.most_subsets >= 1, "maj_at_k", "most_subsets must be positive",
                           static_cast<double>(options.most_subsets));
    const answer_classes classes(answers, options.vote.tolerance);
    std::vector<char> right(classes.size());
    for (std::size_t c = 0; c < right.size(); ++c) right[c] = static_cast<bool>(equal(classes.at(c), gold));

    std::vector<std::size_t> subset = detail::sample_numbers(static_cast<std::size_t>(k));
    detail::ballot ballot(classes, options.vote.tie);
    const auto vote_is_right = [&] {
        ballot.clear();
        for (const std::size_t i : subset) ballot.add(i, 1.0);
        const std::size_t winner = ballot.count().winner(options.vote.tie);
        return winner != answer_classes::none && right[winner] != 0;
    };

    maj_at_k_result result;
    const std::int64_t subsets = detail::subsets_of(n, k, options.most_subsets);
    result.exact = subsets <= options.most_subsets;
    result.subsets = std::min(subsets, options.most_subsets);
    std::int64_t hits = 0;
    if (result.exact) {
        do hits += vote_is_right();
        while (detail::next_subset(subset, answers.size()));
    } else {
        random_stream stream(options.seed, random_purpose::voting, options.question);
        for (std::int64_t i = 0; i < result.subsets; ++i) {
            detail::random_subset(stream, answers.size(), subset);
            hits += vote_is_right();
        }
    }
    result.value = static_cast<double>(hits) / static_cast<double>(result.subsets);
    if (!result.exact)
        result.standard_error = std::sqrt(result.value * (1 - result.value) / static_cast<double>(result.subsets));
    return result;
}

}  // namespace reft::inline REFT_ABI
