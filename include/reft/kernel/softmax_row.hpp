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

/// Rows whose softmaxes are finished together: the logarithms and divisions at the end of one wait for each other, those
/// of eight do not.
constexpr std::size_t softmaxes_at_once = 8;

/// A row and the token chosen there.
template <class T>
struct row_and_choice {
    row_at<const T> x = {};
    std::int64_t id = -1;              ///< −1: none
    accumulator_t<T>* kept = nullptr;  ///< where the powers 2^y_j are left for the gradient; null: nowhere
};

/// Powers of two of the logits of some rows, all but the chosen ones, summed up:
///
///   sum = Σ 2^y_j,   weighted = Σ y_j·2^y_j,   y_j = scale·x_j − offset
///
/// The offset is near the largest scale·x_j. It and the logarithm of the sum are kept apart: their sum would lose the
/// digits of large logits. NaN where a logit is NaN or +∞; 0 where all are −∞.
struct sums_of_rows {
    alignas(64) double sum[softmaxes_at_once] = {};
    double weighted[softmaxes_at_once] = {};
    double offset[softmaxes_at_once] = {};
    double center[softmaxes_at_once] = {};  ///< the logit behind the offset
    double chosen[softmaxes_at_once] = {};  ///< scale·x of the chosen token
};

/// The softmax of a row: p_j = factor·2^y_j with y_j = scale·x_j − offset.
struct softmax_of_logits {
    double center = 0;  ///< the logit behind the offset
    double factor = 0;
    double log_factor = 0;
    double entropy = 0;   ///< without meaning if it was not asked for
    double log_prob = 0;  ///< of the chosen token
    double own = 0;       ///< p of the chosen token
    double others = 0;    ///< 1 − p, with all its digits where p is nearly 1
    bool kept = false;    ///< whether the powers 2^y_j were kept
};

/// Those of some rows, field by field.
struct softmaxes {
    alignas(64) double center[softmaxes_at_once];
    double factor[softmaxes_at_once];
    double log_factor[softmaxes_at_once];
    double entropy[softmaxes_at_once];
    double log_prob[softmaxes_at_once];
    double own[softmaxes_at_once];
    double others[softmaxes_at_once];
    bool kept[softmaxes_at_once];

    softmax_of_logits operator[](std::size_t i) const {
        return {center[i], factor[i], log_factor[i], entropy[i], log_prob[i], own[i], others[i], kept[i]};
    }
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

/// Rows up to this size leave their powers in the first-level cache for the gradient.
constexpr std::int64_t kept_row = 2048;

/// Room for the powers of such rows, the rest of the last group of vectors of each included.
template <class Real>
struct kept_powers {
    static constexpr std::size_t size = 4096;
    alignas(64) Real values[size];
};

/// Keeps the powers for gradient_of_row, if there is room for them. Without a token (id −1) log_prob and others mean
/// nothing. A row of −∞ only, or one that holds NaN or +∞, gives NaN.
template <class T>
softmax_of_logits softmax_of_row(const row_and_choice<T>& row, double inverse_temperature, bool with_entropy) {
    const auto scale = scale_of<accumulator_t<T>>(inverse_temperature);
    softmaxes p;
    REFT_ON_THIS_MACHINE(softmaxes_of_rows(&row, 1, scale, with_entropy, p));
    return p[0];
}

/// Gradient of a row; `d_x` may be the row. `past_caches`: the gradient is not needed soon, and is written around them.
///
///   d_x_j = τ·(d_log_prob·([j = id] − p_j) − d_entropy·p_j·(log p_j + H))
///
/// Where p_j is 0 the gradient is that of the first term alone: no 0·∞.
template <class T, class D>
void gradient_of_row(const row_and_choice<T>& row, const softmax_of_logits& p, const row_gradient& upstream,
                     double inverse_temperature, const row_at<D>& d_x, bool past_caches = false) {
    using Real = accumulator_t<T>;
    const double factor = -inverse_temperature * p.factor;
    const row_factors<Real> factors{
        scale_of<Real>(inverse_temperature), static_cast<Real>(p.center),
        static_cast<Real>(factor * (upstream.d_log_prob + upstream.d_entropy * (p.log_factor + p.entropy))),
        static_cast<Real>(factor * upstream.d_entropy * ln_2)};
    const double p_log_p = p.own > 0 ? p.own * (p.log_prob + p.entropy) : 0.0;
    const double chosen = inverse_temperature * (upstream.d_log_prob * p.others - upstream.d_entropy * p_log_p);
    REFT_ON_THIS_MACHINE(factors_of_row(row.x, factors, d_x, p.kept ? row.kept : nullptr, past_caches));
    d_x.data[row.id * d_x.stride] = static_cast<D>(static_cast<accumulator_t<D>>(static_cast<Real>(chosen)));
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
        const row_and_choice<T> rows[2] = {{x}, {reference}};
        softmaxes p;
        REFT_ON_THIS_MACHINE(softmaxes_of_rows(rows, 2, scale, false, p));
        center = static_cast<accumulator_t<T>>(p.center[0]);
        reference_center = static_cast<accumulator_t<T>>(p.center[1]);
        factor = p.factor[0];
        difference = p.log_factor[0] - p.log_factor[1];
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
