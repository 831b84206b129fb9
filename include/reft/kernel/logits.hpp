// Policy losses over logits: log-probs and entropies forward, d_logits backward, or all of it in one call.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/streaming.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/softmax_batch.hpp>
#include <reft/kernel/token_logits.hpp>
#include <reft/loss/token_loss.hpp>

#include <cstdint>
#include <string>

namespace reft::inline REFT_ABI {

namespace detail {

/// d_logits in the shape of the logits it belongs to.
template <class D, class T, class View>
strided_view<D, 3> gradient_view(std::string_view function, const token_logits<T>& batch, const View& d_logits) {
    strided_view<D, 3> d;
    if constexpr (View::rank == 2)
        d = {d_logits.data(), {1, d_logits.extent(0), d_logits.extent(1)}, {0, d_logits.stride(0), d_logits.stride(1)}};
    else
        d = d_logits;
    require_same_shape(function, "logits", batch.logits(), "d_logits", d);
    return d;
}

/// The row of it that belongs to a token.
template <class D, class T>
strided_view<D, 1> gradient_row(const token_logits<T>& batch, const strided_view<D, 3>& d, token_index i) {
    const token_index at = batch.position(i);
    return d[at.row][at.column];
}

template <class D>
void clear_row(const strided_view<D, 1>& row) {
    fill_zero(row.data(), row.stride(0), row.extent(0));
}

struct row_range {
    std::int64_t first = 0;
    std::int64_t last = 0;  ///< one past the last row
};

/// Rows of the logits that no token of a row_index refers to, before token n (or after the last).
template <class T>
REFT_HD row_range rows_between(const token_logits<T>& batch, std::int64_t n) {
    if (!batch.has_row_index()) return {};
    return {n == 0 ? 0 : batch.position({0, n - 1}).column + 1,
            n == batch.tokens() ? batch.logits().extent(1) : batch.position({0, n}).column};
}

/// The gradient of these rows is 0.
template <class T, class D>
void clear_rows_between(const token_logits<T>& batch, const strided_view<D, 3>& d, std::int64_t n) {
    const row_range between = rows_between(batch, n);
    for (std::int64_t row = between.first; row < between.last; ++row) clear_row(d[0][row]);
}

template <class T, class Weights>
void require_ids(std::string_view function, const token_logits<T>& batch, const Weights& w) {
    for_tokens_in_order(batch, 0, batch.tokens(), [&](std::int64_t, token_index i) {
        if (static_cast<double>(w(i.row, i.column)) != 0) batch.require_id(function, i);
    });
}

/// Without entropies if `entropies` is null.
template <class T, class Weights, class LogProbs, class Entropies>
void token_log_probs(const token_logits<T>& batch, const Weights& w, const LogProbs& lp, const Entropies* entropies,
                     executor& pool) {
    require_same_shape("token_log_probs", "ids", batch, "weights", w);
    require_same_shape("token_log_probs", "ids", batch, "log_probs", lp);
    if (entropies) require_same_shape("token_log_probs", "ids", batch, "entropies", *entropies);
    require_ids("token_log_probs", batch, w);
    using Real = accumulator_t<T>;
    const auto write = [&](token_index i, double log_prob, double entropy) {
        lp(i.row, i.column) = static_cast<typename LogProbs::value_type>(static_cast<Real>(log_prob));
        if (entropies)
            (*entropies)(i.row, i.column) = static_cast<typename Entropies::value_type>(static_cast<Real>(entropy));
    };
    const auto counts = [&](std::int64_t, token_index i) {
        const bool counted = static_cast<double>(w(i.row, i.column)) != 0;
        if (!counted) write(i, 0, 0);
        return counted;
    };
    for_softmaxes(
        batch, softmax_use::values, entropies != nullptr, pool, counts,
        [&](token_index i, const row_and_choice<T>&, const softmax_of_logits& p) { write(i, p.log_prob, p.entropy); });
}

/// Without the gradient of entropies if `d_entropies` is null.
template <class T, class DLogProbs, class DEntropies, class DLogits>
void backward_to_logits(const token_logits<T>& batch, const DLogProbs& d_lp, const DEntropies* d_entropies,
                        const DLogits& d_logits, executor& pool) {
    const auto d = gradient_view<typename DLogits::value_type>("backward_to_logits", batch, d_logits);
    require_same_shape("backward_to_logits", "ids", batch, "d_log_probs", d_lp);
    if (d_entropies) require_same_shape("backward_to_logits", "ids", batch, "d_entropies", *d_entropies);
    const double scale = batch.inverse_temperature();
    const auto upstream_of = [&](token_index i) {
        return row_gradient{static_cast<double>(d_lp(i.row, i.column)),
                            d_entropies ? static_cast<double>((*d_entropies)(i.row, i.column)) : 0.0};
    };
    const bool past = past_caches(d, batch.logits().data());
    for_tokens_in_order(batch, 0, batch.tokens(), [&](std::int64_t, token_index i) {
        if (upstream_of(i).any()) batch.require_id("backward_to_logits", i);
    });
    const auto counts = [&](std::int64_t n, token_index i) {
        clear_rows_between(batch, d, n);
        const bool counted = upstream_of(i).any();
        if (!counted) clear_row(gradient_row(batch, d, i));
        return counted;
    };
    for_softmaxes(batch, softmax_use::gradient, d_entropies != nullptr, pool, counts,
                  [&](token_index i, const row_and_choice<T>& row, const softmax_of_logits& p) {
                      gradient_of_row(row, p, upstream_of(i), scale, row_in_memory(gradient_row(batch, d, i)), past);
                  });
    clear_rows_between(batch, d, batch.tokens());
}

}  // namespace detail

/// Forward phase: log-prob of every token, and the entropy of the distribution it was chosen from.
///
///   log_prob = z_id − log Σ_j exp z_j,   H = −Σ_j p_j log p_j,   z = logits / temperature
///
/// Shapes    weights, log_probs, entropies: like the ids of `batch`. The form without entropies does less work.
/// Masking   weight 0: the row is not read, the results are 0. Any weights do that are 0 at the same places.
/// Errors    shape_error; value_error for an id outside the vocabulary.
/// Degenerate  a −∞ logit has probability 0 and no part in the entropy; a row of −∞ only, or with NaN or +∞: NaN.
template <class T, token_tensor Weights, token_tensor LogProbs, token_tensor Entropies>
void token_log_probs(const token_logits<T>& batch, const Weights& weights, LogProbs&& log_probs, Entropies&& entropies,
                     executor& pool = serial()) {
    const auto h = tokens_of(entropies);
    detail::token_log_probs(batch, tokens_of(weights), tokens_of(log_probs), &h, pool);
}

/// The same without entropies.
template <class T, token_tensor Weights, token_tensor LogProbs>
void token_log_probs(const token_logits<T>& batch, const Weights& weights, LogProbs&& log_probs,
                     executor& pool = serial()) {
    const token_view<accumulator_t<T>>* const none = nullptr;
    detail::token_log_probs(batch, tokens_of(weights), tokens_of(log_probs), none, pool);
}

/// Backward phase: the gradient of the logits from that of log-probs and entropies.
///
///   d_logits_j = τ·(d_log_prob·([j = id] − p_j) − d_entropy·p_j·(log p_j + H)),   τ = 1/temperature
///
/// Shapes    d_log_probs, d_entropies: like the ids; d_logits: like the logits, and may be the logits (in place).
/// Masking   where both derivatives are 0 the row is not read and its gradient is 0; rows of the logits that no
///           row_index refers to get 0 as well.
/// Errors    shape_error; value_error for an id outside the vocabulary.
template <class T, token_tensor DLogProbs, token_tensor DEntropies, tensor DLogits>
void backward_to_logits(const token_logits<T>& batch, const DLogProbs& d_log_probs, const DEntropies& d_entropies,
                        DLogits&& d_logits, executor& pool = serial()) {
    const auto d_h = tokens_of(d_entropies);
    detail::backward_to_logits(batch, tokens_of(d_log_probs), &d_h, view(d_logits), pool);
}

/// The same for a loss that has no derivative with respect to the entropies.
template <class T, token_tensor DLogProbs, tensor DLogits>
void backward_to_logits(const token_logits<T>& batch, const DLogProbs& d_log_probs, DLogits&& d_logits,
                        executor& pool = serial()) {
    const token_view<const accumulator_t<T>>* const none = nullptr;
    detail::backward_to_logits(batch, tokens_of(d_log_probs), none, view(d_logits), pool);
}

/// Bytes of workspace that loss_over_logits needs for a batch.
template <class T>
std::size_t workspace_bytes(const token_logits<T>& batch) {
    return 2 * detail::aligned_bytes(static_cast<std::size_t>(batch.tokens()) * sizeof(accumulator_t<T>));
}

/// Policy loss over logits with its gradient, in one call: each row is read while it is in the cache.
///
/// The same numbers, bit for bit, as token_log_probs → loss_over_log_probs → backward_to_logits.
///
/// Shapes    weights: like the ids of `batch`; d_logits: like the logits, and may be the logits (in place).
/// Masking   weight 0: the row of logits is not read, its gradient is 0.
/// Workspace workspace_bytes(batch); nothing is allocated.
/// Returns   `before` and the statistics of these tokens, added up in their order whatever the number of threads;
///           `.loss` is the loss.
/// Errors    shape_error; value_error for an id outside the vocabulary; workspace_error.
template <policy_loss Loss, class T, token_tensor Weights, tensor DLogits>
policy_stats loss_over_logits(Loss loss, const token_logits<T>& batch, const Weights& weights, DLogits&& d_logits,
                              const workspace& memory, executor& pool = serial(), const policy_stats& before = {}) {
    using Real = typename Loss::real;
    using D = scalar_t<DLogits>;
    static_assert(std::same_as<Real, accumulator_t<T>>,
                  "reft::loss_over_logits: the loss must compute in the accumulator type of the logits");
    const auto w = tokens_of(weights);
    const auto d = detail::gradient_view<D>("loss_over_logits", batch, view(d_logits));
    detail::require_same_shape("loss_over_logits", "ids", batch, "weights", w);
    loss.require_extents(batch.extents());
    detail::require_ids("loss_over_logits", batch, w);
    const bool past = detail::past_caches(d, batch.logits().data());
    detail::scratch arrays(memory, workspace_bytes(batch), "loss_over_logits");
    const token_view<Real> log_probs(arrays.array<Real>(batch.tokens()), batch.extents());
    const token_view<Real> entropies(arrays.array<Real>(batch.tokens()), batch.extents());

    if constexpr (prepared_loss<Loss>) {
        token_log_probs(batch, w, log_probs, entropies, pool);
        detail::prepare(loss, log_probs, w);
    }
    const bool in_order = detail::is_small(batch) || &pool == &serial();
    const double scale = batch.inverse_temperature();
    policy_stats stats = before;
    const auto counts = [&](std::int64_t n, token_index i) {
        detail::clear_rows_between(batch, d, n);
        const bool counted = static_cast<double>(w(i.row, i.column)) != 0;
        if (!counted) detail::clear_row(detail::gradient_row(batch, d, i));
        return counted;
    };
    const auto use = [&](token_index i, const detail::row_and_choice<T>& row, const detail::softmax_of_logits& p) {
        const policy_token<Real> token{static_cast<Real>(p.log_prob), static_cast<Real>(p.entropy)};
        if (!in_order && !prepared_loss<Loss>) {
            log_probs(i.row, i.column) = token.log_prob;
            entropies(i.row, i.column) = token.entropy;
        }
        policy_stats elsewhere;
        const auto term = detail::weighted_term(loss, i, token, static_cast<double>(w(i.row, i.column)),
                                                in_order ? stats : elsewhere);
        const auto d_row = detail::gradient_row(batch, d, i);
        if (term.d_log_prob == 0 && term.d_entropy == 0) return detail::clear_row(d_row);
        detail::gradient_of_row(row, p, {static_cast<double>(term.d_log_prob), static_cast<double>(term.d_entropy)},
                                scale, detail::row_in_memory(d_row), past);
    };
    detail::for_softmaxes(batch, detail::softmax_use::gradient, Loss::needs_entropy, pool, counts, use);
    detail::clear_rows_between(batch, d, batch.tokens());
    if (in_order) return stats;

    // Other threads finished the tokens in any order; the statistics are sums in theirs.
    detail::for_tokens_in_order(batch, 0, batch.tokens(), [&](std::int64_t, token_index i) {
        const double weight = static_cast<double>(w(i.row, i.column));
        if (weight == 0) return;
        detail::weighted_term(loss, i, {log_probs(i.row, i.column), entropies(i.row, i.column)}, weight, stats);
    });
    return stats;
}

}  // namespace reft::inline REFT_ABI
