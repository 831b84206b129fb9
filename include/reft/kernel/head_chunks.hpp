// The logits of a linear head, a chunk of counted tokens at a time, and the gradients that come back from them.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/head_logits.hpp>
#include <reft/kernel/matrix_multiplier.hpp>
#include <reft/kernel/matrix_product.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace reft::inline REFT_ABI::detail {

/// A stride of an odd number of cache lines: a column of such rows lies in all sets of a cache.
template <class Real>
constexpr std::int64_t odd_lines(std::int64_t elements) {
    return (whole_units(elements, panel_width<Real>) | 1) * panel_width<Real>;
}

/// How many tokens a chunk has, and the bytes of its arrays.
template <class T>
struct head_chunk_sizes {
    using Real = accumulator_t<T>;
    static constexpr std::int64_t block = 512;  ///< rows of the head that are multiplied at once

    template <class Product>
    head_chunk_sizes(const head_logits<T>& batch, const Product& product)
        : logits_stride(odd_lines<Real>(batch.vocabulary())), state_stride(odd_lines<Real>(batch.width())) {
        const std::int64_t columns = std::min(block, batch.vocabulary()), width = batch.width();
        const auto scratch_for = [&](std::int64_t r, std::int64_t c, std::int64_t depth) {
            return product.template scratch_bytes<Real>(r, c, depth);
        };
        scratch = std::max({scratch_for(batch.tokens(), columns, width), scratch_for(batch.tokens(), width, columns),
                            scratch_for(columns, width, batch.tokens())});
        const std::size_t fixed = bytes_of<Real>(columns * width) + aligned_bytes(scratch);
        const std::size_t per_row =
            static_cast<std::size_t>(logits_stride + 2 * state_stride + 2) * sizeof(Real) + sizeof(std::int64_t);
        const std::size_t budget = batch.memory_budget(), slack = 3 * workspace::alignment;
        const std::size_t fit = budget > fixed + slack ? (budget - fixed - slack) / per_row : 0;
        const auto tokens = static_cast<std::size_t>(std::max<std::int64_t>(1, batch.tokens()));
        rows = static_cast<std::int64_t>(std::clamp<std::size_t>(fit, 1, tokens));
        bytes = fixed + bytes_of<Real>(rows * logits_stride) + 2 * bytes_of<Real>(rows * state_stride) +
                2 * bytes_of<Real>(rows) + bytes_of<std::int64_t>(rows);
    }

    template <class U>
    static std::size_t bytes_of(std::int64_t size) {
        return aligned_bytes(static_cast<std::size_t>(size) * sizeof(U));
    }

    std::int64_t rows = 1, logits_stride, state_stride;
    std::size_t scratch = 0, bytes = 0;
};

template <class From, class To>
void copy_row(const strided_view<From, 1>& x, const strided_view<To, 1>& to) {
    using T = std::remove_const_t<From>;
    const bool contiguous = x.stride(0) == 1 && to.stride(0) == 1;
    if (std::is_same_v<T, To> && contiguous) {
        std::copy_n(x.data(), x.extent(0), to.data());
    } else {
        if constexpr (!std::is_same_v<T, To>)
            if (contiguous) return widen(x.data(), x.extent(0), to.data());
        for (std::int64_t k = 0; k < x.extent(0); ++k) to[k] = static_cast<To>(x[k]);
    }
}

/// Walks through the tokens of weight ≠ 0. Nothing is read of the other hidden states.
template <class T, class Weights, class Product>
class head_chunks {
  public:
    using Real = accumulator_t<T>;

    /// Takes sizes.bytes of `arrays`.
    head_chunks(const head_logits<T>& batch, const Weights& weights, const Product& product,
                const head_chunk_sizes<T>& sizes, scratch& arrays, executor& pool)
        : batch_(batch), weights_(weights), product_(product), pool_(pool) {
        std::int64_t counted = 0;
        for (std::int64_t n = 0; n < batch.tokens(); ++n) counted += counts(n);
        const std::int64_t chunks = std::max<std::int64_t>(1, whole_units(counted, sizes.rows));
        most_ = whole_units(counted, chunks);  // chunks of about the same size
        const std::int64_t width = batch.width(), states = sizes.rows * sizes.state_stride;
        logits_ = {arrays.array<Real>(sizes.rows * sizes.logits_stride),
                   {sizes.rows, batch.vocabulary()},
                   {sizes.logits_stride, 1}};
        states_ = {arrays.array<Real>(states), {sizes.rows, width}, {sizes.state_stride, 1}};
        d_states_ = {arrays.array<Real>(states), {sizes.rows, width}, {sizes.state_stride, 1}};
        log_probs = arrays.array<Real>(sizes.rows);
        entropies = arrays.array<Real>(sizes.rows);
        tokens_ = arrays.array<std::int64_t>(sizes.rows);
        block_ = arrays.array<Real>(std::min(sizes.block, batch.vocabulary()) * width);
        memory_ = arrays.array<std::byte>(static_cast<std::int64_t>(sizes.scratch));
    }

    /// Makes the logits of the next chunk, if there is one. After the last one comes the first again.
    bool next() {
        for (count_ = 0; next_ < batch_.tokens() && count_ < most_; ++next_)
            if (counts(next_)) tokens_[count_++] = next_;
        if (count_ == 0) {
            next_ = 0;
            return false;
        }
        for_ranges(pool_, count_, rows_per_task, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t i = begin; i < end; ++i) copy_row(batch_.hidden()[tokens_[i]], states_[i]);
        });
        if (batch_.width() == 0) std::fill_n(logits_.data(), count_ * logits_.stride(0), Real(0));
        for_head_blocks([&](std::int64_t first, const matrix& head) {
            product_.multiply_by_transposed(matrix(rows_of(states_)), head, logits_of(first, head.extent(0)), memory_,
                                            pool_);
        });
        return true;
    }

    std::int64_t count() const { return count_; }                           ///< tokens of the chunk
    std::int64_t token(std::int64_t i) const { return tokens_[i]; }         ///< which token the i-th of them is
    strided_view<Real, 1> row(std::int64_t i) const { return logits_[i]; }  ///< its logits, then their gradient
    Real *log_probs, *entropies;                                            ///< room for what is found, [count]

    /// Takes what is in the rows for the gradient of the logits.
    ///
    ///   d_hidden_n = Σ_j d_logits_nj·head_j,   d_head_j += Σ_n d_logits_nj·hidden_n
    template <class DHidden, class DHead>
    void add_gradients(const DHidden& d_hidden, const DHead& d_head) {
        std::fill_n(d_states_.data(), count_ * d_states_.stride(0), Real(0));
        for_head_blocks([&](std::int64_t first, const matrix& head) {
            const matrix d_logits = logits_of(first, head.extent(0));
            product_.add_product(d_logits, head, rows_of(d_states_), memory_, pool_);
            add_to_head(d_logits, DHead(&d_head(first, 0), {head.extent(0), batch_.width()}, d_head.strides()));
        });
        for_ranges(pool_, count_, rows_per_task, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t i = begin; i < end; ++i) copy_row(d_states_[i], d_hidden[tokens_[i]]);
        });
    }

  private:
    using matrix = strided_view<const Real, 2>;
    static constexpr std::int64_t rows_per_task = 16;

    bool counts(std::int64_t n) const { return static_cast<double>(weights_(0, n)) != 0; }

    strided_view<Real, 2> rows_of(const strided_view<Real, 2>& x) const {
        return {x.data(), {count_, x.extent(1)}, {x.stride(0), 1}};
    }
    strided_view<Real, 2> logits_of(std::int64_t first, std::int64_t size) const {
        return {logits_.data() + first, {count_, size}, {logits_.stride(0), 1}};
    }
    /// Whether products can read or write a matrix where it lies.
    template <class U>
    static bool plain(const strided_view<U, 2>& x) {
        return x.stride(1) == 1 && x.stride(0) >= x.extent(1);
    }

    /// Calls body(first row, rows) for one part of the head after another, as products can read it.
    template <class Body>
    void for_head_blocks(Body&& body) {
        const std::int64_t width = batch_.width();
        if (width == 0) return;  // products need something to sum
        for (std::int64_t first = 0; first < batch_.vocabulary(); first += head_chunk_sizes<T>::block) {
            const std::int64_t size = std::min(head_chunk_sizes<T>::block, batch_.vocabulary() - first);
            const strided_view<const T, 2> part(batch_.head().data() + first * batch_.head().stride(0), {size, width},
                                                {batch_.head().stride(0), batch_.head().stride(1)});
            if constexpr (std::is_same_v<T, Real>)
                if (plain(part)) {
                    body(first, part);
                    continue;
                }
            body(first, matrix(copied(part)));
        }
    }
    template <class U>
    strided_view<Real, 2> copied(const strided_view<U, 2>& x) {
        const strided_view<Real, 2> block(block_, x.extents());
        for_ranges(pool_, x.extent(0), rows_per_task, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t i = begin; i < end; ++i) copy_row(x[i], block[i]);
        });
        return block;
    }

    void add_to_head(const matrix& d_logits, const strided_view<Real, 2>& d_head) {
        const matrix states = rows_of(states_);
        if (plain(d_head)) return product_.add_transposed_product(d_logits, states, d_head, memory_, pool_);
        const strided_view<Real, 2> sum = copied(d_head);  // the head's part is not needed any more
        product_.add_transposed_product(d_logits, states, sum, memory_, pool_);
        for_ranges(pool_, sum.extent(0), rows_per_task, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t i = begin; i < end; ++i) copy_row(sum[i], d_head[i]);
        });
    }

    const head_logits<T>& batch_;
    const Weights& weights_;
    const Product& product_;
    executor& pool_;
    std::int64_t most_ = 0, next_ = 0, count_ = 0;
    strided_view<Real, 2> logits_, states_, d_states_;
    std::int64_t* tokens_;
    Real* block_;
    std::byte* memory_;
};

}  // namespace reft::inline REFT_ABI::detail
