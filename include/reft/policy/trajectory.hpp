// One sampled response with everything training needs to know about it. Ids, never text.
#pragma once

#include <reft/policy/token_batch.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace reft::inline REFT_ABI {

/// Why a response ended.
enum class finish_reason {
    stop,    ///< the policy emitted a stop token, which is the response's last token
    length,  ///< the limit of tokens was reached: the response is truncated
};

/// The log-prob of a sampled token, three ways. They agree when the temperature is 1 and nothing is truncated.
struct sampled_log_probs {
    float raw = 0;             ///< log softmax(logits)
    float at_temperature = 0;  ///< log softmax(logits / temperature): what the trainer's own scoring gives
    float as_sampled = 0;      ///< after top-k and top-p: the probability with which the token was drawn
};

/// A prompt and the response sampled for it.
struct trajectory {
    std::vector<token_id> prompt = {};              ///< as it was given to the sampler
    std::vector<token_id> response = {};            ///< the stop token included
    std::vector<sampled_log_probs> log_probs = {};  ///< one entry per response token, or empty if the sampler has none
    finish_reason finish = finish_reason::stop;     ///< why it ended
    double temperature = 1.0;                       ///< it was sampled at
    std::int64_t group = 0;                         ///< trajectories of one question share it

    /// Whether the limit of tokens cut it off.
    bool truncated() const { return finish == finish_reason::length; }
};

/// The trajectories at `rows`, in that order, as a batch to evaluate, at the temperature they were sampled with.
/// Throws value_error if their temperatures differ.
inline token_batch batch_of(std::span<const trajectory> trajectories, std::span<const std::int64_t> rows) {
    token_batch batch;
    for (const std::int64_t row : rows) {
        const trajectory& t = trajectories[static_cast<std::size_t>(row)];
        if (row == rows.front()) batch.temperature = t.temperature;
        if (t.temperature != batch.temperature)
            throw value_error("batch_of: the trajectories were sampled at different temperatures");
        batch.add(t.prompt, t.response);
    }
    return batch;
}

/// All of them.
inline token_batch batch_of(std::span<const trajectory> trajectories) {
    std::vector<std::int64_t> rows(trajectories.size());
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    return batch_of(trajectories, rows);
}

}  // namespace reft::inline REFT_ABI
