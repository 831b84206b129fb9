// The exact KL divergence between two policies, from the logits of both.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/kernel/softmax_row.hpp>
#include <reft/kernel/token_logits.hpp>

#include <cstdint>

namespace reft::inline REFT_ABI {

/// Exact KL of every token, for KL-shaped rewards as the paper writes them.
///
///   kl = Σ_a π(a)·(log π(a) − log π_ref(a))      both at their batch's temperature
///
/// Shapes    batch and reference: the same ids; weights, kl: like the ids.
/// Masking   weight 0: the rows are not read, the result is 0.
/// Errors    shape_error if the two do not have the same tokens and vocabulary.
/// Degenerate  +∞ where the reference gives probability 0 to a token that the policy does not.
/// Source    Luong et al. 2024, arXiv:2401.08967.
/// Differs   the paper's code takes the sampled k1 instead (sampled_kl). As a reward the exact KL of a token does not
///           depend on the token chosen there, so only the tokens before it feel it: to pull a policy towards its
///           reference, take k1 in the reward or add_full_kl_gradient in the loss.
template <class T, token_tensor Weights, token_tensor Kl>
void full_kl(const token_logits<T>& batch, const token_logits<T>& reference, const Weights& weights, Kl&& kl,
             executor& pool = serial()) {
    const auto w = tokens_of(weights);
    const auto out = tokens_of(kl);
    detail::require_same_shape("full_kl", "ids", batch, "ids of the reference", reference);
    detail::require_same_shape("full_kl", "ids", batch, "weights", w);
    detail::require_same_shape("full_kl", "ids", batch, "kl", out);
    if (batch.vocabulary() != reference.vocabulary())
        throw shape_error("full_kl: logits have " + std::to_string(batch.vocabulary()) +
                          " entries per token but those of the reference have " +
                          std::to_string(reference.vocabulary()));
    const double scale = batch.inverse_temperature();
    if (scale != reference.inverse_temperature())
        throw option_error("full_kl: the policy and the reference must have the same temperature");
    detail::for_tokens(batch, pool, [&](token_index i) {
        double value = 0;
        if (static_cast<double>(w(i.row, i.column)) != 0) {
            value = detail::kl_of_rows(detail::pair_of_rows<T>(batch.row(i), reference.row(i), scale));
        }
        out(i.row, i.column) = static_cast<scalar_t<Kl>>(static_cast<accumulator_t<T>>(value));
    });
}

/// Adds the gradient of the exact KL as a loss, Σ weights·KL, to d_logits, and returns that loss.
///
///   ∂KL/∂logits_j = τ·p_j·(log p_j − log q_j − KL),   τ = 1/temperature
///
/// Call it after backward_to_logits or loss_over_logits wrote d_logits out of place.
/// Shapes    as full_kl; d_logits: like the logits of `batch`, not the same memory.
template <class T, token_tensor Weights, tensor DLogits>
double add_full_kl_gradient(const token_logits<T>& batch, const token_logits<T>& reference, const Weights& weights,
                            DLogits&& d_logits, const workspace& memory, executor& pool = serial()) {
    using D = scalar_t<DLogits>;
    using Real = accumulator_t<T>;
    const auto w = tokens_of(weights);
    const auto d = detail::gradient_view<D>("add_full_kl_gradient", batch, view(d_logits));
    if (static_cast<const void*>(d.data()) == static_cast<const void*>(batch.logits().data()) && !d.empty())
        throw value_error("add_full_kl_gradient: d_logits must not be the logits; they are still needed");
    detail::scratch arrays(memory, workspace_bytes(batch), "add_full_kl_gradient");
    const token_view<Real> kl(arrays.array<Real>(batch.tokens()), batch.extents());
    full_kl(batch, reference, w, kl, pool);
    const double scale = batch.inverse_temperature();
    detail::for_tokens(batch, pool, [&](token_index i) {
        const double weight = static_cast<double>(w(i.row, i.column));
        if (weight == 0) return;
        const detail::pair_of_rows<T> rows(batch.row(i), reference.row(i), scale);
        const token_index at = batch.position(i);
        detail::add_kl_gradient_of_row(rows, static_cast<double>(kl(i.row, i.column)), weight, scale,
                                       d[at.row][at.column]);
    });
    double loss = 0;
    for (std::int64_t n = 0; n < batch.tokens(); ++n) {
        const token_index i = batch.token_at(n);
        const double weight = static_cast<double>(w(i.row, i.column));
        if (weight != 0) loss += weight * static_cast<double>(kl(i.row, i.column));
    }
    return loss;
}

}  // namespace reft::inline REFT_ABI
