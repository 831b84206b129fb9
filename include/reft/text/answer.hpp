// What an extractor finds in a text, or why it finds nothing.
#pragma once

#include <reft/core/config.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// What an answer is compared as.
enum class answer_kind {
    number,  ///< `answer::number`
    option,  ///< the letter of one of several choices
    text,    ///< a text as it stands
};

/// How an answer is written.
enum class answer_form {
    integer,     ///< `18`, `-2125`
    decimal,     ///< `0.30`
    fraction,    ///< `1/5`
    mixed,       ///< `13 1/2`
    percent,     ///< `6%`: the number is 6, as said
    scientific,  ///< `1.5e3`
    letter,      ///< the letter of a choice
    text,        ///< anything else
};

/// The form as a word.
constexpr std::string_view name(answer_form form) {
    switch (form) {
        case answer_form::integer: return "integer";
        case answer_form::decimal: return "decimal";
        case answer_form::fraction: return "fraction";
        case answer_form::mixed: return "mixed";
        case answer_form::percent: return "percent";
        case answer_form::scientific: return "scientific";
        case answer_form::letter: return "letter";
        case answer_form::text: return "text";
    }
    return "unknown";
}

/// What announces an answer.
enum class answer_marker {
    none,            ///< nothing: the text as a whole is the answer, or there is none
    trigger,         ///< the paper's `Therefore, the answer is: ` on a line of its own
    hashes,          ///< `#### 18`
    answer_colon,    ///< `A: 18`, `Answer: 18`, `answer = 18`
    answer_is,       ///< `the answer is 18`
    angle_brackets,  ///< `<18>`
    boxed,           ///< `\boxed{18}`
    option_letter,   ///< `option c`, `c is the answer`, or the letter that ends the text
    last_number,     ///< none but its place: the last number of the text
};

/// The marker as a word, for metrics and messages.
constexpr std::string_view name(answer_marker marker) {
    switch (marker) {
        case answer_marker::none: return "none";
        case answer_marker::trigger: return "trigger";
        case answer_marker::hashes: return "hashes";
        case answer_marker::answer_colon: return "answer_colon";
        case answer_marker::answer_is: return "answer_is";
        case answer_marker::angle_brackets: return "angle_brackets";
        case answer_marker::boxed: return "boxed";
        case answer_marker::option_letter: return "option_letter";
        case answer_marker::last_number: return "last_number";
    }
    return "unknown";
}

/// An answer that was read from a text.
struct answer {
    answer_kind kind = answer_kind::text;                      ///< which of the two is compared, and how
    double number = std::numeric_limits<double>::quiet_NaN();  ///< of kind number; may be infinite or NaN
    std::string text = {};                                     ///< what was read, normalised; exact for numbers
    answer_form form = answer_form::text;                      ///< how it was written
};

/// Why a text has no answer.
enum class no_answer {
    no_marker,      ///< the words or signs that announce an answer are missing
    empty,          ///< the marker is there, and nothing after it
    not_a_number,   ///< what is there is outside the number grammar
    not_an_option,  ///< what is there is none of the choices
};

/// The reason as a word, for metrics and messages.
constexpr std::string_view name(no_answer reason) {
    switch (reason) {
        case no_answer::no_marker: return "no_marker";
        case no_answer::empty: return "empty";
        case no_answer::not_a_number: return "not_a_number";
        case no_answer::not_an_option: return "not_an_option";
    }
    return "unknown";
}

/// Bytes [begin, begin + size) of a text.
struct text_span {
    std::size_t begin = 0;  ///< bytes before it
    std::size_t size = 0;   ///< bytes in it

    /// Whether it has no byte; `begin` may still say where it would be.
    constexpr bool empty() const { return size == 0; }
    /// The bytes themselves; `text` is the one the span was found in.
    constexpr std::string_view in(std::string_view text) const {
        return text.substr(std::min(begin, text.size()), size);
    }
};

/// The result of looking for an answer in a text.
struct extraction {
    std::optional<answer> found = {};         ///< the answer, or nothing
    no_answer reason = no_answer::no_marker;  ///< why nothing was found; without meaning if something was
    text_span span = {};                      ///< what was read, or could not be read
    text_span marker = {};                    ///< what announced it; empty if nothing did
    std::size_t extractor = 0;                ///< whose result this is, if several were tried (first_of)
    answer_marker by = answer_marker::none;   ///< which marker that is
};

/// Looks for an answer: a small callable `(std::string_view text) → extraction`.
///
/// It is valid for any bytes, throws nothing because of the text, compares nothing and has no side effect.
template <class E>
concept extractor = requires(const E& extract, std::string_view text) {
    { extract(text) } -> std::convertible_to<extraction>;
};

}  // namespace reft::inline REFT_ABI
