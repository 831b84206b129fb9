// AdamW on flat arrays: one array of parameters, one of gradients, one state.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/error.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// How AdamW remembers gradients and forgets parameters.
struct adamw_options {
    double beta1 = 0.9;         ///< decay of the mean of the gradient, in [0, 1)
    double beta2 = 0.999;       ///< decay of the mean of its square, in [0, 1)
    double epsilon = 1e-8;      ///< > 0
    double weight_decay = 0.0;  ///< decoupled: a share learning_rate · weight_decay of every parameter per step
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const adamw_options& options) {
    const auto decay = [](double beta) { return beta >= 0 && beta < 1; };
    detail::require_option(decay(options.beta1), "adamw_options", "beta1 must be in [0, 1)", options.beta1);
    detail::require_option(decay(options.beta2), "adamw_options", "beta2 must be in [0, 1)", options.beta2);
    detail::require_option(options.epsilon > 0, "adamw_options", "epsilon must be positive", options.epsilon);
    detail::require_option(options.weight_decay >= 0, "adamw_options", "weight_decay must not be negative",
                           options.weight_decay);
}

/// What AdamW remembers between steps. A copy continues exactly where the original would.
template <std::floating_point T>
struct adamw_state {
    std::vector<T> first_moment = {};   ///< m, one entry per parameter
    std::vector<T> second_moment = {};  ///< v
    std::int64_t steps = 0;             ///< taken so far

    adamw_state() = default;
    /// Nothing remembered yet.
    explicit adamw_state(std::int64_t parameters)
        : first_moment(static_cast<std::size_t>(parameters)), second_moment(static_cast<std::size_t>(parameters)) {}
};

namespace detail {

inline namespace REFT_ISA {

/// The numbers of step t that all parameters share.
template <class T>
struct adamw_step_size {
    T scale, kept, step, beta1, rest1, beta2, rest2, root_correction, epsilon;  // rest = 1 - beta, rounded once

    adamw_step_size(std::int64_t steps, double learning_rate, double gradient_scale, const adamw_options& options)
        : scale(static_cast<T>(gradient_scale)),
          kept(static_cast<T>(1.0 - learning_rate * options.weight_decay)),
          step(static_cast<T>(learning_rate / (1.0 - std::pow(options.beta1, static_cast<double>(steps))))),
          beta1(static_cast<T>(options.beta1)),
          rest1(static_cast<T>(1.0 - options.beta1)),
          beta2(static_cast<T>(options.beta2)),
          rest2(static_cast<T>(1.0 - options.beta2)),
          root_correction(static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(options.beta2, static_cast<double>(steps))))),
          epsilon(static_cast<T>(options.epsilon)) {}
};

template <class T>
REFT_NOINLINE void adamw_range(T* parameters, const T* gradient, T* first, T* second, std::int64_t n,
                               const adamw_step_size<T>& s) {
    for (std::int64_t i = 0; i < n; ++i) {
        const T g = gradient[i] * s.scale;
        first[i] = s.beta1 * first[i] + s.rest1 * g;
        second[i] = s.beta2 * second[i] + s.rest2 * g * g;
        const T denominator = std::sqrt(second[i]) * s.root_correction + s.epsilon;
        parameters[i] = parameters[i] * s.kept - s.step * first[i] / denominator;
    }
}

}  // inline namespace REFT_ISA

template <class T>
void require_adamw_shapes(std::span<const T> parameters, std::span<const T> gradient, const adamw_state<T>& state) {
    const std::size_t n = parameters.size();
    if (gradient.size() != n || state.first_moment.size() != n || state.second_moment.size() != n)
        throw shape_error("adamw_step: parameters is [" + std::to_string(n) + "] but gradient is [" +
                          std::to_string(gradient.size()) + "] and the state is [" +
                          std::to_string(state.first_moment.size()) + "], [" +
                          std::to_string(state.second_moment.size()) + "]");
}

}  // namespace detail

/// One step of Adam with decoupled weight decay, along g = gradient_scale · gradient.
///
///   θ ← θ·(1 − lr·weight_decay)
///   m ← β₁·m + (1−β₁)·g,   v ← β₂·v + (1−β₂)·g²
///   θ ← θ − lr·m̂ / (√v̂ + ε),   m̂ = m/(1−β₁ᵗ),  v̂ = v/(1−β₂ᵗ),  t = number of this step, from 1
///
/// Shapes    parameters, gradient: [n], and a state of n parameters.
/// Errors    shape_error if the lengths differ. A gradient that is not finite is applied as it is: look at its norm
///           first.
/// Source    Loshchilov, Hutter 2019, arXiv:1711.05101, algorithm 2, as torch.optim.AdamW orders it.
template <std::floating_point T>
void adamw_step(std::span<T> parameters, std::span<const T> gradient, adamw_state<T>& state, double learning_rate,
                double gradient_scale = 1.0, const adamw_options& options = {}) {
    require_valid(options);
    detail::require_adamw_shapes<T>(parameters, gradient, state);
    const detail::adamw_step_size<T> size(++state.steps, learning_rate, gradient_scale, options);
    detail::adamw_range(parameters.data(), gradient.data(), state.first_moment.data(), state.second_moment.data(),
                        static_cast<std::int64_t>(parameters.size()), size);
}

}  // namespace reft::inline REFT_ABI
