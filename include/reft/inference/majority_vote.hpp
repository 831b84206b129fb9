// Majority voting over the answers of several samples (self-consistency), plain and weighted.
#pragma once

#include <reft/inference/answer_classes.hpp>
#include <reft/inference/sorted_order.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Who wins where answers that do not agree have the same number of votes.
enum class vote_tie {
    smallest,      ///< numbers before options before texts; the smallest number, the first text byte by byte
    first_sample,  ///< the answer that was sampled first: the one rule by which the order of samples counts
    nobody,        ///< nobody wins
};

/// How votes are counted.
struct vote_options {
    double tolerance = 1e-2;            ///< numbers that differ by at most this vote for each other
    vote_tie tie = vote_tie::smallest;  ///< who wins a tie
};

/// The result of a vote.
struct vote_result {
    std::optional<answer> winner = {};     ///< the answer, or nothing if nobody won
    std::vector<std::size_t> voters = {};  ///< the samples that agree with the winner, in ascending order
    double votes = 0;                      ///< weight of those for the answer with most, winner or not
    double total = 0;                      ///< weight of all samples that had an answer
    bool tied = false;                     ///< an answer that does not agree with it had as many
};

namespace detail {

/// One count: weights are collected per class, then the classes that got any stand for election.
class ballot {
  public:
    ballot(const answer_classes& classes, vote_tie tie)
        : classes_(&classes), tie_(tie), own_(classes.size()), first_(classes.size()) {}

    void clear() {
        std::fill(own_.begin(), own_.end(), 0.0);
        added_ = 0;
    }

    /// Samples are added in the order in which they were drawn.
    void add(std::size_t sample, double weight) {
        const std::size_t c = classes_->of(sample);
        if (c == answer_classes::none || weight == 0) return;
        if (own_[c] == 0) first_[c] = added_;
        own_[c] += weight;
        ++added_;
    }

    struct outcome {
        std::size_t best = answer_classes::none;  // class with most votes, by the rule for ties
        double votes = 0;
        bool tied = false;
        std::size_t winner(vote_tie tie) const { return tied && tie == vote_tie::nobody ? answer_classes::none : best; }
    };

    outcome count() {
        outcome result;
        double own = 0;
        for (std::size_t c = 0; c < own_.size(); ++c) {
            if (own_[c] == 0) continue;  // nobody in this count gave it
            const double votes = sum(classes_->agreeing(c));
            if (votes < result.votes || (votes == result.votes && own_[c] < own)) continue;
            const bool same = votes == result.votes && own_[c] == own;
            if (same && agree(result.best, c)) {
                if (tie_ == vote_tie::first_sample && first_[c] < first_[result.best]) result.best = c;
                continue;
            }
            result.tied = same;
            if (!same || (tie_ == vote_tie::first_sample && first_[c] < first_[result.best])) result.best = c;
            result.votes = votes;
            own = own_[c];
        }
        return result;
    }

    bool agree(std::size_t a, std::size_t b) const {
        const answer_classes::range r = classes_->agreeing(a);
        return b >= r.first && b < r.last;
    }

  private:
    double sum(answer_classes::range r) const {  // of so few terms that prefix sums, which cancel, are not worth it
        double votes = 0;
        for (std::size_t c = r.first; c < r.last; ++c) votes += own_[c];
        return votes;
    }

    const answer_classes* classes_;
    vote_tie tie_;
    std::vector<double> own_;         // weight by class
    std::vector<std::size_t> first_;  // when the class got its first vote
    std::size_t added_ = 0;           // votes so far
};

inline void require_weights(std::size_t answers, std::span<const double> weights) {
    if (answers != weights.size())
        throw shape_error("weighted_vote: answers is [" + std::to_string(answers) + "] but weights is [" +
                          std::to_string(weights.size()) + "]");
    double total = 0;
    for (const double w : weights) {
        if (!is_finite(w) || w < 0)
            throw value_error("weighted_vote: weights must be finite and not negative, but one is " + number_text(w));
        total += w;
    }
    if (!is_finite(total)) throw value_error("weighted_vote: the sum of the weights is not finite");
}

}  // namespace detail

/// The answer with which the samples of most weight agree.
///
///   votes(a) = Σ_j weight_j·[a_j agrees with a],   winner = argmax over the answers given
///
/// Of answers with the same votes, the one wins whose exact value has more of them; what is still equal and does not
/// agree is a tie (vote_options::tie), what agrees is one answer in two spellings, and the smallest stands for it. The
/// order of the samples plays no part (but for vote_tie::first_sample): answers are sorted, and weights added in order
/// of answer and size. Sums of weights are rounded, so a tie of weights such as 0.1 + 0.2 and 0.3 is one only up to
/// rounding; whole numbers are exact.
///
/// Samples without an answer, with NaN, infinity or an empty text, and weights of 0 are no votes: they never win.
///
/// Shapes    answers, weights: [samples].
/// Errors    shape_error; value_error if a weight is negative or not finite, or if their sum is not;
///           option_error if the tolerance is negative or NaN.
/// Cost      n·log n, and the number of pairs of different numbers that agree.
inline vote_result weighted_vote(std::span<const std::optional<answer>> answers, std::span<const double> weights,
                                 const vote_options& options = {}) {
    detail::require_weights(answers.size(), weights);
    const answer_classes classes(answers, options.tolerance);
    std::vector<std::size_t> order = detail::sample_numbers(answers.size());
    // A sum depends on the order of its terms. For the sake of first_sample the first vote of a class comes first.
    detail::ballot ballot(classes, options.tie);
    if (options.tie != vote_tie::first_sample)
        detail::sort_samples(order, [&](std::size_t a, std::size_t b) { return weights[a] < weights[b]; });
    for (const std::size_t i : order) ballot.add(i, weights[i]);

    const detail::ballot::outcome outcome = ballot.count();
    vote_result result{.votes = outcome.votes, .tied = outcome.tied};
    for (const std::size_t i : order)
        if (classes.of(i) != answer_classes::none) result.total += weights[i];
    const std::size_t winner = outcome.winner(options.tie);
    if (winner == answer_classes::none) return result;
    result.winner = classes.at(winner);
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (classes.of(i) != answer_classes::none && ballot.agree(winner, classes.of(i)) && weights[i] > 0)
            result.voters.push_back(i);
    return result;
}

/// The answer with which most samples agree: weighted_vote with weights of 1.
///
/// Source    Wang et al. 2022, arXiv:2203.11171 (self-consistency); ReFT §4.3 (`maj@100`).
inline vote_result majority_vote(std::span<const std::optional<answer>> answers, const vote_options& options = {}) {
    const std::vector<double> ones(answers.size(), 1.0);
    return weighted_vote(answers, ones, options);
}

}  // namespace reft::inline REFT_ABI
