// Learning rates over the steps of a run.
#pragma once

#include <reft/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace reft::inline REFT_ABI {

/// What the learning rate does after the warm-up.
enum class decay {
    none,    ///< stays
    linear,  ///< falls by the same amount every step
    cosine,  ///< falls along half a wave, slowly at both ends
};

/// The learning rate of optimiser step i (counted from 0): it rises linearly over the warm-up, then decays.
///
///   warm-up  rate·(i+1)/warmup_steps
///   then     rate·(floor + (1−floor)·d),  d = 1, 1−x or ½(1+cos πx),  x = share of the remaining steps done
struct schedule {
    double rate = 1e-4;             ///< at the end of the warm-up, the largest
    decay kind = decay::none;       ///< what comes after it
    std::int64_t warmup_steps = 0;  ///< 0: starts at the full rate
    std::int64_t total_steps = 0;   ///< of the whole run; needed for linear and cosine
    double floor = 0.0;             ///< share of the rate that is left at the end
};

/// Throws option_error, naming the option, if the schedule cannot be followed.
inline void require_valid(const schedule& s) {
    detail::require_option(s.rate >= 0 && std::isfinite(s.rate), "schedule", "rate must be finite and not negative",
                           s.rate);
    detail::require_option(s.warmup_steps >= 0, "schedule", "warmup_steps must not be negative",
                           static_cast<double>(s.warmup_steps));
    detail::require_option(s.kind == decay::none || s.total_steps > 0, "schedule",
                           "total_steps must be positive where the rate decays", static_cast<double>(s.total_steps));
    detail::require_option(s.floor >= 0 && s.floor <= 1, "schedule", "floor must be between 0 and 1", s.floor);
}

/// Errors    option_error if the schedule cannot be followed.
inline double learning_rate(const schedule& s, std::int64_t step) {
    require_valid(s);
    if (step < s.warmup_steps) return s.rate * static_cast<double>(step + 1) / static_cast<double>(s.warmup_steps);
    if (s.kind == decay::none) return s.rate;
    const double remaining = static_cast<double>(std::max<std::int64_t>(1, s.total_steps - s.warmup_steps));
    const double done = std::min(1.0, static_cast<double>(step - s.warmup_steps) / remaining);
    const double left = s.kind == decay::linear ? 1.0 - done : 0.5 * (1.0 + std::cos(std::numbers::pi * done));
    return s.rate * (s.floor + (1.0 - s.floor) * left);
}

}  // namespace reft::inline REFT_ABI
