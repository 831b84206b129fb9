// The softmaxes of a batch's tokens, some rows at a time.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/kernel/softmax_row.hpp>
#include <reft/kernel/token_logits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI::detail {

/// Tokens per task: enough work to be worth handing out.
inline std::int64_t tokens_per_task(std::int64_t vocabulary) {
    return std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, vocabulary));
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

/// Calls body(i) for every token of the batch, tasks of consecutive tokens in parallel.
template <class T, class Body>
void for_tokens(const token_logits<T>& batch, executor& pool, Body&& body) {
    for_ranges(is_small(batch) ? serial() : pool, batch.tokens(), tokens_per_task(batch.vocabulary()),
               [&](std::int64_t begin, std::int64_t end, int) {
                   for_tokens_in_order(batch, begin, end, [&](std::int64_t, token_index i) { body(i); });
               });
}

/// What is wanted of the softmaxes.
enum class softmax_use {
    values,    ///< log-probs and entropies
    gradient,  ///< also the rows once more, soon: they, or their powers, should still be in the cache
};

/// Collects tokens and makes their softmaxes together, of no more rows than the first-level cache holds: a gradient reads
/// them once more, and memory is fastest where it is read in order. A longer row is alone.
template <class T>
class softmax_batch {
  public:
    softmax_batch(const token_logits<T>& batch, softmax_use use, bool with_entropy)
        : batch_(batch), scale_(scale_of<Real>(batch.inverse_temperature())), with_entropy_(with_entropy) {
        if (batch.vocabulary() > kept_row) return;
        constexpr std::int64_t line = 64;  // a multiple of what a row's last group of vectors may reach into
        const auto padded = static_cast<std::size_t>((batch.vocabulary() + line - 1) / line * line);
        room_ = std::min(softmaxes_at_once, kept_.size / std::max<std::size_t>(padded, 1));
        stride_ = use == softmax_use::gradient ? padded : 0;
    }

    bool is_full() const { return count_ == room_; }

    void add(token_index i) {
        Real* const kept = stride_ > 0 ? kept_.values + count_ * stride_ : nullptr;
        tokens_[count_] = i;
        rows_[count_++] = {row_in_memory(batch_.row(i)), batch_.id(i), kept};
    }

    /// Calls use(i, row and token, softmax) for the tokens in their order, and is empty afterwards.
    template <class Use>
    void finish(Use&& use) {
        if (count_ == 0) return;
        softmaxes p;
        REFT_ON_THIS_MACHINE(softmaxes_of_rows(rows_, count_, scale_, with_entropy_, p));
        for (std::size_t k = 0; k < count_; ++k) use(tokens_[k], rows_[k], p[k]);
        count_ = 0;
    }

  private:
    using Real = accumulator_t<T>;
    const token_logits<T>& batch_;
    Real scale_;
    bool with_entropy_;
    std::size_t count_ = 0, room_ = 1;
    std::size_t stride_ = 0;  // between the powers of two rows; 0: they are not kept
    token_index tokens_[softmaxes_at_once];
    row_and_choice<T> rows_[softmaxes_at_once];
    kept_powers<Real> kept_;
};

/// Calls use(i, row and token, softmax) for every token that is wanted: wanted(n, i) says so, and does what there is to
/// do for the others. Tasks of consecutive tokens run in parallel, each in the order of its tokens.
template <class T, class Wanted, class Use>
void for_softmaxes(const token_logits<T>& batch, softmax_use what_for, bool with_entropy, executor& pool,
                   Wanted&& wanted, Use&& use) {
    for_ranges(is_small(batch) ? serial() : pool, batch.tokens(), tokens_per_task(batch.vocabulary()),
               [&](std::int64_t begin, std::int64_t end, int) {
                   softmax_batch<T> together(batch, what_for, with_entropy);
                   for_tokens_in_order(batch, begin, end, [&](std::int64_t n, token_index i) {
                       if (!wanted(n, i)) return;
                       together.add(i);
                       if (together.is_full()) together.finish(use);
                   });
                   together.finish(use);
               });
}

}  // namespace reft::inline REFT_ABI::detail
