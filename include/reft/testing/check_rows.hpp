// The prompts and responses that check_policy asks about: random ids in rows of different lengths.
#pragma once

#include <reft/core/random.hpp>
#include <reft/policy/token_batch.hpp>
#include <reft/testing/policy_check_options.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail {

using id_list = std::vector<token_id>;

/// One row, whatever batch it is put into.
struct check_row {
    id_list prompt = {}, response = {};
    std::uint32_t number = 0;
};

inline id_list random_ids(std::int64_t count, std::int64_t vocabulary, random_stream& stream) {
    id_list ids(static_cast<std::size_t>(count));
    for (token_id& id : ids) id = static_cast<token_id>(stream.below(static_cast<std::uint64_t>(vocabulary)));
    return ids;
}

/// Between `least` and `most`, both included.
inline std::int64_t random_length(std::int64_t least, std::int64_t most, random_stream& stream) {
    return least + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(most - least + 1)));
}

/// A longest prompt with a short response, a shortest prompt with a longest response, a row without response, and
/// others in between.
inline std::vector<check_row> random_rows(const policy_check_options& o, std::uint32_t set) {
    random_stream stream(o.seed, random_purpose::data, set);
    std::vector<check_row> rows;
    for (std::int64_t b = 0; b < o.rows; ++b) {
        std::int64_t prompt = random_length(1, o.longest_prompt, stream);
        std::int64_t response = random_length(1, o.longest_response, stream);
        if (b == 0) prompt = o.longest_prompt, response = 2;
        if (b == 1) prompt = 1, response = o.longest_response;
        if (b == 2) response = 0;
        auto prompt_ids = random_ids(prompt, o.vocabulary, stream);
        rows.push_back(
            {std::move(prompt_ids), random_ids(response, o.vocabulary, stream), static_cast<std::uint32_t>(b)});
    }
    return rows;
}

inline token_batch batch_of_rows(std::span<const check_row> rows, double temperature) {
    token_batch batch;
    batch.temperature = temperature;
    for (const check_row& row : rows) batch.add(row.prompt, row.response);
    return batch;
}

/// Another id, the next one in the vocabulary.
inline token_id other_than(token_id id, std::int64_t vocabulary) {
    return static_cast<token_id>((id + 1) % static_cast<token_id>(vocabulary));
}

/// "[3 1 4]", or its end if it is long.
inline std::string ids_text(std::span<const token_id> ids) {
    constexpr std::size_t shown = 12;
    std::string text = ids.size() > shown ? "[..." : "[";
    for (std::size_t i = ids.size() > shown ? ids.size() - shown : 0; i < ids.size(); ++i)
        text += (text.size() > 1 ? " " : "") + std::to_string(ids[i]);
    return text + "]";
}

}  // namespace reft::inline REFT_ABI::detail
