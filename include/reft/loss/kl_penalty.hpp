// The distance to a reference policy as a term of the loss.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/kl_estimate.hpp>
#include <reft/loss/token_loss.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI {

/// Which estimate of the KL is the loss.
struct kl_penalty_options {
    kl_estimator estimator = kl_estimator::k2;  ///< k2: on-policy its gradient is that of the KL
    double log_ratio_limit = 20.0;              ///< for k3: see kl_estimate
};

/// Estimated KL divergence to the reference policy, as a loss: `clipped_policy(...) + 0.05 * kl_penalty(...)`.
///
///   L = k(log_prob − ref_log_prob)      k1, k2, k3 or abs, see kl_estimator
///
/// Shapes    ref_log_probs: like the log-probs it is evaluated on.
/// Gradient  of the estimator. On-policy only k2's expected gradient is that of the KL; k1's is zero.
/// Statistics  reference_kl.
/// Differs   the paper puts the KL into the reward (kl_shaped_rewards) and has no such term.
template <class T>
class kl_penalty {
  public:
    using real = accumulator_t<T>;                ///< what it computes in
    static constexpr bool needs_entropy = false;  ///< reads the log-prob alone

    /// Views the array, which must outlive it.
    ///
    /// Errors    option_error if the limit is not positive.
    template <token_tensor RefLogProbs>
        requires(!std::same_as<std::remove_cvref_t<RefLogProbs>, kl_penalty>)
    explicit kl_penalty(RefLogProbs&& ref_log_probs, const kl_penalty_options& options = {})
        : ref_log_probs_(tokens_of(std::forward<RefLogProbs>(ref_log_probs))),
          estimator_(options.estimator),
          limit_(static_cast<real>(options.log_ratio_limit)) {
        detail::require_option(options.log_ratio_limit > 0, "kl_penalty", "log_ratio_limit must be positive",
                               options.log_ratio_limit);
    }

    /// Throws shape_error unless its arrays have these extents.
    void require_extents(const std::array<std::int64_t, 2>& extents) const {
        if (extents != ref_log_probs_.extents())
            throw shape_error("kl_penalty: log_probs is " + detail::shape_text(extents.data(), 2) +
                              " but ref_log_probs is " + detail::shape_text(ref_log_probs_));
    }

    /// The loss of token i; adds to the statistics named above.
    REFT_HD policy_term<real> operator()(token_index i, policy_token<real> token, policy_stats& stats) const {
        const kl_term<real> kl =
            kl_estimate(estimator_, token.log_prob, static_cast<real>(ref_log_probs_(i.row, i.column)), limit_);
        stats.reference_kl += static_cast<double>(kl.value);
        return {kl.value, kl.d_log_prob, 0};
    }

  private:
    token_view<const T> ref_log_probs_;
    kl_estimator estimator_;
    real limit_;
};

template <class RefLogProbs>
kl_penalty(RefLogProbs&&) -> kl_penalty<scalar_t<RefLogProbs>>;
template <class RefLogProbs>
kl_penalty(RefLogProbs&&, const kl_penalty_options&) -> kl_penalty<scalar_t<RefLogProbs>>;

}  // namespace reft::inline REFT_ABI
