// The model: a causal transformer as an ordinary LibTorch module. Nothing here knows of policies.
#pragma once

#include <torch/torch.h>

#include <reft/models/transformer_layout.hpp>
#include <reft/models/transformer_options.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace torch_example {

using torch::Tensor;

/// What stands before the positions of a forward pass: keys and values that are kept, and so which places these
/// positions have.
struct past {
    virtual ~past() = default;
    /// The rows of a table [max_length, 1, width] that belong to n positions: [1 or rows, n, 1, width].
    virtual Tensor places(const Tensor& table, std::int64_t n) const = 0;
    /// Takes the keys and values of the new positions, [rows · kv_heads, n, width]; returns those of all positions.
    virtual std::pair<Tensor, Tensor> append(std::size_t layer, const Tensor& keys, const Tensor& values) = 0;
    /// Added to the scores of n queries and all `seen` keys: [n, seen], or [rows · kv_heads, 1, seen] if n is 1.
    /// Undefined where nothing is masked.
    virtual Tensor mask(std::int64_t n, std::int64_t seen) const = 0;
};

/// −∞ where a position would see one after it.
inline Tensor causal_mask(std::int64_t n, const torch::TensorOptions& options) {
    return torch::full({n, n}, -std::numeric_limits<double>::infinity(), options).triu(1);
}

/// Training and scoring: rows begin with their first position. Shorter rows are padded at their end, where causality
/// keeps the padding from being seen.
struct nothing_before final : past {
    Tensor causal;  // of the longest row

    explicit nothing_before(Tensor of_longest_row) : causal(std::move(of_longest_row)) {}
    Tensor places(const Tensor& table, std::int64_t n) const override { return table.narrow(0, 0, n).unsqueeze(0); }
    std::pair<Tensor, Tensor> append(std::size_t, const Tensor& keys, const Tensor& values) override {
        return {keys, values};
    }
    Tensor mask(std::int64_t n, std::int64_t) const override { return causal.narrow(0, 0, n).narrow(1, 0, n); }
};

/// RMSNorm, rotary positions, grouped-query attention, SwiGLU, a value head: the network of reft::transformer, eager, as a
/// careful user writes it. q, k, v and gate, up are one product each; a group of queries shares its keys without copies;
/// scale and mask go into the product of the scores.
class transformer : public torch::nn::Module {
  public:
    /// `initial` is laid out as reft::transformer_layout says, and so are parameters(), one after the other.
    template <class T>
    transformer(const reft::transformer_options& options, std::span<const T> initial)
        : o_(options), numbers_(torch::CppTypeToScalarType<T>::value) {
        const reft::transformer_layout layout(o_);
        const auto add = [&](const std::string& name, std::int64_t offset, std::vector<std::int64_t> shape) {
            const auto values = torch::from_blob(const_cast<T*>(initial.data() + offset), shape, numbers_);
            return register_parameter(name, values.clone());
        };
        embedding_ = add("embedding", layout.embedding, {o_.vocabulary, o_.width});
        for (const auto& at : layout.layers) {
            const std::string l = "layer" + std::to_string(layers_.size()) + "_";
            layers_.push_back({add(l + "attention_norm", at.attention_norm, {o_.width}),
                               add(l + "qkv", at.qkv, {o_.width + 2 * o_.kv_width(), o_.width}),
                               add(l + "attention_output", at.attention_output, {o_.width, o_.width}),
                               add(l + "feed_forward_norm", at.feed_forward_norm, {o_.width}),
                               add(l + "gate_up", at.gate_up, {2 * o_.hidden, o_.width}),
                               add(l + "down", at.down, {o_.width, o_.hidden})});
        }
        norm_ = add("norm", layout.norm, {o_.width});
        head_ = o_.tied_head ? embedding_ : add("head", layout.head, {o_.vocabulary, o_.width});
        if (o_.value_head) {
            value_weight_ = add("value_weight", layout.value_weight, {1, o_.width});
            value_bias_ = add("value_bias", layout.value_bias, {1});
        }
        const auto pairs = torch::arange(0, o_.head_width(), 2, torch::kDouble) / static_cast<double>(o_.head_width());
        const auto angles =
            torch::outer(torch::arange(o_.max_length, torch::kDouble), torch::pow(o_.rotary_base, -pairs));
        cosines_ = torch::cat({angles.cos(), angles.cos()}, 1).to(numbers_).unsqueeze(1);
        sines_ = torch::cat({-angles.sin(), angles.sin()}, 1).to(numbers_).unsqueeze(1);
        causal_ = causal_mask(o_.max_length, numbers_);
    }

    const reft::transformer_options& options() const { return o_; }
    const torch::TensorOptions& numbers() const { return numbers_; }

    /// ids [rows, positions] to last hidden states [rows, positions, width].
    Tensor forward(const Tensor& ids, past& before) const {
        Tensor x = torch::embedding(embedding_, ids);
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const layer& w = layers_[l];
            x = x + torch::linear(attention(torch::linear(normed(x, w.attention_norm), w.qkv), l, before),
                                  w.attention_output);
            const auto gate_up = torch::linear(normed(x, w.feed_forward_norm), w.gate_up).chunk(2, -1);
            x = x + torch::linear(torch::silu(gate_up[0]) * gate_up[1], w.down);
        }
        return normed(x, norm_);
    }
    /// Of whole rows.
    Tensor forward(const Tensor& ids) const {
        nothing_before before(causal_);
        return forward(ids, before);
    }

    Tensor logits(const Tensor& hidden) const { return torch::linear(hidden, head_); }
    /// Empty without a value head.
    Tensor values(const Tensor& hidden) const {
        if (!o_.value_head) return torch::zeros({0}, numbers_);
        return torch::linear(hidden, value_weight_, value_bias_).squeeze(-1);
    }

  private:
    struct layer {
        Tensor attention_norm, qkv, attention_output, feed_forward_norm, gate_up, down;
    };

    Tensor normed(const Tensor& x, const Tensor& gain) const {
        return x * torch::rsqrt(x.square().mean(-1, true) + o_.norm_epsilon) * gain;
    }

    /// Turns the pairs (x_c, x_{c+half}) of heads [rows, positions, heads, head_width].
    Tensor turned(const Tensor& x, const past& before) const {
        const auto halves = x.chunk(2, -1);
        const std::int64_t n = x.size(1);
        return torch::addcmul(x * before.places(cosines_, n), torch::cat({halves[1], halves[0]}, -1),
                              before.places(sines_, n));
    }

    Tensor attention(const Tensor& qkv, std::size_t l, past& before) const {
        const std::int64_t rows = qkv.size(0), n = qkv.size(1), width = o_.head_width();
        const auto all = qkv.view({rows, n, o_.heads + 2 * o_.kv_heads, width});
        const auto qk = turned(all.narrow(2, 0, o_.heads + o_.kv_heads), before);
        // One matrix per row and head of keys; the queries that share it stand one below the other.
        const auto by_head = [&](const Tensor& x, std::int64_t begin, std::int64_t heads) {
            return x.narrow(2, begin, heads).transpose(1, 2).reshape({rows * o_.kv_heads, -1, width});
        };
        const auto queries = by_head(qk, 0, o_.heads);
        const auto [keys, values] =
            before.append(l, by_head(qk, o_.heads, o_.kv_heads), by_head(all, o_.heads + o_.kv_heads, o_.kv_heads));
        return weighted(queries, keys, values, before)
            .view({rows, o_.heads, n, width})
            .transpose(1, 2)
            .reshape({rows, n, o_.width});
    }

    /// softmax(queries·keysᵀ + mask)·values for each row and head of keys.
    Tensor weighted(const Tensor& queries, const Tensor& keys, const Tensor& values, const past& before) const {
        const std::int64_t shared = o_.heads / o_.kv_heads, n = queries.size(1) / shared, seen = keys.size(1);
        const double scale = 1 / std::sqrt(static_cast<double>(o_.head_width()));
        const Tensor mask = before.mask(n, seen);
        if (n == 1) {  // bmm makes one call to the BLAS per row and head: 15 % slower when there is one query in each
            auto scores = ((queries * scale).unsqueeze(2) * keys.unsqueeze(1)).sum(-1);
            if (mask.defined()) scores = scores + mask;
            return (scores.softmax(-1).unsqueeze(-1) * values.unsqueeze(1)).sum(2);
        }
        const auto scores = torch::baddbmm(mask.repeat({shared, 1}), queries, keys.transpose(1, 2), 1, scale);
        return torch::bmm(scores.softmax(-1), values);
    }

    reft::transformer_options o_;
    torch::TensorOptions numbers_;  // float or double
    Tensor embedding_, norm_, head_, value_weight_, value_bias_, cosines_, sines_, causal_;
    std::vector<layer> layers_;
};

}  // namespace torch_example
