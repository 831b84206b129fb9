// A value loss over the values that the backend computed.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/token_loss.hpp>

#include <cstdint>

namespace reft::inline REFT_ABI {
namespace detail {

/// The loss at one value, with the statistics that every value loss has.
template <value_loss Loss>
REFT_HD value_term<typename Loss::real> weighted_term(const Loss& loss, token_index i, typename Loss::real value,
                                                      double weight, value_stats& stats) {
    using Real = typename Loss::real;
    value_term<Real> term = loss(i, value, stats);
    const Real w = static_cast<Real>(weight);
    term = {w * term.value, w * term.d_value};
    stats.loss += static_cast<double>(term.value);
    ++stats.tokens;
    if (!(is_finite(term.value) && is_finite(term.d_value)))
        if (stats.non_finite++ == 0) stats.first_non_finite = i;
    return term;
}

}  // namespace detail

/// Value loss over values, and its derivative.
///
///   loss = Σ_i weights_i·L_i,   d_values_i = weights_i·∂L_i/∂V_i
///
/// Shapes    values, weights, d_values: all [tokens] or all [batch, time]; d_values may be values.
/// Masking   weight 0: nothing of the token is read, its derivative is 0.
/// Returns   `before` and the statistics of these tokens added up in their order; `.loss` is the loss. Scale the loss (`5.0 * clipped_value(...)`) for a value_coef.
/// Errors    shape_error.
template <value_loss Loss, token_tensor Values, token_tensor Weights, token_tensor DValues>
value_stats loss_over_values(const Loss& loss, const Values& values, const Weights& weights, DValues&& d_values,
                             const value_stats& before = {}) {
    using Real = typename Loss::real;
    const auto v = tokens_of(values);
    const auto w = tokens_of(weights);
    const auto d_v = tokens_of(d_values);
    detail::require_same_shape("loss_over_values", "values", v, "weights", w);
    detail::require_same_shape("loss_over_values", "values", v, "d_values", d_v);
    loss.require_extents(v.extents());

    value_stats stats = before;
    for (std::int64_t b = 0; b < v.extent(0); ++b) {
        const auto v_row = v[b];
        const auto w_row = w[b];
        const auto d_row = d_v[b];
        value_stats sums = stats;  // not the returned object, whose sums would be kept in memory
        for (std::int64_t t = 0; t < v.extent(1); ++t) {
            value_term<Real> term;
            if (const double weight = static_cast<double>(w_row[t]); weight != 0)
                term = detail::weighted_term(loss, {b, t}, static_cast<Real>(v_row[t]), weight, sums);
            d_row[t] = static_cast<scalar_t<DValues>>(term.d_value);
        }
        stats = sums;
    }
    return stats;
}

}  // namespace reft::inline REFT_ABI
