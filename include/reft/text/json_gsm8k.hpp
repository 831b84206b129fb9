// GSM8K: one record of grade-school-math's train.jsonl and test.jsonl. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/text/json_fields.hpp>
#include <reft/text/number.hpp>
#include <reft/text/problem.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// What becomes of the marks that a calculator reads: 48/2 = <<48/2=24>>24.
enum class calculator_marks {
    kept,     ///< they stay, as the file has them
    removed,  ///< 48/2 = 24
};

/// `text` without what stands between << and >>; a mark that is not closed stays.
inline std::string without_calculator_marks(std::string_view text) {
    std::string plain;
    while (true) {
        const std::size_t begin = text.find("<<");
        const std::size_t end = begin == std::string_view::npos ? begin : text.find(">>", begin);
        if (end == std::string_view::npos) return plain.append(text);
        plain.append(text.substr(0, begin));
        text.remove_prefix(end + 2);
    }
}

/// `{"question": ..., "answer": "<chain of thought>\n#### 2,125"}` → problem, with gold 2125.
///
/// Source    Cobbe et al. 2021, arXiv:2110.14168; the form of openai/grade-school-math.
struct gsm8k_format {
    calculator_marks marks = calculator_marks::kept;  ///< in the chain of thought

    /// Errors    field_error.
    problem operator()(const nlohmann::json& record, std::int64_t number) const {
        const json_fields fields(record);
        const std::string answer = fields.text("answer");
        const std::size_t mark = answer.rfind("####");
        if (mark == std::string::npos || (mark > 0 && answer[mark - 1] != '\n'))
            throw field_error("answer", "no line begins with ####");
        const std::string_view solution = detail::stripped(std::string_view(answer).substr(0, mark));
        return {.id = "gsm8k_" + std::to_string(number),
                .question = fields.text("question"),
                .chain_of_thought =
                    marks == calculator_marks::removed ? without_calculator_marks(solution) : std::string(solution),
                .gold = detail::gold_number("answer", std::string_view(answer).substr(mark + 4))};
    }
};

}  // namespace reft::inline REFT_ABI
