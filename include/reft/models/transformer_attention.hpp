// Causal attention of one row and one head of keys, and its gradient.
#pragma once

#include <reft/kernel/matrix_product.hpp>
#include <reft/models/transformer_rows.hpp>

#include <algorithm>
#include <cstdint>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

constexpr std::int64_t query_block = 48;  // queries whose scores are held at once

/// Positions of one head, [positions, head_width], twice packed: as the factor Xᵀ (`across`, scores of queries
/// against keys) and as the factor X (`along`, sums of values). Positions are appended one by one or many at once.
template <class T>
struct packed_positions {
    T* data;
    std::int64_t head_width;
    std::int64_t capacity;  // a multiple of panel_width

    static std::int64_t size_across(std::int64_t head_width, std::int64_t capacity) { return head_width * capacity; }
    static std::int64_t size_along(std::int64_t head_width, std::int64_t capacity) {
        return packed_size<T>(capacity, head_width);
    }

    panels<T> across() const { return {data, head_width * panel_width<T>}; }
    panels<T> along() const { return {data, capacity * panel_width<T>}; }

    void append_across(const T* x, std::int64_t stride, std::int64_t first, std::int64_t count) const {
        constexpr std::int64_t width = panel_width<T>;
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t at = first + i;
            T* const to = data + at / width * head_width * width + at % width;
            for (std::int64_t c = 0; c < head_width; ++c) to[c * width] = x[i * stride + c];
        }
    }
    void append_along(const T* x, std::int64_t stride, std::int64_t first, std::int64_t count) const {
        constexpr std::int64_t width = panel_width<T>;
        for (std::int64_t c = 0; c < head_width; c += width) {
            const std::int64_t n = std::min(width, head_width - c);
            T* const to = data + c * capacity + first * width;
            for (std::int64_t i = 0; i < count; ++i) std::copy_n(x + i * stride + c, n, to + i * width);
        }
    }
};

template <class T>
constexpr std::int64_t score_stride(std::int64_t positions) {
    return rounded_up(positions, panel_width<T>);
}

/// out_i = Σ_j p_ij·v_j over positions j <= first + i, with p = softmax(q·k).
///
/// queries [count, head_width], already scaled, at the positions from `first`; out of the same shape. `kept`, if not
/// null, receives one softmax_scale per query, `kept_stride` apart. scores: query_block · score_stride(positions).
template <class T>
void attend(std::int64_t first, std::int64_t count, matrix_at<const T> queries, const packed_positions<T>& keys,
            const packed_positions<T>& values, matrix_at<T> out, T* scores, softmax_scale<T>* kept,
            std::int64_t kept_stride) {
    const std::int64_t stride = score_stride<T>(first + count), width = keys.head_width;
    for (std::int64_t begin = 0; begin < count; begin += query_block) {
        const std::int64_t n = std::min(query_block, count - begin), seen = first + begin + n;
        product<T, from::zero>(n, seen, width, {queries.data + begin * queries.stride, queries.stride}, keys.across(),
                               {scores, stride});
        for (std::int64_t i = 0; i < n; ++i) {
            T* const row = scores + i * stride;
            const std::int64_t length = first + begin + i + 1;
            const softmax_scale<T> scale = softmax(row, length);
            if (kept) kept[(begin + i) * kept_stride] = scale;
            std::fill(row + length, row + seen, T(0));
        }
        product<T, from::zero>(n, width, seen, {scores, stride}, values.along(),
                               {out.data + begin * out.stride, out.stride});
    }
}

/// One head's share of a row's queries and of the attention's output, and the gradients.
template <class T>
struct attention_gradient {
    matrix_at<const T> queries, out, d_out;    // [count, head_width]
    matrix_at<T> d_queries, d_keys, d_values;  // d_queries is overwritten, the others are added to
    const softmax_scale<T>* kept;
    std::int64_t kept_stride;
};

/// Keys and values of a row packed for attend_backward.
template <class T>
struct packed_row {
    packed_positions<T> keys_across, keys_along, values_across;
};

/// The gradient of `attend` from position 0 on:
///
///   dV = Pᵀ·dO,   dP = dO·Vᵀ,   dS = P∘(dP − rowsum(dO∘O)),   dQ = dS·K,   dK = dSᵀ·Q
///
/// P is made again from the scores. scores, d_scores: query_block · score_stride(count).
///
/// Source    the row sums of dO∘O: Dao et al. 2022, arXiv:2205.14135.
template <class T>
void attend_backward(std::int64_t count, const attention_gradient<T>& g, const packed_row<T>& packed, T* scores,
                     T* d_scores) {
    const std::int64_t stride = score_stride<T>(count), width = packed.keys_across.head_width;
    for (std::int64_t begin = 0; begin < count; begin += query_block) {
        const std::int64_t n = std::min(query_block, count - begin), seen = begin + n;
        const matrix_at<const T> queries{g.queries.data + begin * g.queries.stride, g.queries.stride};
        const matrix_at<const T> d_out{g.d_out.data + begin * g.d_out.stride, g.d_out.stride};
        product<T, from::zero>(n, seen, width, queries, packed.keys_across.across(), {scores, stride});
        product<T, from::zero>(n, seen, width, d_out, packed.values_across.across(), {d_scores, stride});
        for (std::int64_t i = 0; i < n; ++i) {
            const T along = dot(d_out.data + i * d_out.stride, g.out.data + (begin + i) * g.out.stride, width);
            softmax_backward(scores + i * stride, d_scores + i * stride, begin + i + 1, seen,
                             g.kept[(begin + i) * g.kept_stride], along);
        }
        product<T, from::zero>(n, width, seen, {d_scores, stride}, packed.keys_along.along(),
                               {g.d_queries.data + begin * g.d_queries.stride, g.d_queries.stride});
        add_outer_products<T>(seen, width, n, {d_scores, stride}, queries, g.d_keys);
        add_outer_products<T>(seen, width, n, {scores, stride}, d_out, g.d_values);
    }
}

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
