// What a tokenizer must offer.
#pragma once

#include <reft/core/error.hpp>
#include <reft/policy/token_batch.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// Whether decoded text shows special tokens, as `<pad>`, `<bos>` and `<eos>`.
enum class special_tokens { skipped, shown };

/// Turns text into token ids and back.
///
///     vocabulary_size()       ids are in [0, vocabulary_size())
///     encode(text)            the ids of the text alone, no special token added
///     decode(ids)             the text without special tokens
///     begin_of_sequence()     the id, or nothing where the model has none
///     end_of_sequence()       the id that ends a response
template <class T>
concept tokenizer = requires(const T& t, std::string_view text, std::span<const token_id> ids) {
    { t.vocabulary_size() } -> std::convertible_to<std::int64_t>;
    { t.encode(text) } -> std::convertible_to<std::vector<token_id>>;
    { t.decode(ids) } -> std::convertible_to<std::string>;
    { t.begin_of_sequence() } -> std::convertible_to<std::optional<token_id>>;
    { t.end_of_sequence() } -> std::convertible_to<token_id>;
};

namespace detail {

/// The spellings of `ids` one after the other, those for which `left_out(id)` holds skipped. Throws value_error, in the
/// name of `function`, for an id that has no spelling.
template <class LeftOut>
std::string joined_spellings(std::string_view function, std::span<const token_id> ids,
                             const std::vector<std::string>& spellings, LeftOut left_out) {
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] < 0 || ids[i] >= static_cast<std::int64_t>(spellings.size()))
            throw value_error(std::string(function) + ": id " + std::to_string(ids[i]) + " at position " +
                              std::to_string(i) + " is not in the vocabulary of " + std::to_string(spellings.size()));
        if (!left_out(ids[i])) text += spellings[static_cast<std::size_t>(ids[i])];
    }
    return text;
}

}  // namespace detail

}  // namespace reft::inline REFT_ABI
