// The clipped surrogate policy loss of PPO.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/token_loss.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI {

/// Where the ratio of new to old probability stops paying off.
struct clipped_policy_options {
    double clip_range = 0.2;  ///< ε below 1; also above 1 unless clip_range_high is given; in [0, 1]
    std::optional<double> clip_range_high = std::nullopt;  ///< ε above 1 (“clip higher”), >= 0
    /// c of the dual clip, > 1: a token of negative advantage costs at most −c·A. Infinity: off.
    double dual_clip = std::numeric_limits<double>::infinity();
    /// log ρ is clamped to ± this before exp; beyond it the derivative is 0. Infinity: off.
    double log_ratio_limit = 20.0;
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const clipped_policy_options& o) {
    const auto require = [](bool holds, std::string_view what, double value) {
        detail::require_option(holds, "clipped_policy", what, value);
    };
    require(o.clip_range >= 0 && o.clip_range <= 1, "clip_range must be in [0, 1]", o.clip_range);
    const double high = o.clip_range_high.value_or(0);
    require(high >= 0, "clip_range_high must not be negative", high);
    require(o.dual_clip > 1, "dual_clip must be greater than 1", o.dual_clip);
    require(o.log_ratio_limit > 0, "log_ratio_limit must be positive", o.log_ratio_limit);
}

/// Clipped surrogate policy loss of one token, and its derivative.
///
///   L = −min(ρ·A, clip(ρ, 1−ε, 1+ε_high)·A),   ρ = exp(log_prob − old_log_prob)
///   dual clip, where A < 0:  L = min(L, −c·A)
///
/// Shapes    old_log_probs, advantages: [tokens] or [batch, time], like the log-probs it is evaluated on.
/// Units     log-probabilities in nats; advantages in reward units.
/// Masking   by the weights of the kernel; entries with weight 0 are not read.
/// Gradient  ∂L/∂log_prob = −ρ·A; 0 where the clipped branch is strictly the larger loss, at the dual clip, and
///           beyond log_ratio_limit. At ρ = 1±ε exactly it is −ρ·A.
/// Statistics  ratio, old_kl_k1, old_kl_k3, largest_log_ratio, clipped, dual_clipped.
/// Errors    option_error from the constructor; shape_error from the kernel.
/// Precision finite for any finite log-probs with the default limit, e²⁰ ≈ 4.9e8.
/// Source    Schulman et al. 2017, arXiv:1707.06347, eq. 7; Luong et al. 2024, arXiv:2401.08967. Dual clip: Ye et
///           al. 2020, arXiv:1912.09729.
/// Differs   from the paper's code: ε is an option (a literal 0.2 there), log ρ is limited (not there; as in verl).
template <class T>
class clipped_policy {
  public:
    using real = accumulator_t<T>;                ///< what it computes in
    static constexpr bool needs_entropy = false;  ///< reads the log-prob alone

    /// Views both arrays, which must outlive it.
    template <token_tensor OldLogProbs, token_tensor Advantages>
    clipped_policy(OldLogProbs&& old_log_probs, Advantages&& advantages, const clipped_policy_options& options = {})
        : old_log_probs_(tokens_of(std::forward<OldLogProbs>(old_log_probs))),
          advantages_(tokens_of(std::forward<Advantages>(advantages))),
          low_(static_cast<real>(1.0 - options.clip_range)),
          high_(static_cast<real>(1.0 + options.clip_range_high.value_or(options.clip_range))),
          dual_clip_(static_cast<real>(options.dual_clip)),
          limit_(static_cast<real>(options.log_ratio_limit)) {
        require_valid(options);
        static_assert(std::same_as<scalar_t<OldLogProbs>, T> && std::same_as<scalar_t<Advantages>, T>,
                      "reft::clipped_policy: old_log_probs and advantages must have the same scalar type");
        detail::require_same_shape("clipped_policy", "old_log_probs", old_log_probs_, "advantages", advantages_);
    }

    /// Throws shape_error unless its arrays have these extents.
    void require_extents(const std::array<std::int64_t, 2>& extents) const {
        if (extents != advantages_.extents())
            throw shape_error("clipped_policy: log_probs is " + detail::shape_text(extents.data(), 2) +
                              " but advantages is " + detail::shape_text(advantages_));
    }

    /// The loss of token i; adds to the statistics named above.
    REFT_HD policy_term<real> operator()(token_index i, policy_token<real> token, policy_stats& stats) const {
        const real advantage = static_cast<real>(advantages_(i.row, i.column));
        const real log_ratio = token.log_prob - static_cast<real>(old_log_probs_(i.row, i.column));
        const real limited = log_ratio > limit_ ? limit_ : log_ratio < -limit_ ? -limit_ : log_ratio;
        // In double, so that one exponential serves ρ and (ρ − 1) − log ρ, whose error stays below 1e-15.
        const double exact_ratio = std::exp(static_cast<double>(limited));
        const real ratio = static_cast<real>(exact_ratio);
        const real clipped_ratio = ratio < low_ ? low_ : ratio > high_ ? high_ : ratio;

        stats.ratio += static_cast<double>(ratio);
        stats.old_kl_k1 -= static_cast<double>(log_ratio);
        const double k3 = exact_ratio - 1 - static_cast<double>(limited);
        stats.old_kl_k3 += k3 < 0 ? 0 : k3;  // NaN is kept
        const double distance = std::fabs(static_cast<double>(log_ratio));
        if (!(distance <= stats.largest_log_ratio)) stats.largest_log_ratio = distance;

        if (advantage == 0) return {};  // also where ρ is infinite
        const real unclipped_loss = -advantage * ratio;
        const real clipped_loss = -advantage * clipped_ratio;
        const bool clipped = clipped_loss > unclipped_loss;
        stats.clipped += clipped;
        const real loss = clipped ? clipped_loss : unclipped_loss;
        if (advantage < 0 && loss > -advantage * dual_clip_) {
            ++stats.dual_clipped;
            return {-advantage * dual_clip_, 0, 0};
        }
        const bool beyond_limit = log_ratio > limit_ || log_ratio < -limit_;
        return {loss, clipped || beyond_limit ? real(0) : unclipped_loss, 0};
    }

  private:
    token_view<const T> old_log_probs_;
    token_view<const T> advantages_;
    real low_, high_, dual_clip_, limit_;
};

template <class OldLogProbs, class Advantages>
clipped_policy(OldLogProbs&&, Advantages&&) -> clipped_policy<scalar_t<OldLogProbs>>;
template <class OldLogProbs, class Advantages>
clipped_policy(OldLogProbs&&, Advantages&&, const clipped_policy_options&) -> clipped_policy<scalar_t<OldLogProbs>>;

}  // namespace reft::inline REFT_ABI
