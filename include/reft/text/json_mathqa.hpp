// MathQA: one record of its train, dev and test files. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/text/json_fields.hpp>
#include <reft/text/mathqa_options.hpp>
#include <reft/text/number.hpp>
#include <reft/text/problem.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// `{"Problem", "Rationale", "options", "correct"}` → problem.
///
/// The question is the problem with the options as the file writes them on a line of their own, as in the ReFT files;
/// the chain of thought is the rationale without the quotation marks around it; the gold answer is the letter.
///
/// Source    Amini et al. 2019, arXiv:1905.13319; the form of the MathQA files.
struct mathqa_format {
    /// Errors    field_error, also if there is no option of the letter.
    problem operator()(const nlohmann::json& record, std::int64_t number) const {
        const json_fields fields(record);
        const std::string asked = fields.text("Problem"), choices = fields.text("options");
        const std::string rationale = fields.has("Rationale") ? fields.text("Rationale") : "";
        std::optional<std::vector<std::string>> options = mathqa_options(choices);
        if (!options) throw field_error("options", "it is no list of options");

        const std::string correct = fields.text("correct");
        const std::string_view letter = detail::stripped(correct);
        if (letter.size() != 1 || detail::lower(letter[0]) < 'a' ||
            static_cast<std::size_t>(detail::lower(letter[0]) - 'a') >= options->size())
            throw field_error("correct", "it is none of the letters of the options");
        return {.id = "mathqa_" + std::to_string(number),
                .question = std::string(detail::stripped(asked)).append("\n").append(detail::stripped(choices)),
                .options = std::move(*options),
                .chain_of_thought = std::string(unquoted(rationale)),
                .gold = std::string(1, detail::lower(letter[0]))};
    }

  private:
    static std::string_view unquoted(std::string_view text) {
        text = detail::stripped(text);
        if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
        return detail::stripped(text);
    }
};

}  // namespace reft::inline REFT_ABI
