// Policy losses over logits: log-probs and entropies forward, d_logits backward, or all of it in one call.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/streaming.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/softmax_row.hpp>
#include <reft/kernel/token_logits.hpp>
#include <reft/loss/token_loss.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace reft::inline REFT_ABI {

namespace detail {

/// Tokens per task: enough work to be worth handing out.
inline std::int64_t tokens_per_task(std::int64_t vocabulary) {
    return std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, vocabulary));
}

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

template <class D>
void clear_row(const strided_view<D, 1>& row) {
    fill_zero(row.data(), row.stride(0), row.extent(0));
}

/// Whether a batch is so small that other threads would cost more than they do.
template <class T>
bool is_small(const token_logits<T>& batch) {
    return batch.tokens() * batch.vocabulary() < 65536;
}

/// Calls body(n, i) for the tokens [begin, end) of the batch, in their order.
template <class T, class Body>
void for_tokens_in_order(const token_logits<T>& batch, std::int64_t begin, std::int64_t end, Body&& body) {
    if (begin >= end) return;
    const std::int64_t columns = batch.extents()[1];
    token_index i = batch.token_at(begin);
    for (std::int64_t n = begin; n < end; ++n) {
        body(n, i);
        if (++i.column == columns) i = {i.row + 1, 0};
    }
}

/// The same for every token of the batch, tasks of consecutive tokens in parallel.
template <class T, class Body>
void for_tokens(const token_logits<T>& batch, executor& pool, Body&& body) {
    for_ranges(is_small(batch) ? serial() : pool, batch.tokens(), tokens_per_task(batch.vocabulary()),
               [&](std::int64_t begin, std::int64_t end, int) { for_tokens_in_order(batch, begin, end, body); });
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
    const double scale = batch.inverse_temperature();
    for_tokens(batch, pool, [&](std::int64_t, token_index i) {
        double log_prob = 0, entropy = 0;
        if (static_cast<double>(w(i.row, i.column)) != 0) {
            const auto row = batch.row(i);
            const auto p = softmax_of_row(row, batch.id(i), scale, entropies != nullptr);
            log_prob = p.log_prob;
            entropy = p.entropy;
        }
        using Real = accumulator_t<T>;
        lp(i.row, i.column) = static_cast<typename LogProbs::value_type>(static_cast<Real>(log_prob));
        if (entropies)
            (*entropies)(i.row, i.column) = static_cast<typename Entropies::value_type>(static_cast<Real>(entropy));
    });
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
    for_tokens(batch, pool, [&](std::int64_t n, token_index i) {
        clear_rows_between(batch, d, n);
        const token_index at = batch.position(i);
        const auto d_row = d[at.row][at.column];
        const row_gradient upstream = upstream_of(i);
        if (!upstream.any()) return clear_row(d_row);
        const auto row = batch.row(i);
        const auto p = softmax_of_row(row, batch.id(i), scale, upstream.d_entropy != 0);
        gradient_of_row(row, p, batch.id(i), upstream, scale, d_row, past);
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
    policy_stats stats = before;
    detail::for_tokens(batch, pool, [&](std::int64_t n, token_index i) {
        detail::clear_rows_between(batch, d, n);
        const token_index at = batch.position(i);
        const auto d_row = d[at.row][at.column];
        const double weight = static_cast<double>(w(i.row, i.column));
        if (weight == 0) return detail::clear_row(d_row);
        const auto row = batch.row(i);
        const double scale = batch.inverse_temperature();
        detail::kept_powers<Real> kept;
        const auto p = detail::softmax_of_row(row, batch.id(i), scale, Loss::needs_entropy, &kept);
        const policy_token<Real> token{static_cast<Real>(p.log_prob), static_cast<Real>(p.entropy)};
        if (!in_order && !prepared_loss<Loss>) {
            log_probs(i.row, i.column) = token.log_prob;
            entropies(i.row, i.column) = token.entropy;
        }
        policy_stats elsewhere;
        const auto term = detail::weighted_term(loss, i, token, weight, in_order ? stats : elsewhere);
        if (term.d_log_prob == 0 && term.d_entropy == 0) return detail::clear_row(d_row);
        detail::gradient_of_row(row, p, batch.id(i),
                                {static_cast<double>(term.d_log_prob), static_cast<double>(term.d_entropy)}, scale,
                                d_row, past, &kept);
    });
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
