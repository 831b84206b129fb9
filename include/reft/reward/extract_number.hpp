// Extractors of numbers: one per marker. In each of them the last statement that can be read counts.
#pragma once

#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>
#include <reft/text/prose_number.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI {

namespace detail {

/// A number as an answer; `offset` is where the part it was found in begins.
inline void found_number(extraction& result, prose_number number, std::size_t offset) {
    result.span = {number.span.begin + offset, number.span.size};
    result.found = answer{
        .kind = answer_kind::number, .number = number.value, .text = std::move(number.spelling), .form = number.form};
}

/// The last `word` (lower case) in text[0, end), in any case, or npos.
inline std::size_t last_word(std::string_view text, std::string_view word, std::size_t end) {
    if (word.size() > end) return std::string_view::npos;
    for (std::size_t at = end - word.size() + 1; at-- > 0;)
        if (matches_at(text, at, word)) return at;
    return std::string_view::npos;
}

/// The first byte at or after `at` that is neither white space nor decoration of Markdown, LaTeX or quotation.
inline std::size_t after_decoration(std::string_view text, std::size_t at, std::string_view decoration) {
    return std::min(text.find_first_not_of(decoration, at), text.size());
}

/// Where the clause that begins at `at` ends: at a line break, a full stop, an end token.
inline std::size_t clause_end(std::string_view text, std::size_t at) {
    for (; at < text.size(); ++at) {
        const char c = text[at], next = byte_at(text, at + 1);
        if (c == '\n') return at;
        if (c == '<' && (next == '/' || next == '|')) return at;
        const bool apart = next == '\0' || next == ' ' || next == '\n' || next == '\r' || next == '"';
        if ((c == '!' || c == '?' || c == ';') && apart) return at;
        if (c != '.' || !apart) continue;
        std::size_t before = at;  // `rs . 5` and `No. 5` go on
        while (before > 0 && text[before - 1] == ' ' && at - before < 2) --before;
        const bool rupees = before >= 2 && (matches_at(text, before - 2, "rs") || matches_at(text, before - 2, "no"));
        if (!rupees || (before > 2 && is_letter(text[before - 3]))) return at;
    }
    return at;
}

/// The number that a clause states: behind its last `=` if it is an equation, else its first one.
inline std::optional<prose_number> stated_number(std::string_view clause) {
    std::optional<prose_number> first = first_prose_number(clause);
    std::size_t begin = 0, end = clause.size();
    if (first) {  // what follows a complete answer explains it
        begin = first->span.begin + first->span.size;
        end = std::min({clause.find('(', begin), clause.find(", ", begin), clause.find(" because", begin), end});
    }
    for (std::size_t at = end; at-- > begin;) {
        if (clause[at] != '=') continue;
        const std::size_t number = after_decoration(clause, at + 1, " \t*_<(");
        if (std::optional<prose_number> value = prose_number_at(clause, number)) return value;
        if (first && first->span.begin > at) return first;
    }
    return first;
}

/// A place where a text announces its answer, and where the answer would begin.
struct answer_phrase {
    std::size_t begin = std::string_view::npos;  ///< npos: there is none
    std::size_t after = 0;
    answer_marker by = answer_marker::none;
};

/// Behind "is", "was", "will be" and the like at `at`, or `at` if there is no such word.
inline std::size_t after_verb(std::string_view text, std::size_t at) {
    constexpr std::string_view verbs[] = {"is",        "was",     "will be",   "would be",
                                          "should be", "must be", "has to be", "equals"};
    const std::size_t length = any_at(text, at, verbs);
    return is_letter(byte_at(text, at + length)) ? at : at + length;
}

/// What follows the word "answer" if it announces one: `answer: `, `answer is `, `answer to the question is `.
inline answer_phrase phrase_behind(std::string_view text, std::size_t word, std::size_t word_end) {
    constexpr std::string_view decoration = " \t*_\"')`";
    std::size_t at = after_decoration(text, word_end, decoration);
    const char c = byte_at(text, at);
    if (c == ':' || c == '=') return {word, at + 1, answer_marker::answer_colon};
    constexpr std::size_t longest = 60;  // bytes between "answer" and "is"
    if (at == word_end || !(is_letter(c) || c == '(')) return {};
    for (const std::size_t stop = std::min(text.size(), at + longest); at < stop; ++at) {
        const char each = text[at];
        if (each == '\n' || each == '.' || each == ',' || each == '=' || each == '?') return {};
        if (each == ':')
            return byte_at(text, at - 1) == ')' ? answer_phrase{word, at + 1, answer_marker::answer_colon}
                                                : answer_phrase{};
        if (is_letter(byte_at(text, at - 1))) continue;
        std::size_t after = after_verb(text, at);
        if (after == at) continue;
        const std::size_t colon = after_decoration(text, after, " *_");
        if (byte_at(text, colon) == ':') after = colon + 1;
        return {word, after, answer_marker::answer_is};
    }
    return {};
}

/// The last phrase that begins in text[0, end): "answer" with what makes it a statement, or `A:` at the start of a line.
inline answer_phrase last_phrase(std::string_view text, std::size_t end) {
    for (std::size_t at = end; at-- > 0;) {
        if (lower(text[at]) != 'a' || (at > 0 && is_letter(text[at - 1]))) continue;
        answer_phrase phrase;
        if (matches_at(text, at, "answer")) phrase = phrase_behind(text, at, at + 6);
        if (text[at] == 'A' && byte_at(text, at + 1) == ':' && (at == 0 || text[at - 1] == '\n'))
            phrase = {at, at + 2, answer_marker::answer_colon};
        if (phrase.begin != std::string_view::npos) return phrase;
    }
    return {};
}

/// The clause behind a phrase, and no further than `end`: on its line, or on the next one with anything in it.
inline text_span stated_clause(std::string_view text, std::size_t after, std::size_t end) {
    const std::string_view part = text.substr(0, std::max(after, end));
    const std::size_t begin = after_decoration(part, after, " \t\r\n*_:[`\"'");
    return {begin, clause_end(part, begin) - begin};
}

}  // namespace detail

/// `#### 18`, as GSM8K writes it: four hashes and a number right after them.
struct hashes_extractor {
    /// The last one that can be read; a heading (`#### Step 1`) is none.
    extraction operator()(std::string_view text) const {
        extraction result;
        for (std::size_t end = text.rfind('#'); end != std::string_view::npos; end = text.rfind('#', end - 1)) {
            std::size_t begin = end;
            while (begin > 0 && text[begin - 1] == '#') --begin;
            if (end - begin == 3) read(text, begin, result);
            if (result.found || begin == 0) break;
            end = begin;
        }
        return result;
    }

  private:
    static void read(std::string_view text, std::size_t begin, extraction& result) {
        const std::size_t number = detail::after_decoration(text, begin + 4, " \t*_`<(");
        const bool empty = number == text.size() || text[number] == '\n';
        if (result.reason == no_answer::no_marker) result.reason = empty ? no_answer::empty : no_answer::not_a_number;
        result.marker = {begin, 4};
        result.by = answer_marker::hashes;
        if (std::optional<prose_number> value = empty ? std::nullopt : prose_number_at(text, number))
            detail::found_number(result, std::move(*value), 0);
    }
};

/// `Answer: 18`, `A: 18`, `answer = 18`, "the answer is 18", "the answer to the problem is 18".
///
/// The number is the first one of the sentence, or what stands behind its last `=` if it is an equation. Of several
/// statements the last one counts; one without a number is passed over.
struct statement_extractor {
    /// The answer and the kind of its marker: trigger, answer_colon or answer_is.
    extraction operator()(std::string_view text) const {
        extraction result;
        for (std::size_t end = text.size(); !result.found;) {
            const detail::answer_phrase phrase = detail::last_phrase(text, end);
            if (phrase.begin == std::string_view::npos) break;
            const text_span clause = detail::stated_clause(text, phrase.after, end);
            std::optional<prose_number> number = detail::stated_number(clause.in(text));
            if (number || result.reason == no_answer::no_marker) {
                result.marker = {phrase.begin, phrase.after - phrase.begin};
                result.by = is_trigger(text, phrase) ? answer_marker::trigger : phrase.by;
                result.span = clause;
                result.reason = clause.empty() ? no_answer::empty : no_answer::not_a_number;
            }
            if (number) detail::found_number(result, std::move(*number), clause.begin);
            end = phrase.begin;
        }
        return result;
    }

  private:
    static bool is_trigger(std::string_view text, const detail::answer_phrase& phrase) {
        constexpr std::string_view before = "\nTherefore, the ", after = "answer is: ";
        return phrase.begin >= before.size() && text.substr(phrase.begin, after.size()) == after &&
               text.substr(phrase.begin - before.size(), before.size()) == before;
    }
};

/// `<18>`, as the reasoning texts of ReFT write it; `<<48/2=24>>24` is none.
struct angle_brackets_extractor {
    /// The last pair of brackets that holds a number and nothing else.
    extraction operator()(std::string_view text) const {
        extraction result;
        std::size_t close = text.rfind('>');
        while (close != std::string_view::npos && close > 0) {
            const std::size_t open = text.find_last_of("<>", close - 1);
            if (open == std::string_view::npos) break;
            const bool single = text[open] == '<' && (open == 0 || text[open - 1] != '<');
            const std::string_view inside = text.substr(open + 1, close - open - 1);
            std::optional<prose_number> number = single ? prose_number_at(inside, 0) : std::nullopt;
            if (number && number->span.size == inside.size()) {
                result.marker = {open, 1};
                result.by = answer_marker::angle_brackets;
                detail::found_number(result, std::move(*number), open + 1);
                break;
            }
            close = text[open] == '>' ? open : open == 0 ? std::string_view::npos : text.rfind('>', open - 1);
        }
        return result;
    }
};

/// The last number of a text, whatever it counts. It rewards texts that state nothing: only by explicit choice.
struct last_number_extractor {
    /// The last number that does not belong to an expression.
    extraction operator()(std::string_view text) const {
        extraction result;
        for (std::size_t end = text.size(); end > 0 && !result.found;) {
            const std::size_t last = text.find_last_of("0123456789", end - 1);
            if (last == std::string_view::npos) break;
            const std::size_t begin = first_of_number(text, last);
            const bool in_word = begin > 0 && detail::is_letter(text[begin - 1]);
            if (std::optional<prose_number> number = in_word ? std::nullopt : prose_number_at(text, begin))
                detail::found_number(result, std::move(*number), 0);
            result.by = answer_marker::last_number;
            end = begin;
        }
        if (!result.found) result.by = answer_marker::none;
        return result;
    }

  private:
    /// Back over what a number is made of, with its sign and its currency.
    static std::size_t first_of_number(std::string_view text, std::size_t last) {
        std::size_t begin = last;
        while (begin > 0 && (detail::is_digit(text[begin - 1]) || text[begin - 1] == ',' || text[begin - 1] == '.' ||
                             text[begin - 1] == '/'))
            --begin;
        while (begin < last && !detail::is_digit(text[begin])) ++begin;
        while (begin > 0 && (text[begin - 1] == '$' || text[begin - 1] == '-')) --begin;
        for (const std::string_view minus : detail::minus_signs)
            if (text.substr(0, begin).ends_with(minus)) return begin - minus.size();
        return begin;
    }
};

}  // namespace reft::inline REFT_ABI
