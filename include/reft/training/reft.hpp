// Reinforced fine-tuning: Algorithm 1 of the paper, made of the public parts.
#pragma once

#include <reft/advantage/whiten.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/weights.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/reward/kl.hpp>
#include <reft/reward/kl_controller.hpp>
#include <reft/training/batches.hpp>
#include <reft/training/critic_pass.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/experience.hpp>
#include <reft/training/finite.hpp>
#include <reft/training/optimizer_step.hpp>
#include <reft/training/phase_clock.hpp>
#include <reft/training/policy_pass.hpp>
#include <reft/training/reft_metrics.hpp>
#include <reft/training/reft_options.hpp>
#include <reft/training/rollout.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
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
/// Values come from the policy's own value head, from a critic of its own (give one), or, where there is neither, are
/// replaced by the reward to go. Truncated responses count as terminated, as in the paper's code.
///
/// Errors    option_error from the constructor; shape_error if policy or reward function give too many or too few;
///           value_error for a reward that is not finite; non_finite_error, with policy and critic as they were before
///           that optimiser step.
/// Source    Luong et al. 2024, arXiv:2401.08967, Algorithm 1.
/// Differs   reft_options says where; the defaults are those of the paper's code for natural language.
template <trainable_policy P, scorer Reference, tokenizer Tokenizer, reward_function Reward,
          class Critic = shared_critic>
    requires optimizable<P>
class reft_trainer {
  public:
    using scalar = policy_scalar_t<P>;  ///< of log-probs, values, rewards and advantages

    /// All of these must outlive the trainer.
    reft_trainer(P& policy, Reference& reference, const Tokenizer& tokenizer, Reward& reward_of,
                 const reft_options& options, executor& pool)
        requires std::same_as<Critic, shared_critic>
        : reft_trainer(policy, reference, tokenizer, reward_of, nullptr, options, pool) {}

    /// With a critic of its own, which must outlive the trainer too.
    reft_trainer(P& policy, Reference& reference, const Tokenizer& tokenizer, Reward& reward_of, Critic& critic_of,
                 const reft_options& options, executor& pool)
        requires critic<Critic>
        : reft_trainer(policy, reference, tokenizer, reward_of, &critic_of, options, pool) {}

    const reft_options& options() const { return options_; }  ///< as given
    const reft_state& state() const { return state_; }        ///< what to keep, with the policy, to go on later
    /// Goes on as the trainer did whose state it was. Policy and critic are restored by the caller.
    void restore(const reft_state& state) { state_ = state; }

    /// How long the phases took so far. Not part of the state: the clock decides nothing.
    const reft_timing& timing() const { return timing_; }

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
        const phase_clock clock(timing_.sample);
        generation_request request = options_.generation;
        request.seed = options_.seed;
        request.step = static_cast<std::uint32_t>(state_.steps);
        if (request.stop.empty()) request.stop = {tokenizer_.end_of_sequence()};
        const auto prompts = prompts_for(questions, tokenizer_, options_.form, options_.samples_per_question);
        rollout sampled;
        sampled.trajectories = policy_.sample(std::span<const generation_prompt>(prompts), request);
        require_one_response_each("reft_trainer::sample", sampled.trajectories.size(), prompts.size());
        count_passes(timing_.sample, sampled.positions());
        return sampled;
    }

    /// Rewards of the responses: each trajectory answers the question of its group.
    void judge(std::span<const question> questions, rollout& sampled) {
        const phase_clock clock(timing_.judge);
        std::vector<question> asked;
        for (const trajectory& t : sampled.trajectories) {
            if (t.group < 0 || t.group >= static_cast<std::int64_t>(questions.size()))
                throw value_error("reft_trainer::judge: a trajectory has group " + std::to_string(t.group) +
                                  " but there are " + std::to_string(questions.size()) + " questions");
            asked.push_back(questions[static_cast<std::size_t>(t.group)]);
        }
        const std::vector<std::string> answers = answers_of(asked, sampled.trajectories, tokenizer_, options_.form);
        sampled.rewards = reward_of_(std::span<const question>(asked), std::span<const std::string>(answers));
    }

    /// Lines 11 to 14: everything after the rewards. For trajectories that were sampled elsewhere.
    reft_metrics learn(const rollout& sampled) {
        require_one_verdict_each("reft_trainer::learn", sampled.rewards.size(), sampled.trajectories.size());
        const rollout judged = with_verdict(sampled);
        reft_metrics metrics;
        metrics.step = state_.steps;
        metrics.kl_coef = state_.kl_coef;
        measure_responses(sampled, metrics);
        if (!judged.trajectories.empty()) {
            const experience<scalar> e = experience_of(judged, metrics);
            update(judged, e, metrics);
            steer_kl(metrics.sequence_kl, static_cast<double>(judged.trajectories.size()));
        }
        ++state_.steps;
        metrics.optimizer_steps = state_.optimizer_steps;
        metrics.token_passes = state_.token_passes;
        return metrics;
    }

    /// Lines 11 and 12: what policy, critic and reference say of the responses; rewards, advantages, returns.
    experience<scalar> experience_of(const rollout& judged, reft_metrics& metrics) {
        const phase_clock clock(timing_.score);
        experience<scalar> e;
        for (const auto& [begin, end] : micro_batches(judged.lengths(), options_.micro_batch_tokens))
            append_scores(judged.batch(begin, end), e);
        const token_batch batch = judged.batch();
        const rows r = batch.responses();
        metrics.kl_coef = state_.kl_coef;
        shape_and_estimate(e, judged.template scores<scalar>(), r, state_.kl_coef, options_.gae);
        measure_experience(e, r, metrics);
        if (options_.whiten_advantages) whiten(e.advantages, r, e.advantages, options_.whitening);
        return e;
    }

    /// Lines 13 and 14: U epochs over the responses in random order, one optimiser step per mini-batch.
    void update(const rollout& judged, const experience<scalar>& e, reft_metrics& metrics) {
        const phase_clock clock(timing_.update);
        const auto count = static_cast<std::int64_t>(judged.trajectories.size());
        const std::int64_t rows_per_step = options_.mini_batch_rows > 0 ? options_.mini_batch_rows : count;
        const token_batch all = judged.batch();
        for (std::int64_t epoch = 0; epoch < options_.update_epochs; ++epoch) {
            const auto number = static_cast<std::uint32_t>(state_.steps * options_.update_epochs + epoch);
            const auto order = random_order(count, random_stream(options_.seed, random_purpose::mini_batches, number));
            for (std::int64_t begin = 0; begin < count; begin += rows_per_step) {
                const auto n = static_cast<std::size_t>(std::min(rows_per_step, count - begin));
                const auto chosen = std::span<const std::int64_t>(order).subspan(static_cast<std::size_t>(begin), n);
                if (!update_on(judged, e, all, chosen, metrics)) return;
            }
        }
    }

  private:
    static constexpr bool has_critic = critic<Critic>;

    reft_trainer(P& policy, Reference& reference, const Tokenizer& tokenizer, Reward& reward_of, Critic* critic_of,
                 const reft_options& options, executor& pool)
        : policy_(policy),
          reference_(reference),
          tokenizer_(tokenizer),
          reward_of_(reward_of),
          critic_(critic_of),
          options_(options),
          pool_(pool),
          pass_(policy, pool) {
        require_valid(options);
        if (options.exact_kl && !(logits_policy<P> && logits_scorer<Reference>))
            throw option_error("reft_trainer: exact_kl needs a policy and a reference that give logits");
        state_.kl_coef = options.kl_coef;
    }

    /// One optimiser step. False if the KL to the policy that sampled is beyond its target: no step was taken.
    bool update_on(const rollout& judged, const experience<scalar>& e, const token_batch& all,
                   std::span<const std::int64_t> chosen, reft_metrics& metrics) {
        const token_batch whole = judged.batch(chosen);
        const double count = denominator(whole.responses(), options_.average, options_.constant_denominator);
        const std::string name = "reft_trainer::update, step " + std::to_string(state_.steps) + ", mini-batch " +
                                 std::to_string(metrics.updates);
        std::vector<std::int64_t> lengths, row_names;
        for (const std::int64_t row : chosen) {
            lengths.push_back(judged.length(static_cast<std::size_t>(row)));
            row_names.push_back(judged.row_number(static_cast<std::size_t>(row)));
        }
        const auto losses_of = [&](const token_batch& batch, std::span<const std::int64_t> part,
                                   const loss_stats& before) {
            return accumulate(batch, rows_of_experience(e, all, part), count, before);
        };
        policy_.zero_gradient();
        if constexpr (has_critic) critic_->zero_gradient();
        loss_stats stats;
        for (const auto& [begin, end] : micro_batches(lengths, options_.micro_batch_tokens)) {
            const auto part = chosen.subspan(begin, end - begin);
            const token_batch batch = judged.batch(part);
            stats = losses_of(batch, part, stats);
            require_finite_losses(name, batch, stats, std::span<const std::int64_t>(row_names).subspan(begin));
        }
        count_passes(timing_.update, (has_critic ? 4 : 2) * whole.tokens());
        if (stats.policy.mean_old_kl_k3() > options_.target_kl) {
            metrics.stopped_early = true;
            metrics.stopped_at_kl = stats.policy.mean_old_kl_k3();
            policy_.zero_gradient();
            return false;
        }
        metrics.learning_rate = learning_rate(options_.learning_rate, state_.optimizer_steps);
        // Both are checked before either moves.
        const auto norm_of = [&](const std::string& whose, auto& model) {
            return finite_gradient_norm(whose, model, row_names, [&](std::size_t i) {
                losses_of(judged.batch(chosen.subspan(i, 1)), chosen.subspan(i, 1), {});
            });
        };
        const auto follow = [&](auto& model, double norm) {
            clipped_optimizer_step(model, norm, metrics.learning_rate, options_.max_gradient_norm);
        };
        const double norm = norm_of(name, policy_);
        double critic_norm = 0;
        if constexpr (has_critic) follow(*critic_, critic_norm = norm_of(name + ", critic", *critic_));
        if (!has_critic || !value_only()) follow(policy_, norm);
        metrics.add_update(stats, norm, critic_norm);
        ++state_.optimizer_steps;
        return true;
    }

    bool value_only() const { return state_.optimizer_steps < options_.value_only_steps; }

    /// The losses of a micro-batch and their gradients, on top of what the micro-batches before it gave.
    loss_stats accumulate(const token_batch& batch, const experience<scalar>& e, double count, loss_stats stats) {
        std::vector<scalar> weights(static_cast<std::size_t>(batch.response_tokens()));
        token_weights(batch.responses(), options_.average, count, weights);
        const double policy_weight = value_only() ? 0.0 : 1.0;
        const auto policy_loss = policy_weight * clipped_policy(e.log_probs, e.advantages, options_.policy_loss);
        const auto value_loss = [&] {
            return options_.value_coef * clipped_value(e.values, e.returns, options_.value_loss);
        };
        const auto with = [&](const auto& loss) {
            if constexpr (!has_critic)
                if (!e.values.empty()) return pass_.accumulate_gradient(batch, loss, value_loss(), weights, stats);
            return pass_.accumulate_gradient(batch, loss, no_value_loss(), weights, stats);
        };
        if constexpr (has_critic)
            stats.value = accumulate_value_gradient(*critic_, batch, value_loss(), weights, stats.value);
        if (options_.entropy_coef == 0) return with(policy_loss);  // the entropy need not be computed
        return with(policy_loss + (policy_weight * options_.entropy_coef) * entropy_bonus<scalar>());
    }

    void append_scores(const token_batch& batch, experience<scalar>& e) {
        const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        const token_scores<scalar> now = pass_.score(batch);
        const auto reference = reference_log_probs(reference_, batch, pool_);
        std::vector<scalar> kl(now.log_probs.size());
        sampled_kl(now.log_probs, reference, batch.responses(), kl, options_.kl_in_reward);
        std::int64_t passes = 2;  // the policy's and the reference's
        if constexpr (logits_policy<P> && logits_scorer<Reference>)
            if (options_.exact_kl) {
                kl = exact_kl(policy_, reference_, batch, pool_);
                passes = 4;
            }
        if constexpr (has_critic) {
            append(e.values, values_of(*critic_, batch));
            ++passes;
        } else {
            append(e.values, now.values);
        }
        append(e.log_probs, now.log_probs);
        append(e.entropies, now.entropies);
        append(e.ref_log_probs, reference);
        append(e.kl, kl);
        count_passes(timing_.score, passes * batch.tokens());
    }

    void steer_kl(double sequence_kl, double samples) {
        if (!options_.adaptive_kl) return;
        adaptive_kl_options steering = *options_.adaptive_kl;
        steering.initial_kl_coef = state_.kl_coef;
        adaptive_kl_controller controller(steering);
        controller.update(sequence_kl, samples);
        state_.kl_coef = controller.kl_coef();
    }

    void count_passes(phase_time& phase, std::int64_t positions) {
        phase.positions += positions;
        state_.token_passes += positions;
    }

    P& policy_;
    Reference& reference_;
    const Tokenizer& tokenizer_;
    Reward& reward_of_;
    Critic* critic_;
    reft_options options_;
    executor& pool_;
    policy_pass<P> pass_;
    reft_state state_;
    reft_timing timing_;
};

template <class P, class Reference, class Tokenizer, class Reward>
reft_trainer(P&, Reference&, const Tokenizer&, Reward&, const reft_options&, executor&)
    -> reft_trainer<P, Reference, Tokenizer, Reward>;
template <class P, class Reference, class Tokenizer, class Reward, class Critic>
reft_trainer(P&, Reference&, const Tokenizer&, Reward&, Critic&, const reft_options&, executor&)
    -> reft_trainer<P, Reference, Tokenizer, Reward, Critic>;

}  // namespace reft::inline REFT_ABI
