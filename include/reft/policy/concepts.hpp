// What a model must offer to be trained. Each concept is small; a backend implements those that its user needs.
#pragma once

#include <reft/core/tensor_traits.hpp>
#include <reft/policy/generation_request.hpp>
#include <reft/policy/token_batch.hpp>
#include <reft/policy/trajectory.hpp>

#include <concepts>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// The scalar type a policy computes in: `P::scalar`, float or double.
template <class P>
using policy_scalar_t = typename std::remove_cvref_t<P>::scalar;

namespace detail {

template <class P>
using per_token = strided_view<const policy_scalar_t<P>, 1>;
template <class P>
using per_token_and_entry = strided_view<const policy_scalar_t<P>, 2>;

}  // namespace detail

// ---- A trainable policy: one of three kinds. -------------------------------------------------------------------
//
// `evaluate(batch)` keeps what `backward` needs; one evaluate is outstanding until its backward or the next
// evaluate. What it returns stays valid until then. `values` may have extent 0: a policy without a value head, for
// which backward is called with d_values of extent 0. `backward` adds to the gradient.

/// Gives log-probs itself: own kernels, any device.
///
///     evaluate(batch) → { log_probs, entropies, values }   each [response tokens], at batch.temperature
///     backward(d_log_probs, d_entropies, d_values)          derivatives of the loss
template <class P>
concept log_prob_policy = requires(P& p, const token_batch& batch, detail::per_token<P> d) {
    { p.evaluate(batch).log_probs } -> tensor_of_rank<1>;
    { p.evaluate(batch).entropies } -> tensor_of_rank<1>;
    { p.evaluate(batch).values } -> tensor_of_rank<1>;
    p.backward(d, d, d);
};

/// Gives logits: reft's kernel works in between.
///
///     evaluate(batch) → { logits, values }   logits [response tokens, vocabulary] or, at every position,
///                                            [tokens, vocabulary]; values with as many entries
///     backward(d_logits, d_values)           same shapes
///
/// The logits are at temperature 1. If `P::logits_may_be_overwritten` is true, d_logits is written over the logits.
template <class P>
concept logits_policy =
    requires(P& p, const token_batch& batch, detail::per_token_and_entry<P> d_logits, detail::per_token<P> d_values) {
        { p.evaluate(batch).logits } -> tensor_of_rank<2>;
        { p.evaluate(batch).values } -> tensor_of_rank<1>;
        p.backward(d_logits, d_values);
    };

/// Gives hidden states and the head that makes logits of them: the logits never exist as a whole.
///
///     evaluate(batch) → { hidden, head, values }     hidden [response tokens, width], head [vocabulary, width]
///     backward(d_hidden, d_head, d_values)           same shapes
template <class P>
concept head_policy =
    requires(P& p, const token_batch& batch, detail::per_token_and_entry<P> d, detail::per_token<P> d_values) {
        { p.evaluate(batch).hidden } -> tensor_of_rank<2>;
        { p.evaluate(batch).head } -> tensor_of_rank<2>;
        { p.evaluate(batch).values } -> tensor_of_rank<1>;
        p.backward(d, d, d_values);
    };

/// A policy of any of the three kinds. Where it is of several, the trainer takes logits before a head, a head before
/// log-probs.
template <class P>
concept trainable_policy = log_prob_policy<P> || logits_policy<P> || head_policy<P>;

// ---- What else a model may offer. --------------------------------------------------------------------------------

/// Log-probs of given responses without a gradient: all that a reference policy has to give.
///
///     score(batch, log_probs)   log_probs [response tokens], at batch.temperature
template <class P>
concept log_prob_scorer = requires(P& p, const token_batch& batch, strided_view<policy_scalar_t<P>, 1> log_probs) {
    p.score(batch, log_probs);
};

/// Logits of given responses without a gradient; the exact full KL needs them.
///
///     score_logits(batch) → logits   [response tokens, vocabulary] or [tokens, vocabulary], valid until the next call
template <class P>
concept logits_scorer = requires(P& p, const token_batch& batch) {
    { p.score_logits(batch) } -> tensor_of_rank<2>;
};

/// Either of them.
template <class P>
concept scorer = log_prob_scorer<P> || logits_scorer<P>;

/// Samples responses. Trajectory i answers prompt i; its tokens depend on nothing but the parameters, the request
/// and that prompt.
template <class P>
concept sampler = requires(P& p, std::span<const generation_prompt> prompts, const generation_request& request) {
    { p.sample(prompts, request) } -> std::convertible_to<std::vector<trajectory>>;
};

/// Takes optimiser steps along the accumulated gradient.
///
///     zero_gradient()
///     gradient_norm() → double                     of the accumulated gradient, L2
///     optimizer_step(learning_rate, gradient_scale)   moves the parameters along gradient_scale · gradient
template <class P>
concept optimizable = requires(P& p, const P& c, double learning_rate, double gradient_scale) {
    p.zero_gradient();
    { c.gradient_norm() } -> std::convertible_to<double>;
    p.optimizer_step(learning_rate, gradient_scale);
};

/// Gives a frozen copy of itself (or LoRA switched off, or a remote) that later updates do not change.
template <class P>
concept snapshotable = requires(const P& p) {
    { p.snapshot() } -> scorer;
};

/// Shows its parameters and the accumulated gradient as flat arrays in one order: for finite differences, for sums over
/// machines. Both may be copies.
///
///     parameters() → [n]     set_parameters(values)     gradient() → [n]
template <class P>
concept inspectable = requires(P& p, const P& c, std::span<const policy_scalar_t<P>> values) {
    { c.parameters() } -> tensor_of_rank<1>;
    { c.gradient() } -> tensor_of_rank<1>;
    p.set_parameters(values);
};

/// Keeps and restores its parameters.
template <class P>
concept savable = requires(P& p, const P& c, const std::string& path) {
    c.save(path);
    p.load(path);
};

}  // namespace reft::inline REFT_ABI
