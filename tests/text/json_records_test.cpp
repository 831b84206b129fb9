#include <reft/text/json_records.hpp>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using place = std::pair<std::string, std::int64_t>;

// Text and line of each record; the fault in brackets instead where there is one.
std::vector<place> records_of(const std::string& text, const reft::json_records_options& options = {}) {
    std::istringstream in(text);
    reft::json_records records(in, "test", options);
    std::vector<place> all;
    while (const auto record = records.next())
        all.emplace_back(record->fault.empty() ? record->text : "[" + record->fault + "]", record->line);
    CHECK_FALSE(records.next());  // the end stays the end
    return all;
}

}  // namespace

TEST_CASE("json_records: one record per line; blank lines, line breaks of any kind and a byte order mark") {
    CHECK(records_of("{\"a\":1}\n\n{\"b\":2}\n") == std::vector<place>{{"{\"a\":1}", 1}, {"{\"b\":2}", 3}});
    CHECK(records_of("\xEF\xBB\xBF{1}\r\n \t\r\n{2}\r\n") == std::vector<place>{{"{1}\r", 1}, {"{2}\r", 3}});
    CHECK(records_of("no end of line") == std::vector<place>{{"no end of line", 1}});
    for (const std::string empty : {"", "\n\n", " ", "\xEF\xBB\xBF", "\xEF\xBB"}) CHECK(records_of(empty).empty());
}

TEST_CASE("json_records: the elements of an array, whatever stands in their strings") {
    CHECK(records_of("[\n {\"a\": [1, 2]},\n {\"b\": \"],[\\\"]\"}\n]\n") ==
          std::vector<place>{{"{\"a\": [1, 2]}", 2}, {"{\"b\": \"],[\\\"]\"}\n", 3}});
    CHECK(records_of("\xEF\xBB\xBF [1,2]") == std::vector<place>{{"1", 1}, {"2", 1}});
    CHECK(records_of("[]").empty());
    CHECK(records_of("[\r\n]\r\n").empty());
}

TEST_CASE("json_records: arrays that are not closed, closed twice or followed by something") {
    const std::string cut = "[the file ends within the array]";
    CHECK(records_of("[") == std::vector<place>{{cut, 1}});
    CHECK(records_of("[1,\n") == std::vector<place>{{"1", 1}, {cut, 2}});
    CHECK(records_of("[{\"a\": \"]") == std::vector<place>{{cut, 1}});
    CHECK(records_of("[1]\n]") == std::vector<place>{{"1", 1}, {"[something follows the array]", 2}});
    CHECK(records_of("[1,]") == std::vector<place>{{"1", 1}, {"", 1}});
    CHECK(records_of("[,1]") == std::vector<place>{{"", 1}, {"1", 1}});
    CHECK(records_of("[}}},1]") == std::vector<place>{{"}}}", 1}, {"1", 1}});
}

TEST_CASE("json_records: depth and size are bounded, and the next record is read") {
    const std::string deep(1'000'000, '[');
    const std::string fault = "[brackets nested more than 32 deep]";
    CHECK(records_of("{\"a\":" + deep + "\n{}") == std::vector<place>{{fault, 1}, {"{}", 2}});
    CHECK(records_of(deep) == std::vector<place>{{fault, 1}});
    CHECK(records_of(std::string(32, '{')) == std::vector<place>{{std::string(32, '{'), 1}});
    CHECK(records_of("\"" + deep + "\"").at(0).first.size() == 1'000'002);  // in a string they are no brackets
    CHECK(records_of("{\"long\"}\n{}", {.largest = 4}) == std::vector<place>{{"[more than 4 bytes]", 1}, {"{}", 2}});
}

TEST_CASE("json_records: a stream that fails is an error") {
    struct broken : std::streambuf {
        int_type underflow() override { throw 1; }
    } buffer;
    std::istream in(&buffer);
    reft::json_records records(in, "broken.jsonl");
    CHECK_THROWS_WITH(records.next(), "json_records: reading broken.jsonl failed");
}
