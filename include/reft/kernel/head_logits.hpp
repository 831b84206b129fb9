// Logits that do not exist yet: hidden states, and the head that makes logits of them.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/integer_view.hpp>
#include <reft/core/std_tensors.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace reft::inline REFT_ABI {

/// How logits become log-probs, and how many of them may exist at a time.
struct head_logits_options {
    double temperature = 1.0;  ///< log-probs are those of softmax(logits / temperature), > 0
    /// Bytes of workspace for a chunk of logits and what belongs to it. More makes larger chunks: the head is packed,
    /// and its gradient read and written, once per chunk. With 128 rows or more to a chunk that costs little; a chunk
    /// has at least one row. Results do not depend on it, with products whose sums keep their order.
    std::size_t memory_budget = std::size_t{30} << 20;
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
          inverse_temperature_(1.0 / options.temperature),
          memory_budget_(options.memory_budget) {
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
    std::size_t memory_budget() const { return memory_budget_; }           ///< bytes, as in the options
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

  private:
    strided_view<const T, 2> hidden_, head_;
    integer_view ids_;
    double inverse_temperature_;
    std::size_t memory_budget_;
};

template <class Hidden, class Head, class Ids>
head_logits(Hidden&&, Head&&, Ids&&) -> head_logits<scalar_t<Hidden>>;
template <class Hidden, class Head, class Ids>
head_logits(Hidden&&, Head&&, Ids&&, const head_logits_options&) -> head_logits<scalar_t<Hidden>>;

}  // namespace reft::inline REFT_ABI
