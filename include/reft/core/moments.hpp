// Count, mean and squared deviations that can be merged: the statistics behind whitening and explained variance.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/mask_bits.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/core/token_map.hpp>
#include <reft/core/vectors.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace reft::inline REFT_ABI {

/// Which denominator a variance has.
enum class variance {
    unbiased,    ///< n - 1 (TRL, verl and the paper's code)
    population,  ///< n (OpenRLHF)
};

/// Count, mean and sum of squared deviations of a set of numbers, in double.
///
///   merge: δ = mean_b − mean_a,  mean = mean_a + δ·n_b/n,  M₂ = M₂a + M₂b + δ²·n_a·n_b/n
///
/// Source    Chan, Golub, LeVeque 1979; Welford 1962. Equal values give a squared deviation of exactly 0.
struct moments {
    std::int64_t count = 0;           ///< n
    double mean = 0.0;                ///< 0 without numbers
    double squared_deviations = 0.0;  ///< M₂ = Σ (x − mean)²

    /// Takes one number in.
    void add(double x) {
        ++count;
        const double deviation = x - mean;
        mean += deviation / static_cast<double>(count);
        squared_deviations += deviation * (x - mean);
    }

    /// Takes in the numbers of another set, which came after these: the order decides the last bits.
    void merge(const moments& other) {
        if (other.count == 0) return;
        if (count == 0) {
            *this = other;
            return;
        }
        const double a = static_cast<double>(count), b = static_cast<double>(other.count);
        const double difference = other.mean - mean;
        count += other.count;
        mean += difference * (b / (a + b));
        squared_deviations += other.squared_deviations + difference * difference * (a * b / (a + b));
    }

    /// 0 where it is undefined: no number, or a single one and `unbiased`.
    double variance_of(variance kind) const {
        const std::int64_t degrees = kind == variance::unbiased ? count - 1 : count;
        return degrees > 0 ? squared_deviations / static_cast<double>(degrees) : 0.0;
    }
};

namespace detail {

/// Counted numbers whose moments are taken at once.
constexpr std::int64_t moments_block = 2048;

/// From the sums of n deviations from `about` and of their squares.
inline moments moments_of_sums(double about, std::int64_t n, double sum, double squares) {
    const double of_mean = sum / static_cast<double>(n);
    const double deviations = squares - sum * of_mean;
    return {n, about + of_mean, deviations < 0 ? 0.0 : deviations};
}

}  // namespace detail
}  // namespace reft::inline REFT_ABI

#define REFT_LOOPS <reft/core/moments.inl>
#include <reft/core/each_instruction_set.inl>

namespace reft::inline REFT_ABI {
namespace detail {

template <class T>
moments moments_of_row(const strided_view<const T, 1>& row, const integer_run& mask) {
    return REFT_ON_THIS_MACHINE(moments_of_row<T>(row, mask));
}

}  // namespace detail

/// The moments of the counted positions of a per-token array, merged row by row into `before`: going on from the
/// moments of earlier rows gives the bits of all rows at once.
///
/// Precision within a row the moments of blocks of 2048 counted numbers are merged in their order. A block's sums are
///           made about its first number, or about its mean if that is far away: those of doubles in double, those
///           of float and the 16-bit types with a relative error of the squared deviations of 1e-6 at most. The bits
///           depend on the counted numbers of each row and on the instruction set, not on layout, strides, masked
///           positions or threads.
template <token_tensor X>
moments moments_of(const X& x, const rows& r, const moments& before = {}, executor& pool = serial()) {
    const auto v = tokens_of(x);
    r.require_layout("moments_of", "x", v);
    moments all = before;
    constexpr std::int64_t rows_at_once = 512;
    std::array<moments, rows_at_once> of_rows;
    for (std::int64_t first = 0; first < r.count(); first += rows_at_once) {
        const std::int64_t last = std::min(r.count(), first + rows_at_once);
        detail::for_rows(r, first, last, pool, [&](std::int64_t b) {
            of_rows[static_cast<std::size_t>(b - first)] =
                detail::moments_of_row<scalar_t<X>>(row_of(v, r, b), r.mask_of(b));
        });
        for (std::int64_t i = 0; i < last - first; ++i) all.merge(of_rows[static_cast<std::size_t>(i)]);
    }
    return all;
}

}  // namespace reft::inline REFT_ABI
