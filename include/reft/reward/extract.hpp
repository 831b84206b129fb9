// EXTRACT: extractors that read the answer after a trigger, and their combination in order.
#pragma once

#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>
#include <reft/text/prompt_template.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace reft::inline REFT_ABI {

/// What is read where a text has no answer trigger.
enum class absent_trigger {
    no_answer,   ///< nothing
    whole_text,  ///< the whole text, as if it were the answer
};

namespace detail {

struct last_piece_result {
    std::string_view piece = {};
    bool found = false;
};

/// Python's text.split(separator)[-1], and whether the separator is there. An empty one never is.
inline last_piece_result last_piece(std::string_view text, std::string_view separator) {
    last_piece_result result{text, false};
    if (separator.empty()) return result;
    // From the left, because that decides between occurrences that overlap.
    for (auto at = text.find(separator); at != std::string_view::npos; at = result.piece.find(separator))
        result = {result.piece.substr(at + separator.size()), true};
    return result;
}

/// An option as the paper's code writes it: ASCII lower case, no quotation marks, no white space around it.
inline std::string option_text(std::string_view text) {
    std::string letters;
    for (const char c : text)
        if (c != '"' && c != '\'') letters += lower(c);
    return std::string(stripped(letters));
}

inline text_span span_of(std::string_view part, std::string_view text) {
    return {static_cast<std::size_t>(part.data() - text.data()), part.size()};
}

}  // namespace detail

/// Reads what follows the last answer trigger.
///
///   body   = strip(what follows the last reasoning trigger in strip(text))
///   answer = strip(what follows the last answer trigger in body)
///
/// The response alone or prompt and response together may be given. Because of the strips, a trigger that has white
/// space at its ends is not recognised at an end of the body: a response that begins or ends with
/// "\nTherefore, the answer is: " has no trigger.
///
/// Errors    none: any bytes may be given; those that are not UTF-8 are neither white space nor digits.
/// Source    the paper's code, train_rl_reft.py (rollout, post_process_answer_cot_fn_mapper).
/// Differs   lower case is ASCII only; a trigger that is empty is never found (an exception there).
struct trigger_extractor {
    std::string reasoning_trigger = prompt_template{}.reasoning_trigger;  ///< ends the prompt; may be missing
    std::string answer_trigger = prompt_template{}.answer_trigger;        ///< announces the answer
    absent_trigger if_absent = absent_trigger::no_answer;                 ///< what a text without answer trigger is
    answer_kind kind = answer_kind::number;                               ///< what the answer must be readable as
    std::string options = "abcde";  ///< for kind option: the lower-case letters that are one; if empty, any text is one

    /// The answer, or why there is none. `span` and `marker` are places in `text`.
    extraction operator()(std::string_view text) const {
        const std::string_view body =
            detail::stripped(detail::last_piece(detail::stripped(text), reasoning_trigger).piece);
        const auto [piece, announced] = detail::last_piece(body, answer_trigger);
        extraction result;
        if (!announced && if_absent == absent_trigger::no_answer) return result;
        const std::string_view said = detail::stripped(piece);
        result.span = detail::span_of(said, text);
        if (announced) {
            const std::size_t after = detail::span_of(piece, text).begin;
            result.marker = {after - answer_trigger.size(), answer_trigger.size()};
            result.by = answer_marker::trigger;
        }
        read(said, result);
        return result;
    }

  private:
    void read(std::string_view said, extraction& result) const {
        answer candidate{.kind = kind, .text = std::string(said)};
        if (kind == answer_kind::option) candidate.text = detail::option_text(said);
        const bool anything = kind == answer_kind::option && options.empty();
        if (candidate.text.empty() && !anything) {
            result.reason = no_answer::empty;
        } else if (kind == answer_kind::number) {
            const std::optional<double> value = python_float(said);
            result.reason = no_answer::not_a_number;
            if (!value) return;
            candidate.number = *value;
            result.found = std::move(candidate);
        } else if (kind == answer_kind::option && !anything &&
                   (candidate.text.size() != 1 || options.find(candidate.text) == std::string::npos)) {
            result.reason = no_answer::not_an_option;
        } else {
            result.found = std::move(candidate);
        }
    }
};

/// The result of the first extractor that finds something: `first_of(strict, lenient)`.
///
/// If none does, it is the result of the first one whose marker was there, otherwise of the first one.
/// `extraction::extractor` is the number of the extractor whose result it is.
template <extractor... Extractors>
    requires(sizeof...(Extractors) > 0)
class first_of {
  public:
    /// In the order in which they are asked.
    explicit first_of(Extractors... extractors) : extractors_(std::move(extractors)...) {}

    /// The answer, or the most telling reason why there is none.
    extraction operator()(std::string_view text) const {
        extraction best;
        std::size_t number = 0;
        const auto ends = [&](const auto& extract) {  // true ends the search
            extraction result = extract(text);
            result.extractor = number;
            const bool found = result.found.has_value();
            const bool says_more = best.reason == no_answer::no_marker && result.reason != no_answer::no_marker;
            if (found || number == 0 || says_more) best = std::move(result);
            ++number;
            return found;
        };
        std::apply([&](const auto&... extract) { static_cast<void>((ends(extract) || ...)); }, extractors_);
        return best;
    }

  private:
    std::tuple<Extractors...> extractors_;
};

/// The paper's rule for GSM8K, SVAMP and MathQA with numbers as answers.
///
/// Source    the paper's code, train_rl_reft.py. Its faults are kept: without a trigger the whole text is read, so
///           that the response `25` is an answer; `1,080`, `$18`, `6%` and `18 apples` are none, `1_000`, `1e3`,
///           `inf` and `nan` are.
inline trigger_extractor mwp_reft_number_extractor() {
    return {.if_absent = absent_trigger::whole_text, .kind = answer_kind::number, .options = ""};
}

/// The paper's rule for MathQA with letters as answers.
///
/// Source    the paper's code, train_rl_reft.py. Its fault is kept: something is found in every text, the empty one
///           included, so that any response earns the reward of a wrong answer. The paper itself gives 0 where
///           there is no answer: mwp_reft_strict_option_extractor.
inline trigger_extractor mwp_reft_option_extractor() {
    return {.if_absent = absent_trigger::whole_text, .kind = answer_kind::option, .options = ""};
}

/// The paper's rule for MathQA with letters, but only one of `options` is an answer.
///
/// Differs   from the paper's code, where a check of this kind is commented out.
inline trigger_extractor mwp_reft_strict_option_extractor(std::string_view options = "abcde") {
    return {.if_absent = absent_trigger::whole_text, .kind = answer_kind::option, .options = std::string(options)};
}

}  // namespace reft::inline REFT_ABI
