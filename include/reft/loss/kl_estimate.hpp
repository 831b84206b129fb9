// Estimates of the KL divergence from the log-prob of one sampled token.
#pragma once

#include <reft/core/config.hpp>

#include <cmath>

namespace reft::inline REFT_ABI {

/// With d = log_prob − ref_log_prob of a token sampled from the policy:
enum class kl_estimator {
    k1,   ///< d; unbiased, may be negative. For rewards (the paper's code).
    k2,   ///< ½d²; biased, but its gradient as a loss is that of the KL (on-policy)
    k3,   ///< e^−d + d − 1; unbiased, never negative; its gradient as a loss is not that of the KL
    abs,  ///< |d|
};

/// An estimate of the KL from one token.
template <class Real>
struct kl_term {
    Real value = 0;       ///< nats
    Real d_log_prob = 0;  ///< ∂value/∂log_prob
};

/// The estimate and its derivative with respect to log_prob.
///
/// Precision k3 takes e^−d from expm1 and limits d to ±`log_ratio_limit` (beyond it value and derivative are those
///           of a constant), so both are finite for any finite log-probs. The others have no limit.
/// Source    Schulman, “Approximating KL divergence”, 2020 (joschu.net/blog/kl-approx.html).
template <class Real>
REFT_HD kl_term<Real> kl_estimate(kl_estimator estimator, Real log_prob, Real ref_log_prob,
                                  Real log_ratio_limit = Real(20)) {
    const Real d = log_prob - ref_log_prob;
    switch (estimator) {
        case kl_estimator::k1: return {d, Real(1)};
        case kl_estimator::k2: return {Real(0.5) * d * d, d};
        case kl_estimator::abs: return {d < 0 ? -d : d, d < 0 ? Real(-1) : d > 0 ? Real(1) : Real(0)};
        case kl_estimator::k3: break;
    }
    if (d > log_ratio_limit) return {std::expm1(-log_ratio_limit) + log_ratio_limit, Real(0)};
    if (d < -log_ratio_limit) return {std::expm1(log_ratio_limit) - log_ratio_limit, Real(0)};
    return {std::expm1(-d) + d, -std::expm1(-d)};
}

}  // namespace reft::inline REFT_ABI
