// What a policy is asked to evaluate: prompts and responses of several rows, packed.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// The type of a token id.
using token_id = std::int32_t;

/// Rows of prompt and response, one after the other without padding.
///
///     ids        p p p r r | p p r r r r | ...      all positions, row after row
///     responses        r r |     r r r r | ...      response tokens only: what per-token arrays are about
///
/// Response token t of row b is predicted at the position before it, whose hidden state also carries the value of
/// the state before it. Every row has a prompt of at least one token; a response may be empty.
class token_batch {
  public:
    /// The temperature at which log-probs and entropies of this batch are taken.
    double temperature = 1.0;

    /// Appends a row.
    ///
    /// Errors    value_error if the prompt is empty: nothing would predict the first token of the response.
    void add(std::span<const token_id> prompt, std::span<const token_id> response) {
        if (prompt.empty())
            throw value_error("token_batch::add: row " + std::to_string(count()) +
                              " has an empty prompt; start it with a begin-of-sequence token");
        const std::int64_t begin = tokens();
        const auto prompt_length = static_cast<std::int64_t>(prompt.size());
        const auto response_length = static_cast<std::int64_t>(response.size());
        for (const token_id id : prompt) ids_.push_back(id);
        for (const token_id id : response) ids_.push_back(id);
        offsets_.push_back(tokens());
        prompt_lengths_.push_back(prompt_length);
        for (const token_id id : response) response_ids_.push_back(id);
        for (std::int64_t t = 0; t < response_length; ++t) predictors_.push_back(begin + prompt_length + t - 1);
        response_offsets_.push_back(response_tokens());
    }

    /// As new: no rows, temperature 1.
    void clear() { *this = token_batch{}; }

    /// Number of rows.
    std::int64_t count() const { return static_cast<std::int64_t>(prompt_lengths_.size()); }
    /// Positions of prompts and responses together.
    std::int64_t tokens() const { return static_cast<std::int64_t>(ids_.size()); }
    /// Positions of responses: the length of every per-token array about this batch.
    std::int64_t response_tokens() const { return static_cast<std::int64_t>(response_ids_.size()); }

    /// All ids, [tokens]; row b has the positions offsets()[b] ... offsets()[b+1]-1.
    std::span<const token_id> ids() const { return ids_; }
    /// Where rows begin among all positions, [rows + 1].
    std::span<const std::int64_t> offsets() const { return offsets_; }
    /// Positions of each row that are its prompt, [rows].
    std::span<const std::int64_t> prompt_lengths() const { return prompt_lengths_; }

    /// Ids of the response tokens, [response tokens].
    std::span<const token_id> response_ids() const { return response_ids_; }
    /// Where rows begin among the response tokens, [rows + 1].
    std::span<const std::int64_t> response_offsets() const { return response_offsets_; }

    /// For each response token the position (index into ids()) whose logits predict it: a `row_index` for the
    /// logits kernel where the model wrote logits at every position.
    std::span<const std::int64_t> predictors() const { return predictors_; }

    /// The layout of per-token arrays about this batch. Refers to the batch.
    rows responses() const& { return rows::packed(response_offsets_); }
    rows responses() const&& = delete;  // would refer to a batch that is gone

  private:
    std::vector<token_id> ids_;
    std::vector<std::int64_t> offsets_{0};
    std::vector<std::int64_t> prompt_lengths_;
    std::vector<token_id> response_ids_;
    std::vector<std::int64_t> response_offsets_{0};
    std::vector<std::int64_t> predictors_;
};

}  // namespace reft::inline REFT_ABI
