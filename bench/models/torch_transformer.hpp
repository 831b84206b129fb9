// The network of reft::transformer as a LibTorch module: the peer it is measured against.
#pragma once

#include <torch/torch.h>

#include <reft/models/transformer_layout.hpp>
#include <reft/models/transformer_options.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace reft_bench {

/// Keys and values of all rows, allocated once for `length` positions.
struct torch_kv_cache {
    std::vector<torch::Tensor> keys, values;  // one per layer, [rows · kv_heads, length, head_width]
    std::int64_t positions = 0;               // already held

    torch_kv_cache(const reft::transformer_options& o, std::int64_t rows, std::int64_t length) {
        for (std::int64_t l = 0; l < o.layers; ++l) {
            keys.push_back(torch::zeros({rows * o.kv_heads, length, o.head_width()}));
            values.push_back(torch::zeros({rows * o.kv_heads, length, o.head_width()}));
        }
    }
};

/// Eager LibTorch as a careful user writes it: q, k, v and gate, up are one product each, a group of queries shares
/// its keys without copies, scale and mask go into the product of the scores.
class torch_transformer : public torch::nn::Module {
  public:
    /// `parameters` are laid out as reft's.
    torch_transformer(const reft::transformer_options& options, std::span<const float> parameters) : o_(options) {
        const reft::transformer_layout layout(o_);
        const auto add = [&](const std::string& name, std::int64_t offset, std::vector<std::int64_t> shape) {
            const auto values = torch::from_blob(const_cast<float*>(parameters.data() + offset), shape);
            return register_parameter(name, values.clone());
        };
        embedding_ = add("embedding", layout.embedding, {o_.vocabulary, o_.width});
        head_ = o_.tied_head ? embedding_ : add("head", layout.head, {o_.vocabulary, o_.width});
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
        if (o_.value_head) {
            value_weight_ = add("value_weight", layout.value_weight, {1, o_.width});
            value_bias_ = add("value_bias", layout.value_bias, {1});
        }
        const auto pairs = torch::arange(0, o_.head_width(), 2, torch::kDouble) / static_cast<double>(o_.head_width());
        const auto angles =
            torch::outer(torch::arange(o_.max_length, torch::kDouble), torch::pow(o_.rotary_base, -pairs));
        cosines_ = torch::cat({angles.cos(), angles.cos()}, 1).to(torch::kFloat).unsqueeze(1);
        sines_ = torch::cat({-angles.sin(), angles.sin()}, 1).to(torch::kFloat).unsqueeze(1);
        mask_ = torch::full({o_.max_length, o_.max_length}, -std::numeric_limits<float>::infinity()).triu(1);
    }

    /// ids [rows, positions] to last hidden states [rows, positions, width]; with a cache, ids follow what it holds.
    torch::Tensor forward(const torch::Tensor& ids, torch_kv_cache* cache = nullptr) {
        torch::Tensor x = torch::embedding(embedding_, ids);
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const layer& w = layers_[l];
            x = x + torch::linear(attention(torch::linear(normed(x, w.attention_norm), w.qkv), l, cache),
                                  w.attention_output);
            const auto gate_up = torch::linear(normed(x, w.feed_forward_norm), w.gate_up).chunk(2, -1);
            x = x + torch::linear(torch::silu(gate_up[0]) * gate_up[1], w.down);
        }
        if (cache) cache->positions += ids.size(1);
        return normed(x, norm_);
    }

    torch::Tensor logits(const torch::Tensor& hidden) const { return torch::linear(hidden, head_); }
    torch::Tensor values(const torch::Tensor& hidden) const {
        return torch::linear(hidden, value_weight_, value_bias_).squeeze(-1);
    }

  private:
    struct layer {
        torch::Tensor attention_norm, qkv, attention_output, feed_forward_norm, gate_up, down;
    };

    torch::Tensor normed(const torch::Tensor& x, const torch::Tensor& gain) const {
        return x * torch::rsqrt(x.square().mean(-1, true) + o_.norm_epsilon) * gain;
    }

    /// Turns the pairs (x_c, x_{c+half}) of heads [rows, positions, heads, head_width].
    torch::Tensor turned(const torch::Tensor& x, std::int64_t first) const {
        const std::int64_t n = x.size(1);
        const auto halves = x.chunk(2, -1);
        return torch::addcmul(x * cosines_.narrow(0, first, n), torch::cat({halves[1], halves[0]}, -1),
                              sines_.narrow(0, first, n));
    }

    torch::Tensor attention(const torch::Tensor& qkv, std::size_t l, torch_kv_cache* cache) const {
        const std::int64_t rows = qkv.size(0), n = qkv.size(1), width = o_.head_width();
        const std::int64_t first = cache ? cache->positions : 0, seen = first + n;
        const auto all = qkv.view({rows, n, o_.heads + 2 * o_.kv_heads, width});
        const auto qk = turned(all.narrow(2, 0, o_.heads + o_.kv_heads), first);
        // One matrix per row and head of keys; the queries that share it stand one below the other.
        const auto by_head = [&](const torch::Tensor& x, std::int64_t begin, std::int64_t heads) {
            return x.narrow(2, begin, heads).transpose(1, 2).reshape({rows * o_.kv_heads, -1, width});
        };
        const auto queries = by_head(qk, 0, o_.heads);
        auto keys = by_head(qk, o_.heads, o_.kv_heads);
        auto values = by_head(all, o_.heads + o_.kv_heads, o_.kv_heads);
        if (cache) {
            cache->keys[l].narrow(1, first, n).copy_(keys);
            cache->values[l].narrow(1, first, n).copy_(values);
            keys = cache->keys[l].narrow(1, 0, seen);
            values = cache->values[l].narrow(1, 0, seen);
        }
        return weighted(queries, keys, values, first)
            .view({rows, o_.heads, n, width})
            .transpose(1, 2)
            .reshape({rows, n, o_.width});
    }

    /// softmax(queries·keysᵀ)·values from position `first` on, for each row and head of keys.
    torch::Tensor weighted(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values,
                           std::int64_t first) const {
        const std::int64_t shared = o_.heads / o_.kv_heads, n = queries.size(1) / shared, seen = keys.size(1);
        const double scale = 1 / std::sqrt(static_cast<double>(o_.head_width()));
        if (n == 1) {  // bmm makes one call to the BLAS per row and head: 15 % slower when there is one query in each
            const auto scores = ((queries * scale).unsqueeze(2) * keys.unsqueeze(1)).sum(-1);
            return (scores.softmax(-1).unsqueeze(-1) * values.unsqueeze(1)).sum(2);
        }
        const auto mask = mask_.narrow(0, first, n).narrow(1, 0, seen).repeat({shared, 1});
        return torch::bmm(torch::baddbmm(mask, queries, keys.transpose(1, 2), 1, scale).softmax(-1), values);
    }

    reft::transformer_options o_;
    torch::Tensor embedding_, head_, norm_, value_weight_, value_bias_, cosines_, sines_, mask_;
    std::vector<layer> layers_;
};

}  // namespace reft_bench
