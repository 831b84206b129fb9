// Generalised advantage estimation and the returns that go with it.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/tensor_traits.hpp>

#include <concepts>
#include <cstdint>

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

namespace detail::inline REFT_ISA {

template <class T>
REFT_NOINLINE void gae_of_row(const strided_view<const T, 1>& rewards, const strided_view<const T, 1>& values,
                              const rows& r, std::int64_t b, accumulator_t<T> value_after_end,
                              const strided_view<T, 1>& advantages, const gae_options& options) {
    using Real = accumulator_t<T>;
    const Real gamma = static_cast<Real>(options.gamma);
    const Real decay = static_cast<Real>(options.gamma * options.lambda);
    Real next_value = value_after_end;
    Real advantage = 0;
    for (std::int64_t t = rewards.extent(0) - 1; t >= 0; --t) {
        if (!r.counts(b, t)) continue;
        const Real value = static_cast<Real>(values[t]);
        const Real td_error = static_cast<Real>(rewards[t]) + gamma * next_value - value;
        advantage = td_error + decay * advantage;
        advantages[t] = T(advantage);
        next_value = value;
    }
}

template <class T>
void gae(const token_view<const T>& rewards, const token_view<const T>& values, const rows& r,
         const token_view<T>& advantages, const gae_options& options,
         const strided_view<const T, 1>* bootstrap_values) {
    require_valid(options);
    require_same_shape("gae", "rewards", rewards, "values", values);
    require_same_shape("gae", "rewards", rewards, "advantages", advantages);
    r.require_layout("gae", "rewards", rewards);
    if (bootstrap_values && bootstrap_values->extent(0) != r.count())
        throw shape_error("gae: bootstrap_values has " + std::to_string(bootstrap_values->extent(0)) +
                          " entries but there are " + std::to_string(r.count()) + " rows");
    for (std::int64_t b = 0; b < r.count(); ++b)
        gae_of_row<T>(row_of(rewards, r, b), row_of(values, r, b), r, b,
                      bootstrap_values ? static_cast<accumulator_t<T>>((*bootstrap_values)[b]) : accumulator_t<T>(0),
                      row_of(advantages, r, b), options);
    clear_uncounted(r, advantages);
}

}  // namespace detail::inline REFT_ISA

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
/// Errors    shape_error; option_error if γ or λ is outside [0, 1].
/// Source    Schulman et al. 2016, arXiv:1506.02438; Luong et al. 2024, arXiv:2401.08967.
/// Differs   the paper swaps the names of γ and λ in its text, its code has γ = 1, λ = 0.95 as here. Its code never
///           bootstraps truncated rows. It does not whiten: see whiten().
template <token_tensor Rewards, token_tensor Values, token_tensor Advantages, tensor_of_rank<1> Bootstrap>
void gae(const Rewards& rewards, const Values& values, const rows& r, Advantages&& advantages,
         const gae_options& options, const Bootstrap& bootstrap_values) {
    using T = scalar_t<Advantages>;
    static_assert(
        std::same_as<scalar_t<Rewards>, T> && std::same_as<scalar_t<Values>, T> && std::same_as<scalar_t<Bootstrap>, T>,
        "reft::gae: rewards, values, advantages and bootstrap_values must have the same scalar type");
    const strided_view<const T, 1> after_end = view(bootstrap_values);
    detail::gae<T>(tokens_of(rewards), tokens_of(values), r, tokens_of(advantages), options, &after_end);
}

/// The same, every row having terminated.
template <token_tensor Rewards, token_tensor Values, token_tensor Advantages>
void gae(const Rewards& rewards, const Values& values, const rows& r, Advantages&& advantages,
         const gae_options& options = {}) {
    using T = scalar_t<Advantages>;
    static_assert(std::same_as<scalar_t<Rewards>, T> && std::same_as<scalar_t<Values>, T>,
                  "reft::gae: rewards, values and advantages must have the same scalar type");
    detail::gae<T>(tokens_of(rewards), tokens_of(values), r, tokens_of(advantages), options, nullptr);
}

/// Returns, the targets of the value loss.
///
///   R_t = A_t + V_t     with the advantages as gae() gives them, before any whitening
///
/// Shapes    advantages, values, returns: the layout of `r`. `returns` may be one of the others.
/// Masking   0 where a token does not count.
template <token_tensor Advantages, token_tensor Values, token_tensor Returns>
void returns(const Advantages& advantages, const Values& values, const rows& r, Returns&& returns) {
    const auto a = tokens_of(advantages);
    const auto v = tokens_of(values);
    const auto out = tokens_of(returns);
    using T = typename decltype(out)::value_type;
    r.require_layout("returns", "advantages", a);
    r.require_layout("returns", "values", v);
    r.require_layout("returns", "returns", out);
    for (std::int64_t b = 0; b < r.count(); ++b)
        for (std::int64_t t = 0; t < r.length(b); ++t) {
            const token_index i = r.at(b, t);
            using Real = accumulator_t<T>;
            if (r.counts(b, t)) out(i.row, i.column) = T(Real(a(i.row, i.column)) + Real(v(i.row, i.column)));
        }
    clear_uncounted(r, out);
}

}  // namespace reft::inline REFT_ABI
