#include <reft/text/json_gsm8k.hpp>
#include <reft/text/json_problems.hpp>
#include <reft/text/json_reft.hpp>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

const std::string good = R"({"item_id": "x", "question": "q", "answer_value": "1"})";

// The one complaint about a text.
reft::record_error complaint(const std::string& text) {
    std::istringstream in(text);
    reft::problem_reader reader(in, "data.jsonl", reft::reft_format{});
    try {
        while (reader.next()) {
        }
    } catch (const reft::record_error& e) {
        return e;
    }
    FAIL("no error for " << text);
    return {"", 0, "", ""};
}

std::string with_value(const std::string& value) {
    return R"({"item_id": "x", "question": "q", "answer_value": )" + value + "}";
}

static_assert(reft::problem_format<reft::reft_format>);
static_assert(!reft::problem_format<int>);

}  // namespace

TEST_CASE("problem_reader: file, line and field of a malformed record") {
    const auto e = complaint(good + "\r\n\r\n" + R"({"item_id": "x", "question": 3, "answer_value": "1"})");
    CHECK(e.file == "data.jsonl");
    CHECK(e.line == 3);
    CHECK(e.field == "question");
    CHECK(std::string(e.what()) == "data.jsonl:3: question: a string was expected, not number");
    CHECK(complaint("{\"item_id\": \"x\"}").field == "question");
    CHECK(std::string(complaint("{\"item_id\": null}").what()) == "data.jsonl:1: item_id: it is missing");
    CHECK(std::string(complaint("{\"item_id\": \" \\n\"}").what()) == "data.jsonl:1: item_id: it is empty");
    CHECK(std::string(complaint("17").what()) == "data.jsonl:1: an object was expected, not number");
    CHECK(complaint("[\n" + good + ",\n{}\n]").line == 3);
    CHECK(complaint(with_value("{}")).field == "answer_value");
    CHECK(complaint(with_value("true")).field == "answer_value");
}

TEST_CASE("problem_reader: what is no JSON is a malformed record, never a crash") {
    for (const std::string& text :
         std::initializer_list<std::string>{"{",
                                            "}",
                                            "\"",
                                            "nul",
                                            "{\"a\":}",
                                            good.substr(0, good.size() - 1),
                                            good + good,
                                            with_value("1e999"),
                                            with_value("\"\xFF\""),
                                            with_value("\"\xC3\""),
                                            with_value("\"\xED\xA0\x80\""),
                                            with_value("\"\\ud800\""),
                                            with_value("\"\\x\""),
                                            with_value("\"\t\""),
                                            with_value("NaN"),
                                            std::string("\0", 1),
                                            with_value(std::string(100'000, '[')),
                                            with_value(std::string(100'000, '[') + std::string(100'000, ']')),
                                            std::string(100'000, '['),
                                            std::string(1000, '{'),
                                            "[" + std::string(100'000, '{'),
                                            "\xFF\xFE{}"}) {
        CAPTURE(text.substr(0, 100));
        const auto e = complaint(text);
        CHECK((e.line == 1 && e.field.empty()));
        std::istringstream in(text + "\n" + good);
        reft::problem_reader reader(in, "n", reft::reft_format{}, {.malformed = reft::malformed_record::skip});
        while (reader.next()) {
        }
        CHECK(reader.skipped() >= 1);
    }
}

TEST_CASE("problem_reader: malformed records are skipped, counted and told") {
    std::istringstream in(good + "\nbroken\n" + good + "\n{}\n" + good);
    reft::problem_reader reader(in, "f", reft::reft_format{}, {.malformed = reft::malformed_record::skip});
    int problems = 0;
    while (reader.next()) ++problems;
    CHECK(problems == 3);
    CHECK((reader.records() == 5 && reader.skipped() == 2));
    REQUIRE(reader.complaints().size() == 2);
    CHECK(reader.complaints()[0].line == 2);
    CHECK(reader.complaints()[1].field == "item_id");

    std::string many;
    for (int i = 0; i < 100; ++i) many += "x\n";
    std::istringstream broken(many);
    reft::problem_reader limited(broken, "f", reft::reft_format{},
                                 {.malformed = reft::malformed_record::skip, .most_complaints = 3});
    CHECK_FALSE(limited.next());
    CHECK((limited.skipped() == 100 && limited.complaints().size() == 3));
}

TEST_CASE("problem_reader: after an error the next call goes on behind the record") {
    std::istringstream in("broken\n" + good);
    reft::problem_reader reader(in, "f", reft::reft_format{});
    CHECK_THROWS_AS(reader.next(), reft::record_error);
    CHECK(reader.next()->id == "x");
    CHECK_FALSE(reader.next());
}

TEST_CASE("problem_reader: one problem at a time, with the numbers of the records as ids") {
    const std::string record = R"({"question": "q", "answer": "so\n#### 3"})";
    std::istringstream in(record + "\nbroken\n" + record + "\nbroken");
    reft::problem_reader reader(in, "f", reft::gsm8k_format{}, {.malformed = reft::malformed_record::skip});
    CHECK(reader.next()->id == "gsm8k_0");
    CHECK(reader.records() == 1);  // nothing behind it has been looked at
    CHECK(reader.next()->id == "gsm8k_2");
}

TEST_CASE("read_problems: files that cannot be read") {
    CHECK_THROWS_WITH(reft::read_problems("/nowhere/at/all.jsonl", reft::reft_format{}),
                      "read_problems: /nowhere/at/all.jsonl cannot be opened");
    CHECK_THROWS_AS(reft::read_problems(std::filesystem::temp_directory_path().string(), reft::reft_format{}),
                    reft::file_error);
}
