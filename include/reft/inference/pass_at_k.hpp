// Pass at k: is one of k samples right; and the upper bound of whatever selects among all of them.
#pragma once

#include <reft/core/error.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace reft::inline REFT_ABI {

/// How many samples of a question there are, and how many of them are right.
struct sample_counts {
    std::int64_t samples = 0;  ///< n
    std::int64_t right = 0;    ///< c, at most n
};

namespace detail {

inline void require_counts(const char* function, const sample_counts& counts) {
    if (counts.right >= 0 && counts.right <= counts.samples) return;
    throw value_error(std::string(function) + ": " + std::to_string(counts.right) + " right of " +
                      std::to_string(counts.samples) + " samples");
}

}  // namespace detail

/// The probability that at least one of k samples is right, drawn without replacement from n of which c are.
///
///   pass@k = 1 − C(n−c, k) / C(n, k) = Σ_{i<k} c/(n−i)·Π_{j<i} (1 − c/(n−j))
///
/// The sum over the draw that is the first right one has positive terms only: nothing overflows and nothing cancels,
/// also where the result is small. c and k may be exchanged, so that it has min(c, k) terms.
///
/// Errors    value_error unless 0 ≤ c ≤ n; option_error unless 1 ≤ k ≤ n: with fewer samples than k there is no
///           unbiased estimate.
/// Source    Chen et al. 2021, arXiv:2107.03374, eq. 1.
inline double pass_at_k(const sample_counts& counts, std::int64_t k) {
    detail::require_counts("pass_at_k", counts);
    detail::require_option(k >= 1 && k <= counts.samples, "pass_at_k",
                           "k must be between 1 and the number of samples, " + std::to_string(counts.samples),
                           static_cast<double>(k));
    if (counts.samples - counts.right < k) return 1.0;
    const std::int64_t terms = std::min(k, counts.right);
    const double drawn = static_cast<double>(std::max(k, counts.right));
    double pass = 0, fail = 1;
    for (std::int64_t i = 0; i < terms; ++i) {
        const double hit = drawn / static_cast<double>(counts.samples - i);
        pass += fail * hit;
        fail *= 1 - hit;
    }
    return std::min(pass, 1.0);
}

/// The mean of `pass@k` over questions, 0 for none.
///
/// Errors    as the one of a single question.
inline double pass_at_k(std::span<const sample_counts> questions, std::int64_t k) {
    double sum = 0;
    for (const sample_counts& counts : questions) sum += pass_at_k(counts, k);
    return questions.empty() ? 0.0 : sum / static_cast<double>(questions.size());
}

/// The share of questions with a right sample: no vote and no reranking among these samples can be better. It is the
/// mean of `pass@n`; a question without samples counts as not solved. 0 for no questions.
///
/// Errors    value_error unless 0 ≤ c ≤ n.
inline double selection_upper_bound(std::span<const sample_counts> questions) {
    std::int64_t solved = 0;
    for (const sample_counts& counts : questions) {
        detail::require_counts("selection_upper_bound", counts);
        solved += counts.right > 0;
    }
    return questions.empty() ? 0.0 : static_cast<double>(solved) / static_cast<double>(questions.size());
}

}  // namespace reft::inline REFT_ABI
