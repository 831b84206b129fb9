// The end of every update: the gradient is clipped and followed.
#pragma once

#include <reft/policy/concepts.hpp>

namespace reft::inline REFT_ABI {

/// Follows the accumulated gradient, scaled down to max_gradient_norm if `norm`, its length, is greater.
template <optimizable P>
void clipped_optimizer_step(P& policy, double norm, double learning_rate, double max_gradient_norm) {
    policy.optimizer_step(learning_rate, norm > max_gradient_norm ? max_gradient_norm / (norm + 1e-6) : 1.0);
}

}  // namespace reft::inline REFT_ABI
