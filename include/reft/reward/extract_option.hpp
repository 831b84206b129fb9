// The option of a multiple-choice question that a text states.
#pragma once

#include <reft/reward/extract_boxed.hpp>
#include <reft/reward/extract_number.hpp>
#include <reft/text/answer.hpp>
#include <reft/text/answer_options.hpp>
#include <reft/text/prose_number.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

namespace detail {

/// Text without white space and quotation marks, ASCII lower case.
inline std::string squeezed(std::string_view text) {
    std::string letters;
    for (const char c : text)
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '"' && c != '\'') letters += lower(c);
    return letters;
}

/// The letter of the only option with this number, or NUL.
inline char option_of_number(const answer_options& options, double number) {
    char letter = '\0';
    for (std::size_t i = 0; i < options.texts.size(); ++i) {
        const std::optional<prose_number> value = boxed_number(options.texts[i]);
        if (!value || std::abs(value->value - number) > 1e-9 * std::abs(number)) continue;
        if (letter != '\0') return '\0';
        letter = static_cast<char>('a' + i);
    }
    return letter;
}

/// Whether a letter stands alone at `at`: no part of a word, a formula or a name.
inline bool stands_alone(std::string_view text, std::size_t at) {
    const char before = at > 0 ? text[at - 1] : ' ', after = byte_at(text, at + 1);
    if (is_letter(before) || is_digit(before) || is_letter(after) || is_digit(after)) return false;
    if (before == '_' || before == '\'' || after == '\'' || static_cast<unsigned char>(after) >= 0x80) return false;
    const std::size_t next = std::min(text.find_first_not_of(' ', at + 1), text.size());
    const char c = byte_at(text, next);
    const bool operation = c == '=' || c == '^' || c == '/' || c == '+' || (c == '*' && byte_at(text, next + 1) == ' ');
    const bool minus = c == '-' && is_letter(byte_at(text, next + 2));
    return !operation && !minus;
}

/// Whether the `a` at `at` is the article: a word follows that explains nothing.
inline bool is_article(std::string_view text, std::size_t at) {
    constexpr std::string_view explaining[] = {"because", "since", "as ",         "and ",
                                               "is ",     "it is", "explanation", "the "};
    if (lower(text[at]) != 'a' || byte_at(text, at + 1) != ' ') return false;
    return is_letter(byte_at(text, at + 2)) && any_at(text, at + 2, explaining) == 0;
}

/// Whether the options are listed from the letter at `at` on: the next two letters follow as labels.
inline bool lists_options(std::string_view text, std::size_t at) {
    const char letter = lower(text[at]);
    constexpr std::size_t longest = 300;  // bytes in which the list must begin
    const std::string_view part = text.substr(0, std::min(text.size(), at + longest));
    int listed = 0;
    for (std::size_t next = at + 1; next < part.size() && listed < 2; ++next) {
        if (is_letter(part[next - 1])) continue;
        const char wanted = static_cast<char>(letter + listed + 1);
        const char c = byte_at(part, next + 1), spaced = byte_at(part, next + 2);
        if (lower(part[next]) == wanted && (c == ')' || (c == ' ' && spaced == ')') || (c == '.' && spaced == ' ')))
            ++listed;
    }
    return listed == 2;
}

}  // namespace detail

/// The letter that a text states: "answer : c", "the answer is ( c )", "ans - b", "option c", "d is the answer", a box
/// with a letter, a letter that ends the text, also with its value ("e . 25 / 28"), or the value of a given option.
///
/// No letter are the article ("the answer is a number"), a variable ("a = - 2 = b") and the first of all options that
/// are listed behind a marker. The last statement counts.
///
/// Errors    none: any bytes may be given. Linear in the length of the text.
struct option_extractor {
    const answer_options* options = nullptr;  ///< must outlive the extractor; without them the letters are a to e

    /// The letter in lower case, kind option, form letter.
    extraction operator()(std::string_view text) const {
        extraction result;
        for (std::size_t at = text.size(); at-- > 0 && !result.found;)
            if (at == 0 || !detail::is_letter(text[at - 1])) at_word(text, at, result);
        if (!result.found) in_box(text, result);
        letter_at_the_end(text, result);
        if (!result.found) with_its_value(text, result);
        return result;
    }

  private:
    std::size_t count() const { return options != nullptr && !options->texts.empty() ? options->texts.size() : 5; }

    bool is_option(char c) const {
        const char letter = detail::lower(c);
        return letter >= 'a' && static_cast<std::size_t>(letter - 'a') < count();
    }

    static void found_letter(extraction& result, char letter, text_span span, text_span marker, answer_marker by) {
        result.found = answer{
            .kind = answer_kind::option, .text = std::string(1, detail::lower(letter)), .form = answer_form::letter};
        result.span = span;
        result.marker = marker;
        result.by = by;
    }

    void at_word(std::string_view text, std::size_t at, extraction& result) const {
        const char c = detail::lower(text[at]);
        if (c != 'a' && c != 'o' && c != 'c') return;
        constexpr std::string_view words[] = {"answer", "ans", "option", "choice", "correct"};
        const std::size_t length = detail::any_at(text, at, words);
        if (length == 0 || detail::is_letter(detail::byte_at(text, at + length))) return;
        const text_span marker{at, length};
        const bool correct = length == 7;
        if ((c == 'a' || correct) && letter_before(text, at, marker, result)) return;
        if (correct) return;  // "c is correct" is one; what follows the word is announced by another one
        if (letter_behind(text, marker, c == 'a', result) || c != 'a') return;
        const detail::answer_phrase phrase = detail::phrase_behind(text, at, at + length);
        if (phrase.begin == std::string_view::npos) return;
        const text_span clause = detail::stated_clause(text, phrase.after, std::min(text.size(), phrase.after + 400));
        const text_span said{at, phrase.after - at};
        if (result.by == answer_marker::none) {
            result.reason = clause.empty() ? no_answer::empty : no_answer::not_an_option;
            result.span = clause;
            result.marker = said;
            result.by = phrase.by;
        }
        value_of_option(text, clause, said, phrase.by, result);
    }

    // "the answer is 25", and 25 is what b stands for
    void value_of_option(std::string_view text, text_span clause, text_span marker, answer_marker by,
                         extraction& result) const {
        constexpr std::size_t longest = 300;
        clause.size = std::min(clause.size, longest);
        if (options == nullptr || detail::lists_options(text, std::min(marker.begin, text.size() - 1))) return;
        char letter = option_of_text(clause.in(text));
        std::optional<prose_number> number;
        if (letter == '\0') {
            number = detail::stated_number(clause.in(text));
            if (number) letter = detail::option_of_number(*options, number->value);
        }
        if (letter == '\0') return;
        const text_span said = number ? text_span{clause.begin + number->span.begin, number->span.size} : clause;
        found_letter(result, letter, said, marker, by);
    }

    char option_of_text(std::string_view said) const {
        const std::string words = detail::squeezed(said);
        char letter = '\0';
        for (std::size_t i = 0; !words.empty() && i < options->texts.size(); ++i) {
            if (words != detail::squeezed(options->texts[i])) continue;
            if (letter != '\0') return '\0';
            letter = static_cast<char>('a' + i);
        }
        return letter;
    }

    /// Over "is", "option", brackets and signs to a letter.
    bool letter_behind(std::string_view text, text_span marker, bool answer, extraction& result) const {
        constexpr std::string_view fillers[] = {"is",      "was",          "will be",      "would be",    "should be",
                                                "must be", "option",       "choice",       "the",         "correct",
                                                "letter",  "right",        "\\text{",      "\\boxed{",    "\\textbf{",
                                                "\\(",     "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x88\xB4"};
        answer_marker by = answer ? answer_marker::answer_colon : answer_marker::option_letter;
        const std::size_t longest = std::min(text.size(), marker.begin + 80);
        std::size_t at = marker.begin + marker.size;
        for (;;) {
            at = std::min(text.find_first_not_of(" \t\r\n*_\"'`:=.->,;~([{$", at), text.size());
            const std::size_t length = detail::any_at(text, at, fillers);
            const bool whole =
                length > 0 && !(detail::is_letter(text[at]) && detail::is_letter(detail::byte_at(text, at + length)));
            if (!whole || at > longest) break;
            if (answer && detail::after_verb(text, at) != at) by = answer_marker::answer_is;
            at += length;
        }
        if (at >= text.size() || at > longest || !is_option(text[at])) return false;
        if (!detail::stands_alone(text, at) && !equals_value(text, at)) return false;
        if (detail::is_article(text, at) || detail::lists_options(text, at)) return false;
        if (!answer && !concludes(text, marker.begin, at)) return false;
        found_letter(result, text[at], {at, 1}, marker, by);
        return true;
    }

    // `d = 1600`, where d stands for 1600
    bool equals_value(std::string_view text, std::size_t letter) const {
        const std::size_t sign = text.find_first_not_of(' ', letter + 1);
        if (options == nullptr || detail::byte_at(text, sign) != '=') return false;
        const std::optional<prose_number> value = prose_number_at(text, detail::after_decoration(text, sign + 1, " "));
        return value && detail::option_of_number(*options, value->value) == detail::lower(text[letter]);
    }

    /// "option c" states an answer where nothing but its value follows, or behind a word that concludes.
    static bool concludes(std::string_view text, std::size_t word, std::size_t letter) {
        constexpr std::string_view before[] = {"correct", "answer", "hence", "therefore",
                                               "thus",    "is ",    "so ",   "right"};
        const std::size_t begin = word > 24 ? word - 24 : 0;
        for (std::size_t at = begin; at < word; ++at)
            if (detail::any_at(text, at, before) > 0) return true;
        return word < 3 || text.size() - letter < 40;
    }

    // "d is the answer"
    bool letter_before(std::string_view text, std::size_t word, text_span marker, extraction& result) const {
        constexpr std::string_view words[] = {"the", "correct", "right",  "best", "our",  "final", "is",  "hence",
                                              "be",  "would",   "should", "must", "thus", "as",    "your"};
        std::size_t end = word;
        bool verb = false;
        for (int i = 0; i < 6; ++i) {
            while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '*')) --end;
            std::size_t length = 0;
            for (const std::string_view each : words)
                if (end >= each.size() && detail::matches_at(text, end - each.size(), each) &&
                    (end == each.size() || !detail::is_letter(text[end - each.size() - 1])))
                    length = each.size();
            if (length == 0) break;
            verb = verb || length == 2;  // is, be, as
            end -= length;
        }
        constexpr std::string_view around = ") \"'(";
        while (end > 0 && around.find(text[end - 1]) != std::string_view::npos) --end;
        // "c answer" at the end of a text needs no verb
        if (!verb && text.find_first_not_of(" .)\"'", word + marker.size) == std::string_view::npos) verb = true;
        if (!verb || end == 0 || !is_option(text[end - 1]) || !detail::stands_alone(text, end - 1)) return false;
        found_letter(result, text[end - 1], {end - 1, 1}, marker, answer_marker::option_letter);
        return true;
    }

    void in_box(std::string_view text, extraction& result) const {
        const extraction box = boxed_extractor{}(text);
        if (!box.found) return;
        std::string letter = box.found->text;
        std::erase_if(letter, [](char c) { return c == '(' || c == ')' || c == '.' || c == ' '; });
        if (letter.size() == 1 && is_option(letter[0])) {
            found_letter(result, letter[0], box.span, box.marker, answer_marker::boxed);
        } else if (options != nullptr) {
            const bool number = box.found->kind == answer_kind::number;
            const char of = number ? detail::option_of_number(*options, box.found->number) : option_of_text(letter);
            if (of != '\0') found_letter(result, of, box.span, box.marker, answer_marker::boxed);
        }
    }

    // "= 11 a", "hence , a", "imo e", "c )": later than any other statement
    void letter_at_the_end(std::string_view text, extraction& result) const {
        const std::size_t last = text.find_last_not_of(" \t\r\n.\"'*)]}$!");
        if (last == std::string_view::npos || !is_option(text[last])) return;
        if (result.found && result.span.begin + result.span.size > last) return;
        if (ends_alone(text, last))
            found_letter(result, text[last], {last, 1}, {last, 0}, answer_marker::option_letter);
    }

    // "e . 25 / 28" or "25 / 28 = e" at the end, "c 88" at the beginning: a letter and what it stands for
    void with_its_value(std::string_view text, extraction& result) const {
        if (options == nullptr) return;
        constexpr std::size_t longest = 120;
        const std::size_t begin = text.size() > longest ? text.size() - longest : 0;
        std::string tail = "\n" + detail::squeezed(text.substr(begin));
        while (tail.back() == '.' || tail.back() == ')') tail.pop_back();
        for (std::size_t i = 0; i < options->texts.size(); ++i) {
            const char letter = static_cast<char>('a' + i);
            std::string value = detail::squeezed(options->texts[i]);
            while (!value.empty() && (value.back() == '.' || value.back() == ')')) value.pop_back();
            if (value.empty()) continue;
            bool ends = tail.ends_with(value + "=" + letter);
            for (const char sign : {')', '.', ':'}) ends = ends || tail.ends_with(std::string{letter, sign} + value);
            const bool starts = starts_with_value(text, letter);
            if (ends && !follows_label(tail, letter))
                found_letter(result, letter, {begin, text.size() - begin}, {}, answer_marker::option_letter);
            if (starts && !result.found)
                found_letter(result, letter, {0, std::min(longest, text.size())}, {}, answer_marker::option_letter);
        }
    }

    /// Whether the option before is there too, with its label: then options are listed, not stated.
    bool follows_label(const std::string& tail, char letter) const {
        if (letter == 'a') return false;
        const std::string before = detail::squeezed(options->texts[static_cast<std::size_t>(letter - 'b')]);
        for (const char sign : {')', '.', ':'})
            if (tail.find(std::string{static_cast<char>(letter - 1), sign} + before) < tail.size()) return true;
        return false;
    }

    // "c 88 from the given alternatives": the letter that begins the text, and its number
    bool starts_with_value(std::string_view text, char letter) const {
        const std::size_t begin = text.find_first_not_of(" \"'(");
        if (begin == std::string_view::npos || detail::lower(text[begin]) != letter) return false;
        const std::size_t next = std::min(text.find_first_not_of(" ).:", begin + 1), text.size());
        if (next == begin + 1) return false;
        const std::optional<prose_number> value = prose_number_at(text, next);
        return value && detail::option_of_number(*options, value->value) == letter;
    }

    static bool ends_alone(std::string_view text, std::size_t last) {
        if (last == 0 || text.substr(0, last).ends_with("**")) return true;
        if (!detail::stands_alone(text.substr(0, last + 1), last)) return false;
        const std::size_t before = text.find_last_not_of(" (", last - 1);
        if (before == std::string_view::npos) return true;
        constexpr std::string_view words[] = {" of",  " than", " to", " by",   " and", " or",
                                              " nor", " for",  " in", " from", " be"};
        for (const std::string_view word : words)  // "the value of a"
            if (text.substr(0, before + 1).ends_with(word)) return before >= 4 && text[before - 3] == ',';  // ", or e"
        constexpr std::string_view operators = "+*/^=<-";
        if (text[before] == '-' && before >= 3)  // "hence - a"
            return detail::is_letter(text[before - 2]) && detail::is_letter(text[before - 3]);
        return operators.find(text[before]) == std::string_view::npos;
    }
};

}  // namespace reft::inline REFT_ABI
