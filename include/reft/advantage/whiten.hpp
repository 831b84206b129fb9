// Whitening: advantages (or rewards) with mean 0 and variance 1 over the counted tokens.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/moments.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/tensor_traits.hpp>

#include <cmath>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// What whitening does to the mean.
enum class whitening {
    center_and_scale,  ///< (x − mean) / σ
    scale_only,        ///< (x − mean) / σ + mean: the mean stays
};

/// Which of the formulas in use whitening follows.
struct whiten_options {
    whitening mode = whitening::center_and_scale;        ///< whether the mean is taken away
    reft::variance variance = reft::variance::unbiased;  ///< which variance σ² is
    double epsilon = 1e-8;                               ///< added to the variance under the root, >= 0
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const whiten_options& o) {
    detail::require_option(o.epsilon >= 0, "whiten", "epsilon must not be negative", o.epsilon);
}

/// Whitens with statistics that the caller gathered: merge the moments of all ranks or micro-batches first.
///
///   out = (x − mean) / √(variance + ε)   (+ mean if scale_only)
///
/// Shapes    x, out: the layout of `r`; out may be x.
/// Masking   0 where a token does not count.
/// Degenerate  one number, or equal numbers: x − mean is 0, so is the result (the mean if scale_only); never NaN.
/// Source    masked_whiten of TRL and verl (unbiased), OpenRLHF (population).
/// Differs   the paper's code and TRL shift and scale masked positions as well; here they are 0. Its `shift_mean=False`
///           is center_and_scale, in TRL and verl the same flag means scale_only.
template <token_tensor X, token_tensor Out>
void whiten(const X& x, const rows& r, Out&& out, const moments& statistics, const whiten_options& options = {}) {
    const auto in = tokens_of(x);
    const auto result = tokens_of(out);
    using T = typename decltype(result)::value_type;
    require_valid(options);
    r.require_layout("whiten", "x", in);
    r.require_layout("whiten", "out", result);
    const double deviation = std::sqrt(statistics.variance_of(options.variance) + options.epsilon);
    const double scale = deviation > 0 ? 1.0 / deviation : 0.0;
    const double shift = options.mode == whitening::scale_only ? statistics.mean : 0.0;
    for (std::int64_t b = 0; b < r.count(); ++b) {
        const auto from = row_of(in, r, b);
        const auto to = row_of(result, r, b);
        for (std::int64_t t = 0; t < from.extent(0); ++t)
            if (r.counts(b, t))
                to[t] = static_cast<T>(
                    static_cast<accumulator_t<T>>((static_cast<double>(from[t]) - statistics.mean) * scale + shift));
    }
    clear_uncounted(r, result);
}

/// Whitens with the statistics of `x` itself.
template <token_tensor X, token_tensor Out>
void whiten(const X& x, const rows& r, Out&& out, const whiten_options& options = {}) {
    whiten(x, r, out, moments_of(x, r), options);
}

}  // namespace reft::inline REFT_ABI
