// One row of logits and the token chosen there: log-prob, entropy, exact KL, and their gradients.
#pragma once

#include <reft/core/float16.hpp>
#include <reft/core/instruction_set.hpp>
#include <reft/core/streaming.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/core/vectors.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace reft::inline REFT_ABI::detail {

/// A row of logits in memory.
template <class T>
struct row_at {
    T* data = nullptr;
    std::int64_t stride = 1;
    std::int64_t size = 0;
};
template <class T>
row_at<T> row_in_memory(const strided_view<T, 1>& x) {
    return {x.data(), x.stride(0), x.extent(0)};
}

/// Powers of two of a row's logits, all but the chosen one, summed up:
///
///   sum = Σ 2^y_j,   weighted = Σ y_j·2^y_j,   y_j = scale·x_j − offset
///
/// The offset is near the largest scale·x_j. It and the logarithm of the sum are kept apart: their sum would lose the
/// digits of large logits. NaN where a logit is NaN or +∞; 0 where all are −∞.
struct row_sums {
    double sum = 0;
    double weighted = 0;
    double offset = 0;
    double center = 0;  ///< the logit behind the offset
    bool kept = false;  ///< whether all powers were written to memory
};

/// What flows back into a row of logits.
struct row_gradient {
    double d_log_prob = 0;  ///< of the chosen token
    double d_entropy = 0;

    REFT_HD bool any() const { return d_log_prob != 0 || d_entropy != 0; }
};

/// A factor for every logit of a row: 2^y·(constant + linear·y) with y = scale·(x − center).
template <class Real>
struct row_factors {
    Real scale = 0, center = 0;
    Real constant = 0, linear = 0;
};

}  // namespace reft::inline REFT_ABI::detail

#define REFT_LOOPS <reft/kernel/softmax_row.inl>
#include <reft/core/each_instruction_set.inl>
#include <reft/core/exact_arithmetic_begin.inl>

namespace reft::inline REFT_ABI::detail {

constexpr double ln_2 = 0.693147180559945309417, log2_e = 1.44269504088896340736;

/// log₂e·τ: exponents are those of 2. Its rounding is a temperature that is wrong by less than 6e-8.
template <class Real>
Real scale_of(double inverse_temperature) {
    return static_cast<Real>(inverse_temperature * log2_e);
}

/// The softmax of a row: p_j = factor·2^y_j with y_j = scale·x_j − offset.
struct softmax_of_logits {
    double center = 0;  ///< the logit behind the offset
    double factor = 0;
    double log_factor = 0;
    double entropy = 0;   ///< 0 if it was not asked for
    double log_prob = 0;  ///< of the chosen token
    double own = 0;       ///< p of the chosen token
    double others = 0;    ///< 1 − p, with all its digits where p is nearly 1
    bool kept = false;    ///< whether the powers 2^y_j were kept
};

/// Rows up to this size leave their powers in the first-level cache for the gradient.
constexpr std::int64_t kept_row = 2048;

/// Room for the powers of such a row, and the rest of its last group of vectors.
template <class Real>
struct kept_powers {
    alignas(64) Real values[static_cast<std::size_t>(kept_row) + 64];
};

/// The chosen token is added last, in double, so that 1 − p keeps its digits where p is nearly 1.
inline softmax_of_logits softmax_of_sums(const row_sums& all_others, double scaled_chosen, bool with_entropy) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double chosen = scaled_chosen - all_others.offset;
    // Everything relative to the larger of the offset and the chosen token; to this one too where it is the only one.
    double shift = 0, unit = 1, own = 0, others = all_others.sum, weighted = all_others.weighted;
    if (chosen > 0 || (others == 0 && chosen > -infinity)) {
        shift = chosen;
        unit = others > 0 ? std::exp2(-shift) : 0.0;
        weighted = unit > 0 ? unit * (weighted - shift * others) : 0.0;
        others *= unit;
        own = 1;
    } else if (chosen > -1074) {
        own = std::exp2(chosen);
        weighted += own * chosen;
    }
    const double total = own + others;
    if (!(total > 0) || !(chosen < infinity)) {
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        return {nan, nan, nan, nan, nan, nan, nan, false};
    }
    const double log_total = own == 1 ? std::log1p(others) : std::log(total), per_total = 1 / total;
    return {all_others.center,
            unit * per_total,
            -ln_2 * shift - log_total,
            with_entropy ? log_total - ln_2 * weighted * per_total : 0.0,
            ln_2 * (chosen - shift) - log_total,
            own * per_total,
            others * per_total,
            all_others.kept};
}

/// Keeps the powers for gradient_of_row, if `kept` is not null and the row is small enough. Without a token (id −1)
/// log_prob and others mean nothing. A row of −∞ only, or one that holds NaN or +∞, gives NaN.
template <class T>
softmax_of_logits softmax_of_row(const strided_view<const T, 1>& x, std::int64_t id, double inverse_temperature,
                                 bool with_entropy, kept_powers<accumulator_t<T>>* kept = nullptr) {
    using Real = accumulator_t<T>;
    const auto row = row_in_memory(x);
    const Real scale = scale_of<Real>(inverse_temperature);
    Real* const powers = kept != nullptr && x.extent(0) <= kept_row ? kept->values : nullptr;
    const row_sums sums = REFT_ON_THIS_MACHINE(sums_of_row(row, id, scale, with_entropy, powers));
    const double chosen =
        id < 0 ? -std::numeric_limits<double>::infinity() : static_cast<double>(scale) * static_cast<double>(x[id]);
    return softmax_of_sums(sums, chosen, with_entropy);
}

/// Gradient of a row; `d_x` may be `x`. `past_caches`: the gradient is not needed soon, and is written around them.
/// `kept` is what softmax_of_row was given.
///
///   d_x_j = τ·(d_log_prob·([j = id] − p_j) − d_entropy·p_j·(log p_j + H))
///
/// Where p_j is 0 the gradient is that of the first term alone: no 0·∞.
template <class T, class D>
void gradient_of_row(const strided_view<const T, 1>& x, const softmax_of_logits& p, std::int64_t id,
                     const row_gradient& upstream, double inverse_temperature, const strided_view<D, 1>& d_x,
                     bool past_caches = false, const kept_powers<accumulator_t<T>>* kept = nullptr) {
    using Real = accumulator_t<T>;
    const double factor = -inverse_temperature * p.factor;
    const row_factors<Real> factors{
        scale_of<Real>(inverse_temperature), static_cast<Real>(p.center),
        static_cast<Real>(factor * (upstream.d_log_prob + upstream.d_entropy * (p.log_factor + p.entropy))),
        static_cast<Real>(factor * upstream.d_entropy * ln_2)};
    const double p_log_p = p.own > 0 ? p.own * (p.log_prob + p.entropy) : 0.0;
    const double chosen = inverse_temperature * (upstream.d_log_prob * p.others - upstream.d_entropy * p_log_p);
    const auto from = row_in_memory(x);
    const auto to = row_in_memory(d_x);
    const Real* const powers = kept != nullptr && p.kept ? kept->values : nullptr;
    REFT_ON_THIS_MACHINE(factors_of_row(from, factors, to, powers, past_caches));
    d_x[id] = static_cast<D>(static_cast<accumulator_t<D>>(static_cast<Real>(chosen)));
}

/// Two rows and their softmaxes at one temperature.
template <class T>
struct pair_of_rows {
    row_at<const T> x, reference;
    accumulator_t<T> scale, center, reference_center;
    double factor;      ///< p = factor·2^y
    double difference;  ///< log p − log q = ln 2·(y − y of the reference) + difference

    pair_of_rows(const strided_view<const T, 1>& x_row, const strided_view<const T, 1>& reference_row,
                 double inverse_temperature)
        : x(row_in_memory(x_row)),
          reference(row_in_memory(reference_row)),
          scale(scale_of<accumulator_t<T>>(inverse_temperature)) {
        const softmax_of_logits p = softmax_of_row(x_row, -1, inverse_temperature, false);
        const softmax_of_logits q = softmax_of_row(reference_row, -1, inverse_temperature, false);
        center = static_cast<accumulator_t<T>>(p.center);
        reference_center = static_cast<accumulator_t<T>>(q.center);
        factor = p.factor;
        difference = p.log_factor - q.log_factor;
    }
};

/// Exact KL divergence Σ p·(log p − log q) of a row from a reference row; +∞ where the reference excludes a token
/// that the row does not.
template <class T>
double kl_of_rows(const pair_of_rows<T>& rows) {
    const double sum = REFT_ON_THIS_MACHINE(
        divergence_of_rows(rows.x, rows.reference, rows.scale, rows.center, rows.reference_center));
    return rows.factor * ln_2 * sum + rows.difference;
}

/// Adds the gradient of the exact KL, ∂KL/∂x_j = τ·p_j·(log p_j − log q_j − KL). `d_x` must not be `x`.
template <class T, class D>
void add_kl_gradient_of_row(const pair_of_rows<T>& rows, double kl, double d_kl, double inverse_temperature,
                            const strided_view<D, 1>& d_x) {
    using Real = accumulator_t<T>;
    const double factor = d_kl * inverse_temperature * rows.factor;
    const auto constant = static_cast<Real>(factor * (rows.difference - kl));
    const auto linear = static_cast<Real>(factor * ln_2);
    const auto to = row_in_memory(d_x);
    REFT_ON_THIS_MACHINE(add_divergence_factors(rows.x, rows.reference, rows.scale, rows.center, rows.reference_center,
                                                constant, linear, to));
}

}  // namespace reft::inline REFT_ABI::detail

#include <reft/core/exact_arithmetic_end.inl>
