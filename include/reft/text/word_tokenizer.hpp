// A tokenizer whose tokens are words, digits, punctuation and white space: for small models on a small language.
#pragma once

#include <reft/core/error.hpp>
#include <reft/text/number.hpp>
#include <reft/text/tokenizer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reft::inline REFT_ABI {

/// What a number becomes, and which special tokens there are besides the end of sequence.
struct word_tokenizer_options {
    bool digit_by_digit = true;     ///< every digit is a token; otherwise a run of digits is one
    bool padding = true;            ///< has a token for positions that hold no text
    bool begin_of_sequence = true;  ///< has a token that starts a prompt
    bool unknown = false;           ///< has a token for what is not in the vocabulary; otherwise that is an error
};

namespace detail {

enum class piece_kind { word, digit, punctuation, space, not_utf8 };

/// ASCII, the signs of Latin-1 without ª, µ and º, × and ÷, and the blocks U+2000 to U+2BFF (punctuation, currency,
/// arrows, operators, shapes), U+3000 to U+303F and the full-width forms of ASCII signs.
constexpr bool is_punctuation(char32_t c) {
    const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
    if (c < 0x80) return !(within('0', '9') || within('A', 'Z') || within('a', 'z'));
    if (c < 0x100) return c == 0xD7 || c == 0xF7 || (c < 0xC0 && c != 0xAA && c != 0xB5 && c != 0xBA);
    return within(0x2000, 0x2BFF) || within(0x3000, 0x303F) || within(0xFF01, 0xFF0F) || within(0xFF1A, 0xFF20) ||
           within(0xFF3B, 0xFF40) || within(0xFF5B, 0xFF65);
}

inline piece_kind kind_of(char32_t c) {
    if (c == no_code_point) return piece_kind::not_utf8;
    if (is_space(c)) return piece_kind::space;
    const auto above = std::upper_bound(std::begin(decimal_zeros), std::end(decimal_zeros), c);
    if (above != std::begin(decimal_zeros) && c - *std::prev(above) <= 9) return piece_kind::digit;
    return is_punctuation(c) ? piece_kind::punctuation : piece_kind::word;
}

struct text_piece {
    std::string_view text;
    piece_kind kind;
};

/// The piece at `at` < text.size(); `at` moves behind it.
inline text_piece next_piece(std::string_view text, std::size_t& at, bool digit_by_digit) {
    const std::size_t begin = at;
    const piece_kind kind = kind_of(next_code_point(text, at));
    if (kind == piece_kind::word || (kind == piece_kind::digit && !digit_by_digit))
        for (std::size_t next = at; next < text.size(); at = next)
            if (kind_of(next_code_point(text, next)) != kind) break;
    return {text.substr(begin, at - begin), kind};
}

}  // namespace detail

/// One token per piece of a text. The pieces follow one another without gaps:
///
///     a word           a run of characters that are none of the following: letters of any script, marks, emoji
///     a digit          any Unicode decimal digit; by option a run of them is one piece
///     a sign           one character of punctuation: `_`, `'` and `-` too, so that `don't` is three pieces
///     white space      one character
///
/// so that decode(encode(text)) == text for every text whose pieces are in the vocabulary. Upper and lower case
/// differ; scripts that write no spaces make long words, for which char_tokenizer is the better choice.
///
/// Ids: padding, begin and end of sequence and unknown, as far as there are such tokens, then the pieces in the
/// order in which the texts first name them. Given its own pieces(), a tokenizer has the same ids again. Special
/// tokens have no spelling in encode: `<eos>` in a text is three pieces.
///
/// Errors    value_error if a text of the vocabulary is not UTF-8, an id is not in the vocabulary, or, without an
///           unknown token, encode meets a piece that is not in the vocabulary or a byte that is not UTF-8; each
///           names what and where. With an unknown token encode takes any bytes: each byte that is not UTF-8 is a
///           piece that no vocabulary has.
class word_tokenizer {
  public:
    /// The vocabulary of all pieces of some texts: of a corpus, or words one by one.
    explicit word_tokenizer(std::span<const std::string> texts, const word_tokenizer_options& options = {})
        : options_(options) {
        if (options.padding) padding_ = add("<pad>");
        if (options.begin_of_sequence) begin_ = add("<bos>");
        end_ = add("<eos>");
        if (options.unknown) unknown_ = add("<unk>");
        first_piece_ = static_cast<token_id>(spellings_.size());
        for (std::size_t i = 0; i < texts.size(); ++i) add_pieces(texts[i], i);
    }
    /// The pieces of the given words.
    explicit word_tokenizer(std::initializer_list<std::string> words, const word_tokenizer_options& options = {})
        : word_tokenizer(std::span(words.begin(), words.size()), options) {}
    /// The pieces of one text.
    explicit word_tokenizer(std::string_view corpus, const word_tokenizer_options& options = {})
        : word_tokenizer(std::span<const std::string>(), options) {
        add_pieces(corpus, 0);
    }

    const word_tokenizer_options& options() const { return options_; }  ///< as given
    /// Special tokens included.
    std::int64_t vocabulary_size() const { return static_cast<std::int64_t>(spellings_.size()); }
    std::optional<token_id> padding() const { return padding_; }          ///< stands where there is no text
    std::optional<token_id> begin_of_sequence() const { return begin_; }  ///< starts a prompt
    token_id end_of_sequence() const { return end_; }                     ///< ends a response
    std::optional<token_id> unknown() const { return unknown_; }          ///< stands for a piece it does not have
    /// Whether an id has no piece of text: padding, begin or end of sequence, unknown.
    bool is_special(token_id id) const { return id >= 0 && id < first_piece_; }
    /// The pieces of the vocabulary in the order of their ids, without the special tokens.
    std::span<const std::string> pieces() const {
        return std::span(spellings_).subspan(static_cast<std::size_t>(first_piece_));
    }

    /// One id per piece, no special token added.
    std::vector<token_id> encode(std::string_view text) const {
        std::vector<token_id> ids;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t begin = at;
            const auto [piece, kind] = detail::next_piece(text, at, options_.digit_by_digit);
            const auto place = kind == detail::piece_kind::not_utf8 ? ids_.end() : ids_.find(piece);
            if (place != ids_.end())
                ids.push_back(place->second);
            else if (unknown_)
                ids.push_back(*unknown_);
            else if (kind == detail::piece_kind::not_utf8)
                throw value_error("word_tokenizer::encode: the text is not UTF-8 at byte " + std::to_string(begin));
            else
                throw value_error("word_tokenizer::encode: '" + shortened(piece) + "' at byte " +
                                  std::to_string(begin) + " is not in the vocabulary");
        }
        return ids;
    }

    /// The pieces of the ids.
    std::string decode(std::span<const token_id> ids, special_tokens special = special_tokens::skipped) const {
        return detail::joined_spellings("word_tokenizer::decode", ids, spellings_, [&](token_id id) {
            return is_special(id) && special == special_tokens::skipped;
        });
    }

  private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };

    token_id add(std::string_view spelling) {
        spellings_.emplace_back(spelling);
        return static_cast<token_id>(spellings_.size() - 1);
    }

    void add_pieces(std::string_view text, std::size_t number) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t begin = at;
            const auto [piece, kind] = detail::next_piece(text, at, options_.digit_by_digit);
            if (kind == detail::piece_kind::not_utf8)
                throw value_error("word_tokenizer: text " + std::to_string(number) +
                                  " of the vocabulary is not UTF-8 at byte " + std::to_string(begin));
            if (ids_.find(piece) == ids_.end()) ids_.emplace(piece, add(piece));
        }
    }

    /// For messages: a piece may be as long as the text.
    static std::string shortened(std::string_view piece) {
        std::size_t at = 0;
        while (at < piece.size() && at < 40) detail::next_code_point(piece, at);
        return std::string(piece.substr(0, at)) + (at < piece.size() ? "..." : "");
    }

    word_tokenizer_options options_;
    std::vector<std::string> spellings_;                                         // by id
    std::unordered_map<std::string, token_id, text_hash, std::equal_to<>> ids_;  // of the pieces
    std::optional<token_id> padding_, begin_, unknown_;
    token_id end_ = 0;
    token_id first_piece_ = 0;
};

}  // namespace reft::inline REFT_ABI
