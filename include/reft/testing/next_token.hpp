// The whole distribution of the next token, of any kind of policy: every id as a one-token response.
#pragma once

#include <reft/policy/token_batch.hpp>
#include <reft/testing/check_rows.hpp>
#include <reft/testing/policy_subject.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// What a policy says after one context, for every id of the vocabulary.
struct next_token {
    std::vector<double> log_probs = {};
    std::vector<double> entropies = {};  // all the same, one would think

    double probability(std::size_t id) const { return std::exp(log_probs[id]); }
    double sum() const {
        double all = 0;
        for (std::size_t id = 0; id < log_probs.size(); ++id) all += probability(id);
        return all;
    }
    double entropy() const {
        double all = 0;
        for (std::size_t id = 0; id < log_probs.size(); ++id)
            if (probability(id) > 0) all -= probability(id) * log_probs[id];
        return all;
    }
    /// The id that follows at `place` when ids are ordered by falling probability.
    double log_prob_at_place(std::size_t place) const {
        std::vector<double> ordered = log_probs;
        std::sort(ordered.begin(), ordered.end(), std::greater<>());
        return ordered[place];
    }
};

/// The distribution after each context, in batches of a size that memory can bear.
template <class P>
next_token next_token_after(P& policy, const id_list& context, double temperature, std::int64_t vocabulary) {
    constexpr std::int64_t rows_at_once = 256;
    next_token next;
    for (std::int64_t begin = 0; begin < vocabulary; begin += rows_at_once) {
        token_batch batch;
        batch.temperature = temperature;
        for (std::int64_t id = begin; id < std::min(vocabulary, begin + rows_at_once); ++id)
            batch.add(context, id_list{static_cast<token_id>(id)});
        const auto scores = scores_of(policy, batch);
        next.log_probs.insert(next.log_probs.end(), scores.log_probs.begin(), scores.log_probs.end());
        next.entropies.insert(next.entropies.end(), scores.entropies.begin(), scores.entropies.end());
    }
    return next;
}

/// Every how many contexts one is enumerated, so that all of them together stay within `options.enumerated`.
inline std::size_t enumerated_every(std::size_t contexts, const policy_check_options& options) {
    const auto possible = static_cast<std::size_t>(std::max<std::int64_t>(1, options.enumerated / options.vocabulary));
    return std::max<std::size_t>(1, (contexts + possible - 1) / possible);
}

/// Prompts, and prompts followed by part of a response.
inline std::vector<id_list> some_contexts(const std::vector<check_row>& rows) {
    std::vector<id_list> contexts;
    for (const check_row& row : rows) {
        contexts.push_back(row.prompt);
        const auto half = static_cast<std::ptrdiff_t>(row.response.size() / 2);
        contexts.back().insert(contexts.back().end(), row.response.begin(), row.response.begin() + half);
    }
    return contexts;
}

}  // namespace reft::inline REFT_ABI::detail
