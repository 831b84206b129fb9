// The backward pass over some rows of a batch: gradients of activations. Those of parameters are another phase.
//
// What the second phase multiplies is left where the forward pass had what is no longer needed: gradients of gate
// and up over gate and up, of queries, keys and values over them, terms of the norms' gains over the norms' inputs.
#pragma once

#include <reft/models/transformer_forward.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

/// The gradient of the residual stream, [positions, width], before each block and behind the last.
template <class T>
class residual_gradients {
  public:
    void reserve(const transformer_network<T>& net, const row_plan& plan) {
        const transformer_options& o = net.options;
        stride_ = plan.positions() * o.width;
        memory_.reserve(static_cast<std::size_t>((2 * o.layers + 1) * stride_ + plan.responses() * o.width) *
                        sizeof(T));
        data_ = reinterpret_cast<T*>(memory_.data());
        layers_ = o.layers;
    }
    T* input(std::int64_t layer) const { return data_ + 2 * layer * stride_; }  // of layer `layers`: the last output
    T* middle(std::int64_t layer) const { return data_ + (2 * layer + 1) * stride_; }
    T* last_hidden() const { return data_ + (2 * layers_ + 1) * stride_; }  // [responses, width]: terms of the gain

  private:
    workspace memory_;
    T* data_ = nullptr;
    std::int64_t stride_ = 0, layers_ = 0;
};

/// What backward was called with.
template <class T>
struct output_gradients {
    matrix_at<const T> logits;        // [responses, vocabulary]
    strided_view<const T, 1> values;  // [responses], or extent 0
};

/// Memory of one task of the backward pass.
template <class T>
struct backward_memory {
    packed_row<T> packed;
    T *scores, *d_scores, *d_wide, *d_narrow, *d_qkv;  // [.., hidden or width], [.., width], [.., qkv_width]

    template <class Array>
    backward_memory(const transformer_network<T>& net, const row_plan& plan, Array&& array) {
        const transformer_options& o = net.options;
        const std::int64_t capacity = score_stride<T>(plan.longest_row()), width = o.head_width();
        using positions = packed_positions<T>;
        packed.keys_across = {array(positions::size_across(width, capacity)), width, capacity};
        packed.values_across = {array(positions::size_across(width, capacity)), width, capacity};
        packed.keys_along = {array(positions::size_along(width, capacity)), width, capacity};
        scores = array(query_block * capacity);
        d_scores = array(query_block * capacity);
        d_wide = array(plan.longest_task() * std::max(o.hidden, o.width));
        d_narrow = array(plan.longest_task() * o.width);
        d_qkv = array(plan.longest_task() * net.qkv_width());
    }
};

template <class T>
std::size_t backward_bytes(const transformer_network<T>& net, const row_plan& plan) {
    std::size_t bytes = 0;
    backward_memory<T>(net, plan, [&](std::int64_t size) -> T* {
        bytes += aligned_bytes(static_cast<std::size_t>(size) * sizeof(T));
        return nullptr;
    });
    return bytes;
}

/// Attention of one row: d_qkv from d_out; all pointers begin at the row's first position.
template <class T>
void attend_row_backward(const transformer_network<T>& net, std::int64_t length, const T* qkv, const T* out,
                         const T* d_out, const softmax_scale<T>* kept, T* d_qkv, const backward_memory<T>& memory) {
    const transformer_options& o = net.options;
    const std::int64_t width = o.head_width(), half = width / 2, stride = net.qkv_width();
    const std::int64_t shared = o.heads / o.kv_heads;
    std::fill_n(d_qkv, length * stride, T(0));
    for (std::int64_t k = 0; k < o.kv_heads; ++k) {
        const std::int64_t key = o.width + k * width, value = key + o.kv_width();
        memory.packed.keys_across.append_across(qkv + key, stride, 0, length);
        memory.packed.keys_along.append_along(qkv + key, stride, 0, length);
        memory.packed.values_across.append_across(qkv + value, stride, 0, length);
        for (std::int64_t h = k * shared; h < (k + 1) * shared; ++h) {
            const attention_gradient<T> g{{qkv + h * width, stride},
                                          {out + h * width, o.width},
                                          {d_out + h * width, o.width},
                                          {d_qkv + h * width, stride},
                                          {d_qkv + key, stride},
                                          {d_qkv + value, stride},
                                          kept + h,
                                          o.heads};
            attend_backward(length, g, memory.packed, memory.scores, memory.d_scores);
        }
    }
    const T query_scale = T(1) / std::sqrt(static_cast<T>(width));
    for (std::int64_t i = 0; i < length; ++i)
        for (std::int64_t h = 0; h < o.heads + o.kv_heads; ++h)
            rotate(d_qkv + i * stride + h * width, net.cosines.data() + i * half, net.sines.data() + i * half, half,
                   T(-1), h < o.heads ? query_scale : T(1));
}

/// From the gradient of logits and values to that of the last layer's output. `input` is memory for one position.
template <class T>
void head_backward(const transformer_parameters<T>& p, const packed_maps<T>& back, const row_plan& plan,
                   std::int64_t begin, std::int64_t end, const activations<T>& kept, const residual_gradients<T>& d,
                   const output_gradients<T>& d_out, T* input) {
    const transformer_options& o = p.net.options;
    const std::int64_t width = o.width, r0 = plan.response(begin), count = plan.response(end) - r0;
    T* const d_hidden = d.last_hidden() + r0 * width;
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t c = 0; c < width; ++c)
            d_hidden[i * width + c] =
                d_out.values.empty() ? T(0) : d_out.values[r0 + i] * p.flat[p.net.layout.value_weight + c];
    product<T, from::target>(count, width, o.vocabulary,
                             {d_out.logits.data + r0 * d_out.logits.stride, d_out.logits.stride},
                             back[p.net.head_index()], {d_hidden, width});
    const T* const x = kept.layer(o.layers - 1).output;
    for (std::int64_t b = begin; b < end; ++b)
        for (std::int64_t r = plan.response(b); r < plan.response(b + 1); ++r) {
            const std::int64_t at = plan.predictor(b, r) * width;
            std::copy_n(x + at, width, input);
            rms_norm_backward(input, p.flat + p.net.layout.norm, kept.final_scale[r], d.last_hidden() + r * width,
                              width, d.input(o.layers) + at);
            std::copy_n(input, width, d.last_hidden() + r * width);
        }
}

/// Gradients of one task's activations, from those of its logits and values.
template <class T>
void backward_rows(const transformer_parameters<T>& p, const packed_maps<T>& back, const row_plan& plan,
                   std::int64_t task, const activations<T>& kept, const residual_gradients<T>& d,
                   const output_gradients<T>& d_out, const workspace& memory) {
    const transformer_options& o = p.net.options;
    const std::int64_t begin = plan.first_row(task), end = plan.first_row(task + 1);
    const std::int64_t first = plan.start(begin), n = plan.start(end) - first, width = o.width;
    scratch arrays(memory, backward_bytes(p.net, plan), "transformer");
    const backward_memory<T> m(p.net, plan, [&](std::int64_t size) { return arrays.array<T>(size); });

    std::fill_n(d.input(o.layers) + first * width, n * width, T(0));
    head_backward(p, back, plan, begin, end, kept, d, d_out, m.d_narrow);
    for (std::int64_t l = o.layers; l-- > 0;) {
        const layer_activations<T> a = kept.layer(l);
        T* const d_output = d.input(l + 1) + first * width;
        T* const d_middle = d.middle(l) + first * width;
        T* const d_input = d.input(l) + first * width;
        T* const gate_up = a.gate_up + first * 2 * o.hidden;

        product<T, from::zero>(n, o.hidden, width, {d_output, width}, back[p.net.map_index(l, down_map)],
                               {m.d_wide, o.hidden});
        for (std::int64_t i = 0; i < n; ++i)
            swiglu_backward(gate_up + i * 2 * o.hidden, m.d_wide + i * o.hidden, o.hidden);
        product<T, from::zero>(n, width, 2 * o.hidden, {gate_up, 2 * o.hidden}, back[p.net.map_index(l, gate_up_map)],
                               {m.d_narrow, width});
        std::copy_n(d_output, n * width, d_middle);
        for (std::int64_t i = 0; i < n; ++i)
            rms_norm_backward(a.middle + (first + i) * width, p.flat + p.offsets(l).feed_forward_norm,
                              a.feed_forward_scale[first + i], m.d_narrow + i * width, width, d_middle + i * width);

        T* const d_attended = m.d_wide;
        product<T, from::zero>(n, width, width, {d_middle, width}, back[p.net.map_index(l, attention_output_map)],
                               {d_attended, width});
        for (std::int64_t b = begin; b < end; ++b) {
            const std::int64_t at = plan.start(b), within = at - first;
            attend_row_backward(p.net, plan.length(b), a.qkv + at * p.net.qkv_width(), a.attended + at * width,
                                d_attended + within * width, a.softmax + at * o.heads,
                                m.d_qkv + within * p.net.qkv_width(), m);
        }
        std::copy_n(m.d_qkv, n * p.net.qkv_width(), a.qkv + first * p.net.qkv_width());
        product<T, from::zero>(n, width, p.net.qkv_width(), {m.d_qkv, p.net.qkv_width()},
                               back[p.net.map_index(l, qkv_map)], {m.d_narrow, width});
        std::copy_n(d_middle, n * width, d_input);
        for (std::int64_t i = 0; i < n; ++i)
            rms_norm_backward(a.input + (first + i) * width, p.flat + p.offsets(l).attention_norm,
                              a.attention_scale[first + i], m.d_narrow + i * width, width, d_input + i * width);
    }
}

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
