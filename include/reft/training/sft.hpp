// Supervised fine-tuning on (question, chain of thought) pairs: the warm-up of ReFT.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/weights.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/policy/concepts.hpp>
#include <reft/training/batches.hpp>
#include <reft/training/finite.hpp>
#include <reft/training/optimizer_step.hpp>
#include <reft/training/phase_clock.hpp>
#include <reft/training/policy_pass.hpp>
#include <reft/training/schedule.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// A prompt and the response to imitate, its end-of-sequence token included.
struct sft_example {
    std::vector<token_id> prompt = {};    ///< read, not learnt
    std::vector<token_id> response = {};  ///< learnt, token by token
};

/// How a run of supervised fine-tuning steps.
struct sft_options {
    schedule learning_rate{.rate = 1e-5};           ///< by optimiser steps
    double max_gradient_norm = 1.0;                 ///< longer gradients are scaled down to it
    aggregation average = aggregation::token_mean;  ///< of the losses of tokens
    double constant_denominator = 1.0;              ///< for aggregation::constant
    std::int64_t micro_batch_tokens = 8192;         ///< positions that go through the policy at once
};

/// What a run has done so far. Copy it to go on later.
struct sft_state {
    std::int64_t optimizer_steps = 0;  ///< taken
    std::int64_t token_passes = 0;     ///< positions that went forward, plus positions that went backward
};

/// The measures of one step.
struct sft_metrics {
    std::int64_t step = 0;          ///< from 0
    double loss = 0;                ///< mean cross-entropy of the response tokens, nats
    double gradient_norm = 0;       ///< before clipping
    double learning_rate = 0;       ///< of this step
    std::int64_t tokens = 0;        ///< response tokens
    std::int64_t token_passes = 0;  ///< of the run so far
};

/// Minimises the cross-entropy of given responses.
///
///   L_SFT = −Σ_t log π(response_t | prompt, response_<t), averaged as `average` says
///
/// Source    Luong et al. 2024, arXiv:2401.08967, eq. 1.
/// Differs   the paper writes a sum over tokens, its code takes the token mean, as the default here.
template <trainable_policy P>
    requires optimizable<P>
class sft_trainer {
  public:
    using scalar = policy_scalar_t<P>;  ///< of log-probs and gradients

    /// Policy and executor must outlive the trainer.
    ///
    /// Errors    option_error if an option is outside its range.
    sft_trainer(P& policy, const sft_options& options, executor& pool)
        : policy_(policy), options_(options), pass_(policy, pool) {
        detail::require_option(options.micro_batch_tokens > 0, "sft_trainer", "micro_batch_tokens must be positive",
                               static_cast<double>(options.micro_batch_tokens));
        detail::require_option(options.max_gradient_norm > 0, "sft_trainer", "max_gradient_norm must be positive",
                               options.max_gradient_norm);
        detail::require_constant_denominator("sft_trainer", options.average, options.constant_denominator);
        require_valid(options.learning_rate);
    }

    const sft_state& state() const { return state_; }  ///< what to keep, with the policy, to go on later
    /// Goes on as the trainer did whose state it was. The policy is restored by the caller.
    void restore(const sft_state& state) { state_ = state; }

    /// How long the steps took so far. Not part of the state: the clock decides nothing.
    const phase_time& timing() const { return timing_; }

    /// One optimiser step on the examples `rows` of `examples`, in micro-batches whose gradients add up.
    sft_metrics step(std::span<const sft_example> examples, std::span<const std::int64_t> rows) {
        if (rows.empty()) throw value_error("sft_trainer::step: no rows were given");
        const phase_clock clock(timing_);
        const std::string name = "sft_trainer::step, step " + std::to_string(state_.optimizer_steps);
        std::vector<std::int64_t> lengths;
        for (const std::int64_t row : rows) {
            if (row < 0 || row >= static_cast<std::int64_t>(examples.size()))
                throw value_error("sft_trainer::step: row " + std::to_string(row) + " is not one of the " +
                                  std::to_string(examples.size()) + " examples");
            const sft_example& e = examples[static_cast<std::size_t>(row)];
            lengths.push_back(static_cast<std::int64_t>(e.prompt.size() + e.response.size()));
        }
        const token_batch all = batch_of_examples(examples, rows);
        const double count = denominator(all.responses(), options_.average, options_.constant_denominator);
        policy_.zero_gradient();
        loss_stats stats;
        for (const auto& [begin, end] : micro_batches(lengths, options_.micro_batch_tokens)) {
            const token_batch batch = batch_of_examples(examples, rows.subspan(begin, end - begin));
            stats = accumulate(batch, count, stats);
            require_finite_losses(name, batch, stats, rows.subspan(begin, end - begin));
        }
        sft_metrics metrics;
        metrics.step = state_.optimizer_steps;
        metrics.learning_rate = learning_rate(options_.learning_rate, state_.optimizer_steps);
        metrics.gradient_norm = finite_gradient_norm(name, policy_, rows, [&](std::size_t i) {
            accumulate(batch_of_examples(examples, rows.subspan(i, 1)), count, {});
        });
        clipped_optimizer_step(policy_, metrics.gradient_norm, metrics.learning_rate, options_.max_gradient_norm);
        metrics.loss = -stats.policy.mean_log_prob();
        metrics.tokens = stats.policy.tokens;
        ++state_.optimizer_steps;
        state_.token_passes += 2 * all.tokens();
        timing_.positions += 2 * all.tokens();
        metrics.token_passes = state_.token_passes;
        return metrics;
    }

  private:
    static token_batch batch_of_examples(std::span<const sft_example> examples, std::span<const std::int64_t> rows) {
        token_batch batch;
        for (const std::int64_t row : rows) {
            const sft_example& e = examples[static_cast<std::size_t>(row)];
            batch.add(e.prompt, e.response);
        }
        return batch;
    }

    /// The loss of a micro-batch and its gradient, on top of what the micro-batches before it gave.
    loss_stats accumulate(const token_batch& batch, double count, const loss_stats& before) {
        weights_.resize(static_cast<std::size_t>(batch.response_tokens()));
        token_weights(batch.responses(), options_.average, count, weights_);
        return pass_.accumulate_gradient(batch, cross_entropy<scalar>(), no_value_loss(), weights_, before);
    }

    P& policy_;
    sft_options options_;
    policy_pass<P> pass_;
    sft_state state_;
    phase_time timing_;
    std::vector<scalar> weights_;
};

}  // namespace reft::inline REFT_ABI
