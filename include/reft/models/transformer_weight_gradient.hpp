// The second phase of the backward pass: gradients of parameters, each summed over the tokens in order.
#pragma once

#include <reft/models/transformer_backward.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

/// A part of the parameters whose gradient one task sums up.
struct weight_task {
    enum class what { rows_of_map, gains, rows_of_head, rows_of_embedding, value_head };
    what part;
    std::int64_t layer = 0;  // `layers` for the last norm
    map_of_layer map = qkv_map;
    std::int64_t first = 0, count = 0;  // rows of the matrix
};

/// Tasks that cover all parameters. They depend on the shape alone.
inline std::vector<weight_task> weight_tasks(const transformer_options& o) {
    constexpr std::int64_t block = 96;
    using what = weight_task::what;
    std::vector<weight_task> tasks;
    const auto add = [&](what part, std::int64_t layer, map_of_layer map, std::int64_t rows) {
        for (std::int64_t first = 0; first < rows; first += block)
            tasks.push_back({part, layer, map, first, std::min(block, rows - first)});
    };
    add(what::rows_of_head, 0, qkv_map, o.vocabulary);
    if (!o.tied_head) add(what::rows_of_embedding, 0, qkv_map, o.vocabulary);
    for (std::int64_t l = 0; l < o.layers; ++l) {
        add(what::rows_of_map, l, down_map, o.width);
        add(what::rows_of_map, l, gate_up_map, 2 * o.hidden);
        add(what::rows_of_map, l, attention_output_map, o.width);
        add(what::rows_of_map, l, qkv_map, o.width + 2 * o.kv_width());
    }
    for (std::int64_t l = 0; l <= o.layers; ++l) tasks.push_back({what::gains, l});
    if (o.value_head) tasks.push_back({what::value_head});
    return tasks;
}

/// sum += Σ_t x_t, in order; x [n, width].
template <class T>
REFT_NOINLINE void add_rows(const T* x, std::int64_t n, std::int64_t width, T* sum) {
    for (std::int64_t t = 0; t < n; ++t)
        for (std::int64_t c = 0; c < width; c += lanes<T>)
            store(sum + c, vec<T>(load(sum + c, width - c) + load(x + t * width + c, width - c)), width - c);
}

/// Adds to `gradient`, laid out as the parameters, what a batch contributes. Refers to what the backward pass left.
template <class T>
struct weight_gradient {
    const transformer_network<T>& net;
    const row_plan& plan;
    const activations<T>& kept;
    const residual_gradients<T>& d;
    const output_gradients<T>& d_out;
    T* gradient;

    void run(const weight_task& task) const {
        switch (task.part) {
            case weight_task::what::rows_of_map: return rows_of_map(task);
            case weight_task::what::gains: return gains(task.layer);
            case weight_task::what::rows_of_head: return rows_of_head(task);
            case weight_task::what::rows_of_embedding: return rows_of_embedding(task, 0, plan.rows());
            case weight_task::what::value_head: return value_head();
        }
    }

  private:
    void rows_of_map(const weight_task& task) const {
        const layer_activations<T> a = kept.layer(task.layer);
        const linear_map& m = net.maps[static_cast<std::size_t>(net.map_index(task.layer, task.map))];
        const auto [x, d_y] = [&]() -> std::pair<const T*, const T*> {
            switch (task.map) {
                case qkv_map: return {a.attention_input, a.qkv};
                case attention_output_map: return {a.attended, d.middle(task.layer)};
                case gate_up_map: return {a.feed_forward_input, a.gate_up};
                default: return {a.gated, d.input(task.layer + 1)};
            }
        }();
        add_outer_products<T>(task.count, m.inputs, plan.positions(), {d_y + task.first, m.outputs}, {x, m.inputs},
                              {gradient + m.offset + task.first * m.inputs, m.inputs});
    }

    void gains(std::int64_t layer) const {
        const std::int64_t width = net.options.width;
        if (layer == net.options.layers)
            return add_rows(d.last_hidden(), plan.responses(), width, gradient + net.layout.norm);
        const transformer_layout::layer_offsets& at = net.layout.layers[static_cast<std::size_t>(layer)];
        add_rows(kept.layer(layer).input, plan.positions(), width, gradient + at.attention_norm);
        add_rows(kept.layer(layer).middle, plan.positions(), width, gradient + at.feed_forward_norm);
    }

    /// A tied head is also the embedding: both contributions of a row come before those of the next, so that
    /// a batch may be split between any two rows.
    void rows_of_head(const weight_task& task) const {
        const bool tied = net.options.tied_head;
        const std::int64_t width = net.options.width, steps = tied ? plan.rows() : 1;
        for (std::int64_t b = 0; b < steps; ++b) {
            const std::int64_t r = tied ? plan.response(b) : 0;
            const std::int64_t count = (tied ? plan.response(b + 1) : plan.responses()) - r;
            add_outer_products<T>(task.count, width, count,
                                  {d_out.logits.data + r * d_out.logits.stride + task.first, d_out.logits.stride},
                                  {kept.last_hidden + r * width, width},
                                  {gradient + net.layout.head + task.first * width, width});
            if (tied) rows_of_embedding(task, b, b + 1);
        }
    }

    void rows_of_embedding(const weight_task& task, std::int64_t begin, std::int64_t end) const {
        const std::int64_t width = net.options.width;
        for (std::int64_t i = plan.start(begin); i < plan.start(end); ++i) {
            const std::int64_t id = plan.ids()[i];
            if (id >= task.first && id < task.first + task.count)
                add_rows(d.input(0) + i * width, 1, width, gradient + net.layout.embedding + id * width);
        }
    }

    void value_head() const {
        if (d_out.values.empty()) return;
        const std::int64_t width = net.options.width;
        add_outer_products<T>(1, width, plan.responses(), {d_out.values.data(), d_out.values.stride(0)},
                              {kept.last_hidden, width}, {gradient + net.layout.value_weight, width});
        for (std::int64_t r = 0; r < plan.responses(); ++r) gradient[net.layout.value_bias] += d_out.values[r];
    }
};

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
