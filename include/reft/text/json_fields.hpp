// The fields of one JSON record, with errors that name the field. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/core/error.hpp>
#include <reft/text/number.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// A field of a record is missing or is not what it should be. Readers add the file and the line: record_error.
struct field_error : error {
    /// The message is `<field>: <problem>`.
    field_error(std::string field_name, std::string what_is_wrong)
        : error(field_name + ": " + what_is_wrong), field(std::move(field_name)), problem(std::move(what_is_wrong)) {}

    std::string field;    ///< its name in the record
    std::string problem;  ///< what is wrong with it
};

/// Reads the fields of a JSON object. Every function throws field_error if a field is not as asked for.
class json_fields {
  public:
    /// Keeps a reference to `record`. Errors    field_error, without a name, if it is no object.
    explicit json_fields(const nlohmann::json& record) : record_(&record) {
        if (!record.is_object())
            throw field_error("", std::string("an object was expected, not ") + record.type_name());
    }

    /// Whether it is there and not null.
    bool has(const char* field) const {
        const auto place = record_->find(field);
        return place != record_->end() && !place->is_null();
    }

    /// A string that is more than white space.
    std::string text(const char* field) const {
        const nlohmann::json& value = present(field);
        if (!value.is_string())
            throw field_error(field, std::string("a string was expected, not ") + value.type_name());
        return not_blank(field, value.get_ref<const std::string&>());
    }

    /// The same, or a number as JSON writes it: 51.0 stays 51.0. Integers beyond 64 bits are read as doubles.
    std::string text_or_number(const char* field) const {
        const nlohmann::json& value = present(field);
        return value.is_number() ? value.dump() : text(field);
    }

    /// Strings.
    std::vector<std::string> texts(const char* field) const {
        const nlohmann::json& value = present(field);
        if (!value.is_array()) throw field_error(field, std::string("an array was expected, not ") + value.type_name());
        std::vector<std::string> all;
        for (const nlohmann::json& entry : value) {
            if (!entry.is_string())
                throw field_error(field,
                                  std::string("an array of strings was expected; it holds ") + entry.type_name());
            all.push_back(entry.get_ref<const std::string&>());
        }
        return all;
    }

    /// The value itself; null counts as missing.
    const nlohmann::json& present(const char* field) const {
        if (!has(field)) throw field_error(field, "it is missing");
        return *record_->find(field);
    }

  private:
    static std::string not_blank(const char* field, const std::string& text) {
        if (detail::stripped(text).empty()) throw field_error(field, "it is empty");
        return text;
    }

    const nlohmann::json* record_;
};

namespace detail {

/// A number without its commas, as the ReFT files have it; `field` is where it came from.
inline std::string gold_number(const char* field, std::string_view text) {
    std::string plain(stripped(text));
    std::erase(plain, ',');
    const std::optional<double> value = python_float(plain);
    if (!value || !std::isfinite(*value)) throw field_error(field, "the answer is no number");
    return plain;
}

}  // namespace detail
}  // namespace reft::inline REFT_ABI
