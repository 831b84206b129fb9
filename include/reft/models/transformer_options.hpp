// The shape of a transformer.
#pragma once

#include <reft/core/error.hpp>
#include <reft/models/adamw.hpp>

#include <cstdint>
#include <string>

namespace reft::inline REFT_ABI {

/// A decoder-only transformer of the LLaMA kind: RMSNorm before each block, rotary positions, grouped-query causal
/// attention, SwiGLU, no biases but that of the value head.
struct transformer_options {
    std::int64_t vocabulary = 0;       ///< number of token ids; must be given
    std::int64_t width = 64;           ///< of the residual stream, a multiple of 2·heads
    std::int64_t layers = 2;           ///< at least 1
    std::int64_t heads = 4;            ///< of queries
    std::int64_t kv_heads = 4;         ///< of keys and values; divides heads
    std::int64_t hidden = 176;         ///< width of the feed-forward block
    std::int64_t max_length = 256;     ///< positions of a row, prompt and response together
    bool tied_head = true;             ///< logits are made with the embedding; otherwise with a matrix of their own
    bool value_head = true;            ///< a linear map from the last hidden state to a value; otherwise no values
    double rotary_base = 10000.0;      ///< θ: pair c of a head turns by position·θ^(−2c/head_width)
    double norm_epsilon = 1e-5;        ///< added to the mean square under the root
    double embedding_deviation = 0.1;  ///< of the initial embedding and head; 0.02 and 0.5 learn addition more slowly
    adamw_options optimizer = {};      ///< of all parameters alike

    std::int64_t head_width() const { return width / heads; }          ///< of a query, key or value
    std::int64_t kv_width() const { return kv_heads * head_width(); }  ///< of the keys, or values, of all heads
};

/// Throws option_error, naming the option, if no transformer has this shape.
inline void require_valid(const transformer_options& o) {
    const auto at_least_one = [](const char* name, std::int64_t value) {
        detail::require_option(value >= 1, "transformer_options", std::string(name) + " must be at least 1",
                               static_cast<double>(value));
    };
    at_least_one("vocabulary", o.vocabulary);
    at_least_one("width", o.width);
    at_least_one("layers", o.layers);
    at_least_one("heads", o.heads);
    at_least_one("kv_heads", o.kv_heads);
    at_least_one("hidden", o.hidden);
    at_least_one("max_length", o.max_length);
    detail::require_option(o.width % (2 * o.heads) == 0, "transformer_options", "width must be a multiple of 2 * heads",
                           static_cast<double>(o.width));
    detail::require_option(o.heads % o.kv_heads == 0, "transformer_options", "kv_heads must divide heads",
                           static_cast<double>(o.kv_heads));
    detail::require_option(o.rotary_base > 0, "transformer_options", "rotary_base must be positive", o.rotary_base);
    detail::require_option(o.norm_epsilon > 0, "transformer_options", "norm_epsilon must be positive", o.norm_epsilon);
    detail::require_option(o.embedding_deviation >= 0, "transformer_options",
                           "embedding_deviation must not be negative", o.embedding_deviation);
    require_valid(o.optimizer);
}

}  // namespace reft::inline REFT_ABI
