// What a tokenizer must offer.
#pragma once

#include <reft/policy/token_batch.hpp>

#include <concepts>
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

}  // namespace reft::inline REFT_ABI
