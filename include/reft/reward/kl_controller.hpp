// Choosing β of the KL penalty: fixed, or steered towards a target.
#pragma once

#include <reft/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>

namespace reft::inline REFT_ABI {

/// Gives the KL coefficient and hears the KL that came of it.
template <class C>
concept kl_controller = requires(C& controller, const C& constant, double kl, double samples) {
    { constant.kl_coef() } -> std::convertible_to<double>;
    controller.update(kl, samples);
};

/// β never changes (the paper).
class fixed_kl_controller {
  public:
    /// Errors    option_error if β is not finite.
    explicit fixed_kl_controller(double kl_coef) : kl_coef_(kl_coef) {
        detail::require_option(std::isfinite(kl_coef), "fixed_kl_controller", "kl_coef must be finite", kl_coef);
    }
    double kl_coef() const { return kl_coef_; }        ///< β, as given
    void update(double /*kl*/, double /*samples*/) {}  ///< changes nothing

  private:
    double kl_coef_;
};

/// Which KL is aimed at, and how fast.
struct adaptive_kl_options {
    double initial_kl_coef = 0.2;  ///< β of the first step
    double target = 6.0;           ///< in the unit of the KL given to update(), > 0
    double horizon = 10000.0;      ///< samples over which a full error moves β by a factor of 1 + 0.2, > 0
    double largest_error = 0.2;    ///< the relative error is clipped to ± this
};

/// β rises while the KL is above the target and falls while it is below.
///
///   β ← β·(1 + clip(kl/target − 1, ±0.2)·samples/horizon)
///
/// At most one horizon of samples counts per update, so that β stays positive.
/// Units     TRL feeds the mean over rows of the row's summed KL (target 6), verl the mean per token (target 0.1).
/// Source    Ziegler et al. 2019, arXiv:1909.08593, §2.2.
class adaptive_kl_controller {
  public:
    /// Errors    option_error if an option is outside its range.
    explicit adaptive_kl_controller(const adaptive_kl_options& options = {})
        : options_(options), kl_coef_(options.initial_kl_coef) {
        detail::require_option(options.target > 0, "adaptive_kl_controller", "target must be positive", options.target);
        detail::require_option(options.horizon > 0, "adaptive_kl_controller", "horizon must be positive",
                               options.horizon);
        detail::require_option(options.largest_error >= 0 && options.largest_error < 1, "adaptive_kl_controller",
                               "largest_error must be in [0, 1)", options.largest_error);
        detail::require_option(std::isfinite(options.initial_kl_coef), "adaptive_kl_controller",
                               "initial_kl_coef must be finite", options.initial_kl_coef);
    }
    double kl_coef() const { return kl_coef_; }  ///< β now

    /// A KL of NaN leaves β as it is, an infinite one is the largest error.
    void update(double kl, double samples) {
        if (std::isnan(kl)) return;
        const double error = std::clamp(kl / options_.target - 1.0, -options_.largest_error, options_.largest_error);
        kl_coef_ *= 1.0 + error * std::min(1.0, samples / options_.horizon);
    }

  private:
    adaptive_kl_options options_;
    double kl_coef_;
};

}  // namespace reft::inline REFT_ABI
