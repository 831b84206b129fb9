#include <reft/core/random.hpp>
#include <reft/reward/extract.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using reft::absent_trigger;
using reft::answer_kind;
using reft::extraction;
using reft::no_answer;
using reft::trigger_extractor;

namespace {

const std::string trigger = "\nTherefore, the answer is: ";

std::string said(const std::string& after) { return "so" + trigger + after; }

static_assert(reft::extractor<trigger_extractor>);
static_assert(reft::extractor<reft::first_of<trigger_extractor, trigger_extractor>>);

}  // namespace

TEST_CASE("trigger_extractor: the number after the trigger") {
    const std::string text = "3 * 6 = 18 apples" + trigger + " 18.0 ";
    const extraction result = reft::mwp_reft_number_extractor()(text);
    REQUIRE(result.found);
    CHECK(result.found->kind == answer_kind::number);
    CHECK(result.found->number == 18);
    CHECK(result.found->text == "18.0");
    CHECK(result.span.in(text) == "18.0");
    CHECK(result.marker.in(text) == trigger);
}

TEST_CASE("trigger_extractor: the paper's rule, character by character") {
    const auto extract = reft::mwp_reft_number_extractor();
    const std::vector<std::pair<std::string, double>> numbers = {
        {"-7", -7}, {"7.", 7}, {"7.0", 7}, {"1e3", 1000}, {"1_000", 1000}, {"99" + trigger + "18", 18}, {"\0345", 5}};
    for (const auto& [after, value] : numbers) {
        CAPTURE(after);
        REQUIRE(extract(said(after)).found);
        CHECK(extract(said(after)).found->number == value);
    }
    const std::string twice = "7" + trigger + "x";
    for (const std::string& after :
         std::vector<std::string>{"1,000", "$7", "5%", "1/2", "7 apples", "<7>", "seven", twice}) {
        CAPTURE(after);
        CHECK_FALSE(extract(said(after)).found);
        CHECK(extract(said(after)).reason == no_answer::not_a_number);
        CHECK_FALSE(extract(said(after)).marker.empty());
    }
    CHECK(std::isnan(extract(said("nan")).found->number));
    CHECK(std::isinf(extract(said("inf")).found->number));
}

TEST_CASE("trigger_extractor: without a trigger") {
    const auto whole = reft::mwp_reft_number_extractor();
    REQUIRE(whole("145.0").found);
    CHECK(whole("145.0").found->number == 145);
    CHECK(whole("145.0").marker.empty());
    CHECK(whole("the answer is 5").reason == no_answer::not_a_number);
    CHECK(whole("").reason == no_answer::empty);
    CHECK(whole(" \n").reason == no_answer::empty);

    const trigger_extractor none;  // if_absent = no_answer
    CHECK_FALSE(none("145.0").found);
    CHECK(none("145.0").reason == no_answer::no_marker);
    CHECK(none(said("5")).found->number == 5);
}

TEST_CASE("trigger_extractor: a trigger at an end of the body is stripped away, as in the paper's code") {
    const auto extract = reft::mwp_reft_number_extractor();
    CHECK(extract("so" + trigger).reason == no_answer::not_a_number);  // "so\nTherefore, the answer is:" as a whole
    CHECK_FALSE(extract(trigger + "5").found);
    CHECK(trigger_extractor{}("so" + trigger).reason == no_answer::no_marker);
    const trigger_extractor hash{.answer_trigger = "#"};
    CHECK(hash("so #").reason == no_answer::empty);
    CHECK(hash("so #").marker.begin == 3);
    CHECK(hash("#5").found->number == 5);
}

TEST_CASE("trigger_extractor: prompt and response together, or the response alone") {
    const auto extract = reft::mwp_reft_number_extractor();
    const std::string prompt = "Question:\nq" + trigger + "99\nAnswer reasoning:\n";
    for (const std::string& response : std::vector<std::string>{said("18"), "25", "x"}) {
        CAPTURE(response);
        const extraction alone = extract(response), together = extract(prompt + response);
        CHECK(alone.found.has_value() == together.found.has_value());
        if (alone.found) CHECK(alone.found->number == together.found->number);
        CHECK(alone.span.in(response) == together.span.in(prompt + response));
    }
    // A prompt without response loses the line break at its end, so that the whole prompt is read.
    CHECK_FALSE(extract(prompt).found);
}

TEST_CASE("trigger_extractor: occurrences are counted from the left, as by split") {
    const trigger_extractor extract{.reasoning_trigger = "", .answer_trigger = "aa", .kind = answer_kind::text};
    CHECK(extract("xaaab").found->text == "ab");
    CHECK(extract("xaaaab").found->text == "b");
    const trigger_extractor none{.answer_trigger = ""};
    CHECK(none("5").reason == no_answer::no_marker);
}

TEST_CASE("options: the paper's code finds one in every text") {
    const auto extract = reft::mwp_reft_option_extractor();
    const std::vector<std::pair<std::string, std::string>> table = {
        {said("A"), "a"}, {said("'b'"), "b"}, {said("\"C\" "), "c"}, {"d ", "d"},
        {"", ""},         {"' a '", "a"},     {"{}", "{}"},          {"The answer A", "the answer a"}};
    for (const auto& [text, option] : table) {
        CAPTURE(text);
        REQUIRE(extract(text).found);
        CHECK(extract(text).found->kind == answer_kind::option);
        CHECK(extract(text).found->text == option);
    }
}

TEST_CASE("options: the strict rule accepts one of the letters only") {
    const auto extract = reft::mwp_reft_strict_option_extractor();
    CHECK(extract(said(" 'B' ")).found->text == "b");
    CHECK(extract("e").found->text == "e");
    for (const std::string after : {"f", "ab", "(a)", "a.", "{}", "the answer a", "\xC3\xA4"}) {
        CAPTURE(after);
        CHECK_FALSE(extract(said(after)).found);
        CHECK(extract(said(after)).reason == no_answer::not_an_option);
    }
    CHECK(extract("").reason == no_answer::empty);
    CHECK(extract(said("''")).reason == no_answer::empty);
    CHECK(reft::mwp_reft_strict_option_extractor("ab")("c").reason == no_answer::not_an_option);
}

TEST_CASE("first_of: the first that finds, otherwise the first that saw its marker") {
    const trigger_extractor hashes{.answer_trigger = "#### "};
    const reft::first_of extract(hashes, trigger_extractor{}, trigger_extractor{.answer_trigger = "A: "});
    CHECK(extract("A: 3\n#### 1").found->number == 1);
    CHECK(extract("A: 3\n#### 1").extractor == 0);
    CHECK(extract("x #### one\nA: 3").found->number == 3);
    CHECK(extract("x #### one\nA: 3").extractor == 2);
    CHECK(extract("x" + trigger + "2").extractor == 1);
    CHECK(extract("x" + trigger + "two").reason == no_answer::not_a_number);
    CHECK(extract("x" + trigger + "two").extractor == 1);
    CHECK(extract("x").reason == no_answer::no_marker);
    CHECK(extract("x").extractor == 0);
}

TEST_CASE("first_of: one extractor alone changes nothing") {
    const reft::first_of<trigger_extractor> extract(trigger_extractor{});
    CHECK(extract(said("5")).found->number == 5);
    CHECK(extract("5").reason == no_answer::no_marker);
}

TEST_CASE("extractors: any bytes") {
    const std::vector<std::string> pieces = {trigger,
                                             "\nAnswer reasoning:\n",
                                             " ",
                                             "\n",
                                             "5",
                                             "-1.5",
                                             "a",
                                             "\"",
                                             "nan",
                                             "\xC2\xA0",
                                             "\xE3\x80",
                                             "\xFF",
                                             std::string(1, '\0'),
                                             "Therefore, the"};
    const auto extract = reft::first_of(trigger_extractor{}, reft::mwp_reft_strict_option_extractor(),
                                        reft::mwp_reft_number_extractor());
    const auto option = reft::mwp_reft_option_extractor();
    reft::random_stream random(3);
    const std::uint64_t texts = std::getenv("REFT_TEST_LONG") ? 1'000'000 : 2'000;
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; i < texts; ++i) {
        std::string text;
        for (std::uint64_t n = random.below(9); n > 0; --n)
            text += random.below(8) ? pieces[random.below(pieces.size())]
                                    : std::string(1, static_cast<char>(random.below(256)));
        const extraction result = extract(text);
        found += result.found.has_value();
        CHECK(result.span.begin + result.span.size <= text.size());
        if (!result.marker.empty()) CHECK(result.marker.in(text) == trigger);
        if (result.found && result.found->kind == answer_kind::number)
            CHECK(result.found->text == result.span.in(text));
        CHECK(option(text).found);
    }
    CHECK(found > texts / 20);
}

TEST_CASE("extractors: megabytes in linear time") {
    const auto extract = reft::first_of(reft::mwp_reft_strict_option_extractor(), reft::mwp_reft_number_extractor());
    std::string triggers;
    while (triggers.size() < 2'000'000) triggers += "\nTherefore, the answer is: \nAnswer reasoning:";
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(extract(triggers).found);
    CHECK(extract(triggers + " so" + trigger + "5").found->number == 5);
    CHECK(extract(said("0.") + std::string(2'000'000, '3')).found);
    for (const char c : {' ', '\n', 'T', '"', '\xE3', '7'}) extract(std::string(2'000'000, c));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}
