// Policy losses over hidden states and the head that makes logits of them: the logits never exist as a whole.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/head_chunks.hpp>
#include <reft/kernel/head_logits.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/kernel/matrix_multiplier.hpp>
#include <reft/kernel/panel_product.hpp>
#include <reft/kernel/softmax_row.hpp>
#include <reft/loss/token_loss.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Bytes of workspace that the linear-head kernels need with these products: the memory budget of the batch at most,
/// or a chunk of one token if that needs more, and a number per token.
template <class T, matrix_multiplier<accumulator_t<T>> Product = panel_product>
std::size_t workspace_bytes(const head_logits<T>& batch, const Product& product = {}) {
    using Real = accumulator_t<T>;
    return detail::head_chunk_sizes<T>(batch, product).bytes +
           detail::aligned_bytes(static_cast<std::size_t>(batch.tokens()) * sizeof(Real));
}

namespace detail {

/// The softmax of a row of logits, where the loss kernels over logits make it too.
template <class Real>
struct head_row {
    head_row(const strided_view<Real, 1>& logits, std::int64_t id_of_row, double inverse_temperature, bool with_entropy)
        : row{row_in_memory(strided_view<const Real, 1>(logits)), id_of_row},
          scale(inverse_temperature),
          softmax(softmax_of_row(row, inverse_temperature, with_entropy)),
          token{static_cast<Real>(softmax.log_prob), static_cast<Real>(softmax.entropy)} {}

    /// Writes the gradient over the logits.
    void write_gradient(const strided_view<Real, 1>& logits, const policy_term<Real>& term) const {
        if (term.d_log_prob == 0 && term.d_entropy == 0) return clear_row(logits);
        gradient_of_row(row, softmax, {static_cast<double>(term.d_log_prob), static_cast<double>(term.d_entropy)},
                        scale, row_in_memory(logits));
    }

    row_and_choice<Real> row;
    double scale;
    softmax_of_logits softmax;
    policy_token<Real> token;
};

template <class T, class Weights>
void require_ids(const head_logits<T>& batch, const Weights& w) {
    for (std::int64_t n = 0; n < batch.tokens(); ++n)
        if (static_cast<double>(w(0, n)) != 0) batch.id(n);
}

/// Calls body(i) for the tokens of a chunk, in parallel.
template <class T, class Chunks, class Body>
void for_tokens(const head_logits<T>& batch, const Chunks& chunk, executor& pool, Body&& body) {
    for_ranges(pool, chunk.count(), tokens_per_task(batch.vocabulary()),
               [&](std::int64_t begin, std::int64_t end, int) {
                   for (std::int64_t i = begin; i < end; ++i) body(i);
               });
}

/// Without entropies if `entropies` is null.
template <class T, class Chunks, class Weights, class LogProbs, class Entropies>
void token_log_probs(const head_logits<T>& batch, Chunks& chunk, const Weights& w, const LogProbs& log_probs,
                     const Entropies* entropies, executor& pool) {
    for (std::int64_t n = 0; n < batch.tokens(); ++n)
        if (static_cast<double>(w(0, n)) == 0) {
            log_probs(0, n) = typename LogProbs::value_type(0);
            if (entropies) (*entropies)(0, n) = typename Entropies::value_type(0);
        }
    while (chunk.next())
        for_tokens(batch, chunk, pool, [&](std::int64_t i) {
            const std::int64_t n = chunk.token(i);
            const head_row row(chunk.row(i), batch.id(n), batch.inverse_temperature(), entropies != nullptr);
            log_probs(0, n) = static_cast<typename LogProbs::value_type>(row.token.log_prob);
            if (entropies) (*entropies)(0, n) = static_cast<typename Entropies::value_type>(row.token.entropy);
        });
}

template <class T, class Weights, class LogProbs, class Entropies, class Product>
void token_log_probs(const head_logits<T>& batch, const Weights& w, const LogProbs& log_probs,
                     const Entropies* entropies, const workspace& memory, executor& pool, const Product& product) {
    require_same_shape("token_log_probs", "ids", batch, "weights", w);
    require_same_shape("token_log_probs", "ids", batch, "log_probs", log_probs);
    if (entropies) require_same_shape("token_log_probs", "ids", batch, "entropies", *entropies);
    require_ids(batch, w);
    scratch arrays(memory, workspace_bytes(batch, product), "token_log_probs");
    head_chunks chunk(batch, w, product, head_chunk_sizes<T>(batch, product), arrays, pool);
    token_log_probs(batch, chunk, w, log_probs, entropies, pool);
}

}  // namespace detail

/// Forward phase from hidden states, as token_log_probs(token_logits) gives it from logits.
///
/// Shapes    weights, log_probs, entropies: [tokens]. The form without entropies does less work.
/// Masking   weight 0: the hidden state is not read, the results are 0.
/// Workspace workspace_bytes(batch), or workspace_bytes(batch, product); nothing is allocated.
/// Errors    shape_error, value_error for an id outside the vocabulary, workspace_error: before anything is written.
template <class T, tensor_of_rank<1> Weights, tensor_of_rank<1> LogProbs, tensor_of_rank<1> Entropies,
          matrix_multiplier<accumulator_t<T>> Product = panel_product>
void token_log_probs(const head_logits<T>& batch, const Weights& weights, LogProbs&& log_probs, Entropies&& entropies,
                     const workspace& memory, executor& pool = serial(), const Product& product = {}) {
    const auto h = tokens_of(entropies);
    detail::token_log_probs(batch, tokens_of(weights), tokens_of(log_probs), &h, memory, pool, product);
}

/// The same without entropies.
template <class T, tensor_of_rank<1> Weights, tensor_of_rank<1> LogProbs,
          matrix_multiplier<accumulator_t<T>> Product = panel_product>
void token_log_probs(const head_logits<T>& batch, const Weights& weights, LogProbs&& log_probs, const workspace& memory,
                     executor& pool = serial(), const Product& product = {}) {
    const token_view<accumulator_t<T>>* const none = nullptr;
    detail::token_log_probs(batch, tokens_of(weights), tokens_of(log_probs), none, memory, pool, product);
}

/// Policy loss over hidden states and head, with both gradients, in one call: three products, no logit made twice.
///
///   d_hidden_n = Σ_j d_logits_nj·head_j,   d_head_j += Σ_n d_logits_nj·hidden_n
///
/// Shapes    weights: [tokens]; d_hidden: like hidden; d_head: like head, added to in the order of tokens.
/// Masking   weight 0: the hidden state is not read, its gradient is 0.
/// Workspace workspace_bytes(batch), or workspace_bytes(batch, product); nothing is allocated.
/// Returns   `before` and the statistics of these tokens added up in their order; `.loss` is the loss.
/// Precision with panel_product the bits depend neither on the memory budget nor on the threads, and micro-batches one
///           after the other give those of the whole; other products promise that to rounding only.
/// Errors    shape_error, value_error for an id outside the vocabulary, workspace_error: before anything is written.
template <policy_loss Loss, class T, tensor_of_rank<1> Weights, tensor_of_rank<2> DHidden, tensor_of_rank<2> DHead,
          matrix_multiplier<accumulator_t<T>> Product = panel_product>
policy_stats loss_over_head(Loss loss, const head_logits<T>& batch, const Weights& weights, DHidden&& d_hidden,
                            DHead&& d_head, const workspace& memory, executor& pool, const policy_stats& before = {},
                            const Product& product = {}) {
    using Real = typename Loss::real;
    static_assert(std::same_as<scalar_t<DHidden>, Real> && std::same_as<scalar_t<DHead>, Real>,
                  "reft::loss_over_head: gradients are sums over the vocabulary and over tokens; give them the loss's "
                  "own scalar type");
    static_assert(std::same_as<Real, accumulator_t<T>>,
                  "reft::loss_over_head: the loss must compute in the accumulator type of the hidden states");
    const auto w = tokens_of(weights);
    const auto d_x = view(d_hidden);
    const auto d_y = view(d_head);
    detail::require_same_shape("loss_over_head", "ids", batch, "weights", w);
    detail::require_same_shape("loss_over_head", "hidden", batch.hidden(), "d_hidden", d_x);
    detail::require_same_shape("loss_over_head", "head", batch.head(), "d_head", d_y);
    loss.require_extents(batch.extents());
    detail::require_ids(batch, w);
    detail::scratch arrays(memory, workspace_bytes(batch, product), "loss_over_head");
    detail::head_chunks chunk(batch, w, product, detail::head_chunk_sizes<T>(batch, product), arrays, pool);
    if constexpr (prepared_loss<Loss>) {
        const token_view<Real> log_probs(arrays.array<Real>(batch.tokens()), batch.extents());
        const token_view<Real>* const none = nullptr;
        detail::token_log_probs(batch, chunk, w, log_probs, none, pool);
        detail::prepare(loss, log_probs, w);
    }
    for (std::int64_t n = 0; n < batch.tokens(); ++n)
        if (static_cast<double>(w(0, n)) == 0) detail::clear_row(d_x[n]);

    policy_stats stats = before;
    while (chunk.next()) {
        const auto term_of = [&](std::int64_t i, policy_stats& to) {
            const std::int64_t n = chunk.token(i);
            return detail::weighted_term(loss, {0, n}, {chunk.log_probs[i], chunk.entropies[i]},
                                         static_cast<double>(w(0, n)), to);
        };
        detail::for_tokens(batch, chunk, pool, [&](std::int64_t i) {
            const detail::head_row row(chunk.row(i), batch.id(chunk.token(i)), batch.inverse_temperature(),
                                       Loss::needs_entropy);
            chunk.log_probs[i] = row.token.log_prob;
            chunk.entropies[i] = Loss::needs_entropy ? row.token.entropy : Real(0);
            policy_stats of_token;  // the statistics are summed below, in order
            row.write_gradient(chunk.row(i), term_of(i, of_token));
        });
        for (std::int64_t i = 0; i < chunk.count(); ++i) term_of(i, stats);
        chunk.add_gradients(d_x, d_y);
    }
    return stats;
}

/// The same in the calling thread.
template <policy_loss Loss, class T, tensor_of_rank<1> Weights, tensor_of_rank<2> DHidden, tensor_of_rank<2> DHead>
policy_stats loss_over_head(const Loss& loss, const head_logits<T>& batch, const Weights& weights, DHidden&& d_hidden,
                            DHead&& d_head, const workspace& memory, const policy_stats& before = {}) {
    return loss_over_head(loss, batch, weights, d_hidden, d_head, memory, serial(), before);
}

}  // namespace reft::inline REFT_ABI
