// A policy loss over log-probs that the backend computed: the middle phase of the two-phase form.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/token_loss.hpp>

#include <concepts>
#include <cstdint>

namespace reft::inline REFT_ABI {
namespace detail {

/// The pass over all log-probs that a loss asked for.
template <class Loss, class LogProbs, class Weights>
void prepare(Loss& loss, const LogProbs& log_probs, const Weights& weights) {
    using Real = typename Loss::real;
    static_assert(std::same_as<typename LogProbs::value_type, Real> && std::same_as<typename Weights::value_type, Real>,
                  "reft: for a loss that is prepared, log-probs and weights must have the loss's scalar type");
    loss.prepare(token_view<const Real>(log_probs), token_view<const Real>(weights));
}

/// The loss at one token, with the statistics that every policy loss has.
template <policy_loss Loss>
REFT_HD policy_term<typename Loss::real> weighted_term(const Loss& loss, token_index i,
                                                       const policy_token<typename Loss::real>& token, double weight,
                                                       policy_stats& stats) {
    using Real = typename Loss::real;
    policy_term<Real> term = loss(i, token, stats);
    const Real w = static_cast<Real>(weight);
    term = {w * term.value, w * term.d_log_prob, w * term.d_entropy};
    stats.loss += static_cast<double>(term.value);
    ++stats.tokens;
    const bool finite = is_finite(term.value) && is_finite(term.d_log_prob) && is_finite(term.d_entropy);
    if (!finite || is_nan(token.log_prob))
        if (stats.non_finite++ == 0) stats.first_non_finite = i;
    stats.log_prob += static_cast<double>(token.log_prob);
    if constexpr (Loss::needs_entropy) stats.entropy += static_cast<double>(token.entropy);
    return term;
}

}  // namespace detail

/// Policy loss over log-probs, and its derivatives.
///
///   loss = Σ_i weights_i·L_i,   d_log_probs_i = weights_i·∂L_i/∂log_prob_i,   d_entropies_i = weights_i·∂L_i/∂H_i
///
/// Shapes    all [tokens] or all [batch, time]. entropies and d_entropies are needed if the loss needs entropy
///           (otherwise use the form without them). d_log_probs may be log_probs, d_entropies may be entropies.
/// Masking   weight 0: nothing of the token is read, its derivatives are 0.
/// Returns   `before` and the statistics of these tokens added up in their order; `.loss` is the loss. Hand on what the
///           micro-batch before returned, and the sum has the bits of the whole batch.
/// Errors    shape_error.
template <policy_loss Loss, token_tensor LogProbs, token_tensor Entropies, token_tensor Weights, token_tensor DLogProbs,
          token_tensor DEntropies>
policy_stats loss_over_log_probs(Loss loss, const LogProbs& log_probs, const Entropies& entropies,
                                 const Weights& weights, DLogProbs&& d_log_probs, DEntropies&& d_entropies,
                                 const policy_stats& before = {}) {
    using Real = typename Loss::real;
    const auto lp = tokens_of(log_probs);
    const auto h = tokens_of(entropies);
    const auto w = tokens_of(weights);
    const auto d_lp = tokens_of(d_log_probs);
    const auto d_h = tokens_of(d_entropies);
    detail::require_same_shape("loss_over_log_probs", "log_probs", lp, "weights", w);
    detail::require_same_shape("loss_over_log_probs", "log_probs", lp, "d_log_probs", d_lp);
    if constexpr (Loss::needs_entropy) {
        detail::require_same_shape("loss_over_log_probs", "log_probs", lp, "entropies", h);
        detail::require_same_shape("loss_over_log_probs", "log_probs", lp, "d_entropies", d_h);
    }
    loss.require_extents(lp.extents());
    if constexpr (prepared_loss<Loss>) detail::prepare(loss, lp, w);

    policy_stats stats = before;
    for (std::int64_t b = 0; b < lp.extent(0); ++b) {
        const auto lp_row = lp[b];
        const auto w_row = w[b];
        const auto d_lp_row = d_lp[b];
        for (std::int64_t t = 0; t < lp.extent(1); ++t) {
            policy_term<Real> term;
            if (const double weight = static_cast<double>(w_row[t]); weight != 0) {
                policy_token<Real> token{static_cast<Real>(lp_row[t]), 0};
                if constexpr (Loss::needs_entropy) token.entropy = static_cast<Real>(h(b, t));
                term = detail::weighted_term(loss, {b, t}, token, weight, stats);
            }
            d_lp_row[t] = static_cast<scalar_t<DLogProbs>>(term.d_log_prob);
            if constexpr (Loss::needs_entropy) d_h(b, t) = static_cast<scalar_t<DEntropies>>(term.d_entropy);
        }
    }
    return stats;
}

/// The same for a loss that needs no entropies.
template <policy_loss Loss, token_tensor LogProbs, token_tensor Weights, token_tensor DLogProbs>
policy_stats loss_over_log_probs(const Loss& loss, const LogProbs& log_probs, const Weights& weights,
                                 DLogProbs&& d_log_probs, const policy_stats& before = {}) {
    static_assert(!Loss::needs_entropy,
                  "reft::loss_over_log_probs: this loss needs entropies; pass entropies and d_entropies as well");
    return loss_over_log_probs(loss, log_probs, log_probs, weights, d_log_probs, d_log_probs, before);
}

}  // namespace reft::inline REFT_ABI
