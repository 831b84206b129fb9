// The answer in a LaTeX box.
#pragma once

#include <reft/reward/extract_number.hpp>
#include <reft/text/answer.hpp>
#include <reft/text/prose_number.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail {

/// What the box that was opened last, of those that are closed, holds; `begin` 0 if there is none.
inline text_span last_box(std::string_view text) {
    constexpr std::string_view names[] = {"\\boxed", "\\fbox"};
    text_span best;
    std::vector<std::pair<std::size_t, std::size_t>> open;  // where its content begins, depth of braces outside
    std::size_t depth = 0;
    for (std::size_t at = text.find('\\'); at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\\') {
            const std::size_t length = any_at(text, at, names);
            const std::size_t brace = length == 0 ? text.size() : text.find_first_not_of(' ', at + length);
            if (byte_at(text, brace) == '{') {
                open.emplace_back(brace + 1, depth++);
                at = brace;
            } else if (length == 0) {
                ++at;  // \{ and \} count nothing
            }
        } else if (c == '{') {
            ++depth;
        } else if (c == '}' && depth > 0) {
            --depth;
            if (open.empty() || open.back().second != depth) continue;
            if (open.back().first > best.begin) best = {open.back().first, at - open.back().first};
            open.pop_back();
        }
    }
    return best;
}

/// Text of LaTeX as plain text: `\text{...}` opened, spaces and signs of mathematics left out, ASCII lower case.
inline std::string plain_text(std::string_view latex) {
    constexpr std::string_view left_out[] = {"\\text", "\\mathrm", "\\mathbf", "\\textbf", "\\left", "\\right",
                                             "\\(",    "\\)",      "\\,",      "\\!",      "\\;"};
    std::string plain;
    for (std::size_t at = 0; at < latex.size(); ++at) {
        if (const std::size_t length = any_at(latex, at, left_out)) {
            at += length - 1;
            continue;
        }
        const char c = latex[at];
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (c == '{' || c == '}' || c == '$' || (c == '\\' && at + 1 < latex.size() && latex[at + 1] == '%')) continue;
        if (space && (plain.empty() || plain.back() == ' ')) continue;
        plain += space ? ' ' : lower(c);
    }
    while (!plain.empty() && (plain.back() == ' ' || plain.back() == '.')) plain.pop_back();
    return plain;
}

/// Over white space, decoration and commands that open a text, from `at` on.
inline std::size_t after_opening(std::string_view inside, std::size_t at) {
    constexpr std::string_view openings[] = {"\\(",      "\\text{", "\\mathbf{", "\\mathrm{",      "\\textbf{",
                                             "\\approx", "\\,",     "\\!",       "\\displaystyle", "\xE2\x89\x88"};
    for (std::size_t length = 1; length > 0; at += length) {
        at = after_decoration(inside, at, " \t\r\n{(*$~");
        length = any_at(inside, at, openings);
    }
    return at;
}

/// The number that a box holds, with or without a unit and an `x =`; its span is a place in `inside`.
inline std::optional<prose_number> boxed_number(std::string_view inside) {
    const std::size_t equals = inside.rfind('=');
    std::optional<prose_number> number;
    if (equals != std::string_view::npos) number = prose_number_at(inside, after_opening(inside, equals + 1));
    if (!number) number = prose_number_at(inside, after_opening(inside, 0));
    if (!number) return std::nullopt;
    // `(1, 2)` and `1, 2` are no number, `18 dollars` and `18\text{ cm}` are one.
    const std::size_t next = after_decoration(inside, number->span.begin + number->span.size, " })");
    const char c = byte_at(inside, next);
    return c == ',' || c == ':' || is_digit(c) ? std::nullopt : number;
}

}  // namespace detail

/// `\boxed{18}`: the last box, with nested braces, fractions, percent, units; another text is an answer of kind text.
///
/// Of nested boxes the inner one is read; a box that is never closed is none. One pass, linear in the length.
struct boxed_extractor {
    /// The answer of kind number or text.
    extraction operator()(std::string_view text) const {
        extraction result;
        const text_span box = detail::last_box(text);
        if (box.begin == 0) return result;
        const std::size_t name = text.rfind('\\', box.begin - 1);
        result.marker = {name, box.begin - name};
        result.by = answer_marker::boxed;
        result.span = box;
        const std::string_view inside = box.in(text);
        if (std::optional<prose_number> number = detail::boxed_number(inside)) {
            detail::found_number(result, std::move(*number), box.begin);
            return result;
        }
        answer words{.kind = answer_kind::text, .text = detail::plain_text(inside)};
        result.reason = no_answer::empty;
        if (!words.text.empty()) result.found = std::move(words);
        return result;
    }
};

}  // namespace reft::inline REFT_ABI
