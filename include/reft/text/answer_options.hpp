// The options of a multiple-choice question.
#pragma once

#include <reft/text/number.hpp>
#include <reft/text/prose_number.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// What stands behind the letters a, b, c, ...: at most 26 texts without their letters.
struct answer_options {
    std::vector<std::string> texts = {};  ///< entry 0 belongs to the letter a
};

namespace detail {

/// An option without what surrounds it in a list: commas, quotes, brackets, white space.
inline std::string_view bare_option(std::string_view text) {
    constexpr std::string_view around = " \t\r\n,'\"[]";
    const std::size_t begin = text.find_first_not_of(around);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(around) + 1 - begin);
}

/// The length of a label such as `b )`, `B)`, `(b)` or `b.` of this letter at `at`, or 0.
inline std::size_t option_label(std::string_view text, std::size_t at, char letter) {
    std::size_t end = at;
    const bool opened = byte_at(text, end) == '(';
    if (opened) end = text.find_first_not_of(' ', end + 1);
    if (lower(byte_at(text, end)) != letter) return 0;
    end = text.find_first_not_of(' ', end + 1);
    const char c = byte_at(text, end);
    return c == ')' || (c == '.' && !opened) || (c == ':' && !opened) ? end + 1 - at : 0;
}

/// `text` without its own label, also if it is there twice (`b ) b ) 141`).
inline std::string_view without_label(std::string_view text, char letter) {
    for (int i = 0; i < 2; ++i) {
        text = bare_option(text);
        text.remove_prefix(option_label(text, 0, letter));
    }
    return bare_option(text);
}

/// Where the label of `letter` begins at or after `at`: behind a comma, a line break or a quotation mark.
inline std::size_t next_label(std::string_view text, std::size_t at, char letter) {
    for (; at < text.size(); ++at) {
        if (option_label(text, at, letter) == 0) continue;
        const std::size_t before = at == 0 ? std::string_view::npos : text.find_last_not_of(' ', at - 1);
        if (before == std::string_view::npos) return at;
        const char c = text[before];
        if (c == ',' || c == '\n' || c == '\'' || c == '"' || c == '[' || c == ';') return at;
    }
    return std::string_view::npos;
}

}  // namespace detail

/// The options in a text as MathQA writes them: `a ) 24 , b ) 1,200 , c ) none`, or `['a ) 24', 'b ) 1,200']`.
///
/// Errors    none: what has no label `a )` gives no options.
inline answer_options parsed_answer_options(std::string_view text) {
    answer_options options;
    std::size_t begin = detail::next_label(text, 0, 'a');
    for (char letter = 'a'; begin != std::string_view::npos && letter <= 'z'; ++letter) {
        const std::size_t content = begin + detail::option_label(text, begin, letter);
        begin =
            letter == 'z' ? std::string_view::npos : detail::next_label(text, content, static_cast<char>(letter + 1));
        const std::string_view option = text.substr(content, begin == std::string_view::npos ? begin : begin - content);
        options.texts.emplace_back(detail::without_label(option, letter));
    }
    return options;
}

/// The options of a list, with labels (`A)21`) or without; entries after the 26th are left out.
inline answer_options listed_answer_options(std::span<const std::string> list) {
    answer_options options;
    for (std::size_t i = 0; i < list.size() && i < 26; ++i)
        options.texts.emplace_back(detail::without_label(list[i], static_cast<char>('a' + i)));
    return options;
}

}  // namespace reft::inline REFT_ABI
