// What a run of ReFT keeps and reports.
#pragma once

#include <reft/advantage/gae.hpp>
#include <reft/core/moments.hpp>
#include <reft/reward/kl.hpp>
#include <reft/training/experience.hpp>
#include <reft/training/policy_pass.hpp>
#include <reft/training/rollout.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reft::inline REFT_ABI {

/// What a run has done so far. Copy it, with the policy and a critic of its own, to go on later.
struct reft_state {
    std::int64_t steps = 0;            ///< of Algorithm 1
    std::int64_t optimizer_steps = 0;  ///< several in a step
    std::int64_t token_passes = 0;  ///< positions that went forward (sampling included) plus those that went backward
    double kl_coef = 0;             ///< β of the next step
};

/// The measures of one step. None of them depends on the clock.
struct reft_metrics {
    std::int64_t step = 0;       ///< from 0
    std::int64_t responses = 0;  ///< sampled
    std::int64_t judged = 0;     ///< responses with a verdict
    double reward = 0;           ///< mean over those with a verdict, before KL
    double accuracy = 0;         ///< share of them that is right
    double answered = 0;         ///< share in which an answer was found
    double truncated = 0;        ///< share of responses cut at the limit
    double response_length = 0;  ///< tokens

    double kl_reward = 0;           ///< mean over rows of the summed −β·KL, what shaping adds to the reward
    double sequence_kl = 0;         ///< mean over rows of the summed k1 to the reference
    double kl_k1 = 0;               ///< to the reference, mean over tokens; may be negative
    double kl_k3 = 0;               ///< the same by the estimator that is never negative
    double kl_coef = 0;             ///< β of this step
    double entropy = 0;             ///< mean over tokens
    double explained_variance = 0;  ///< of the returns by the values before the update

    double policy_loss = 0;           ///< mean over optimiser steps, as those below
    double value_loss = 0;            ///< times value_coef
    double ratio = 0;                 ///< ρ, mean over tokens
    double clip_fraction = 0;         ///< share of tokens whose ratio is clipped
    double old_kl_k3 = 0;             ///< to the policy that sampled, mean over tokens
    double gradient_norm = 0;         ///< before clipping
    double critic_gradient_norm = 0;  ///< the same of a critic of its own
    double learning_rate = 0;         ///< of the last optimiser step
    std::int64_t updates = 0;         ///< optimiser steps of this step
    bool stopped_early = false;       ///< by target_kl
    double stopped_at_kl = 0;         ///< the k3 to the policy that sampled which was too much

    std::int64_t optimizer_steps = 0;  ///< of the run so far
    std::int64_t token_passes = 0;     ///< of the run so far

    /// Takes the losses and gradient norms of one more optimiser step into the means.
    void add_update(const loss_stats& stats, double norm, double critic_norm = 0) {
        ++updates;
        const double share = 1.0 / static_cast<double>(updates);
        const auto average = [share](double& mean, double x) { mean += (x - mean) * share; };
        average(policy_loss, stats.policy.loss);
        average(value_loss, stats.value.loss);
        average(ratio, stats.policy.mean_ratio());
        average(clip_fraction, stats.policy.clip_fraction());
        average(old_kl_k3, stats.policy.mean_old_kl_k3());
        average(gradient_norm, norm);
        average(critic_gradient_norm, critic_norm);
    }
};

/// How much of the variance of the returns the values explain: 1 − var(R − V) / var(R). 1 is perfect, 0 no better
/// than a constant, negative worse; 0 where the returns do not vary.
///
/// Shapes    values, returns: the layout of `r`.
/// Differs   the paper's code cuts it off at −1.
template <token_tensor Values, token_tensor Returns>
double explained_variance(const Values& values, const Returns& returns, const rows& r) {
    const auto v = tokens_of(values);
    const auto targets = tokens_of(returns);
    r.require_layout("explained_variance", "values", v);
    r.require_layout("explained_variance", "returns", targets);
    moments residual;
    for (std::int64_t b = 0; b < r.count(); ++b)
        for (std::int64_t t = 0; t < r.length(b); ++t) {
            const token_index i = r.at(b, t);
            if (r.counts(b, t))
                residual.add(static_cast<double>(targets(i.row, i.column)) - static_cast<double>(v(i.row, i.column)));
        }
    const double total = moments_of(returns, r).squared_deviations;
    return total > 0 ? 1.0 - residual.squared_deviations / total : 0.0;
}

/// Fills in what the responses themselves tell.
inline void measure_responses(const rollout& sampled, reft_metrics& m) {
    m.responses = static_cast<std::int64_t>(sampled.trajectories.size());
    for (std::size_t i = 0; i < sampled.trajectories.size(); ++i) {
        const trajectory& t = sampled.trajectories[i];
        m.response_length += static_cast<double>(t.response.size());
        m.truncated += t.truncated();
        if (!sampled.rewards[i]) continue;
        ++m.judged;
        m.reward += sampled.rewards[i]->value;
        m.accuracy += sampled.rewards[i]->correct;
        m.answered += sampled.rewards[i]->found.found.has_value();
    }
    for (double* mean : {&m.response_length, &m.truncated}) *mean = detail::mean_of(*mean, m.responses);
    for (double* mean : {&m.reward, &m.accuracy, &m.answered}) *mean = detail::mean_of(*mean, m.judged);
}

/// Fills in what policy, reference and critic say of them, before the advantages are whitened.
template <class T>
void measure_experience(const experience<T>& e, const rows& r, reft_metrics& m) {
    m.kl_reward = -m.kl_coef * mean_sequence_kl(e.kl, r);
    std::vector<T> kl(e.kl.size());
    sampled_kl(e.log_probs, e.ref_log_probs, r, kl, kl_estimator::k1);
    m.sequence_kl = mean_sequence_kl(kl, r);
    m.kl_k1 = moments_of(kl, r).mean;
    sampled_kl(e.log_probs, e.ref_log_probs, r, kl, kl_estimator::k3);
    m.kl_k3 = moments_of(kl, r).mean;
    m.entropy = moments_of(e.entropies, r).mean;
    if (!e.values.empty()) m.explained_variance = explained_variance(e.values, e.returns, r);
}

}  // namespace reft::inline REFT_ABI
