// A critic of its own, for values that do not share a body with the policy.
#pragma once

#include <reft/policy/concepts.hpp>
#include <reft/training/policy_pass.hpp>

#include <cstdint>
#include <vector>

namespace reft::inline REFT_ABI {

/// A model that gives values of the response tokens and takes their gradient.
///
///     evaluate(batch) → { values }   [response tokens] or [tokens], never empty
///     backward_values(d_values)      same shape; adds to the gradient
template <class C>
concept critic = optimizable<C> && requires(C& c, const token_batch& batch, detail::per_token<C> d_values) {
    { c.evaluate(batch).values } -> tensor_of_rank<1>;
    c.backward_values(d_values);
};

/// Stands for “the policy's own value head”, or none at all.
struct shared_critic {};

/// Values of the response tokens, by a critic of its own.
template <critic C>
std::vector<policy_scalar_t<C>> values_of(C& critic_of, const token_batch& batch) {
    std::vector<policy_scalar_t<C>> values;
    auto&& evaluated = critic_of.evaluate(batch);
    detail::gather_values(batch, view(evaluated.values), values);
    return values;
}

/// Evaluates the batch, applies the value loss and adds its gradient to the critic's.
template <critic C, value_loss Loss, class Weights>
value_stats accumulate_value_gradient(C& critic_of, const token_batch& batch, const Loss& loss, const Weights& weights,
                                      const value_stats& before = {}) {
    std::vector<policy_scalar_t<C>> values, d_values;
    auto&& evaluated = critic_of.evaluate(batch);
    const value_stats stats =
        detail::value_gradient(batch, view(evaluated.values), loss, weights, before, values, d_values);
    critic_of.backward_values(view(d_values));
    return stats;
}

}  // namespace reft::inline REFT_ABI
