// One answer to score, and what comes out.
#pragma once

#include <reft/text/answer_options.hpp>
#include <reft/text/json_fields.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace score_answers {

enum class format { ncot, pcot, mcq, boxed };
inline constexpr const char* format_names[] = {"ncot", "pcot", "mcq", "boxed"};

struct item {
    nlohmann::json id;
    format written_as = format::ncot;
    std::string text, gold;
    std::optional<reft::answer_options> options = std::nullopt;
};

inline format format_of(const std::string& name) {
    for (int i = 0; i < 4; ++i)
        if (name == format_names[i]) return static_cast<format>(i);
    throw reft::field_error("format", "ncot, pcot, mcq or boxed was expected, not " + name);
}

/// Throws field_error if a field is missing or of another type.
inline item item_of(const nlohmann::json& record) {
    const reft::json_fields fields(record);
    item one;
    one.id = record.contains("id") ? record.at("id") : nlohmann::json();
    one.written_as = format_of(fields.text("format"));
    const auto text = record.find("text");  // may be blank
    if (text == record.end() || !text->is_string()) throw reft::field_error("text", "a string was expected");
    one.text = text->get<std::string>();
    one.gold = fields.text_or_number("gold");
    if (fields.has("options"))
        one.options = record.at("options").is_array() ? reft::listed_answer_options(fields.texts("options"))
                                                      : reft::parsed_answer_options(fields.text("options"));
    return one;
}

struct verdict {
    nlohmann::json id;
    format written_as = format::ncot;
    std::optional<std::string> answer = std::nullopt;
    std::optional<double> reward = std::nullopt;
    std::string marker = {}, reason = {};
    bool correct = false;

    nlohmann::ordered_json line() const {
        nlohmann::ordered_json out{
            {"id", id}, {"answer", nullptr}, {"reward", nullptr}, {"marker", nullptr}, {"reason", nullptr}};
        if (answer) out["answer"] = *answer;
        if (reward) out["reward"] = *reward;
        if (!marker.empty()) out["marker"] = marker;
        if (!reason.empty()) out["reason"] = reason;
        return out;
    }
};

}  // namespace score_answers
