// One number per token that carries the mask and the averaging of a loss together.
#pragma once

#include <reft/core/mask_bits.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/tensor_traits.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace reft::inline REFT_ABI {

/// How a loss over tokens becomes one number. N is the denominator the caller gives, n_b the counted tokens of row b.
enum class aggregation {
    token_mean,                    ///< every token 1/N, N = counted tokens of the whole batch
    sequence_mean_of_token_means,  ///< every token of row b 1/(N·n_b), N = rows of the whole batch
    sequence_mean_of_token_sums,   ///< every token 1/N, N = rows of the whole batch
    constant,                      ///< every token 1/N, N chosen by the caller, the same for every part of a step
};

/// Whether rows without a counted token take part in a mean over rows.
enum class empty_rows { counted, skipped };

/// The denominator of `r` alone. Add those of all micro-batches and ranks of one optimiser step and hand the sum
/// to token_weights, so that the loss does not depend on how the batch was split.
///
/// Returns   counted tokens for token_mean, rows for the sequence means.
/// Errors    option_error for constant: that number does not come from the rows.
/// Differs   the paper's code counts empty rows in its mean over rows (`counted`), verl and OpenRLHF skip them.
inline double denominator(const rows& r, aggregation rule, empty_rows empty = empty_rows::counted) {
    switch (rule) {
        case aggregation::token_mean: return static_cast<double>(r.counted());
        case aggregation::constant:
            throw option_error("denominator: with aggregation::constant the denominator is the caller's to choose");
        default: break;
    }
    if (empty == empty_rows::counted) return static_cast<double>(r.count());
    std::int64_t rows_with_tokens = 0;
    for (std::int64_t b = 0; b < r.count(); ++b) rows_with_tokens += r.last_counted(b) >= 0;
    return static_cast<double>(rows_with_tokens);
}

/// The same, with `constant` for aggregation::constant.
inline double denominator(const rows& r, aggregation rule, double constant) {
    return rule == aggregation::constant ? constant : denominator(r, rule);
}

namespace detail {

inline void require_constant_denominator(std::string_view function, aggregation rule, double constant) {
    require_option(rule != aggregation::constant || (constant > 0 && constant - constant == 0), function,
                   "constant_denominator must be positive and finite", constant);
}

}  // namespace detail

namespace detail {

/// The same number for the counted ones of the first n tokens, 0 for the others.
template <class T>
void fill_row(T number, const integer_run& mask, std::int64_t n, const strided_view<T, 1>& row) {
    for (std::int64_t t = 0; t < n; t += 64) {
        const std::int64_t w = std::min<std::int64_t>(64, n - t);
        std::uint64_t bits = mask_bits(mask, t, w);
        for (std::int64_t i = 0; i < w; ++i, bits >>= 1) row[t + i] = (bits & 1) != 0 ? number : T(0);
    }
    fill_zero(row.data() + n * row.stride(0), row.stride(0), row.extent(0) - n);
}

}  // namespace detail

/// The weight of every token; 0 where a position does not count.
///
/// Shapes    weights: the layout of `r`.
/// Errors    option_error if `denominator` is not positive although a token counts.
template <token_tensor Weights>
void token_weights(const rows& r, aggregation rule, double denominator, Weights&& weights) {
    const auto w = tokens_of(weights);
    using T = typename decltype(w)::value_type;
    r.require_layout("token_weights", "weights", w);
    for (std::int64_t b = 0; b < r.count(); ++b) {
        const std::int64_t counted = r.counted(b);
        if (counted > 0)
            detail::require_option(denominator > 0, "token_weights", "denominator must be positive", denominator);
        const double in_row = rule == aggregation::sequence_mean_of_token_means ? static_cast<double>(counted) : 1.0;
        const T weight = T(static_cast<accumulator_t<T>>(counted > 0 ? 1.0 / (denominator * in_row) : 0.0));
        detail::fill_row(weight, r.mask_of(b), r.length(b), detail::padded_row_of(w, r, b));
    }
}

}  // namespace reft::inline REFT_ABI
