// Decoding with a KV cache: a kv_decoder for a few rows, in one thread.
#pragma once

#include <reft/models/transformer_forward.hpp>
#include <reft/policy/generation.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

/// Memory of a decoder; kept from call to call.
template <class T>
struct decoder_memory {
    workspace cache, pass;
};

/// Rows of a transformer that are being continued. All arithmetic is that of the forward pass, so the logits are
/// the same bits as those of a whole row, for any number of rows beside it.
template <class T>
class transformer_decoder {
  public:
    /// Rows hold up to `length` positions.
    transformer_decoder(const transformer_parameters<T>& p, std::int64_t rows, std::int64_t length,
                        decoder_memory<T>& memory)
        : p_(p),
          memory_(memory),
          length_(length),
          capacity_(score_stride<T>(length)),
          positions_(static_cast<std::size_t>(rows)) {
        const transformer_options& o = p.net.options;
        across_ = packed_positions<T>::size_across(o.head_width(), capacity_);
        along_ = packed_positions<T>::size_along(o.head_width(), capacity_);
        const std::size_t before = memory.cache.capacity();
        const auto cache = static_cast<std::size_t>(rows * o.layers * o.kv_heads * (across_ + along_));
        const auto logits = static_cast<std::size_t>(rows * o.vocabulary);
        memory.cache.reserve((cache + logits) * sizeof(T));
        cache_ = reinterpret_cast<T*>(memory.cache.data());
        logits_ = cache_ + cache;
        // Products read whole panels, positions not yet written included: let them be numbers.
        if (memory.cache.capacity() != before) std::fill_n(cache_, cache + logits, T(0));
    }

    std::int64_t capacity() const { return static_cast<std::int64_t>(positions_.size()); }
    std::int64_t max_length() const { return length_; }

    void prefill(std::int64_t row, std::span<const token_id> ids) {
        const auto n = static_cast<std::int64_t>(ids.size());
        step(
            ids,
            [&](std::int64_t l, const layer_activations<T>& a, T* scores) {
                for (std::int64_t i = 0; i < n; ++i) rotate_position(p_.net, a.qkv + i * p_.net.qkv_width(), i);
                attend_from(row, l, 0, n, a.qkv, a.attended, scores);
            },
            [&](const T* x, T* hidden, T* scale) {
                norm_rows(p_, p_.net.layout.norm, x + (n - 1) * p_.net.options.width, 1, hidden, scale);
                logits_of(p_, hidden, 1, logits_ + row * p_.net.options.vocabulary);
            });
        positions_[static_cast<std::size_t>(row)] = n;
    }

    void decode(std::span<const std::int64_t> rows, std::span<const token_id> ids) {
        const transformer_options& o = p_.net.options;
        step(
            ids,
            [&](std::int64_t l, const layer_activations<T>& a, T* scores) {
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    const auto at = static_cast<std::int64_t>(i);
                    const std::int64_t position = positions_[static_cast<std::size_t>(rows[i])];
                    rotate_position(p_.net, a.qkv + at * p_.net.qkv_width(), position);
                    attend_from(rows[i], l, position, 1, a.qkv + at * p_.net.qkv_width(), a.attended + at * o.width,
                                scores);
                }
            },
            [&](const T* x, T* hidden, T* scale) {
                const auto n = static_cast<std::int64_t>(rows.size());
                norm_rows(p_, p_.net.layout.norm, x, n, hidden, scale);
                T* const logits = hidden + n * o.width;
                logits_of(p_, hidden, n, logits);
                for (std::int64_t i = 0; i < n; ++i)
                    std::copy_n(logits + i * o.vocabulary, o.vocabulary,
                                logits_ + rows[static_cast<std::size_t>(i)] * o.vocabulary);
            });
        for (const std::int64_t row : rows) ++positions_[static_cast<std::size_t>(row)];
    }

    strided_view<const T, 1> logits(std::int64_t row) const {
        const std::int64_t vocabulary = p_.net.options.vocabulary;
        return {logits_ + row * vocabulary, {vocabulary}};
    }

    void drop(std::int64_t row) { positions_[static_cast<std::size_t>(row)] = 0; }

  private:
    /// All layers for the positions of `ids`, then `head(last output, hidden, scales)`.
    template <class Attention, class Head>
    void step(std::span<const token_id> ids, Attention&& attention, Head&& head) {
        const transformer_options& o = p_.net.options;
        const auto n = static_cast<std::int64_t>(ids.size());
        const std::int64_t sizes[] = {n * o.width,
                                      n * o.width,
                                      n * p_.net.qkv_width(),
                                      n * o.width,
                                      n * o.width,
                                      n * o.width,
                                      n * 2 * o.hidden,
                                      n * o.hidden,
                                      n,
                                      n,
                                      query_block * capacity_,
                                      n * (o.width + o.vocabulary),
                                      n};
        std::size_t bytes = 0;
        for (std::int64_t size : sizes) bytes += aligned_bytes(static_cast<std::size_t>(size) * sizeof(T));
        memory_.pass.reserve(bytes);
        scratch arrays(memory_.pass, bytes, "transformer");
        T* at[std::size(sizes)];
        std::transform(std::begin(sizes), std::end(sizes), at, [&](std::int64_t n_) { return arrays.array<T>(n_); });
        const layer_activations<T> a{at[0], at[1], at[2], at[3], at[4], at[5],
                                     at[6], at[7], at[0], at[8], at[9], nullptr};

        embed(p_, ids.data(), n, a.input);
        for (std::int64_t l = 0; l < o.layers; ++l)
            layer_rows(p_, l, a, std::int64_t{0}, n, [&] { attention(l, a, at[10]); });
        head(a.output, at[11], at[12]);
    }

    /// Appends `n` positions to a row's cache and attends from them.
    void attend_from(std::int64_t row, std::int64_t layer, std::int64_t first, std::int64_t n, const T* qkv, T* out,
                     T* scores) {
        const transformer_options& o = p_.net.options;
        const std::int64_t width = o.head_width(), stride = p_.net.qkv_width(), shared = o.heads / o.kv_heads;
        for (std::int64_t k = 0; k < o.kv_heads; ++k) {
            T* const at = cache_ + ((row * o.layers + layer) * o.kv_heads + k) * (across_ + along_);
            const packed_positions<T> keys{at, width, capacity_}, values{at + across_, width, capacity_};
            keys.append_across(qkv + o.width + k * width, stride, first, n);
            values.append_along(qkv + o.width + o.kv_width() + k * width, stride, first, n);
            for (std::int64_t h = k * shared; h < (k + 1) * shared; ++h)
                attend<T>(first, n, {qkv + h * width, stride}, keys, values, {out + h * width, o.width}, scores,
                          nullptr, 0);
        }
    }

    transformer_parameters<T> p_;
    decoder_memory<T>& memory_;
    std::int64_t length_, capacity_, across_ = 0, along_ = 0;
    std::vector<std::int64_t> positions_;
    T* cache_ = nullptr;
    T* logits_ = nullptr;
};

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
