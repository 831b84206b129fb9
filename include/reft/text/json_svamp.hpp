// SVAMP: one record of SVAMP.json. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/text/json_fields.hpp>
#include <reft/text/number.hpp>
#include <reft/text/problem.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace reft::inline REFT_ABI {

/// `{"ID", "Body", "Question", "Equation", "Answer"}` → problem. The question is body and question with a space between
/// them, the chain of thought the equation, which is all the file has and may be missing.
///
/// Source    Patel et al. 2021, arXiv:2103.07191; the form of arkilpatel/SVAMP.
struct svamp_format {
    /// Errors    field_error.
    problem operator()(const nlohmann::json& record, std::int64_t /*number*/) const {
        const json_fields fields(record);
        const std::string body = fields.text("Body"), asked = fields.text("Question");
        std::string question(detail::stripped(body));
        question.append(" ").append(detail::stripped(asked));
        return {.id = fields.text("ID"),
                .question = question,
                .chain_of_thought = fields.has("Equation") ? fields.text("Equation") : "",
                .gold = detail::gold_number("Answer", fields.text_or_number("Answer"))};
    }
};

}  // namespace reft::inline REFT_ABI
