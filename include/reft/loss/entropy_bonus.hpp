// A reward for staying undecided.
#pragma once

#include <reft/loss/token_loss.hpp>

#include <array>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Negative entropy of the policy at one token: `clipped_policy(...) + 0.01 * entropy_bonus<float>{}`.
///
///   L = −H,   H = −Σ_a π(a) log π(a)     at the temperature of the kernel
///
/// Gradient  ∂L/∂H = −1.
template <class Real>
struct entropy_bonus {
    using real = Real;                           ///< what it computes in
    static constexpr bool needs_entropy = true;  ///< reads the entropy alone

    /// Any extents fit: it has no arrays.
    void require_extents(const std::array<std::int64_t, 2>&) const {}

    /// The loss of any token; adds to no statistics.
    REFT_HD policy_term<real> operator()(token_index, policy_token<real> token, policy_stats&) const {
        return {-token.entropy, 0, real(-1)};
    }
};

}  // namespace reft::inline REFT_ABI
