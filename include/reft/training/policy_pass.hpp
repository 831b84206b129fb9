// Scoring tokens with a policy, and sending losses back through it, whichever of the three kinds it is.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/full_kl.hpp>
#include <reft/kernel/linear_head.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/kernel/values.hpp>
#include <reft/policy/concepts.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace reft::inline REFT_ABI {

/// What a policy says of the response tokens of a batch; `values` is empty if it has no value head.
template <class T>
struct token_scores {
    std::vector<T> log_probs = {};  ///< nats, at the temperature of the batch
    std::vector<T> entropies = {};  ///< of the distributions the tokens were chosen from
    std::vector<T> values = {};     ///< of the states before the tokens
};

/// Stands for “no value loss”, in supervised fine-tuning or without a critic.
struct no_value_loss {};

/// What the losses of an update reported.
struct loss_stats {
    policy_stats policy = {};  ///< of the policy loss
    value_stats value = {};    ///< of the value loss, if there is one

    /// Takes in the statistics of other tokens, which came after these.
    void merge(const loss_stats& other) {
        policy.merge(other.policy);
        value.merge(other.value);
    }
};

namespace detail {

/// Logits that a policy or scorer gave, for the tokens of a batch: one row per response token, or one per position.
template <class Logits>
auto logits_for(const token_batch& batch, const Logits& logits) {
    token_logits_options options{.temperature = batch.temperature};
    if (logits.extent(0) == batch.tokens() && logits.extent(0) != batch.response_tokens())
        options.row_index = integer_view(batch.predictors());
    return token_logits(logits, batch.response_ids(), options);
}

/// The values of the response tokens, gathered if the policy gave them for every position; empty if it has none.
template <class T, class Values>
void gather_values(const token_batch& batch, const Values& values, std::vector<T>& gathered) {
    const std::int64_t given = values.extent(0), wanted = batch.response_tokens();
    gathered.clear();
    if (given == 0) return;
    if (given != wanted && given != batch.tokens())
        throw shape_error("evaluate: the policy gave " + std::to_string(given) + " values for " +
                          std::to_string(wanted) + " response tokens at " + std::to_string(batch.tokens()) +
                          " positions");
    for (std::int64_t i = 0; i < wanted; ++i)
        gathered.push_back(
            static_cast<T>(values[given == wanted ? i : batch.predictors()[static_cast<std::size_t>(i)]]));
}

/// The gradient of a value loss over the values that a policy or critic gave, in d_values, shaped as these values.
template <class T, class Values, class ValueLoss, class Weights>
value_stats value_gradient(const token_batch& batch, const Values& values, const ValueLoss& loss,
                           const Weights& weights, const value_stats& before, std::vector<T>& gathered,
                           std::vector<T>& d_values) {
    d_values.assign(static_cast<std::size_t>(values.extent(0)), T(0));
    if constexpr (std::is_same_v<ValueLoss, no_value_loss>) {
        return before;
    } else {
        gather_values(batch, values, gathered);
        if (gathered.empty() && batch.response_tokens() > 0)
            throw shape_error("accumulate_gradient: a value loss was given but the policy has no values");
        const value_stats stats = loss_over_values(loss, gathered, weights, gathered, before);  // now the gradient
        const bool at_every_position = d_values.size() != gathered.size();
        for (std::size_t i = 0; i < gathered.size(); ++i)
            d_values[at_every_position ? static_cast<std::size_t>(batch.predictors()[i]) : i] = gathered[i];
        return stats;
    }
}

}  // namespace detail

/// One forward pass, or one forward and backward pass, through a policy. Keeps the buffers between calls.
template <trainable_policy P>
class policy_pass {
  public:
    using scalar = policy_scalar_t<P>;  ///< of log-probs, values and gradients

    /// Refers to both, which must outlive it.
    policy_pass(P& policy, executor& pool) : policy_(policy), pool_(pool) {}

    /// Log-probs, entropies and values of the response tokens, at the temperature of the batch.
    token_scores<scalar> score(const token_batch& batch) {
        token_scores<scalar> scores;
        const auto tokens = static_cast<std::size_t>(batch.response_tokens());
        scores.log_probs.resize(tokens);
        scores.entropies.resize(tokens);
        ones_.assign(tokens, scalar(1));
        auto&& evaluated = policy_.evaluate(batch);
        detail::gather_values(batch, view(evaluated.values), scores.values);
        if constexpr (logits_policy<P>) {
            const auto logits = view(evaluated.logits);
            token_log_probs(detail::logits_for(batch, logits), ones_, scores.log_probs, scores.entropies, pool_);
        } else if constexpr (head_policy<P>) {
            const head_logits of(evaluated.hidden, evaluated.head, batch.response_ids(), {batch.temperature});
            memory_.reserve(workspace_bytes(of));
            token_log_probs(of, ones_, scores.log_probs, scores.entropies, memory_, pool_);
        } else {
            const auto lp = view(evaluated.log_probs), h = view(evaluated.entropies);
            detail::require_same_shape("policy_pass::score", "the policy's log_probs", lp, "response tokens",
                                       view(scores.log_probs));
            detail::require_same_shape("policy_pass::score", "the policy's entropies", h, "response tokens",
                                       view(scores.entropies));
            for (std::size_t i = 0; i < tokens; ++i) {
                scores.log_probs[i] = static_cast<scalar>(lp[static_cast<std::int64_t>(i)]);
                scores.entropies[i] = static_cast<scalar>(h[static_cast<std::int64_t>(i)]);
            }
        }
        return scores;
    }

    /// Evaluates the batch, applies the losses with their weights and adds the gradient to the policy's. Returns
    /// `before`, what earlier micro-batches reported, and the statistics of this one added up.
    ///
    /// Errors    shape_error if a value loss is given and the policy has no values.
    template <policy_loss Loss, class ValueLoss, class Weights>
    loss_stats accumulate_gradient(const token_batch& batch, const Loss& loss, const ValueLoss& value_loss,
                                   const Weights& weights, const loss_stats& before = {}) {
        auto&& evaluated = policy_.evaluate(batch);
        loss_stats stats;
        stats.value = detail::value_gradient(batch, view(evaluated.values), value_loss, weights, before.value, values_,
                                             d_values_);
        const strided_view<const scalar, 1> d_values = view(d_values_);
        if constexpr (logits_policy<P>) {
            const auto logits = view(evaluated.logits);
            const auto of = detail::logits_for(batch, logits);
            const auto d_logits = gradient_buffer(logits);
            memory_.reserve(workspace_bytes(of));
            stats.policy = loss_over_logits(loss, of, weights, d_logits, memory_, pool_, before.policy);
            policy_.backward(d_logits, d_values);
        } else if constexpr (head_policy<P>) {
            const head_logits of(evaluated.hidden, evaluated.head, batch.response_ids(), {batch.temperature});
            const auto d_hidden = zeroed(d_first_, of.hidden()), d_head = zeroed(d_second_, of.head());
            memory_.reserve(workspace_bytes(of));
            stats.policy = loss_over_head(loss, of, weights, d_hidden, d_head, memory_, pool_, before.policy);
            policy_.backward(d_hidden, d_head, d_values);
        } else {
            const auto tokens = static_cast<std::size_t>(batch.response_tokens());
            d_first_.assign(tokens, 0);
            d_second_.assign(tokens, 0);
            stats.policy = loss_over_log_probs(loss, evaluated.log_probs, evaluated.entropies, weights, d_first_,
                                               d_second_, before.policy);
            policy_.backward(view(d_first_), view(d_second_), d_values);
        }
        return stats;
    }

  private:
    using view_2 = strided_view<scalar, 2>;

    template <class Logits>
    view_2 gradient_buffer(const Logits& logits) {
        if constexpr (requires { requires P::logits_may_be_overwritten; })
            return logits;
        else
            return zeroed(d_first_, logits);
    }

    template <class View>
    view_2 zeroed(std::vector<scalar>& buffer, const View& shape) {
        buffer.assign(static_cast<std::size_t>(shape.size()), 0);
        return view_2(buffer.data(), shape.extents());
    }

    P& policy_;
    executor& pool_;
    workspace memory_;
    std::vector<scalar> ones_, values_, d_values_, d_first_, d_second_;
};

/// Log-probs of the response tokens under a reference policy.
template <scorer Reference>
std::vector<policy_scalar_t<Reference>> reference_log_probs(Reference& reference, const token_batch& batch,
                                                            executor& pool) {
    std::vector<policy_scalar_t<Reference>> log_probs(static_cast<std::size_t>(batch.response_tokens()));
    if constexpr (log_prob_scorer<Reference>) {
        reference.score(batch, view(log_probs));
    } else {
        const std::vector<policy_scalar_t<Reference>> ones(log_probs.size(), 1);
        auto&& logits = reference.score_logits(batch);
        token_log_probs(detail::logits_for(batch, view(logits)), ones, log_probs, pool);
    }
    return log_probs;
}

/// Exact KL of every response token between a policy and a reference that both give logits.
template <logits_policy P, logits_scorer Reference>
std::vector<policy_scalar_t<P>> exact_kl(P& policy, Reference& reference, const token_batch& batch, executor& pool) {
    std::vector<policy_scalar_t<P>> kl(static_cast<std::size_t>(batch.response_tokens()));
    const std::vector<policy_scalar_t<P>> ones(kl.size(), 1);
    auto&& evaluated = policy.evaluate(batch);
    auto&& logits = reference.score_logits(batch);
    full_kl(detail::logits_for(batch, view(evaluated.logits)), detail::logits_for(batch, view(logits)), ones, kl, pool);
    return kl;
}

}  // namespace reft::inline REFT_ABI
