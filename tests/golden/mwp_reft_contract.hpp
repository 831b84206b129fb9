// reft's own documented result for the rows of a case, whatever the paper's code does with their tokens: the response
// ends with the first end token behind the prompt, has one score, on its last token, and the value after it is 0.
#pragma once

#include "golden/golden.hpp"
#include "golden/mwp_reft_rollout.hpp"
#include "golden/precision.hpp"

#include <reft/reft.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace golden {

/// The definitions in double, without any part of reft; its entries are those of a padded layout.
struct defined_row {
    std::vector<double> rewards;
    std::vector<double> advantages;
};

template <class T>
double defined_log_prob(const grid<T>& logits, std::int64_t b, std::int64_t t, std::int64_t id) {
    double sum = 0;
    for (std::int64_t v = 0; v < logits.depth; ++v)
        sum += std::exp(static_cast<double>(logits(b, t, v)) - static_cast<double>(logits(b, t, id)));
    return -std::log(sum);
}

///   r_t = [t = n−1]·score − β·(log π_old − log π_ref),   A_t = Σ_{k≥t} (γλ)^{k−t}·(r_k + γ·V_{k+1} − V_k),  V_n = 0
template <class T>
defined_row defined(const chain<T>& c, std::int64_t b) {
    const std::int64_t n = c.rows[static_cast<std::size_t>(b)].response, first = c.prompt_len - 1;
    defined_row row;
    const auto value = [&](std::int64_t j) { return j < n ? static_cast<double>(c.old_values(b, first + j)) : 0.0; };
    for (std::int64_t j = 0; j < n; ++j) {
        const std::int64_t t = first + j, id = c.ids(b, t + 1);
        double reward = j == n - 1 ? static_cast<double>(c.scores[static_cast<std::size_t>(b)]) : 0.0;
        if (c.has_reference)
            reward -= c.kl_coef * (defined_log_prob(c.old_logits, b, t, id) - defined_log_prob(c.ref_logits, b, t, id));
        row.rewards.push_back(reward);
    }
    for (std::int64_t t = 0; t < n; ++t) {
        double sum = 0;
        for (std::int64_t k = t; k < n; ++k)
            sum += std::pow(c.gamma * c.lambda, static_cast<double>(k - t)) *
                   (row.rewards[static_cast<std::size_t>(k)] + c.gamma * value(k + 1) - value(k));
        row.advantages.push_back(sum);
    }
    return row;
}

/// The positions of a grid that can hold a response, row by row.
template <class T>
std::vector<double> responses_of(const chain<T>& c, const grid<T>& x) {
    std::vector<double> result;
    for (std::int64_t b = 0; b < x.rows; ++b)
        for (std::int64_t t = c.prompt_len - 1; t < x.columns - 1; ++t) result.push_back(static_cast<double>(x(b, t)));
    return result;
}

/// Compares reft with the definitions, rows on which its contract and the source differ included.
template <class T>
void check_contract(chain<T> c, layout_kind kind, const precision& allowed_errors, checker& check) {
    const std::int64_t room = c.ids.columns - c.prompt_len;
    array rewards{.path = "reft's contract, rewards", .shape = {c.ids.rows, room}, .values = {}}, advantages = rewards;
    advantages.path = "reft's contract, advantages";
    for (std::int64_t b = 0; b < c.ids.rows; ++b) {
        const defined_row row = defined(c, b);
        rewards.values.insert(rewards.values.end(), row.rewards.begin(), row.rewards.end());
        advantages.values.insert(advantages.values.end(), row.advantages.begin(), row.advantages.end());
        rewards.values.resize(static_cast<std::size_t>((b + 1) * room));  // 0 behind the end
        advantages.values.resize(rewards.values.size());
    }
    for (source_row& row : c.rows)
        row = {.counted = row.response, .read_by_gae = row.response, .response = row.response, .repeated = {}};
    const outcome<T> own = rollout(c, kind);
    const double largest = std::max(largest_of(c.old_values), largest_of(own.grids.at("ret")));
    check.agree(rewards, responses_of(c, own.grids.at("rew")), allowed_errors.before_casts);
    check.agree(advantages, responses_of(c, own.grids.at("raw_adv")), allowed_errors.summed(largest));
    check.require(own.numbers.at("rows_without_tokens") == 0, "reft's contract", "a score found no place");
}

}  // namespace golden
