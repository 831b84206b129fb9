// Which extractors are asked for which format of answers, in which order.
#pragma once

#include <reft/reward/extract.hpp>
#include <reft/reward/extract_boxed.hpp>
#include <reft/reward/extract_number.hpp>
#include <reft/reward/extract_option.hpp>
#include <reft/text/answer.hpp>
#include <reft/text/answer_options.hpp>

#include <string_view>

namespace reft::inline REFT_ABI {

/// How a text gives its answer.
enum class answer_format {
    ncot,   ///< a number at the end of a reasoning in natural language
    mcq,    ///< the letter of an option
    boxed,  ///< `\boxed{...}`
};

/// Whose rules decide what counts as an answer.
enum class extraction_preset {
    mwp_reft,  ///< the paper's code, faults included
    strict,    ///< what a known marker announces, and nothing else
    flexible,  ///< the same, and the last number of a text without a marker
};

/// `####`, a box, a statement (`Answer: 18`, "the answer is 18"), angle brackets: the first of them that is there.
inline auto stated_number_extractor() {
    return first_of(hashes_extractor{}, boxed_extractor{}, statement_extractor{}, angle_brackets_extractor{});
}

/// The answer of a text by the rules of a preset.
///
/// `options` are those of the question, for mcq: letters beyond them are no answer, and a value that one of them has
/// is its letter. Without them the letters are a to e. mwp_reft does not look at them.
///
/// Errors    none: any bytes may be given. Linear in the length of the text.
inline extraction extract_answer(std::string_view text, answer_format format,
                                 extraction_preset preset = extraction_preset::strict,
                                 const answer_options* options = nullptr) {
    if (preset == extraction_preset::mwp_reft)
        return format == answer_format::mcq ? mwp_reft_option_extractor()(text) : mwp_reft_number_extractor()(text);
    if (format == answer_format::mcq) return option_extractor{options}(text);
    const auto boxed = first_of(boxed_extractor{}, stated_number_extractor());
    extraction result = format == answer_format::boxed ? boxed(text) : stated_number_extractor()(text);
    if (!result.found && preset == extraction_preset::flexible) {
        extraction last = last_number_extractor{}(text);
        if (last.found) return last;
    }
    return result;
}

}  // namespace reft::inline REFT_ABI
