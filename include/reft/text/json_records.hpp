// The records of a JSON file, one at a time: an array of them, or one per line. The standard library alone is needed.
#pragma once

#include <reft/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// A record of a file cannot be read: which one, and what of it.
struct record_error : file_error {
    /// The message is `<file>:<line>: <field>: <problem>`, without the field if there is none.
    record_error(std::string file_name, std::int64_t line_number, std::string field_name, std::string_view problem)
        : file_error(file_name + ":" + std::to_string(line_number) + ": " +
                     (field_name.empty() ? "" : field_name + ": ") + std::string(problem)),
          file(std::move(file_name)),
          line(line_number),
          field(std::move(field_name)) {}

    std::string file;   ///< its path or name
    std::int64_t line;  ///< where the record begins, 1 is the first one
    std::string field;  ///< the field that is missing or wrong; empty if the record is no JSON object
};

/// The text of a record and its place.
struct json_record {
    std::string text = {};   ///< of one JSON value, or of what stands where one should be
    std::int64_t line = 0;   ///< where it begins, 1 is the first one
    std::string fault = {};  ///< what is known to be wrong before it is parsed; mostly empty
};

/// How much of a hostile file is read into memory at once.
struct json_records_options {
    std::size_t largest = 16u << 20;  ///< bytes of a record; of a larger one, the rest is passed over
    int deepest = 32;                 ///< brackets in brackets within a record
};

/// Cuts a stream into records, holding one at a time. The first character that is no white space tells the form:
///
///   [           an array, whose elements are the records; commas and brackets within strings are none
///   all others  JSON lines: every line that is not blank is a record
///
/// A byte order mark and carriage returns before line breaks are passed over. What is wrong with a record goes into
/// `fault` and stops nothing; what is a record is not checked further.
///
/// Errors    file_error if reading fails.
class json_records {
  public:
    /// The stream must outlive this; `name` is for messages.
    json_records(std::istream& in, std::string name, const json_records_options& options = {})
        : in_(&in), name_(std::move(name)), options_(options), block_(std::size_t{1} << 16) {}

    /// The next record, or nothing at the end.
    std::optional<json_record> next() {
        if (form_ == form::unknown) begin();
        return form_ == form::array ? next_element() : form_ == form::lines ? next_line() : std::nullopt;
    }

    const std::string& name() const { return name_; }  ///< as given

  private:
    enum class form { unknown, array, lines, ended };
    static constexpr int end = -1;

    int peek() {
        if (at_ == filled_) {
            in_->read(block_.data(), static_cast<std::streamsize>(block_.size()));
            filled_ = static_cast<std::size_t>(in_->gcount());
            at_ = 0;
            if (in_->bad()) throw file_error("json_records: reading " + name_ + " failed");
            if (filled_ == 0) return end;
        }
        return static_cast<unsigned char>(block_[at_]);
    }
    int take() {
        const int c = peek();
        if (c == end) return c;
        ++at_;
        line_ += c == '\n';
        return c;
    }
    static bool is_white(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
    void skip_white() {
        while (is_white(peek())) take();
    }

    void begin() {
        if (peek() == 0xEF)  // the byte order mark; if it is something else, the first record has lost its start
            for (const int c : {0xEF, 0xBB, 0xBF})
                if (peek() == c) take();
        skip_white();
        form_ = peek() == end ? form::ended : peek() == '[' ? form::array : form::lines;
        if (form_ == form::array) take();
    }

    std::optional<json_record> next_line() {
        for (skip_white(); peek() != end; skip_white()) {
            scan record(options_, line_);
            while (peek() != end && peek() != '\n') record.add(take());
            return std::move(record).result();
        }
        form_ = form::ended;
        return std::nullopt;
    }

    // An element ends before a comma or the closing bracket at depth 0.
    std::optional<json_record> next_element() {
        skip_white();
        if (!first_ && !closed_ && peek() == ',') {
            take();
            skip_white();
        }
        if (closed_) return after_array();
        if (first_ && peek() == ']') {
            take();
            closed_ = true;
            return after_array();
        }
        first_ = false;
        scan record(options_, line_);
        while (peek() != end && !(record.depth() == 0 && !record.in_string() && (peek() == ',' || peek() == ']')))
            record.add(take());
        if (peek() == end) {
            form_ = form::ended;
            return std::move(record).result("the file ends within the array");
        }
        if (peek() == ']') {
            take();
            closed_ = true;
        }
        return std::move(record).result();
    }

    std::optional<json_record> after_array() {
        skip_white();
        form_ = form::ended;
        if (peek() == end) return std::nullopt;
        return json_record{.line = line_, .fault = "something follows the array"};
    }

    // One record while it is read: bounded in size, and its depth known before anybody parses it.
    class scan {
      public:
        scan(const json_records_options& options, std::int64_t line) : options_(&options) { record_.line = line; }

        void add(int c) {
            if (record_.text.size() < options_->largest)
                record_.text += static_cast<char>(c);
            else
                too_large_ = true;
            if (in_string_) {
                if (!escaped_ && c == '"') in_string_ = false;
                escaped_ = !escaped_ && c == '\\';
            } else if (c == '"') {
                in_string_ = true;
            } else if (c == '{' || c == '[') {
                too_deep_ |= ++depth_ > options_->deepest;
            } else if (c == '}' || c == ']') {
                depth_ -= depth_ > 0;
            }
        }
        std::int64_t depth() const { return depth_; }
        bool in_string() const { return in_string_; }

        json_record result(std::string fault = {}) && {
            if (too_deep_) fault = "brackets nested more than " + std::to_string(options_->deepest) + " deep";
            if (too_large_) fault = "more than " + std::to_string(options_->largest) + " bytes";
            record_.fault = std::move(fault);
            return std::move(record_);
        }

      private:
        const json_records_options* options_;
        json_record record_;
        std::int64_t depth_ = 0;
        bool in_string_ = false, escaped_ = false, too_deep_ = false, too_large_ = false;
    };

    std::istream* in_;
    std::string name_;
    json_records_options options_;
    std::vector<char> block_;
    std::size_t at_ = 0, filled_ = 0;
    std::int64_t line_ = 1;
    form form_ = form::unknown;
    bool first_ = true, closed_ = false;
};

}  // namespace reft::inline REFT_ABI
