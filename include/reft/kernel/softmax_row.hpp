// One row of logits: log-softmax, entropy, exact KL, and their gradients. The arithmetic of the logits kernels.
#pragma once

#include <reft/core/float16.hpp>
#include <reft/core/strided_view.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace reft::inline REFT_ABI::detail::inline REFT_ISA {

/// The softmax of a row at inverse temperature τ: p_j = exp(τ·(x_j − largest) − log_sum).
/// The maximum and the logarithm are kept apart: their sum would lose the digits of large logits.
struct softmax_statistics {
    double largest = 0;
    double log_sum = 0;
    double entropy = 0;

    template <class T>
    REFT_HD double log_prob(const strided_view<const T, 1>& x, std::int64_t j, double inverse_temperature) const {
        return (static_cast<double>(x[j]) - largest) * inverse_temperature - log_sum;
    }
};

/// Sums are made in double, exponentials in the accumulator type. A row of −∞ only, or one that holds NaN or +∞,
/// gives NaN. Terms of −∞ logits are left out, so the entropy is never 0·(−∞).
template <class T>
REFT_NOINLINE softmax_statistics softmax_of_row(const strided_view<const T, 1>& x, double inverse_temperature,
                                                bool with_entropy) {
    using Real = accumulator_t<T>;
    const std::int64_t n = x.extent(0);
    Real largest = -std::numeric_limits<Real>::infinity();
    bool unordered = false;
    for (std::int64_t j = 0; j < n; ++j) {
        const Real v = static_cast<Real>(x[j]);
        unordered |= v != v;
        largest = v > largest ? v : largest;
    }
    if (unordered || !(largest - largest == Real(0))) {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        return {nan, nan, nan};
    }
    const Real scale = static_cast<Real>(inverse_temperature);
    double sum = 0, weighted = 0;
    for (std::int64_t j = 0; j < n; ++j) {
        const Real z = (static_cast<Real>(x[j]) - largest) * scale;
        const Real e = std::exp(z);
        sum += static_cast<double>(e);
        if (with_entropy && e > 0) weighted += static_cast<double>(e * z);
    }
    const double log_sum = std::log(sum);
    return {static_cast<double>(largest), log_sum, with_entropy ? log_sum - weighted / sum : 0.0};
}

/// Exact KL divergence Σ p·(log p − log q) of a row from a reference row at the same temperature; +∞ where the
/// reference excludes a token that the row does not.
template <class T>
REFT_NOINLINE double kl_of_rows(const strided_view<const T, 1>& x, const softmax_statistics& p,
                                const strided_view<const T, 1>& reference, const softmax_statistics& q,
                                double inverse_temperature) {
    double kl = 0;
    for (std::int64_t j = 0; j < x.extent(0); ++j) {
        const double log_p = p.log_prob(x, j, inverse_temperature);
        const double probability = std::exp(log_p);
        if (probability > 0) kl += probability * (log_p - q.log_prob(reference, j, inverse_temperature));
    }
    return p.log_sum == p.log_sum ? kl : p.log_sum;
}

/// What flows back into a row of logits.
struct row_gradient {
    double d_log_prob = 0;  ///< of the chosen token
    double d_entropy = 0;

    REFT_HD bool any() const { return d_log_prob != 0 || d_entropy != 0; }
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
    REFT_HD logit_gradient(const softmax_statistics& p, const row_gradient& upstream, double inverse_temperature)
        : scale(static_cast<Real>(inverse_temperature)),
          largest(static_cast<Real>(p.largest)),
          log_sum(static_cast<Real>(p.log_sum)),
          entropy(static_cast<Real>(p.entropy)),
          d_log_prob(static_cast<Real>(upstream.d_log_prob * inverse_temperature)),
          d_entropy(static_cast<Real>(upstream.d_entropy * inverse_temperature)) {}

    REFT_HD Real operator()(Real x, bool chosen) const {
        const Real log_p = (x - largest) * scale - log_sum;
        const Real probability = std::exp(log_p);
        Real gradient = -d_log_prob * probability;
        if (d_entropy != 0 && probability > 0) gradient -= d_entropy * probability * (log_p + entropy);
        if (chosen) gradient += d_log_prob;
        return gradient;
    }
};

/// Gradient of a row; `d_x` may be `x`.
template <class T, class D>
REFT_NOINLINE void gradient_of_row(const strided_view<const T, 1>& x, const softmax_statistics& p, std::int64_t id,
                                   const row_gradient& upstream, double inverse_temperature,
                                   const strided_view<D, 1>& d_x) {
    using Real = accumulator_t<T>;
    const logit_gradient<Real> gradient(p, upstream, inverse_temperature);
    for (std::int64_t j = 0; j < x.extent(0); ++j)
        d_x[j] = static_cast<D>(static_cast<accumulator_t<D>>(gradient(static_cast<Real>(x[j]), j == id)));
}

/// Adds the gradient of the exact KL, ∂KL/∂x_j = τ·p_j·(log p_j − log q_j − KL). `d_x` must not be `x`.
template <class T, class D>
REFT_NOINLINE void add_kl_gradient_of_row(const strided_view<const T, 1>& x, const softmax_statistics& p,
                                          const strided_view<const T, 1>& reference, const softmax_statistics& q,
                                          double kl, double d_kl, double inverse_temperature,
                                          const strided_view<D, 1>& d_x) {
    for (std::int64_t j = 0; j < x.extent(0); ++j) {
        const double log_p = p.log_prob(x, j, inverse_temperature);
        const double probability = std::exp(log_p);
        if (probability > 0)
            d_x[j] = static_cast<D>(static_cast<accumulator_t<D>>(
                static_cast<double>(d_x[j]) + d_kl * inverse_temperature * probability *
                                                  (log_p - q.log_prob(reference, j, inverse_temperature) - kl)));
    }
}

}  // namespace reft::inline REFT_ABI::detail::inline REFT_ISA
