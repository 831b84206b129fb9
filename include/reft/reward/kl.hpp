// Per-token KL to the reference policy, from sampled log-probs.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/kl_estimate.hpp>

#include <concepts>
#include <cstdint>

namespace reft::inline REFT_ABI {

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
    const auto p = tokens_of(log_probs);
    const auto q = tokens_of(ref_log_probs);
    const auto out = tokens_of(kl);
    using T = typename decltype(out)::value_type;
    using Real = accumulator_t<T>;
    detail::require_same_shape("sampled_kl", "log_probs", p, "ref_log_probs", q);
    detail::require_same_shape("sampled_kl", "log_probs", p, "kl", out);
    r.require_layout("sampled_kl", "log_probs", p);
    for (std::int64_t b = 0; b < r.count(); ++b)
        for (std::int64_t t = 0; t < r.length(b); ++t) {
            if (!r.counts(b, t)) continue;
            const auto [row, column] = r.at(b, t);
            out(row, column) =
                T(kl_estimate<Real>(estimator, static_cast<Real>(p(row, column)), static_cast<Real>(q(row, column)))
                      .value);
        }
    clear_uncounted(r, out);
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
