// The forward pass over some rows of a batch.
#pragma once

#include <reft/models/transformer_activations.hpp>
#include <reft/models/transformer_attention.hpp>
#include <reft/models/transformer_network.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

/// A network with parameters.
template <class T>
struct transformer_parameters {
    const transformer_network<T>& net;
    const T* flat;
    const packed_maps<T>& maps;

    panels<T> map(std::int64_t layer, map_of_layer which) const { return maps[net.map_index(layer, which)]; }
    const transformer_layout::layer_offsets& offsets(std::int64_t layer) const {
        return net.layout.layers[static_cast<std::size_t>(layer)];
    }
};

/// Rows of x to rows of y, [n, width] each.
template <class T>
void norm_rows(const transformer_parameters<T>& p, std::int64_t gain, const T* x, std::int64_t n, T* y, T* scales) {
    const std::int64_t width = p.net.options.width;
    for (std::int64_t i = 0; i < n; ++i)
        scales[i] =
            rms_norm(x + i * width, p.flat + gain, static_cast<T>(p.net.options.norm_epsilon), width, y + i * width);
}

/// Turns queries and keys of one position; queries are scaled by head_width^-½ here once and for all.
template <class T>
void rotate_position(const transformer_network<T>& net, T* qkv, std::int64_t position) {
    const transformer_options& o = net.options;
    const std::int64_t width = o.head_width(), half = width / 2;
    const T query_scale = T(1) / std::sqrt(static_cast<T>(width));
    for (std::int64_t h = 0; h < o.heads + o.kv_heads; ++h)
        rotate(qkv + h * width, net.cosines.data() + position * half, net.sines.data() + position * half, half, T(1),
               h < o.heads ? query_scale : T(1));
}

/// Memory of attend for one row of up to `positions`.
template <class T>
struct attention_memory {
    packed_positions<T> keys, values;
    T* scores;

    attention_memory(scratch& arrays, std::int64_t head_width, std::int64_t positions) {
        const std::int64_t capacity = score_stride<T>(positions);
        using packed = packed_positions<T>;
        keys = {arrays.template array<T>(packed::size_across(head_width, capacity)), head_width, capacity};
        values = {arrays.template array<T>(packed::size_along(head_width, capacity)), head_width, capacity};
        scores = arrays.template array<T>(query_block * capacity);
    }
    static std::size_t bytes(std::int64_t head_width, std::int64_t positions) {
        const std::int64_t capacity = score_stride<T>(positions);
        return aligned_bytes(static_cast<std::size_t>(head_width * capacity) * sizeof(T)) +
               aligned_bytes(static_cast<std::size_t>(packed_size<T>(capacity, head_width)) * sizeof(T)) +
               aligned_bytes(static_cast<std::size_t>(query_block * capacity) * sizeof(T));
    }
};

/// Attention of one whole row; `a` begins at its first position.
template <class T>
void attend_row(const transformer_network<T>& net, const layer_activations<T>& a, std::int64_t first,
                std::int64_t length, const attention_memory<T>& memory) {
    const transformer_options& o = net.options;
    const std::int64_t width = o.head_width(), stride = net.qkv_width(), shared = o.heads / o.kv_heads;
    T* const qkv = a.qkv + first * stride;
    for (std::int64_t k = 0; k < o.kv_heads; ++k) {
        memory.keys.append_across(qkv + o.width + k * width, stride, 0, length);
        memory.values.append_along(qkv + o.width + o.kv_width() + k * width, stride, 0, length);
        for (std::int64_t h = k * shared; h < (k + 1) * shared; ++h)
            attend<T>(0, length, {qkv + h * width, stride}, memory.keys, memory.values,
                      {a.attended + first * o.width + h * width, o.width}, memory.scores,
                      a.softmax + first * o.heads + h, o.heads);
    }
}

/// Attention block and feed-forward block of `n` positions from `first` on. `attention(layer)` turns and attends.
template <class T, class Attention>
void layer_rows(const transformer_parameters<T>& p, std::int64_t l, const layer_activations<T>& a, std::int64_t first,
                std::int64_t n, Attention&& attention) {
    const transformer_options& o = p.net.options;
    const std::int64_t width = o.width, at = first * width;
    norm_rows(p, p.offsets(l).attention_norm, a.input + at, n, a.attention_input + at, a.attention_scale + first);
    product<T, from::zero>(n, p.net.qkv_width(), width, {a.attention_input + at, width}, p.map(l, qkv_map),
                           {a.qkv + first * p.net.qkv_width(), p.net.qkv_width()});
    attention();
    std::copy_n(a.input + at, n * width, a.middle + at);
    product<T, from::target>(n, width, width, {a.attended + at, width}, p.map(l, attention_output_map),
                             {a.middle + at, width});
    norm_rows(p, p.offsets(l).feed_forward_norm, a.middle + at, n, a.feed_forward_input + at,
              a.feed_forward_scale + first);
    product<T, from::zero>(n, 2 * o.hidden, width, {a.feed_forward_input + at, width}, p.map(l, gate_up_map),
                           {a.gate_up + first * 2 * o.hidden, 2 * o.hidden});
    for (std::int64_t i = first; i < first + n; ++i)
        swiglu(a.gate_up + i * 2 * o.hidden, o.hidden, a.gated + i * o.hidden);
    std::copy_n(a.middle + at, n * width, a.output + at);
    product<T, from::target>(n, width, o.hidden, {a.gated + first * o.hidden, o.hidden}, p.map(l, down_map),
                             {a.output + at, width});
}

template <class T>
void embed(const transformer_parameters<T>& p, const token_id* ids, std::int64_t n, T* x) {
    const std::int64_t width = p.net.options.width;
    for (std::int64_t i = 0; i < n; ++i)
        std::copy_n(p.flat + p.net.layout.embedding + ids[i] * width, width, x + i * width);
}

template <class T>
void logits_of(const transformer_parameters<T>& p, const T* hidden, std::int64_t n, T* logits) {
    const transformer_options& o = p.net.options;
    product<T, from::zero>(n, o.vocabulary, o.width, {hidden, o.width}, p.maps[p.net.head_index()],
                           {logits, o.vocabulary});
}

template <class T>
std::size_t forward_bytes(const transformer_network<T>& net, const row_plan& plan) {
    return attention_memory<T>::bytes(net.options.head_width(), plan.longest_row());
}

/// Logits and values of one task's rows, and all that is between.
template <class T>
void forward_rows(const transformer_parameters<T>& p, const row_plan& plan, std::int64_t task,
                  const activations<T>& kept, const workspace& memory) {
    const transformer_options& o = p.net.options;
    scratch arrays(memory, forward_bytes(p.net, plan), "transformer");
    const attention_memory<T> attention(arrays, o.head_width(), plan.longest_row());
    const std::int64_t begin = plan.first_row(task), end = plan.first_row(task + 1);
    const std::int64_t first = plan.start(begin), n = plan.start(end) - first;

    embed(p, plan.ids() + first, n, kept.layer(0).input + first * o.width);
    for (std::int64_t l = 0; l < o.layers; ++l) {
        const layer_activations<T> a = kept.layer(l);
        layer_rows(p, l, a, first, n, [&] {
            for (std::int64_t b = begin; b < end; ++b) {
                for (std::int64_t i = 0; i < plan.length(b); ++i)
                    rotate_position(p.net, a.qkv + (plan.start(b) + i) * p.net.qkv_width(), i);
                if (plan.length(b) > 0) attend_row(p.net, a, plan.start(b), plan.length(b), attention);
            }
        });
    }
    const T* const x = kept.layer(o.layers - 1).output;
    for (std::int64_t b = begin; b < end; ++b) {
        const std::int64_t r = plan.response(b), count = plan.response(b + 1) - r;
        norm_rows(p, p.net.layout.norm, x + plan.predictor(b, r) * o.width, count, kept.last_hidden + r * o.width,
                  kept.final_scale + r);
    }
    const std::int64_t r = plan.response(begin), count = plan.response(end) - r;
    logits_of(p, kept.last_hidden + r * o.width, count, kept.logits + r * o.vocabulary);
    for (std::int64_t i = r; o.value_head && i < r + count; ++i)
        kept.values[i] = dot(kept.last_hidden + i * o.width, p.flat + p.net.layout.value_weight, o.width) +
                         p.flat[p.net.layout.value_bias];
}

/// One workspace per worker, with room for `bytes`.
inline void reserve_workers(std::vector<workspace>& memory, const executor& pool, std::size_t bytes) {
    memory.resize(static_cast<std::size_t>(pool.workers()));
    for (workspace& w : memory) w.reserve(bytes);
}

/// The forward pass over a whole batch.
template <class T>
void forward(const transformer_parameters<T>& p, const row_plan& plan, activations<T>& kept,
             typename activations<T>::layers which, std::vector<workspace>& memory, executor& pool) {
    kept.reserve(p.net, plan, which);
    reserve_workers(memory, pool, forward_bytes(p.net, plan));
    pool.run(plan.tasks(), [&](std::int64_t task, int worker) {
        forward_rows(p, plan, task, kept, memory[static_cast<std::size_t>(worker)]);
    });
}

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
