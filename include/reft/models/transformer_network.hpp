// What every pass through a transformer needs: its shape, its linear maps packed for products, its rotary angles.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/matrix_product.hpp>
#include <reft/models/transformer_layout.hpp>
#include <reft/models/transformer_options.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

/// y = W·x with W [outputs, inputs] at `offset` of the parameters.
struct linear_map {
    std::int64_t offset, outputs, inputs;
};

/// The linear maps of a layer, in the order in which they lie in `transformer_network::maps`.
enum map_of_layer : std::int64_t { qkv_map, attention_output_map, gate_up_map, down_map, maps_per_layer };

template <class T>
struct transformer_network {
    transformer_options options;
    transformer_layout layout;
    std::vector<linear_map> maps;   // maps_per_layer for each layer, then the head
    std::vector<T> cosines, sines;  // [max_length, head_width / 2]

    explicit transformer_network(const transformer_options& o) : options(o), layout(o) {
        for (const transformer_layout::layer_offsets& at : layout.layers) {
            maps.push_back({at.qkv, o.width + 2 * o.kv_width(), o.width});
            maps.push_back({at.attention_output, o.width, o.width});
            maps.push_back({at.gate_up, 2 * o.hidden, o.width});
            maps.push_back({at.down, o.width, o.hidden});
        }
        maps.push_back({layout.head, o.vocabulary, o.width});
        const std::int64_t half = o.head_width() / 2;
        for (std::int64_t position = 0; position < o.max_length; ++position)
            for (std::int64_t c = 0; c < half; ++c) {
                const double angle = static_cast<double>(position) *
                                     std::pow(o.rotary_base, -static_cast<double>(c) / static_cast<double>(half));
                cosines.push_back(static_cast<T>(std::cos(angle)));
                sines.push_back(static_cast<T>(std::sin(angle)));
            }
    }

    std::int64_t qkv_width() const { return options.width + 2 * options.kv_width(); }
    static std::int64_t map_index(std::int64_t layer, map_of_layer map) { return layer * maps_per_layer + map; }
    std::int64_t head_index() const { return static_cast<std::int64_t>(maps.size()) - 1; }
};

/// All linear maps packed as the right factor of a product: Wᵀ for Y = X·Wᵀ, or W for dX = dY·W.
template <class T>
class packed_maps {
  public:
    enum class factor { transposed, plain };

    void pack_all(const transformer_network<T>& network, const T* parameters, factor which, executor& pool) {
        std::size_t bytes = 0;
        for (const linear_map& m : network.maps)
            bytes += aligned_bytes(static_cast<std::size_t>(packed_map_size(m, which)) * sizeof(T));
        memory_.reserve(bytes);
        scratch arrays(memory_, bytes, "transformer");
        panels_.clear();
        std::vector<T*> targets;
        for (const linear_map& m : network.maps) {
            const std::int64_t depth = which == factor::transposed ? m.inputs : m.outputs;
            targets.push_back(arrays.template array<T>(packed_map_size(m, which)));
            panels_.push_back({targets.back(), depth * panel_width<T>});
        }
        pool.run(static_cast<std::int64_t>(network.maps.size()), [&](std::int64_t i, int) {
            const linear_map& m = network.maps[static_cast<std::size_t>(i)];
            T* const to = targets[static_cast<std::size_t>(i)];
            const std::int64_t stride = panels_[static_cast<std::size_t>(i)].stride;
            if (which == factor::transposed)
                pack(parameters + m.offset, m.inputs, m.outputs, std::int64_t{1}, m.inputs, to, stride);
            else
                pack(parameters + m.offset, m.outputs, m.inputs, m.inputs, std::int64_t{1}, to, stride);
        });
    }

    panels<T> operator[](std::int64_t map) const { return panels_[static_cast<std::size_t>(map)]; }

  private:
    static std::int64_t packed_map_size(const linear_map& m, factor which) {
        return which == factor::transposed ? packed_size<T>(m.inputs, m.outputs) : packed_size<T>(m.outputs, m.inputs);
    }

    workspace memory_;
    std::vector<panels<T>> panels_;
};

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
