// Per-token rewards: the answer's reward on the last token, minus the KL to the reference on every token.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/token_map.hpp>

#include <cstdint>
#include <string>

#define REFT_LOOPS <reft/reward/shaped_rewards.inl>
#include <reft/core/portable_instruction_set.inl>

namespace reft::inline REFT_ABI {
namespace detail {

/// −β·kl; 0 for β = 0, also where the KL is infinite.
template <class Real, class T, class K>
void kl_rewards_of_row(Real kl_coef, const integer_run& mask, bool past, const strided_view<T, 1>& out,
                       const strided_view<const K, 1>& kl) {
    if (kl_coef == 0) return fill_zero(out.data(), out.stride(0), out.extent(0));
    return portable::kl_rewards_of_row(kl_coef, mask, past, out, kl);
}

}  // namespace detail

/// How much of the KL is taken from the reward.
struct shaped_rewards_options {
    double kl_coef = 0.05;  ///< β, finite
};

/// Rows whose answer's reward found no place, because none of their tokens counts.
struct shaped_rewards_report {
    std::int64_t rows_without_tokens = 0;  ///< their number
};

/// KL-shaped rewards.
///
///   r_t = [t is the last counted token]·score_b − β·kl_t
///
/// Shapes    scores: [rows]; kl, rewards: the layout of `r`; rewards may be kl.
/// Units     scores and rewards in reward units, kl in nats.
/// Masking   0 where a token does not count; the score sits on the last token that does: for a response that ended
///           by itself that is the end-of-sequence token.
/// Returns   how many rows had no counted token: their score is placed nowhere.
/// Errors    shape_error; option_error if β is not finite; value_error if a score is not finite.
/// Source    Luong et al. 2024, arXiv:2401.08967: r_total = r − β·KL, β = 0.05 (natural language), 0.01 (programs).
/// Differs   from the paper's code: a row has one score at one place, whatever tokens follow (there a second
///           end-of-sequence token writes it again, outside the mask).
template <tensor_of_rank<1> Scores, token_tensor Kl, token_tensor Rewards>
shaped_rewards_report shaped_rewards(const Scores& scores, const Kl& kl, const rows& r, Rewards&& rewards,
                                     const shaped_rewards_options& options = {}) {
    const auto s = view(scores);
    const token_view<const scalar_t<Kl>> k = tokens_of(kl);
    const auto out = tokens_of(rewards);
    using T = typename decltype(out)::value_type;
    detail::require_option(detail::is_finite(options.kl_coef), "shaped_rewards", "kl_coef must be finite",
                           options.kl_coef);
    detail::require_same_shape("shaped_rewards", "kl", k, "rewards", out);
    r.require_layout("shaped_rewards", "kl", k);
    if (s.extent(0) != r.count())
        throw shape_error("shaped_rewards: scores has " + std::to_string(s.extent(0)) + " entries but there are " +
                          std::to_string(r.count()) + " rows");
    for (std::int64_t b = 0; b < r.count(); ++b)
        if (!detail::is_finite(static_cast<double>(s[b])))
            throw value_error("shaped_rewards: the score of row " + std::to_string(b) + " is not finite");

    using Real = detail::computed_in<T, scalar_t<Kl>>;
    const Real kl_coef = static_cast<Real>(options.kl_coef);
    const bool past = detail::past_caches(out, k.data());
    shaped_rewards_report report;
    for (std::int64_t b = 0; b < r.count(); ++b) {
        const auto row = detail::padded_row_of(out, r, b);
        const auto kl_row = row_of(k, r, b);
        const std::int64_t last = r.last_counted(b);
        report.rows_without_tokens += last < 0;
        const Real kl_of_last = last >= 0 && kl_coef != 0 ? static_cast<Real>(kl_row[last]) : Real(0);
        detail::kl_rewards_of_row(kl_coef, r.mask_of(b), past, row, kl_row);
        if (last >= 0) row[last] = T(static_cast<accumulator_t<T>>(static_cast<Real>(s[b]) - kl_coef * kl_of_last));
    }
    return report;
}

}  // namespace reft::inline REFT_ABI
