// Generalised advantage estimation and the returns that go with it.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/core/token_map.hpp>
#include <reft/core/vectors.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace reft::inline REFT_ABI {

/// How far an advantage looks ahead.
struct gae_options {
    double gamma = 1.0;    ///< γ, discount of rewards, in [0, 1]
    double lambda = 0.95;  ///< λ, decay of TD errors, in [0, 1]
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const gae_options& o) {
    detail::require_option(o.gamma >= 0 && o.gamma <= 1, "gae", "gamma must be in [0, 1]", o.gamma);
    detail::require_option(o.lambda >= 0 && o.lambda <= 1, "gae", "lambda must be in [0, 1]", o.lambda);
}

namespace detail {

/// Counted tokens that the recurrence runs through at once, and the most lanes that a vector has.
constexpr std::int64_t gae_block = 512, gae_lanes = 16;

template <class Real>
struct gae_constants {
    Real gamma;
    Real power[gae_lanes + 1];                  ///< (γλ)^i
    alignas(64) Real falling_power[gae_lanes];  ///< (γλ)^(16−i)

    explicit gae_constants(const gae_options& o) : gamma(static_cast<Real>(o.gamma)) {
        double decayed = 1.0;
        for (std::int64_t i = 0; i <= gae_lanes; ++i, decayed *= o.gamma * o.lambda) {
            power[i] = static_cast<Real>(decayed);
            if (i > 0) falling_power[gae_lanes - i] = power[i];
        }
    }
};

/// What later tokens hand to earlier ones: A and V of the counted token after these.
template <class Real>
struct gae_carry {
    Real advantage = 0;
    Real value = 0;
};

}  // namespace detail
}  // namespace reft::inline REFT_ABI

#define REFT_LOOPS <reft/advantage/gae.inl>
#include <reft/core/each_instruction_set.inl>

namespace reft::inline REFT_ABI {
namespace detail {

template <class T>
void gae_of_row(const strided_view<const T, 1>& rewards, const strided_view<const T, 1>& values,
                const integer_run& mask, const strided_view<T, 1>& advantages,
                const gae_constants<accumulator_t<T>>& constants, accumulator_t<T> value_after_end) {
    return REFT_ON_THIS_MACHINE(gae_of_row<T>(rewards, values, mask, advantages, constants, value_after_end));
}

template <class T>
void gae(const token_view<const T>& rewards, const token_view<const T>& values, const rows& r,
         const token_view<T>& advantages, const gae_options& options, const strided_view<const T, 1>* bootstrap_values,
         executor& pool) {
    require_valid(options);
    require_same_shape("gae", "rewards", rewards, "values", values);
    require_same_shape("gae", "rewards", rewards, "advantages", advantages);
    r.require_layout("gae", "rewards", rewards);
    if (bootstrap_values && bootstrap_values->extent(0) != r.count())
        throw shape_error("gae: bootstrap_values has " + std::to_string(bootstrap_values->extent(0)) +
                          " entries but there are " + std::to_string(r.count()) + " rows");
    using Real = accumulator_t<T>;
    const gae_constants<Real> constants(options);
    for_rows(r, pool, [&](std::int64_t i) {
        const std::int64_t b = r.count() - 1 - i;  // a row is read from its end on, and so are all of them
        gae_of_row<T>(row_of(rewards, r, b), row_of(values, r, b), r.mask_of(b), row_of(advantages, r, b), constants,
                      bootstrap_values ? static_cast<Real>((*bootstrap_values)[b]) : Real(0));
        clear_padding(r, b, advantages);
    });
}

template <class T, class A, class V>
void sum_of_rows(const integer_run& mask, bool past, const strided_view<T, 1>& out, const strided_view<const A, 1>& a,
                 const strided_view<const V, 1>& v) {
    return portable::sum_of_rows(mask, past, out, a, v);
}

}  // namespace detail

/// Advantages by generalised advantage estimation.
///
///   δ_t = r_t + γ·V_{t+1} − V_t,   A_t = δ_t + γλ·A_{t+1}
///
/// V_t is the value of the state before response token t, r_t the reward for it. After the last counted token of
/// row b the value is `bootstrap_values[b]`: 0 for a row that terminated, the critic's value of the state after it
/// for a row that was truncated. Without bootstrap_values every row counts as terminated.
///
/// Shapes    rewards, values, advantages: the layout of `r`; bootstrap_values: [rows].
/// Units     all in reward units.
/// Masking   masked tokens are skipped as if the row were compressed: they cost no γλ, their reward is not read;
///           the advantage there is 0.
/// Aliasing  advantages may be rewards or values.
/// Precision sums are made in float for 16-bit types. A_t is put together from sums over 2, 4, 8, ... tokens: fewer
///           roundings than one token after the other. Its bits depend on the counted tokens from t on and on the
///           instruction set, not on layout, strides, masked tokens or threads.
/// Errors    shape_error; option_error if γ or λ is outside [0, 1].
/// Source    Schulman et al. 2016, arXiv:1506.02438; Luong et al. 2024, arXiv:2401.08967.
/// Differs   the paper swaps the names of γ and λ in its text, its code has γ = 1, λ = 0.95 as here. Its code never
///           bootstraps truncated rows. It does not whiten: see whiten().
template <token_tensor Rewards, token_tensor Values, token_tensor Advantages, tensor_of_rank<1> Bootstrap>
void gae(const Rewards& rewards, const Values& values, const rows& r, Advantages&& advantages,
         const gae_options& options, const Bootstrap& bootstrap_values, executor& pool = serial()) {
    using T = scalar_t<Advantages>;
    static_assert(
        std::same_as<scalar_t<Rewards>, T> && std::same_as<scalar_t<Values>, T> && std::same_as<scalar_t<Bootstrap>, T>,
        "reft::gae: rewards, values, advantages and bootstrap_values must have the same scalar type");
    const strided_view<const T, 1> after_end = view(bootstrap_values);
    detail::gae<T>(tokens_of(rewards), tokens_of(values), r, tokens_of(advantages), options, &after_end, pool);
}

/// The same, every row having terminated.
template <token_tensor Rewards, token_tensor Values, token_tensor Advantages>
void gae(const Rewards& rewards, const Values& values, const rows& r, Advantages&& advantages,
         const gae_options& options = {}, executor& pool = serial()) {
    using T = scalar_t<Advantages>;
    static_assert(std::same_as<scalar_t<Rewards>, T> && std::same_as<scalar_t<Values>, T>,
                  "reft::gae: rewards, values and advantages must have the same scalar type");
    detail::gae<T>(tokens_of(rewards), tokens_of(values), r, tokens_of(advantages), options, nullptr, pool);
}

/// Returns, the targets of the value loss.
///
///   R_t = A_t + V_t     with the advantages as gae() gives them, before any whitening
///
/// Shapes    advantages, values, returns: the layout of `r`. `returns` may be one of the others.
/// Masking   0 where a token does not count.
template <token_tensor Advantages, token_tensor Values, token_tensor Returns>
void returns(const Advantages& advantages, const Values& values, const rows& r, Returns&& returns,
             executor& pool = serial()) {
    const auto a = tokens_of(advantages);
    const auto v = tokens_of(values);
    const auto out = tokens_of(returns);
    r.require_layout("returns", "advantages", a);
    r.require_layout("returns", "values", v);
    r.require_layout("returns", "returns", out);
    const bool past = detail::past_caches(out, a.data()) && detail::past_caches(out, v.data());
    detail::for_rows(r, pool, [&](std::int64_t b) {
        detail::sum_of_rows<scalar_t<Returns>, scalar_t<Advantages>, scalar_t<Values>>(
            r.mask_of(b), past, detail::padded_row_of(out, r, b), row_of(a, r, b), row_of(v, r, b));
    });
}

}  // namespace reft::inline REFT_ABI
