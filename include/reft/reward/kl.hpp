// Per-token KL to the reference policy, from sampled log-probs.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/token_map.hpp>
#include <reft/loss/kl_estimate.hpp>

#include <concepts>
#include <cstdint>

#define REFT_LOOPS <reft/reward/kl.inl>
#include <reft/core/portable_instruction_set.inl>

namespace reft::inline REFT_ABI {
namespace detail {

/// Token by token: the time goes into expm1.
template <class T, class P, class Q>
void k3_of_row(const rows& r, std::int64_t b, const strided_view<T, 1>& out, const strided_view<const P, 1>& p,
               const strided_view<const Q, 1>& q) {
    using Real = accumulator_t<T>;
    for (std::int64_t t = 0; t < p.extent(0); ++t)
        out[t] = r.counts(b, t)
                     ? T(kl_estimate<Real>(kl_estimator::k3, static_cast<Real>(p[t]), static_cast<Real>(q[t])).value)
                     : T(0);
    fill_zero(out.data() + p.extent(0) * out.stride(0), out.stride(0), out.extent(0) - p.extent(0));
}

}  // namespace detail

/// KL estimate of every response token.
///
///   kl_t = k(old_log_prob_t − ref_log_prob_t)      see kl_estimator
///
/// Shapes    log_probs, ref_log_probs, kl: the layout of `r`; kl may be one of the others.
/// Masking   0 where a token does not count.
/// Errors    shape_error.
/// Differs   the paper writes the KL of the whole distributions (full_kl gives it from logits), its code uses k1.
template <token_tensor LogProbs, token_tensor RefLogProbs, token_tensor Kl>
void sampled_kl(const LogProbs& log_probs, const RefLogProbs& ref_log_probs, const rows& r, Kl&& kl,
                kl_estimator estimator = kl_estimator::k1) {
    const token_view<const scalar_t<LogProbs>> p = tokens_of(log_probs);
    const token_view<const scalar_t<RefLogProbs>> q = tokens_of(ref_log_probs);
    const auto out = tokens_of(kl);
    detail::require_same_shape("sampled_kl", "log_probs", p, "ref_log_probs", q);
    detail::require_same_shape("sampled_kl", "log_probs", p, "kl", out);
    r.require_layout("sampled_kl", "log_probs", p);
    const bool past = detail::past_caches(out, p.data()) && detail::past_caches(out, q.data());
    for (std::int64_t b = 0; b < r.count(); ++b) {
        const auto mask = r.mask_of(b);
        const auto row = detail::padded_row_of(out, r, b);
        const auto p_row = row_of(p, r, b);
        const auto q_row = row_of(q, r, b);
        if (estimator == kl_estimator::k3)
            detail::k3_of_row(r, b, row, p_row, q_row);
        else
            detail::portable::kl_of_row(estimator, mask, past, row, p_row, q_row);
    }
}

/// Mean over rows of the KL summed over the row: the “sequence KL” that training curves show.
template <token_tensor Kl>
double mean_sequence_kl(const Kl& kl, const rows& r) {
    const auto k = tokens_of(kl);
    r.require_layout("mean_sequence_kl", "kl", k);
    double sum = 0;
    for (std::int64_t b = 0; b < r.count(); ++b)
        for (std::int64_t t = 0; t < r.length(b); ++t) {
            const token_index i = r.at(b, t);
            if (r.counts(b, t)) sum += static_cast<double>(k(i.row, i.column));
        }
    return r.count() > 0 ? sum / static_cast<double>(r.count()) : 0.0;
}

}  // namespace reft::inline REFT_ABI
