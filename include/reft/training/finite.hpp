// No step is taken along numbers that are not finite, and the error says which row they came from.
#pragma once

#include <reft/core/error.hpp>
#include <reft/policy/concepts.hpp>
#include <reft/training/policy_pass.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// A loss or gradient was not finite; the optimiser step was refused and the policy is as it was before it.
struct non_finite_error : error {
    using error::error;
};

/// Throws non_finite_error if a token's loss was not finite. `what` names the function and the batch, `row_names[b]`
/// row b of the micro-batch `batch`, which was the last to be added to `stats`.
inline void require_finite_losses(std::string_view what, const token_batch& batch, const loss_stats& stats,
                                  std::span<const std::int64_t> row_names) {
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

/// The norm of the accumulated gradient. If it is not finite, throws the gradient away and throws non_finite_error,
/// which names the first row whose own gradient is not finite: `add_gradient_of(i)` adds that of row i alone, once
/// more. `what` names the function and the batch, `row_names[i]` its row i.
template <optimizable P, class AddGradientOf>
double finite_gradient_norm(std::string_view what, P& policy, std::span<const std::int64_t> row_names,
                            AddGradientOf&& add_gradient_of) {
    const double norm = policy.gradient_norm();
    if (std::isfinite(norm)) return norm;
    std::string whose = "all rows together, but of none alone,";
    for (std::size_t i = 0; i < row_names.size(); ++i) {
        policy.zero_gradient();
        add_gradient_of(i);
        if (std::isfinite(policy.gradient_norm())) continue;
        whose = "row " + std::to_string(row_names[i]);
        break;
    }
    policy.zero_gradient();
    throw non_finite_error(std::string(what) + ": the gradient of " + whose + " is not finite; no step was taken");
}

}  // namespace reft::inline REFT_ABI
