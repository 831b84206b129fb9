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

/// A token, and how probable it was.
struct sampled_token {
    token_id id = 0;                   ///< in [0, vocabulary)
    sampled_log_probs log_probs = {};  ///< before and after temperature and truncation
};

/// Memory that sample_token uses; keep one per thread to avoid an allocation per token.
struct sampling_scratch {
    std::vector<double> weights = {};  ///< probability at the temperature, relative to that of the most probable token
    std::vector<token_id> by_probability = {};  ///< ids that top-k and top-p choose from
};

namespace detail {

/// weights[j] = exp((x_j − largest)·scale). Returns their sum.
template <class T>
double relative_probabilities(const strided_view<const T, 1>& x, double largest, double scale,
                              std::vector<double>& weights) {
    weights.resize(static_cast<std::size_t>(x.extent(0)));
    double sum = 0;
    for (std::int64_t j = 0; j < x.extent(0); ++j) {
        const double weight = std::exp((static_cast<double>(x[j]) - largest) * scale);
        weights[static_cast<std::size_t>(j)] = weight;
        sum += weight;
    }
    return sum;
}

/// Keeps the `top_k` most probable ids, then the shortest prefix of them that reaches `top_p`; ties by smaller id.
/// The weights of all others become 0. Returns the sum of the weights that are kept, in the order of ids.
inline double truncate(std::vector<double>& weights, std::vector<token_id>& ids, const sampling_options& options) {
    const auto weight = [&](token_id id) { return weights[static_cast<std::size_t>(id)]; };
    ids.clear();
    for (std::size_t j = 0; j < weights.size(); ++j)
        if (weights[j] > 0) ids.push_back(static_cast<token_id>(j));
    std::sort(ids.begin(), ids.end(),
              [&](token_id a, token_id b) { return weight(a) != weight(b) ? weight(a) > weight(b) : a < b; });
    if (options.top_k > 0 && options.top_k < static_cast<std::int64_t>(ids.size()))
        ids.resize(static_cast<std::size_t>(options.top_k));
    if (options.top_p < 1) {
        double of_top_k = 0, kept = 0;
        for (const token_id id : ids) of_top_k += weight(id);
        std::size_t n = 0;
        while (n < ids.size() && kept < options.top_p * of_top_k) kept += weight(ids[n++]);
        ids.resize(n);
    }
    std::sort(ids.begin(), ids.end());
    double kept = 0;
    std::size_t next = 0;
    for (std::size_t j = 0; j < weights.size(); ++j) {
        const bool keep = next < ids.size() && static_cast<std::size_t>(ids[next]) == j;
        next += keep;
        if (!keep) weights[j] = 0;
        kept += weights[j];
    }
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

    std::vector<double>& weights = scratch.weights;
    const double raw_sum = detail::relative_probabilities(x, largest, 1.0, weights);
    const auto log_prob = [&](std::int64_t j, double scale, double sum) {
        return static_cast<float>((static_cast<double>(x[j]) - largest) * scale - std::log(sum));
    };
    if (options.greedy) {
        const float raw = log_prob(best, 1.0, raw_sum);
        return {static_cast<token_id>(best), {raw, raw, 0.0f}};
    }

    const double scale = 1.0 / options.temperature;
    const double sum = scale == 1.0 ? raw_sum : detail::relative_probabilities(x, largest, scale, weights);
    const bool all = options.top_k <= 0 && options.top_p >= 1;
    const double kept = all ? sum : detail::truncate(weights, scratch.by_probability, options);
    std::int64_t chosen = best;
    double cumulated = 0;
    for (std::int64_t j = 0; j < vocabulary; ++j) {
        const double weight = weights[static_cast<std::size_t>(j)];
        if (weight > 0) chosen = j;  // rounding may leave the cumulated weight just below `uniform · kept`
        cumulated += weight;
        if (cumulated > uniform * kept) break;
    }
    return {static_cast<token_id>(chosen),
            {log_prob(chosen, 1.0, raw_sum), log_prob(chosen, scale, sum), log_prob(chosen, scale, kept)}};
}

}  // namespace reft::inline REFT_ABI
