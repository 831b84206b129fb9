// Whitening: advantages (or rewards) with mean 0 and variance 1 over the counted tokens.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/moments.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/core/token_map.hpp>

#include <cmath>
#include <concepts>
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

namespace detail {

/// out = ((x − mean) − rest_of_mean)·scale + shift. In float the mean has a rest, so that none of its digits is lost.
template <class Real>
struct whitening_constants {
    Real mean, rest_of_mean, scale, shift;
};

}  // namespace detail
}  // namespace reft::inline REFT_ABI

#define REFT_LOOPS <reft/advantage/whiten.inl>
#include <reft/core/each_instruction_set.inl>

namespace reft::inline REFT_ABI {
namespace detail {

template <class Real, class T, class X>
void whiten_row(const whitening_constants<Real>& c, const integer_run& mask, bool past, const strided_view<T, 1>& out,
                const strided_view<const X, 1>& x) {
    return REFT_ON_THIS_MACHINE(whiten_row(c, mask, past, out, x));
}

/// From the last row to the first: where the statistics were just gathered, the last rows are still in a cache.
template <class Real, class T, class X>
void whiten_rows(const whitening_constants<double>& c, const rows& r, const token_view<const X>& x,
                 const token_view<T>& out, executor& pool) {
    const Real mean = static_cast<Real>(c.mean);
    const whitening_constants<Real> constants = {mean, static_cast<Real>(c.mean - static_cast<double>(mean)),
                                                 static_cast<Real>(c.scale), static_cast<Real>(c.shift)};
    const bool past = past_caches(out, x.data());
    for_rows(r, pool, [&](std::int64_t i) {
        const std::int64_t b = r.count() - 1 - i;
        whiten_row<Real, T, X>(constants, r.mask_of(b), past, padded_row_of(out, r, b), row_of(x, r, b));
    });
}

/// Whether the constants have float's precision in float: none of them is too large or too small.
inline bool fit_in_float(const whitening_constants<double>& c) {
    const auto fits = [](double x) { return x == 0 || (x < 1e30 && x > -1e30 && (x > 1e-30 || x < -1e-30)); };
    return fits(c.mean) && fits(c.scale) && fits(c.shift);
}

}  // namespace detail

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
void whiten(const X& x, const rows& r, Out&& out, const moments& statistics, const whiten_options& options = {},
            executor& pool = serial()) {
    const auto in = tokens_of(x);
    const auto result = tokens_of(out);
    using T = typename decltype(result)::value_type;
    require_valid(options);
    r.require_layout("whiten", "x", in);
    r.require_layout("whiten", "out", result);
    const double deviation = std::sqrt(statistics.variance_of(options.variance) + options.epsilon);
    const double scale = deviation > 0 ? 1.0 / deviation : 0.0;
    const double shift = options.mode == whitening::scale_only ? statistics.mean : 0.0;
    const detail::whitening_constants<double> constants = {statistics.mean, 0, scale, shift};
    using Real = detail::computed_in<T, scalar_t<X>>;
    const token_view<const scalar_t<X>> from = in;
    if (std::same_as<Real, float> && detail::fit_in_float(constants))
        detail::whiten_rows<Real>(constants, r, from, result, pool);
    else
        detail::whiten_rows<double>(constants, r, from, result, pool);
}

/// Whitens with the statistics of `x` itself.
template <token_tensor X, token_tensor Out>
void whiten(const X& x, const rows& r, Out&& out, const whiten_options& options = {}, executor& pool = serial()) {
    whiten(x, r, out, moments_of(x, r, {}, pool), options, pool);
}

}  // namespace reft::inline REFT_ABI
