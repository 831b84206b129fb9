// The options of a MathQA problem: "a ) 24 , b ) 120 , c ) 625 , d ) 720 , e ) 1024".
#pragma once

#include <reft/text/number.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail {

/// Bytes of the mark of an option, such as "c )" or "C)", that begins at `at`; 0 if there is none.
inline std::size_t option_mark_size(std::string_view text, char letter, std::size_t at) {
    if (at >= text.size() || lower(text[at]) != letter) return 0;
    const std::size_t closing = at + 1 < text.size() && text[at + 1] == ' ' ? at + 2 : at + 1;
    return closing < text.size() && text[closing] == ')' ? closing + 1 - at : 0;
}

/// Where the first comma behind `from` is that such a mark follows. Spaces may stand between them.
inline std::size_t comma_before_option(std::string_view text, char letter, std::size_t from) {
    for (std::size_t comma = text.find(',', from); comma != std::string_view::npos; comma = text.find(',', comma + 1)) {
        const std::size_t at = text.find_first_not_of(' ', comma + 1);
        if (at == std::string_view::npos) break;
        if (option_mark_size(text, letter, at) > 0) return comma;
        comma = at - 1;
    }
    return std::string_view::npos;
}

/// The entries of a Python list of strings as they stand between commas, without brackets and quotation marks.
inline std::string python_list_entries(std::string_view list) {
    const std::string_view text = stripped(list.substr(1, list.size() - 2));
    const auto is_quote = [&](std::size_t i) { return text[i] == '\'' || text[i] == '"'; };
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool at_end = i == 0 || i + 1 == text.size();
        const bool opens = i >= 2 && text.substr(i - 2, 2) == ", ";
        const bool closes = text.substr(i + 1, 2) == ", ";
        if (!is_quote(i) || !(at_end || opens || closes)) plain += text[i];
    }
    return plain;
}

}  // namespace detail

/// The texts behind the letters, in order, or nothing if the text is no such list of at least two options.
///
/// Both spellings of the files are read: `a ) 24 , b ) 120` and `['a ) 24', 'b ) 120']`; `A)24, B)120` too. A mark said
/// twice (`a ) a ) 4 inches`, as some records have it) is one mark. An option may be empty and may hold commas.
/// Takes time in proportion to the length of the text.
inline std::optional<std::vector<std::string>> mathqa_options(std::string_view text) {
    std::string entries;
    text = detail::stripped(text);
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
        text = entries = detail::python_list_entries(text);

    std::vector<std::string> options;
    std::size_t at = 0;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        std::size_t mark = detail::option_mark_size(text, letter, at);
        if (mark == 0) break;
        if (const std::size_t again = text.find_first_not_of(' ', at + mark); again != std::string_view::npos)
            if (const std::size_t size = detail::option_mark_size(text, letter, again)) mark = again + size - at;
        const std::size_t begin = at + mark;
        const std::size_t comma = detail::comma_before_option(text, static_cast<char>(letter + 1), begin);
        options.emplace_back(
            detail::stripped(text.substr(begin, comma == std::string_view::npos ? comma : comma - begin)));
        if (comma == std::string_view::npos) break;
        at = text.find_first_not_of(' ', comma + 1);
    }
    if (options.size() < 2) return std::nullopt;
    return options;
}

}  // namespace reft::inline REFT_ABI
