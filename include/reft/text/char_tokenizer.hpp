// A tokenizer whose tokens are characters: for small models and tests.
#pragma once

#include <reft/core/error.hpp>
#include <reft/text/number.hpp>
#include <reft/text/tokenizer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Which special tokens there are besides the end of sequence.
struct char_tokenizer_options {
    bool padding = true;            ///< has a token for positions that hold no text
    bool begin_of_sequence = true;  ///< has a token that starts a prompt
};

/// One token per character (Unicode code point) of an alphabet.
///
/// Ids: padding, begin and end of sequence, as far as there are such tokens, then the characters in the order in
/// which the alphabet first names them. Any text that contains all characters may be the alphabet. Special tokens
/// have no spelling in encode: `<eos>` in a text is five characters.
///
/// Errors    value_error if the alphabet or a text is not UTF-8, a text has a character that is not in the
///           alphabet, or an id is not in the vocabulary; each names what and where.
class char_tokenizer {
  public:
    /// The characters of `alphabet`, each once.
    explicit char_tokenizer(std::string_view alphabet, const char_tokenizer_options& options = {}) {
        if (options.padding) padding_ = add_special("<pad>");
        if (options.begin_of_sequence) begin_ = add_special("<bos>");
        end_ = add_special("<eos>");
        first_character_ = static_cast<token_id>(spellings_.size());
        for (std::size_t at = 0; at < alphabet.size();) {
            const std::size_t begin = at;
            const char32_t c = detail::next_code_point(alphabet, at);
            if (c == detail::no_code_point) throw value_error("char_tokenizer: the alphabet is " + not_utf8(begin));
            const auto place = std::lower_bound(ids_.begin(), ids_.end(), entry{c, 0});
            if (place != ids_.end() && place->first == c) continue;
            ids_.insert(place, {c, static_cast<token_id>(spellings_.size())});
            spellings_.emplace_back(alphabet.substr(begin, at - begin));
        }
    }

    /// Special tokens included.
    std::int64_t vocabulary_size() const { return static_cast<std::int64_t>(spellings_.size()); }
    std::optional<token_id> padding() const { return padding_; }          ///< stands where there is no text
    std::optional<token_id> begin_of_sequence() const { return begin_; }  ///< starts a prompt
    token_id end_of_sequence() const { return end_; }                     ///< ends a response
    /// Whether an id has no character: padding, begin or end of sequence.
    bool is_special(token_id id) const { return id >= 0 && id < first_character_; }

    /// One id per character, no special token added.
    std::vector<token_id> encode(std::string_view text) const {
        std::vector<token_id> ids;
        ids.reserve(text.size());
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t begin = at;
            const char32_t c = detail::next_code_point(text, at);
            if (c == detail::no_code_point) throw value_error("char_tokenizer::encode: the text is " + not_utf8(begin));
            const auto place = std::lower_bound(ids_.begin(), ids_.end(), entry{c, 0});
            if (place == ids_.end() || place->first != c)
                throw value_error("char_tokenizer::encode: '" + std::string(text.substr(begin, at - begin)) + "' (" +
                                  code_point_name(c) + ") at byte " + std::to_string(begin) +
                                  " is not in the alphabet");
            ids.push_back(place->second);
        }
        return ids;
    }

    /// The characters of the ids.
    std::string decode(std::span<const token_id> ids, special_tokens special = special_tokens::skipped) const {
        return detail::joined_spellings("char_tokenizer::decode", ids, spellings_, [&](token_id id) {
            return is_special(id) && special == special_tokens::skipped;
        });
    }

  private:
    using entry = std::pair<char32_t, token_id>;

    token_id add_special(std::string_view spelling) {
        spellings_.emplace_back(spelling);
        return static_cast<token_id>(spellings_.size() - 1);
    }

    static std::string not_utf8(std::size_t at) { return "not UTF-8 at byte " + std::to_string(at); }

    static std::string code_point_name(char32_t c) {
        std::string digits;
        for (; c != 0 || digits.size() < 4; c >>= 4) digits.insert(digits.begin(), "0123456789ABCDEF"[c & 0xFu]);
        return "U+" + digits;
    }

    std::vector<std::string> spellings_;  // by id
    std::vector<entry> ids_;              // of the characters, sorted by code point
    std::optional<token_id> padding_, begin_;
    token_id end_ = 0;
    token_id first_character_ = 0;
};

}  // namespace reft::inline REFT_ABI
