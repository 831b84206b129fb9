// The files of the ReFT paper's code: data/*.json, N-CoT, P-CoT and test sets. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/text/json_fields.hpp>
#include <reft/text/mathqa_options.hpp>
#include <reft/text/number.hpp>
#include <reft/text/problem.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI {

/// `{"item_id", "question", "answer_cot", "answer_value"}` → problem. Test sets have no `answer_cot`; the chain of
/// thought is empty there. Options are read from the last line of the question if they stand there, which stays a part
/// of the question. The answer may be a string or a number.
///
/// Source    lqtrung1998/mwp_ReFT, data/.
struct reft_format {
    /// Errors    field_error.
    problem operator()(const nlohmann::json& record, std::int64_t /*number*/) const {
        const json_fields fields(record);
        problem p{.id = fields.text("item_id"),
                  .question = fields.text("question"),
                  .chain_of_thought = fields.has("answer_cot") ? fields.text("answer_cot") : "",
                  .gold = fields.text_or_number("answer_value")};
        const std::string_view asked = detail::stripped(p.question);
        const std::size_t line = asked.rfind('\n');
        if (line == std::string_view::npos) return p;
        if (auto options = mathqa_options(asked.substr(line + 1))) p.options = std::move(*options);
        return p;
    }
};

}  // namespace reft::inline REFT_ABI
