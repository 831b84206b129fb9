// Problems from a file of JSON records, one at a time or all at once. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/core/error.hpp>
#include <reft/text/json_fields.hpp>
#include <reft/text/json_records.hpp>
#include <reft/text/problem.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <istream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Makes a problem of a record: `format(record, number)`; number counts the records of the file from 0, skipped ones
/// included. It throws field_error where a field is not as it should be. gsm8k_format, svamp_format, mathqa_format and
/// reft_format are such.
template <class F>
concept problem_format = requires(const F& format, const nlohmann::json& record, std::int64_t number) {
    { format(record, number) } -> std::convertible_to<problem>;
};

/// What happens at a record that cannot be read.
enum class malformed_record {
    stop,  ///< record_error is thrown; the next call goes on behind the record
    skip,  ///< it is counted and passed over
};

/// How a file of problems is read.
struct problem_reader_options {
    malformed_record malformed = malformed_record::stop;  ///< what a record that cannot be read does
    json_records_options records = {};                    ///< limits on one record
    std::size_t most_complaints = 20;                     ///< skipped records whose errors are kept
};

/// Problems from a stream, one at a time: an array of records, or one record per line (json_records).
///
///     std::ifstream file("train.jsonl");
///     reft::problem_reader reader(file, "train.jsonl", reft::gsm8k_format{});
///     while (auto p = reader.next()) ...
template <problem_format Format>
class problem_reader {
  public:
    /// The stream must outlive the reader; `name` is for messages.
    problem_reader(std::istream& in, std::string name, Format format = {}, const problem_reader_options& options = {})
        : records_(in, std::move(name), options.records), format_(std::move(format)), options_(options) {}

    /// The next problem, or nothing at the end.
    ///
    /// Errors    record_error at a record that is no JSON, or lacks what the format asks for, if such records stop;
    ///           file_error if reading fails.
    std::optional<problem> next() {
        while (const std::optional<json_record> record = records_.next()) {
            try {
                return read(*record, number_++);
            } catch (const record_error& e) {
                if (options_.malformed == malformed_record::stop) throw;
                ++skipped_;
                if (complaints_.size() < options_.most_complaints) complaints_.push_back(e);
            }
        }
        return std::nullopt;
    }

    std::int64_t records() const { return number_; }                             ///< so far, skipped ones included
    std::int64_t skipped() const { return skipped_; }                            ///< so far
    const std::vector<record_error>& complaints() const { return complaints_; }  ///< about the first skipped records

  private:
    problem read(const json_record& record, std::int64_t number) const {
        const auto malformed = [&](std::string field, std::string_view problem) {
            return record_error(records_.name(), record.line, std::move(field), problem);
        };
        if (!record.fault.empty()) throw malformed("", record.fault);
        try {
            return format_(nlohmann::json::parse(record.text), number);
        } catch (const field_error& e) {
            throw malformed(e.field, e.problem);
        } catch (const nlohmann::json::parse_error& e) {  // its text holds bytes of the file
            throw malformed("", "no JSON from byte " + std::to_string(e.byte) + " of the record on");
        } catch (const nlohmann::json::exception&) {
            throw malformed("", "a number is beyond the range of a double");
        }
    }

    json_records records_;
    Format format_;
    problem_reader_options options_;
    std::int64_t number_ = 0, skipped_ = 0;
    std::vector<record_error> complaints_;
};

/// All problems of a file.
struct problem_set {
    std::vector<problem> problems = {};         ///< in the order of the file
    std::int64_t skipped = 0;                   ///< records that could not be read
    std::vector<record_error> complaints = {};  ///< about the first of them
};

/// Reads a whole file.
///
/// Errors    file_error if it cannot be opened or read; record_error as problem_reader::next.
template <problem_format Format>
problem_set read_problems(const std::string& path, Format format = {}, const problem_reader_options& options = {}) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw file_error("read_problems: " + path + " cannot be opened");
    problem_reader<Format> reader(file, path, std::move(format), options);
    problem_set set;
    while (std::optional<problem> p = reader.next()) set.problems.push_back(std::move(*p));
    set.skipped = reader.skipped();
    set.complaints = reader.complaints();
    return set;
}

}  // namespace reft::inline REFT_ABI
