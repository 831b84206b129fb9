// Choosing the next token from its logits: greedy, temperature, top-k, top-p.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/policy/generation_request.hpp>
#include <reft/policy/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace reft::inline REFT_ABI {

struct sampled_token {
    token_id id = 0;
    sampled_log_probs log_probs = {};
};

/// Memory that sample_token uses; keep one per thread to avoid an allocation per token.
struct sampling_scratch {
    std::vector<double> scaled = {};  // logits / temperature, as log-probs
    std::vector<token_id> by_probability = {};
};

namespace detail {

/// log Σ exp(x_i · scale), relative to `largest` · scale.
template <class T>
double log_sum_exp(const strided_view<const T, 1>& x, double largest, double scale) {
    double sum = 0;
    for (std::int64_t j = 0; j < x.extent(0); ++j) sum += std::exp((static_cast<double>(x[j]) - largest) * scale);
    return std::log(sum);
}

/// Keeps the `top_k` most probable ids, then the shortest prefix of them that reaches `top_p`; ties by smaller id.
/// Returns the probability mass that is kept.
inline double truncate(std::vector<token_id>& ids, const std::vector<double>& log_probs,
                       const sampling_options& options) {
    const auto more_probable = [&](token_id a, token_id b) {
        const double pa = log_probs[static_cast<std::size_t>(a)], pb = log_probs[static_cast<std::size_t>(b)];
        return pa != pb ? pa > pb : a < b;
    };
    std::sort(ids.begin(), ids.end(), more_probable);
    if (options.top_k > 0 && options.top_k < static_cast<std::int64_t>(ids.size()))
        ids.resize(static_cast<std::size_t>(options.top_k));
    double of_top_k = 0;
    for (token_id id : ids) of_top_k += std::exp(log_probs[static_cast<std::size_t>(id)]);
    if (options.top_p >= 1) return of_top_k;
    double kept = 0;
    std::size_t n = 0;
    while (n < ids.size() && kept < options.top_p * of_top_k)
        kept += std::exp(log_probs[static_cast<std::size_t>(ids[n++])]);
    ids.resize(n);
    return kept;
}

}  // namespace detail

/// Chooses a token.
///
///   kept = top-p of top-k of softmax(logits / temperature);  the token is the first id, in ascending order of
///   ids, at which the cumulated probability within `kept` exceeds `uniform`
///
/// Shapes    logits: [vocabulary]; −∞ marks a token that must not be chosen.
/// Units     `uniform` in [0, 1), from reft::uniform(seed, {sampling, step, row, position}).
/// Errors    value_error if a logit is NaN or +∞, or none is finite. The options are taken as valid
///           (require_valid).
/// Source    top-p: Holtzman et al. 2020, arXiv:1904.09751.
template <tensor_of_rank<1> Logits>
sampled_token sample_token(const Logits& logits, const sampling_options& options, double uniform,
                           sampling_scratch& scratch) {
    const strided_view<const scalar_t<Logits>, 1> x = view(logits);
    const std::int64_t vocabulary = x.extent(0);
    std::int64_t best = -1;
    double largest = -std::numeric_limits<double>::infinity();
    for (std::int64_t j = 0; j < vocabulary; ++j) {
        const double logit = static_cast<double>(x[j]);
        if (!(logit < std::numeric_limits<double>::infinity()))
            throw value_error("sample_token: logit " + std::to_string(j) + " is " + std::to_string(logit));
        if (logit > largest) {
            largest = logit;
            best = j;
        }
    }
    if (best < 0) throw value_error("sample_token: no token has a logit above -inf");

    const double raw_normaliser = detail::log_sum_exp(x, largest, 1.0);
    const auto raw = [&](std::int64_t j) { return static_cast<double>(x[j]) - largest - raw_normaliser; };
    if (options.greedy) {
        const auto log_prob = static_cast<float>(raw(best));
        return {static_cast<token_id>(best), {log_prob, log_prob, 0.0f}};
    }

    const double scale = 1.0 / options.temperature;
    const double normaliser = detail::log_sum_exp(x, largest, scale);
    std::vector<double>& log_probs = scratch.scaled;
    std::vector<token_id>& ids = scratch.by_probability;
    log_probs.resize(static_cast<std::size_t>(vocabulary));
    ids.clear();
    for (std::int64_t j = 0; j < vocabulary; ++j) {
        log_probs[static_cast<std::size_t>(j)] = (static_cast<double>(x[j]) - largest) * scale - normaliser;
        if (static_cast<double>(x[j]) > -std::numeric_limits<double>::infinity())
            ids.push_back(static_cast<token_id>(j));
    }
    double kept = 1.0;
    if (options.top_k > 0 || options.top_p < 1) {
        kept = detail::truncate(ids, log_probs, options);
        std::sort(ids.begin(), ids.end());
    }

    token_id chosen = ids.front();
    double cumulated = 0;
    for (token_id id : ids) {
        const double probability = std::exp(log_probs[static_cast<std::size_t>(id)]);
        if (probability > 0) chosen = id;  // rounding may leave the cumulated probability just below `uniform`
        cumulated += probability;
        if (cumulated > uniform * kept) break;
    }
    const double at_temperature = log_probs[static_cast<std::size_t>(chosen)];
    return {chosen,
            {static_cast<float>(raw(chosen)), static_cast<float>(at_temperature),
             static_cast<float>(at_temperature - std::log(kept))}};
}

}  // namespace reft::inline REFT_ABI
