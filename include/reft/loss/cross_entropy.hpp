// The loss of supervised fine-tuning.
#pragma once

#include <reft/loss/token_loss.hpp>

#include <array>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Cross-entropy of one token.
///
///   L = −log_prob
///
/// Gradient  ∂L/∂log_prob = −1.
/// Source    Luong et al. 2024, arXiv:2401.08967, L_SFT.
/// Differs   the paper sums over tokens, its code takes the mean over tokens: choose by the weights.
template <class Real>
struct cross_entropy {
    using real = Real;                            ///< what it computes in
    static constexpr bool needs_entropy = false;  ///< reads the log-prob alone

    /// Any extents fit: it has no arrays.
    void require_extents(const std::array<std::int64_t, 2>&) const {}

    /// The loss of any token; adds to no statistics.
    REFT_HD policy_term<real> operator()(token_index, policy_token<real> token, policy_stats&) const {
        return {-token.log_prob, real(-1), 0};
    }
};

}  // namespace reft::inline REFT_ABI
