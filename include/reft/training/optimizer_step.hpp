// The end of every update: the gradient is checked, clipped and followed.
#pragma once

#include <reft/core/error.hpp>
#include <reft/policy/concepts.hpp>
#include <reft/training/policy_pass.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace reft::inline REFT_ABI {

/// A loss or gradient was not finite; the optimiser step was refused and the policy is as it was before it.
struct non_finite_error : error {
    using error::error;
};

namespace detail {

/// `what` names the function and the batch, `row_names[b]` row b of the micro-batch.
template <class Names>
void require_finite(std::string_view what, const token_batch& batch, const loss_stats& stats, const Names& row_names) {
    const bool policy = stats.policy.non_finite > 0;
    if (!policy && stats.value.non_finite == 0) return;
    const std::int64_t at = (policy ? stats.policy.first_non_finite : stats.value.first_non_finite).column;
    const auto offsets = batch.response_offsets();
    const auto row =
        static_cast<std::size_t>(std::upper_bound(offsets.begin(), offsets.end(), at) - offsets.begin()) - 1;
    throw non_finite_error(std::string(what) + ": the " + (policy ? "policy" : "value") + " loss of row " +
                           std::to_string(row_names[row]) + ", response token " + std::to_string(at - offsets[row]) +
                           ", is not finite; no step was taken");
}

}  // namespace detail

/// The norm of the accumulated gradient. Throws non_finite_error, and throws the gradient away, if it is not finite;
/// `what` names the function and the batch.
template <optimizable P>
double finite_gradient_norm(std::string_view what, P& policy) {
    const double norm = policy.gradient_norm();
    if (std::isfinite(norm)) return norm;
    policy.zero_gradient();
    throw non_finite_error(std::string(what) + ": the gradient norm is " + std::to_string(norm) +
                           "; no step was taken");
}

/// Follows the accumulated gradient, scaled down to max_gradient_norm if `norm`, its length, is greater.
template <optimizable P>
void clipped_optimizer_step(P& policy, double norm, double learning_rate, double max_gradient_norm) {
    policy.optimizer_step(learning_rate, norm > max_gradient_norm ? max_gradient_norm / (norm + 1e-6) : 1.0);
}

}  // namespace reft::inline REFT_ABI
