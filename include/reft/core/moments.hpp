// Count, mean and squared deviations that can be merged: the statistics behind whitening and explained variance.
#pragma once

#include <reft/core/rows.hpp>
#include <reft/core/tensor_traits.hpp>

#include <cstdint>

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

/// The moments of the counted positions of a per-token array, merged row by row into `before`: going on from the
/// moments of earlier rows gives the bits of all rows at once.
template <token_tensor X>
moments moments_of(const X& x, const rows& r, const moments& before = {}) {
    const auto v = tokens_of(x);
    r.require_layout("moments_of", "x", v);
    moments all = before;
    for (std::int64_t b = 0; b < r.count(); ++b) {
        moments of_row;
        const auto row = row_of(v, r, b);
        for (std::int64_t t = 0; t < row.extent(0); ++t)
            if (r.counts(b, t)) of_row.add(static_cast<double>(row[t]));
        all.merge(of_row);
    }
    return all;
}

}  // namespace reft::inline REFT_ABI
