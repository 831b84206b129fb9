// corpus: records
#include <reft/text/json_gsm8k.hpp>
#include <reft/text/json_mathqa.hpp>
#include <reft/text/json_problems.hpp>
#include <reft/text/json_reft.hpp>
#include <reft/text/json_svamp.hpp>

#include <sstream>

#include "fuzz/fuzz.hpp"

namespace {

/// Skipping throws nothing; stopping throws record_error and nothing else, as often as records were skipped.
template <class Format>
void check(const Format& format, const std::string& text) {
    std::istringstream skipped(text), stopped(text);
    reft::problem_reader skipping(skipped, "input", format, {.malformed = reft::malformed_record::skip});
    std::int64_t problems = 0;
    while (skipping.next()) ++problems;
    fuzz::require(problems + skipping.skipped() == skipping.records(), "a record is read or skipped");
    reft::problem_reader stopping(stopped, "input", format);
    std::int64_t errors = 0;
    for (bool more = true; more;) {
        try {
            more = stopping.next().has_value();
        } catch (const reft::record_error& error) {
            fuzz::require(error.line >= 1, "an error names a line");
            ++errors;
        }
    }
    fuzz::require(errors == skipping.skipped(), "the same records are malformed for both");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    // Readers are slow to make: the format is the one whose fields the input names.
    const auto names = [&](const char* field) { return text.find(field) != std::string::npos; };
    if (names("Body")) {
        check(reft::svamp_format{}, text);
    } else if (names("options")) {
        check(reft::mathqa_format{}, text);
    } else if (names("item_id")) {
        check(reft::reft_format{}, text);
    } else {
        check(reft::gsm8k_format{.marks = reft::calculator_marks::removed}, text);
    }
    return 0;
}
