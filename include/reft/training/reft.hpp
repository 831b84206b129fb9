// Reinforced fine-tuning: Algorithm 1 of the paper, made of the public parts.
#pragma once

#include <reft/advantage/gae.hpp>
#include <reft/advantage/whiten.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/moments.hpp>
#include <reft/core/weights.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/reward/kl.hpp>
#include <reft/reward/shaped_rewards.hpp>
#include <reft/training/batches.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/optimizer_step.hpp>
#include <reft/training/policy_pass.hpp>
#include <reft/training/reft_metrics.hpp>
#include <reft/training/reft_options.hpp>
#include <reft/training/rollout.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// Trains a policy by reinforcement on the answers to questions.
///
///     for each batch of questions:                       step(questions)
///         sample responses from the policy               sample
///         judge the answers in them                      judge
///         log-probs and values of the policy as it is,
///         log-probs of the reference, KL-shaped rewards,
///         advantages and returns                         experience_of
///         U epochs of clipped updates                    update
///
/// The stages are public, so that responses may come from elsewhere and stages may be replaced. Every random number
/// belongs to (seed, step, row, position): the same seed gives the same run, on any number of threads.
///
/// Source    Luong et al. 2024, arXiv:2401.08967, Algorithm 1.
/// Differs   options() says where; the defaults are those of the paper's code for natural language.
template <trainable_policy P, scorer Reference, tokenizer Tokenizer, reward_function Reward>
    requires optimizable<P>
class reft_trainer {
  public:
    using scalar = policy_scalar_t<P>;

    /// All of these must outlive the trainer.
    reft_trainer(P& policy, Reference& reference, const Tokenizer& tokenizer, Reward& reward_of,
                 const reft_options& options, executor& pool)
        : policy_(policy),
          reference_(reference),
          tokenizer_(tokenizer),
          reward_of_(reward_of),
          options_(options),
          pool_(pool),
          pass_(policy, pool) {
        require_valid(options);
        state_.kl_coef = options.kl_coef;
    }

    const reft_options& options() const { return options_; }
    const reft_state& state() const { return state_; }
    void restore(const reft_state& state) { state_ = state; }

    /// One step of Algorithm 1: lines 8 to 14.
    reft_metrics step(std::span<const question> questions)
        requires sampler<P>
    {
        rollout sampled = sample(questions);
        judge(questions, sampled);
        return learn(sampled);
    }

    /// Responses of the policy, `samples_per_question` to each question.
    rollout sample(std::span<const question> questions)
        requires sampler<P>
    {
        generation_request request = options_.generation;
        request.seed = options_.seed;
        request.step = static_cast<std::uint32_t>(state_.steps);
        if (request.stop.empty()) request.stop = {tokenizer_.end_of_sequence()};
        const auto prompts = prompts_for(questions, tokenizer_, options_.form, options_.samples_per_question);
        rollout sampled;
        sampled.trajectories = policy_.sample(std::span<const generation_prompt>(prompts), request);
        state_.token_passes += sampled.positions();
        return sampled;
    }

    /// Rewards of the responses: trajectory i answers the question of its group.
    void judge(std::span<const question> questions, rollout& sampled) {
        std::vector<question> asked;
        for (const trajectory& t : sampled.trajectories) asked.push_back(questions[static_cast<std::size_t>(t.group)]);
        const auto texts = texts_of(std::span<const trajectory>(sampled.trajectories), tokenizer_);
        sampled.rewards = reward_of_(std::span<const question>(asked), std::span<const std::string>(texts));
    }

    /// Lines 11 to 14: everything after the rewards. For trajectories that were sampled elsewhere.
    reft_metrics learn(const rollout& sampled) {
        const rollout judged = with_verdict(sampled);
        reft_metrics metrics;
        metrics.step = state_.steps;
        describe(sampled, metrics);
        if (!judged.trajectories.empty()) {
            const experience<scalar> e = experience_of(judged, metrics);
            update(judged, e, metrics);
        }
        ++state_.steps;
        metrics.optimizer_steps = state_.optimizer_steps;
        metrics.token_passes = state_.token_passes;
        return metrics;
    }

    /// Lines 11 and 12: what the policy and the reference say of the responses, rewards, advantages, returns.
    experience<scalar> experience_of(const rollout& judged, reft_metrics& metrics) {
        experience<scalar> e;
        for (const auto& [begin, end] : micro_batches(judged.lengths(), options_.micro_batch_tokens))
            append_scores(judged.batch(begin, end), e);

        const token_batch batch = judged.batch();
        const rows r = batch.responses();
        const std::vector<scalar> scores = judged.template scores<scalar>();
        e.rewards.resize(e.kl.size());
        e.advantages.resize(e.kl.size());
        e.returns.resize(e.kl.size());
        shaped_rewards(scores, e.kl, r, e.rewards, {.kl_coef = state_.kl_coef});
        if (e.values.empty()) {  // no critic: the reward to go
            const std::vector<scalar> zero(e.kl.size(), 0);
            gae(e.rewards, zero, r, e.advantages, {options_.gae.gamma, 1.0});
            e.returns = e.advantages;
        } else {
            gae(e.rewards, e.values, r, e.advantages, options_.gae);
            returns(e.advantages, e.values, r, e.returns);
        }
        describe(batch, e, metrics);
        if (options_.whiten_advantages) whiten(e.advantages, r, e.advantages, options_.whitening);
        return e;
    }

    /// Lines 13 and 14: U epochs over the responses in random order, one optimiser step per mini-batch.
    void update(const rollout& judged, const experience<scalar>& e, reft_metrics& metrics) {
        const auto count = static_cast<std::int64_t>(judged.trajectories.size());
        const std::int64_t rows_per_step = options_.mini_batch_rows > 0 ? options_.mini_batch_rows : count;
        const token_batch all = judged.batch();
        for (std::int64_t epoch = 0; epoch < options_.update_epochs; ++epoch) {
            const auto stream =
                random_stream(options_.seed, random_purpose::order,
                              static_cast<std::uint32_t>(state_.steps * options_.update_epochs + epoch + 1));
            const std::vector<std::int64_t> order = random_order(count, stream);
            for (std::int64_t begin = 0; begin < count; begin += rows_per_step) {
                const auto chosen = std::span(order).subspan(
                    static_cast<std::size_t>(begin), static_cast<std::size_t>(std::min(rows_per_step, count - begin)));
                if (!update_on(judged, e, all, chosen, metrics)) return;
            }
        }
    }

  private:
    /// One optimiser step. False if the KL to the policy that sampled is beyond its target: no step was taken.
    bool update_on(const rollout& judged, const experience<scalar>& e, const token_batch& all,
                   std::span<const std::int64_t> chosen, reft_metrics& metrics) {
        const auto rule = options_.average;
        const token_batch whole = judged.batch(chosen);
        const double count = denominator(whole.responses(), rule);
        std::vector<std::int64_t> lengths;
        for (const std::int64_t row : chosen) lengths.push_back(judged.length(static_cast<std::size_t>(row)));

        const bool value_only = state_.optimizer_steps < options_.value_only_steps;
        policy_.zero_gradient();
        loss_stats stats;
        for (const auto& [begin, end] : micro_batches(lengths, options_.micro_batch_tokens)) {
            const auto part_of_chosen = chosen.subspan(begin, end - begin);
            const token_batch batch = judged.batch(part_of_chosen);
            const auto part = [&](const std::vector<scalar>& x) { return gathered_rows(x, all, part_of_chosen); };
            std::vector<scalar> weights(static_cast<std::size_t>(batch.response_tokens()));
            token_weights(batch.responses(), rule, count, weights);
            const std::vector<scalar> old_log_probs = part(e.log_probs), advantages = part(e.advantages),
                                      old_values = part(e.values), targets = part(e.returns);
            const auto policy_loss =
                (value_only ? 0.0 : 1.0) * clipped_policy(old_log_probs, advantages, options_.policy_loss) +
                (value_only ? 0.0 : options_.entropy_coef) * entropy_bonus<scalar>();
            const loss_stats of_part =
                e.values.empty()
                    ? pass_.accumulate_gradient(batch, policy_loss, no_value_loss(), weights)
                    : pass_.accumulate_gradient(
                          batch, policy_loss,
                          options_.value_coef * clipped_value(old_values, targets, options_.value_loss), weights);
            detail::require_finite("reft_trainer::update", batch, of_part, part_of_chosen);
            stats.merge(of_part);
        }
        state_.token_passes += 2 * whole.tokens();
        if (stats.policy.mean_old_kl_k3() > options_.target_kl) {
            metrics.stopped_early = true;
            policy_.zero_gradient();
            return false;
        }
        metrics.learning_rate = learning_rate(options_.learning_rate, state_.optimizer_steps);
        metrics.add_update(stats, clipped_optimizer_step("reft_trainer::update", policy_, metrics.learning_rate,
                                                         options_.max_gradient_norm));
        ++state_.optimizer_steps;
        return true;
    }

    void append_scores(const token_batch& batch, experience<scalar>& e) {
        const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        const token_scores<scalar> now = pass_.score(batch);
        const auto reference = reference_log_probs(reference_, batch, pool_);
        std::vector<scalar> kl(now.log_probs.size());
        if (options_.exact_kl) {
            if constexpr (logits_policy<P> && logits_scorer<Reference>)
                kl = exact_kl(policy_, reference_, batch, pool_);
            else
                throw option_error("reft_trainer: exact_kl needs a policy and a reference that give logits");
        } else {
            sampled_kl(now.log_probs, reference, batch.responses(), kl, options_.kl_in_reward);
        }
        append(e.log_probs, now.log_probs);
        append(e.entropies, now.entropies);
        append(e.values, now.values);
        append(e.ref_log_probs, reference);
        append(e.kl, kl);
        state_.token_passes += 2 * batch.tokens();  // the policy's and the reference's forward pass
    }

    void describe(const rollout& sampled, reft_metrics& metrics) const {
        metrics.responses = static_cast<std::int64_t>(sampled.trajectories.size());
        for (std::size_t i = 0; i < sampled.trajectories.size(); ++i) {
            const trajectory& t = sampled.trajectories[i];
            metrics.response_length += static_cast<double>(t.response.size());
            metrics.truncated += t.truncated();
            if (!sampled.rewards[i]) continue;
            ++metrics.judged;
            metrics.reward += sampled.rewards[i]->value;
            metrics.accuracy += sampled.rewards[i]->correct;
            metrics.answered += sampled.rewards[i]->found.found.has_value();
        }
        for (double* mean : {&metrics.response_length, &metrics.truncated})
            *mean = detail::mean_of(*mean, metrics.responses);
        for (double* mean : {&metrics.reward, &metrics.accuracy, &metrics.answered})
            *mean = detail::mean_of(*mean, metrics.judged);
    }

    void describe(const token_batch& batch, const experience<scalar>& e, reft_metrics& metrics) const {
        const rows r = batch.responses();
        std::vector<scalar> kl(e.kl.size());
        sampled_kl(e.log_probs, e.ref_log_probs, r, kl, kl_estimator::k1);
        metrics.sequence_kl = mean_sequence_kl(kl, r);
        metrics.kl_k1 = moments_of(kl, r).mean;
        sampled_kl(e.log_probs, e.ref_log_probs, r, kl, kl_estimator::k3);
        metrics.kl_k3 = moments_of(kl, r).mean;
        metrics.kl_coef = state_.kl_coef;
        metrics.entropy = moments_of(e.entropies, r).mean;
        if (!e.values.empty()) metrics.explained_variance = explained_variance(e.values, e.returns, r);
    }

    P& policy_;
    Reference& reference_;
    const Tokenizer& tokenizer_;
    Reward& reward_of_;
    reft_options options_;
    executor& pool_;
    policy_pass<P> pass_;
    reft_state state_;
};

}  // namespace reft::inline REFT_ABI
