// A value loss over the values that the backend computed.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/token_loss.hpp>

#include <cmath>
#include <cstdint>

namespace reft::inline REFT_ABI {

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
    for (std::int64_t b = 0; b < v.extent(0); ++b)
        for (std::int64_t t = 0; t < v.extent(1); ++t) {
            Real derivative = 0;
            if (static_cast<double>(w(b, t)) != 0) {
                const Real weight = static_cast<Real>(w(b, t));
                const value_term<Real> term = loss({b, t}, static_cast<Real>(v(b, t)), stats);
                derivative = weight * term.d_value;
                stats.loss += static_cast<double>(weight * term.value);
                ++stats.tokens;
                if (!(std::isfinite(term.value) && std::isfinite(derivative)))
                    if (stats.non_finite++ == 0) stats.first_non_finite = {b, t};
            }
            d_v(b, t) = static_cast<scalar_t<DValues>>(derivative);
        }
    return stats;
}

}  // namespace reft::inline REFT_ABI
