// What check_policy may use of a policy, and how exact the policy has to be.
#pragma once

#include <reft/core/error.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

namespace reft::inline REFT_ABI {

/// How far two numbers that should be equal may lie apart.
struct policy_tolerances {
    double outputs = 1e-9;    ///< log-probs, entropies, values, sums of gradients; relative to numbers above 1
    double gradients = 1e-6;  ///< finite differences; relative
    double step = 1e-3;       ///< of the finite differences, in parameters; shorter ones follow if it does not agree
};

/// Those of a policy that computes in T all the way.
///
/// Finite differences use five points: their own error grows with step⁴, and that of rounding with ε/step. In double
/// both are far below 1e-6 at some step from 1e-3 to 6e-5. In float, with an ε of 1e-7, they are some thousandths at
/// the best step from 0.03 to 0.002: only mistakes of some percent are seen. So check a policy in double if it can be
/// made in double; one that stores or multiplies in 16 bits needs wider limits.
template <std::floating_point T>
constexpr policy_tolerances default_tolerances() {
    if constexpr (std::is_same_v<T, float>)
        return {.outputs = 1e-4, .gradients = 3e-2, .step = 3e-2};
    else
        return {};
}

/// What the checks may ask.
struct policy_check_options {
    std::int64_t vocabulary = 0;        ///< all ids of the policy: 0 ... vocabulary − 1; must be given, at least 2
    std::int64_t rows = 6;              ///< of a batch; at least 4
    std::int64_t longest_prompt = 6;    ///< tokens; at least 2
    std::int64_t longest_response = 7;  ///< tokens; at least 2
    double temperature = 0.7;           ///< other than 1, at which everything is checked too
    std::int64_t prompts = 40;          ///< that are sampled at once; more than a decoder holds shows more
    std::int64_t draws = 1000;          ///< of one token, whose frequencies are compared with its probabilities
    std::int64_t enumerated = 4096;     ///< one-token responses that a check may score to enumerate the vocabulary
    std::int64_t blocks = 12;           ///< of consecutive parameters whose gradients are checked apart
    double learning_rate = 0.1;         ///< ten times larger and smaller ones are tried as well
    double perturbation = 0.1;     ///< noise on the parameters of an inspectable policy, in their root mean squares:
                                   ///< a value head that is 0 would show nothing; 0 leaves them as made
    std::uint64_t seed = 1;        ///< of all random numbers, the sampler's included
    std::string folder = {};       ///< where a savable policy is saved; empty: the system's folder for temporary files
    bool snapshot_is_copy = true;  ///< false: the reference is not the policy itself (its adapters are off, or it is
                                   ///< another model), and need not score like it
    std::optional<policy_tolerances> tolerances = {};  ///< by default those of the policy's scalar type
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const policy_check_options& o) {
    const auto at_least = [](std::int64_t least, const char* name, std::int64_t value) {
        detail::require_option(value >= least, "policy_check_options",
                               std::string(name) + " must be at least " + std::to_string(least),
                               static_cast<double>(value));
    };
    at_least(2, "vocabulary", o.vocabulary);
    at_least(4, "rows", o.rows);
    at_least(2, "longest_prompt", o.longest_prompt);
    at_least(2, "longest_response", o.longest_response);
    at_least(3, "prompts", o.prompts);
    at_least(100, "draws", o.draws);
    at_least(1, "enumerated", o.enumerated);
    at_least(1, "blocks", o.blocks);
    detail::require_temperature("policy_check_options", o.temperature);
    detail::require_option(o.temperature != 1, "policy_check_options", "temperature must differ from 1", o.temperature);
    detail::require_option(o.learning_rate > 0, "policy_check_options", "learning_rate must be positive",
                           o.learning_rate);
    detail::require_option(o.perturbation >= 0, "policy_check_options", "perturbation must not be negative",
                           o.perturbation);
}

}  // namespace reft::inline REFT_ABI
