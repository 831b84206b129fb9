// What a loss of one token is: concepts, results, and sums of losses.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/loss/statistics.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace reft::inline REFT_ABI {

/// What a policy loss reads of its token.
template <class Real>
struct policy_token {
    Real log_prob = 0;  ///< of the chosen token, at the temperature of the kernel
    Real entropy = 0;   ///< only if the loss says needs_entropy
};

/// The loss of one token and its derivatives.
template <class Real>
struct policy_term {
    Real value = 0;       ///< L
    Real d_log_prob = 0;  ///< ∂L/∂log_prob
    Real d_entropy = 0;   ///< ∂L/∂entropy; 0 where the loss does not need it
};

/// The value loss of one token and its derivative.
template <class Real>
struct value_term {
    Real value = 0;    ///< L
    Real d_value = 0;  ///< ∂L/∂V
};

/// A loss over log-probs (and entropies): a small copyable struct that owns no array.
///
///     L::real                             float or double, what it computes in
///     L::needs_entropy                    whether it reads token.entropy
///     loss.require_extents(extents)       throws shape_error unless its arrays are [rows, columns] as given
///     loss(i, token, stats) → policy_term<real>
///
/// It adds to the statistics that it names and to no others.
template <class L>
concept policy_loss = std::copyable<L> && requires(const L& loss, token_index i, policy_token<typename L::real> token,
                                                   policy_stats& stats, const std::array<std::int64_t, 2>& extents) {
    { L::needs_entropy } -> std::convertible_to<bool>;
    loss.require_extents(extents);
    { loss(i, token, stats) } -> std::same_as<policy_term<typename L::real>>;
};

/// A loss over values: loss(i, value, stats) → value_term<real>.
template <class L>
concept value_loss = std::copyable<L> && requires(const L& loss, token_index i, typename L::real value,
                                                  value_stats& stats, const std::array<std::int64_t, 2>& extents) {
    loss.require_extents(extents);
    { loss(i, value, stats) } -> std::same_as<value_term<typename L::real>>;
};

/// A policy loss that must see all log-probs first (sequence-level ratios, selection by covariance):
/// `loss.prepare(log_probs, weights)` runs after the forward pass and before the first token is evaluated; log-probs
/// of weight 0 may be anything. Where it keeps what it found is its own business: in itself, or in memory the caller
/// gave it.
template <class L>
concept prepared_loss = policy_loss<L> && requires(L& loss, token_view<const typename L::real> per_token) {
    loss.prepare(per_token, per_token);
};

namespace detail {

template <class A, class B>
struct sum_of_policy_losses {
    using real = typename A::real;
    static constexpr bool needs_entropy = A::needs_entropy || B::needs_entropy;
    A a;
    B b;

    void require_extents(const std::array<std::int64_t, 2>& extents) const {
        a.require_extents(extents);
        b.require_extents(extents);
    }
    void prepare(token_view<const real> log_probs, token_view<const real> weights)
        requires(prepared_loss<A> || prepared_loss<B>)
    {
        if constexpr (prepared_loss<A>) a.prepare(log_probs, weights);
        if constexpr (prepared_loss<B>) b.prepare(log_probs, weights);
    }
    REFT_HD policy_term<real> operator()(token_index i, policy_token<real> token, policy_stats& stats) const {
        const policy_term<real> x = a(i, token, stats), y = b(i, token, stats);
        return {x.value + y.value, x.d_log_prob + y.d_log_prob, x.d_entropy + y.d_entropy};
    }
};

template <class L>
struct scaled_policy_loss {
    using real = typename L::real;
    static constexpr bool needs_entropy = L::needs_entropy;
    real weight;
    L loss;

    void require_extents(const std::array<std::int64_t, 2>& extents) const { loss.require_extents(extents); }
    void prepare(token_view<const real> log_probs, token_view<const real> weights)
        requires(prepared_loss<L>)
    {
        loss.prepare(log_probs, weights);
    }
    REFT_HD policy_term<real> operator()(token_index i, policy_token<real> token, policy_stats& stats) const {
        const policy_term<real> x = loss(i, token, stats);
        return {weight * x.value, weight * x.d_log_prob, weight * x.d_entropy};
    }
};

template <class L>
struct scaled_value_loss {
    using real = typename L::real;
    real weight;
    L loss;

    void require_extents(const std::array<std::int64_t, 2>& extents) const { loss.require_extents(extents); }
    REFT_HD value_term<real> operator()(token_index i, real value, value_stats& stats) const {
        const value_term<real> x = loss(i, value, stats);
        return {weight * x.value, weight * x.d_value};
    }
};

}  // namespace detail

/// The sum of two policy losses over the same tokens: `clipped_policy(...) + 0.01 * entropy_bonus<float>{}`.
/// For losses that live in your own namespace: `using reft::operator+; using reft::operator*;`.
template <policy_loss A, policy_loss B>
auto operator+(const A& a, const B& b) {
    static_assert(std::same_as<typename A::real, typename B::real>,
                  "reft: losses that are added must compute in the same scalar type");
    return detail::sum_of_policy_losses<A, B>{a, b};
}

/// A policy loss and its derivatives, times a weight; its statistics stay as they are.
template <policy_loss L>
auto operator*(double weight, const L& loss) {
    return detail::scaled_policy_loss<L>{static_cast<typename L::real>(weight), loss};
}

/// A value loss and its derivative, times a weight; its statistics stay as they are.
template <value_loss L>
auto operator*(double weight, const L& loss) {
    return detail::scaled_value_loss<L>{static_cast<typename L::real>(weight), loss};
}

}  // namespace reft::inline REFT_ABI
