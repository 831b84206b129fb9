// How far a result may be from the source's number, as a function of what the case says about its types.
#pragma once

#include "golden/golden.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace golden {

/// Largest errors allowed, relative to max(1, |expected|).
///
///   dtype    float_upcast   before the casts   after them
///   float64  float64        1e-12              1e-12
///   float64  float32        1e-12              1e-6     the KL and the values were rounded to 24 bits on the way
///   float32  any            1e-5               1e-5
struct precision {
    double before_casts;     ///< what is computed in dtype alone
    double after_casts;      ///< what depends on numbers that were cast to float_upcast
    double rounding_before;  ///< of one number in dtype
    double rounding_after;   ///< of one number in the coarser of the two types

    precision(const std::string& dtype, const std::string& float_upcast) {
        const bool single = dtype == "float32", casts = float_upcast == "float32";
        before_casts = single ? 1e-5 : 1e-12;
        after_casts = single ? 1e-5 : casts ? 1e-6 : 1e-12;
        rounding_before = single ? 0x1p-24 : 0x1p-53;
        rounding_after = single || casts ? 0x1p-24 : 0x1p-53;
    }
    explicit precision(const std::string& dtype) : precision(dtype, dtype) {}

    /// Of sums of numbers as large as `largest`, whose rounding remains where they cancel: returns, advantages.
    double summed(double largest) const { return std::max(after_casts, 8 * rounding_after * largest); }

    /// After a division by the deviation of numbers that have an offset or are nearly equal: it multiplies the rounding
    /// of mean and numbers by largest/deviation. In double 1e-8, in float 0.1 at most: 1e-12 and 1e-5 times the factor of up to 1e4 that
    /// the description of the cases allows.
    double divided(double largest, double variance) const {
        const double amplified = 8 * rounding_after * std::max(1.0, largest) / std::sqrt(variance + 1e-8);
        const double ceiling = rounding_after < 0x1p-30 ? 1e-8 : 0.1;
        return std::max(after_casts, std::min(amplified, ceiling));
    }

    /// Of exp(log_prob − old_log_prob), whose relative error is the absolute one of the log-probs.
    double exponentiated(double tolerance, double largest_log_prob) const {
        return std::max(tolerance, 8 * rounding_before * largest_log_prob);
    }
};

}  // namespace golden
