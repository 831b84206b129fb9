// What a sampler is asked for: prompts, how to choose tokens, when to stop, and whose random numbers to use.
#pragma once

#include <reft/core/error.hpp>
#include <reft/policy/token_batch.hpp>

#include <cstdint>
#include <vector>

namespace reft::inline REFT_ABI {

/// How the next token is chosen from its logits.
struct sampling_options {
    bool greedy = false;       ///< the largest logit, the smallest id among equals; the rest is ignored
    double temperature = 1.0;  ///< > 0
    std::int64_t top_k = 0;    ///< keep the k most probable tokens; 0 keeps all
    double top_p = 1.0;        ///< keep the smallest set of most probable tokens that reaches this mass; in (0, 1]
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const sampling_options& options) {
    detail::require_temperature("sampling_options", options.temperature, " (for the most probable token set greedy)");
    detail::require_option(options.top_k >= 0, "sampling_options", "top_k must not be negative",
                           static_cast<double>(options.top_k));
    detail::require_option(options.top_p > 0 && options.top_p <= 1, "sampling_options", "top_p must be in (0, 1]",
                           options.top_p);
}

/// A prompt and the row its random numbers belong to.
struct generation_prompt {
    std::vector<token_id> ids = {};  ///< at least one
    std::uint32_t row = 0;   ///< the same (seed, step, row) gives the same response, whatever is sampled beside it
    std::int64_t group = 0;  ///< copied into the trajectory
};

/// What all responses of one call have in common.
struct generation_request {
    sampling_options sampling = {};     ///< how tokens are chosen
    std::int64_t max_new_tokens = 256;  ///< a response that reaches it is truncated
    std::vector<token_id> stop = {};    ///< any of these ends a response and is its last token
    std::uint64_t seed = 0;             ///< of the run
    std::uint32_t step = 0;             ///< of the run: another step has other random numbers
};

}  // namespace reft::inline REFT_ABI
