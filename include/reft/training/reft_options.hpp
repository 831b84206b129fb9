// Everything a run of ReFT can be told.
#pragma once

#include <reft/advantage/gae.hpp>
#include <reft/advantage/whiten.hpp>
#include <reft/core/error.hpp>
#include <reft/core/weights.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/kl_estimate.hpp>
#include <reft/policy/generation_request.hpp>
#include <reft/reward/kl_controller.hpp>
#include <reft/text/prompt_template.hpp>
#include <reft/training/schedule.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// Defaults: the paper's code for chains of thought in natural language (γ = 1, λ = 0.95, ε = 0.2, α = 5, β = 0.05,
/// U = 2, advantages whitened, step size 3e-7).
struct reft_options {
    std::uint64_t seed = 42;                ///< of responses and mini-batches
    prompt_template form = {};              ///< the words around the questions
    std::int64_t samples_per_question = 1;  ///< responses to each
    generation_request generation = {};  ///< seed and step are set by the trainer; no stop token: the tokenizer's end

    double kl_coef = 0.05;  ///< β
    /// k1 in the reward has the gradient of −β·KL(π‖π_ref); k2, k3 and abs have others.
    kl_estimator kl_in_reward = kl_estimator::k1;
    /// Steer β from kl_coef on, by the mean sequence KL.
    std::optional<adaptive_kl_options> adaptive_kl = std::nullopt;
    /// The KL of whole distributions, as the paper writes it. It does not depend on the token that was chosen, so as a
    /// reward it only reaches the tokens before it; with the sampled k1 a token also answers for itself.
    bool exact_kl = false;
    gae_options gae = {};           ///< γ and λ
    bool whiten_advantages = true;  ///< over all tokens of the rollout
    whiten_options whitening = {};  ///< by which formula

    clipped_policy_options policy_loss = {};  ///< ε and what else bounds a step
    clipped_value_options value_loss = {};    ///< ε of the values
    double value_coef = 5.0;                  ///< α; the value loss has its ½ inside
    double entropy_coef = 0.0;                ///< weight of the entropy bonus; 0: entropies are not needed
    aggregation average = aggregation::sequence_mean_of_token_means;  ///< of the losses of tokens
    double constant_denominator = 1.0;                                ///< for aggregation::constant

    std::int64_t update_epochs = 2;          ///< U
    std::int64_t mini_batch_rows = 0;        ///< rows per optimiser step; 0: all of the rollout
    std::int64_t micro_batch_tokens = 8192;  ///< positions that go through the policy at once
    /// Optimiser steps at the start whose loss is that of the values alone. A critic of its own is trained without
    /// touching the policy; a body that policy and value head share moves with the values, and the policy with it.
    std::int64_t value_only_steps = 0;
    double target_kl = std::numeric_limits<double>::infinity();  ///< an update beyond this k3 to the sampling policy is
                                                                 ///< not made, and ends the updates of the step
    schedule learning_rate{.rate = 3e-7};                        ///< by optimiser steps
    double max_gradient_norm = 1.0;                              ///< longer gradients are scaled down to it
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const reft_options& o) {
    const auto positive = [](std::string_view what, double value) {
        detail::require_option(value > 0, "reft_options", std::string(what) + " must be positive", value);
    };
    positive("samples_per_question", static_cast<double>(o.samples_per_question));
    positive("update_epochs", static_cast<double>(o.update_epochs));
    positive("micro_batch_tokens", static_cast<double>(o.micro_batch_tokens));
    positive("max_gradient_norm", o.max_gradient_norm);
    positive("target_kl", o.target_kl);
    detail::require_option(o.mini_batch_rows >= 0, "reft_options", "mini_batch_rows must not be negative",
                           static_cast<double>(o.mini_batch_rows));
    detail::require_option(o.value_coef >= 0, "reft_options", "value_coef must not be negative", o.value_coef);
    const auto finite = [](std::string_view what, double value) {
        detail::require_option(value - value == 0, "reft_options", std::string(what) + " must be finite", value);
    };
    finite("kl_coef", o.kl_coef);
    finite("entropy_coef", o.entropy_coef);
    finite("value_coef", o.value_coef);
    detail::require_constant_denominator("reft_options", o.average, o.constant_denominator);
    require_valid(o.generation.sampling);
    require_valid(o.gae);
    require_valid(o.whitening);
    require_valid(o.policy_loss);
    require_valid(o.value_loss);
    if (o.adaptive_kl) adaptive_kl_controller{*o.adaptive_kl};
    require_valid(o.learning_rate);
}

}  // namespace reft::inline REFT_ABI
