// The softmax of a row of logits and the gradient of one logit, for a kernel that takes the logits one by one.
#pragma once

#include <reft/core/strided_view.hpp>
#include <reft/kernel/softmax_row.hpp>

#include <cmath>
#include <cstdint>

#include "gpu/lanes.hpp"

namespace gpu {

/// The softmax of a row at inverse temperature τ: p_j = exp(τ·(x_j − largest) − log_sum).
/// The maximum and the logarithm are kept apart: their sum would lose the digits of large logits.
struct softmax_statistics {
    double largest = 0;
    double log_sum = 0;
    double entropy = 0;

    template <class T>
    REFT_DEVICE double log_prob(const reft::strided_view<const T, 1>& x, std::int64_t j,
                                double inverse_temperature) const {
        return (static_cast<double>(x[j]) - largest) * inverse_temperature - log_sum;
    }
};

/// Gradient of one logit of a row.
///
///   ∂log_prob/∂x_j = τ·([j = id] − p_j),   ∂H/∂x_j = −τ·p_j·(log p_j + H)
///
/// Where p_j is 0 the gradient is that of the first term alone: no 0·∞.
template <class Real>
struct logit_gradient {
    Real scale = 0, largest = 0, log_sum = 0, entropy = 0;
    Real d_log_prob = 0, d_entropy = 0;

    logit_gradient() = default;
    REFT_DEVICE logit_gradient(const softmax_statistics& p, const reft::detail::row_gradient& upstream,
                               double inverse_temperature)
        : scale(static_cast<Real>(inverse_temperature)),
          largest(static_cast<Real>(p.largest)),
          log_sum(static_cast<Real>(p.log_sum)),
          entropy(static_cast<Real>(p.entropy)),
          d_log_prob(static_cast<Real>(upstream.d_log_prob * inverse_temperature)),
          d_entropy(static_cast<Real>(upstream.d_entropy * inverse_temperature)) {}

    REFT_DEVICE Real operator()(Real x, bool chosen) const {
        const Real log_p = (x - largest) * scale - log_sum;
        const Real probability = std::exp(log_p);
        Real gradient = -d_log_prob * probability;
        if (d_entropy != 0 && probability > 0) gradient -= d_entropy * probability * (log_p + entropy);
        if (chosen) gradient += d_log_prob;
        return gradient;
    }
};

}  // namespace gpu
