// Policy losses over hidden states and the head that makes logits of them: the logits never exist as a whole.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/integer_view.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/softmax_row.hpp>
#include <reft/loss/token_loss.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI {

/// How logits become log-probs.
struct head_logits_options {
    double temperature = 1.0;  ///< log-probs are those of softmax(logits / temperature), > 0
};

/// Logits as the product of hidden states and head weights: logits = hidden · headᵀ.
///
/// Shapes    hidden: [tokens, width], the state that predicts each token; head: [vocabulary, width]; ids: [tokens].
template <class T>
class head_logits {
  public:
    /// Views all three, which must outlive it.
    ///
    /// Errors    shape_error; option_error if the temperature is outside 1e-6 ... 1e6.
    template <tensor_of_rank<2> Hidden, tensor_of_rank<2> Head, class Ids>
    head_logits(Hidden&& hidden, Head&& head, Ids&& ids, const head_logits_options& options = {})
        : hidden_(view(std::forward<Hidden>(hidden))),
          head_(view(std::forward<Head>(head))),
          ids_(std::forward<Ids>(ids)),
          inverse_temperature_(1.0 / options.temperature) {
        static_assert(std::same_as<scalar_t<Hidden>, scalar_t<Head>>,
                      "reft::head_logits: hidden and head must have the same scalar type");
        detail::require_temperature("head_logits", options.temperature);
        ids_.require_rank_1("head_logits", "ids");
        if (hidden_.extent(1) != head_.extent(1) || hidden_.extent(0) != ids_.size())
            throw shape_error("head_logits: hidden is " + detail::shape_text(hidden_) + ", head is " +
                              detail::shape_text(head_) + " and ids is " + detail::shape_text(ids_));
    }

    std::int64_t tokens() const { return hidden_.extent(0); }              ///< rows of hidden
    std::int64_t width() const { return hidden_.extent(1); }               ///< of a hidden state
    std::int64_t vocabulary() const { return head_.extent(0); }            ///< rows of head
    std::array<std::int64_t, 2> extents() const { return {1, tokens()}; }  ///< of the per-token arrays: one row
    double inverse_temperature() const { return inverse_temperature_; }    ///< τ, by which logits are multiplied
    const strided_view<const T, 2>& hidden() const { return hidden_; }     ///< [tokens, width]
    const strided_view<const T, 2>& head() const { return head_; }         ///< [vocabulary, width]

    /// The id of token n; throws value_error if it is outside the vocabulary.
    std::int64_t id(std::int64_t n) const {
        const std::int64_t id = ids_[n];
        if (id < 0 || id >= vocabulary())
            throw value_error("head_logits: the id of token " + std::to_string(n) + " is " + std::to_string(id) +
                              ", outside 0.." + std::to_string(vocabulary() - 1));
        return id;
    }

    /// Writes the logits of token n.
    template <class Real>
    void logits_of(std::int64_t n, const strided_view<Real, 1>& logits) const {
        for (std::int64_t j = 0; j < vocabulary(); ++j) {
            Real sum = 0;
            for (std::int64_t k = 0; k < width(); ++k)
                sum += static_cast<Real>(hidden_(n, k)) * static_cast<Real>(head_(j, k));
            logits[j] = sum;
        }
    }

  private:
    strided_view<const T, 2> hidden_, head_;
    integer_view ids_;
    double inverse_temperature_;
};

template <class Hidden, class Head, class Ids>
head_logits(Hidden&&, Head&&, Ids&&) -> head_logits<scalar_t<Hidden>>;
template <class Hidden, class Head, class Ids>
head_logits(Hidden&&, Head&&, Ids&&, const head_logits_options&) -> head_logits<scalar_t<Hidden>>;

/// Bytes of workspace that the linear-head kernels need: a row of logits, and three numbers per token.
template <class T>
std::size_t workspace_bytes(const head_logits<T>& batch) {
    using Real = accumulator_t<T>;
    return detail::aligned_bytes(static_cast<std::size_t>(batch.vocabulary()) * sizeof(Real)) +
           2 * detail::aligned_bytes(static_cast<std::size_t>(batch.tokens()) * sizeof(Real));
}

/// Forward phase from hidden states, as token_log_probs(token_logits) gives it from logits.
///
/// Shapes    weights, log_probs, entropies: [tokens]
/// Masking   weight 0: the hidden state is not read, the results are 0.
/// Workspace workspace_bytes(batch).
template <class T, tensor_of_rank<1> Weights, tensor_of_rank<1> LogProbs, tensor_of_rank<1> Entropies>
void token_log_probs(const head_logits<T>& batch, const Weights& weights, LogProbs&& log_probs, Entropies&& entropies,
                     const workspace& memory) {
    using Real = accumulator_t<T>;
    const auto w = tokens_of(weights);
    const auto lp = tokens_of(log_probs);
    const auto h = tokens_of(entropies);
    detail::require_same_shape("token_log_probs", "ids", batch, "weights", w);
    detail::require_same_shape("token_log_probs", "ids", batch, "log_probs", lp);
    detail::require_same_shape("token_log_probs", "ids", batch, "entropies", h);
    detail::scratch arrays(memory, workspace_bytes(batch), "token_log_probs");
    const strided_view<Real, 1> logits(arrays.array<Real>(batch.vocabulary()), {batch.vocabulary()});
    const double scale = batch.inverse_temperature();
    for (std::int64_t n = 0; n < batch.tokens(); ++n) {
        detail::softmax_of_logits p;
        if (static_cast<double>(w(0, n)) != 0) {
            batch.logits_of(n, logits);
            p = detail::softmax_of_row<Real>(logits, batch.id(n), scale, true);
        }
        lp(0, n) = static_cast<scalar_t<LogProbs>>(static_cast<Real>(p.log_prob));
        h(0, n) = static_cast<scalar_t<Entropies>>(static_cast<Real>(p.entropy));
    }
}

/// Policy loss over hidden states and head, with both gradients, in one call.
///
///   d_hidden_n = Σ_j d_logits_nj·head_j,   d_head_j += Σ_n d_logits_nj·hidden_n
///
/// Shapes    weights: [tokens]; d_hidden: like hidden; d_head: like head, added to in the order of tokens.
/// Masking   weight 0: the hidden state is not read, its gradient is 0.
/// Workspace workspace_bytes(batch): memory grows with the vocabulary, not with tokens × vocabulary.
/// Returns   `before` and the statistics of these tokens added up; `.loss` is the loss.
/// Errors    shape_error; value_error for an id outside the vocabulary, before anything is written.
template <policy_loss Loss, class T, tensor_of_rank<1> Weights, tensor_of_rank<2> DHidden, tensor_of_rank<2> DHead>
policy_stats loss_over_head(Loss loss, const head_logits<T>& batch, const Weights& weights, DHidden&& d_hidden,
                            DHead&& d_head, const workspace& memory, const policy_stats& before = {}) {
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
    for (std::int64_t n = 0; n < batch.tokens(); ++n)
        if (static_cast<double>(w(0, n)) != 0) batch.id(n);
    detail::scratch arrays(memory, workspace_bytes(batch), "loss_over_head");
    const strided_view<Real, 1> logits(arrays.array<Real>(batch.vocabulary()), {batch.vocabulary()});
    if constexpr (prepared_loss<Loss>) {
        const strided_view<Real, 1> lp(arrays.array<Real>(batch.tokens()), {batch.tokens()});
        const strided_view<Real, 1> h(arrays.array<Real>(batch.tokens()), {batch.tokens()});
        token_log_probs(batch, weights, lp, h, memory);
        detail::prepare(loss, token_view<const Real>(tokens_of(lp)), w);
    }
    const double scale = batch.inverse_temperature();
    policy_stats stats = before;
    for (std::int64_t n = 0; n < batch.tokens(); ++n) {
        for (std::int64_t k = 0; k < batch.width(); ++k) d_x(n, k) = 0;
        const double weight = static_cast<double>(w(0, n));
        if (weight == 0) continue;
        batch.logits_of(n, logits);
        const auto p = detail::softmax_of_row<Real>(logits, batch.id(n), scale, Loss::needs_entropy);
        const policy_token<Real> token{static_cast<Real>(p.log_prob), static_cast<Real>(p.entropy)};
        const auto term = detail::weighted_term(loss, {0, n}, token, weight, stats);
        if (term.d_log_prob == 0 && term.d_entropy == 0) continue;
        detail::gradient_of_row<Real>(logits, p, batch.id(n),
                                      {static_cast<double>(term.d_log_prob), static_cast<double>(term.d_entropy)},
                                      scale, logits);
        for (std::int64_t j = 0; j < batch.vocabulary(); ++j)
            for (std::int64_t k = 0; k < batch.width(); ++k) {
                d_x(n, k) += logits[j] * static_cast<Real>(batch.head()(j, k));
                d_y(j, k) += logits[j] * static_cast<Real>(batch.hidden()(n, k));
            }
    }
    return stats;
}

}  // namespace reft::inline REFT_ABI
