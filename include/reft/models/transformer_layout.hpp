// Where each parameter of a transformer lies in the one flat array that holds them all.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/random.hpp>
#include <reft/models/adamw.hpp>
#include <reft/models/transformer_options.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// A tensor within the flat array: elements offset ... offset + size() - 1, row-major.
struct parameter_tensor {
    std::string name = {};                 ///< as in a checkpoint
    std::int64_t offset = 0;               ///< of the first element in the flat array
    std::vector<std::int64_t> shape = {};  ///< [outputs, inputs], or [width] of a norm

    /// Number of elements.
    std::int64_t size() const {
        std::int64_t product = 1;
        for (std::int64_t extent : shape) product *= extent;
        return product;
    }
};

/// Names, offsets and shapes of all parameters. Names and shapes are those of LLaMA checkpoints ([outputs, inputs]),
/// with `value_head.weight` and `value_head.bias` added. q, k, v and gate, up follow each other, so that each group
/// is one matrix.
class transformer_layout {
  public:
    /// Offsets of one layer's tensors.
    struct layer_offsets {
        std::int64_t attention_norm;     ///< gains, [width]
        std::int64_t qkv;                ///< queries, keys and values, [width + 2·kv_width, width]
        std::int64_t attention_output;   ///< [width, width]
        std::int64_t feed_forward_norm;  ///< gains, [width]
        std::int64_t gate_up;            ///< [2·hidden, width]
        std::int64_t down;               ///< [width, hidden]
    };

    /// Errors    option_error if no transformer has this shape.
    explicit transformer_layout(const transformer_options& o) {
        require_valid(o);
        embedding = add("model.embed_tokens.weight", {o.vocabulary, o.width});
        for (std::int64_t l = 0; l < o.layers; ++l) layers.push_back(add_layer(o, l));
        norm = add("model.norm.weight", {o.width});
        head = o.tied_head ? embedding : add("lm_head.weight", {o.vocabulary, o.width});
        if (!o.value_head) return;
        value_weight = add("value_head.weight", {1, o.width});
        value_bias = add("value_head.bias", {1});
    }

    /// Number of parameters.
    std::int64_t size() const { return size_; }
    /// All tensors in the order of their offsets; a tied head is not one of its own.
    const std::vector<parameter_tensor>& tensors() const { return tensors_; }

    /// Throws value_error if no tensor has this name.
    const parameter_tensor& tensor(std::string_view name) const {
        for (const parameter_tensor& t : tensors_)
            if (t.name == name) return t;
        throw value_error("transformer_layout: there is no tensor " + std::string(name));
    }

    std::int64_t embedding = 0;         ///< offset of the embedding, [vocabulary, width]
    std::int64_t norm = 0;              ///< of the gains of the last norm, [width]
    std::int64_t head = 0;              ///< of the head, [vocabulary, width]; the embedding's if it is tied
    std::int64_t value_weight = -1;     ///< of the value head, [1, width]; -1: there is none
    std::int64_t value_bias = -1;       ///< of its bias, [1]; -1: there is none
    std::vector<layer_offsets> layers;  ///< from the input up

  private:
    std::int64_t add(std::string name, std::vector<std::int64_t> shape) {
        tensors_.push_back({std::move(name), size_, std::move(shape)});
        size_ += tensors_.back().size();
        return tensors_.back().offset;
    }

    layer_offsets add_layer(const transformer_options& o, std::int64_t l) {
        const std::string layer = "model.layers." + std::to_string(l) + ".";
        layer_offsets at{};
        at.attention_norm = add(layer + "input_layernorm.weight", {o.width});
        at.qkv = add(layer + "self_attn.q_proj.weight", {o.width, o.width});
        add(layer + "self_attn.k_proj.weight", {o.kv_width(), o.width});
        add(layer + "self_attn.v_proj.weight", {o.kv_width(), o.width});
        at.attention_output = add(layer + "self_attn.o_proj.weight", {o.width, o.width});
        at.feed_forward_norm = add(layer + "post_attention_layernorm.weight", {o.width});
        at.gate_up = add(layer + "mlp.gate_proj.weight", {o.hidden, o.width});
        add(layer + "mlp.up_proj.weight", {o.hidden, o.width});
        at.down = add(layer + "mlp.down_proj.weight", {o.width, o.hidden});
        return at;
    }

    std::vector<parameter_tensor> tensors_;
    std::int64_t size_ = 0;
};

/// All that a transformer learns. A copy of it, put back later, continues exactly where it was taken.
template <class T>
struct transformer_state {
    std::vector<T> parameters = {};  ///< where each tensor lies: transformer_layout
    adamw_state<T> optimizer;        ///< one entry per parameter
};

/// Initial parameters: norms 1; value head 0; embedding and head normal with `embedding_deviation`; other matrices
/// normal with deviation inputs^-½, those that write into the residual stream divided by √(2·layers).
template <class T>
transformer_state<T> initial_transformer_state(const transformer_options& o, const transformer_layout& layout,
                                               std::uint64_t seed) {
    transformer_state<T> state{std::vector<T>(static_cast<std::size_t>(layout.size())), adamw_state<T>(layout.size())};
    const auto ends_with = [](const std::string& name, std::string_view end) {
        return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
    };
    std::uint32_t number = 0;  // each tensor has its own stream: changing the shape of one leaves the others alone
    for (const parameter_tensor& t : layout.tensors()) {
        random_stream stream(seed, random_purpose::initialisation, number++);
        T* const p = state.parameters.data() + t.offset;
        const bool table = ends_with(t.name, "embed_tokens.weight") || ends_with(t.name, "lm_head.weight");
        const bool writes_residual = ends_with(t.name, "o_proj.weight") || ends_with(t.name, "down_proj.weight");
        double deviation = table ? o.embedding_deviation : 1.0 / std::sqrt(static_cast<double>(t.shape.back()));
        if (writes_residual) deviation /= std::sqrt(2.0 * static_cast<double>(o.layers));
        if (ends_with(t.name, "norm.weight"))
            for (std::int64_t i = 0; i < t.size(); ++i) p[i] = T(1);
        else if (t.name.compare(0, 10, "value_head") != 0)
            for (std::int64_t i = 0; i < t.size(); ++i) p[i] = static_cast<T>(deviation * stream.normal());
    }
    return state;
}

}  // namespace reft::inline REFT_ABI
