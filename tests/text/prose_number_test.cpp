#include <reft/text/prose_number.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using reft::answer_form;
using reft::first_prose_number;
using reft::prose_number;
using reft::prose_number_at;

namespace {

struct example {
    std::string text;
    double value;
    std::string spelling;
    answer_form form;
};

}  // namespace

TEST_CASE("prose_number: what people and models write") {
    const std::vector<example> examples = {
        {"18", 18, "18", answer_form::integer},
        {"18.", 18, "18", answer_form::integer},
        {"007", 7, "7", answer_form::integer},
        {"-0", 0, "0", answer_form::integer},
        {"82,420.</s>", 82420, "82420", answer_form::integer},
        {"109,200,000", 109200000, "109200000", answer_form::integer},
        {"1234567890123456789012345678901234567890", 1234567890123456789012345678901234567890.0,
         "1234567890123456789012345678901234567890", answer_form::integer},
        {"$118 000", 118000, "118000", answer_form::integer},
        {"118\xC2\xA0"
         "000",
         118000, "118000", answer_form::integer},
        {"12{,}000", 12000, "12000", answer_form::integer},
        {"12,\\!000", 12000, "12000", answer_form::integer},
        {"1\\,000", 1000, "1000", answer_form::integer},
        {"1,2", 1, "1", answer_form::integer},
        {"-$27", -27, "-27", answer_form::integer},
        {"$-27", -27, "-27", answer_form::integer},
        {"-$2.50", -2.5, "-2.50", answer_form::decimal},
        {"-$24,123", -24123, "-24123", answer_form::integer},
        {"\xE2\x88\x92"
         "5",
         -5, "-5", answer_form::integer},
        {"\xE2\x80\x93 5", -5, "-5", answer_form::integer},
        {"- 9", -9, "-9", answer_form::integer},
        {"\\$18", 18, "18", answer_form::integer},
        {"\xE2\x82\xAC"
         "5",
         5, "5", answer_form::integer},
        {"rs . 5943", 5943, "5943", answer_form::integer},
        {"20.0", 20, "20.0", answer_form::decimal},
        {".5", 0.5, "0.5", answer_form::decimal},
        {"6%", 6, "6%", answer_form::percent},
        {"20\\%", 20, "20%", answer_form::percent},
        {"12.5 percent", 12.5, "12.5%", answer_form::percent},
        {"1/5", 0.2, "1/5", answer_form::fraction},
        {"31 / 36", 31.0 / 36, "31/36", answer_form::fraction},
        {"-7/14", -0.5, "-7/14", answer_form::fraction},
        {"13 1 / 2", 13.5, "13 1/2", answer_form::mixed},
        {"13 and 1/2", 13.5, "13 1/2", answer_form::mixed},
        {"13\xC2\xBD", 13.5, "13 1/2", answer_form::mixed},
        {"\xC2\xBC", 0.25, "1/4", answer_form::fraction},
        {"\\frac{840}{13}", 840.0 / 13, "840/13", answer_form::fraction},
        {"-\\dfrac12", -0.5, "-1/2", answer_form::fraction},
        {"\\frac{-1}{2}", -0.5, "-1/2", answer_form::fraction},
        {"3\\frac{1}{2}", 3.5, "3 1/2", answer_form::mixed},
        {"1.5e3", 1500, "1.5e3", answer_form::scientific},
        {"1.5 \xC3\x97 10^3", 1500, "1.5e3", answer_form::scientific},
        {"2 \\times 10^{-3}", 0.002, "2e-3", answer_form::scientific},
        {"-1.8 billion", -1.8e9, "-1800000000", answer_form::integer},
        {"1.2345 thousand", 1234.5, "1234.5", answer_form::decimal},
        {"5 eggs", 5, "5", answer_form::integer},
        {"5/day", 5, "5", answer_form::integer},
        {"5 - that is all", 5, "5", answer_form::integer},
    };
    for (const example& each : examples) {
        CAPTURE(each.text);
        const std::optional<prose_number> number = prose_number_at(each.text, 0);
        REQUIRE(number);
        CHECK(number->value == each.value);
        CHECK(number->spelling == each.spelling);
        CHECK(number->form == each.form);
        CHECK(number->span.begin == 0);
    }
}

TEST_CASE("prose_number: what is none") {
    for (const std::string text : {"", "x", "$", "-", "10+John's age", "5^2", "3 * 6", "3*6", "1/1/1/1", "1/0", "10-5",
                                   "\\frac{1}", "5\\sqrt{2}", "2\\pi", "\\frac{x}{2}", "\xE2\x88", ","}) {
        CAPTURE(text);
        CHECK_FALSE(prose_number_at(text, 0));
    }
}

TEST_CASE("prose_number: the first number of a text") {
    CHECK(first_prose_number("Jerry will be 13 years old in 3 years")->value == 13);
    CHECK(first_prose_number("x2 is 7")->value == 7);
    CHECK(first_prose_number("about -$27 in all")->value == -27);
    CHECK(first_prose_number("it is **42**.")->span.begin == 8);
    CHECK(first_prose_number(" - 5 degrees")->value == -5);
    CHECK(first_prose_number("John - 5 eggs")->value == 5);
    CHECK_FALSE(first_prose_number("no eggs"));
    CHECK_FALSE(first_prose_number("3 + 4 eggs and 5"));
}
