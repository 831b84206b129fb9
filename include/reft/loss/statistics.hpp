// What losses report beside their value: sums over counted tokens that add up over micro-batches and ranks.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/tensor_traits.hpp>

#include <cstdint>

namespace reft::inline REFT_ABI {

namespace detail {

REFT_HD constexpr double mean_of(double sum, std::int64_t n) { return n > 0 ? sum / static_cast<double>(n) : 0.0; }

}  // namespace detail

/// Statistics of a policy loss. Fields are sums over tokens; the member functions are means, 0 without tokens.
///
/// Sums are made in double in the order of tokens, so they do not depend on threads. The kernels go on from the
/// statistics of an earlier micro-batch if these are handed to them, with the bits of the whole batch; `merge` adds up
/// statistics that were gathered apart, to rounding.
struct policy_stats {
    double loss = 0;                    ///< Σ weight·value: the loss that the gradient belongs to
    std::int64_t tokens = 0;            ///< tokens with a weight other than 0
    std::int64_t non_finite = 0;        ///< of these, tokens whose loss or derivative is not finite
    token_index first_non_finite = {};  ///< the first of them, in the call that found one
    double log_prob = 0;                ///< Σ log-prob
    double entropy = 0;                 ///< Σ entropy, 0 if no loss needs it
    double ratio = 0;                   ///< Σ ρ (clipped_policy)
    double old_kl_k1 = 0;               ///< Σ old_log_prob − log_prob (clipped_policy)
    double old_kl_k3 = 0;               ///< Σ (ρ−1) − log ρ, never negative (clipped_policy)
    double largest_log_ratio = 0;       ///< max |log_prob − old_log_prob| (clipped_policy)
    std::int64_t clipped = 0;           ///< tokens where the clipped branch is the larger one (clipped_policy)
    std::int64_t dual_clipped = 0;      ///< tokens at the dual clip (clipped_policy)
    double reference_kl = 0;            ///< Σ of the estimator in use (kl_penalty), or of the exact KL

    /// Takes in the statistics of other tokens, which came after these.
    REFT_HD constexpr void merge(const policy_stats& o) {
        loss += o.loss;
        tokens += o.tokens;
        if (non_finite == 0) first_non_finite = o.first_non_finite;
        non_finite += o.non_finite;
        log_prob += o.log_prob;
        entropy += o.entropy;
        ratio += o.ratio;
        old_kl_k1 += o.old_kl_k1;
        old_kl_k3 += o.old_kl_k3;
        largest_log_ratio = o.largest_log_ratio > largest_log_ratio ? o.largest_log_ratio : largest_log_ratio;
        clipped += o.clipped;
        dual_clipped += o.dual_clipped;
        reference_kl += o.reference_kl;
    }

    /// @{
    /// The sum of that name over the number of tokens; 0 without tokens.
    constexpr double mean_log_prob() const { return detail::mean_of(log_prob, tokens); }
    constexpr double mean_entropy() const { return detail::mean_of(entropy, tokens); }
    constexpr double mean_ratio() const { return detail::mean_of(ratio, tokens); }
    constexpr double mean_old_kl_k1() const { return detail::mean_of(old_kl_k1, tokens); }
    constexpr double mean_old_kl_k3() const { return detail::mean_of(old_kl_k3, tokens); }
    constexpr double clip_fraction() const { return detail::mean_of(static_cast<double>(clipped), tokens); }
    constexpr double dual_clip_fraction() const { return detail::mean_of(static_cast<double>(dual_clipped), tokens); }
    constexpr double mean_reference_kl() const { return detail::mean_of(reference_kl, tokens); }
    /// @}
};

/// Statistics of a value loss.
struct value_stats {
    double loss = 0;                    ///< Σ weight·value
    std::int64_t tokens = 0;            ///< tokens with a weight other than 0
    std::int64_t non_finite = 0;        ///< of these, tokens whose loss or derivative is not finite
    token_index first_non_finite = {};  ///< the first of them, in the call that found one
    double value = 0;                   ///< Σ V
    double squared_error = 0;           ///< Σ (V − R)², without clipping (clipped_value)
    std::int64_t clipped = 0;           ///< tokens where the clipped branch is the larger one (clipped_value)

    /// Takes in the statistics of other tokens, which came after these.
    REFT_HD constexpr void merge(const value_stats& o) {
        loss += o.loss;
        tokens += o.tokens;
        if (non_finite == 0) first_non_finite = o.first_non_finite;
        non_finite += o.non_finite;
        value += o.value;
        squared_error += o.squared_error;
        clipped += o.clipped;
    }

    /// @{
    /// The sum of that name over the number of tokens; 0 without tokens.
    constexpr double mean_value() const { return detail::mean_of(value, tokens); }
    constexpr double mean_squared_error() const { return detail::mean_of(squared_error, tokens); }
    constexpr double clip_fraction() const { return detail::mean_of(static_cast<double>(clipped), tokens); }
    /// @}
};

}  // namespace reft::inline REFT_ABI
