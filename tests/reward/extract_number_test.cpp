#include <reft/reward/extract_number.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using reft::answer_marker;
using reft::extraction;
using reft::no_answer;

static_assert(reft::extractor<reft::hashes_extractor>);
static_assert(reft::extractor<reft::statement_extractor>);
static_assert(reft::extractor<reft::angle_brackets_extractor>);
static_assert(reft::extractor<reft::last_number_extractor>);

TEST_CASE("hashes_extractor: the last line of GSM8K") {
    const std::string text = "48/2 = <<48/2=24>>24\n#### 2,125";
    const extraction result = reft::hashes_extractor{}(text);
    REQUIRE(result.found);
    CHECK(result.found->text == "2125");
    CHECK(result.by == answer_marker::hashes);
    CHECK(result.span.in(text) == "2,125");
    CHECK(result.marker.in(text) == "####");
    const reft::hashes_extractor extract;
    CHECK(extract("#### 10.0").found->text == "10.0");
    CHECK(extract("####18").found->number == 18);
    CHECK(extract("#### $18").found->number == 18);
    CHECK(extract("#### 5\n#### Step 2").found->number == 5);
    CHECK(extract("#### 5\n#### 6\n").found->number == 6);
    CHECK(extract("#### Step 1").reason == no_answer::not_a_number);
    CHECK(extract("so\n#### ").reason == no_answer::empty);
    CHECK(extract("### 18").reason == no_answer::no_marker);
    CHECK(extract("##### 18").reason == no_answer::no_marker);
}

TEST_CASE("statement_extractor: the ways to say it") {
    const std::vector<std::pair<std::string, double>> texts = {
        {"...\nA: 18", 18},
        {"A: -1.8 billion", -1.8e9},
        {"Answer: $18", 18},
        {"**Answer:** 42", 42},
        {"**Answer: 42**", 42},
        {"Answer:\n\n42", 42},
        {"So the final answer is 12.", 12},
        {"The answer is: 42", 42},
        {"answer = 5", 5},
        {"The answer is <4>.", 4},
        {"the answer is 2633.", 2633},
        {"The answer is 82,420.</s>", 82420},
        {"The answer to the problem is 12 eggs.", 12},
        {"The answer (in dollars): 12", 12},
        {"the answer will be 7", 7},
        {"the answer is x = 5", 5},
        {"the answer is 3 * 6 = 18 eggs.", 18},
        {"the answer is 3*4=<<3*4=12>>12", 12},
        {"the answer is 5, since 2 + 4 = 6", 5},
        {"the answer is 5 (x = 3)", 5},
        {"the answer is: Jerry will be 13 years old in 3 years", 13},
        {"The answer is -$27.", -27},
        {"The answer is -666. No. Therefore, the answer is: 666.", 666},
        {"The answer is 5. The answer in Arabic numerals is", 5},
        {"The answer is 5. I hope the answer is clear.", 5},
        {"The answer is Rs. 250 in all", 250},
        {"answer: \xE2\x88\x92"
         "3",
         -3},
    };
    for (const auto& [text, value] : texts) {
        CAPTURE(text);
        const extraction result = reft::statement_extractor{}(text);
        REQUIRE(result.found);
        CHECK(result.found->number == value);
    }
}

TEST_CASE("statement_extractor: which marker it was, and where") {
    const reft::statement_extractor extract;
    const std::string text = "so.\nTherefore, the answer is: 18.0";
    CHECK(extract(text).by == answer_marker::trigger);
    CHECK(extract(text).span.in(text) == "18.0");
    CHECK(extract("The answer is 18").by == answer_marker::answer_is);
    CHECK(extract("Answer: 18").by == answer_marker::answer_colon);
}

TEST_CASE("statement_extractor: texts that state nothing") {
    const reft::statement_extractor extract;
    for (const std::string text :
         {"Therefore, Tommy raises $221.", "", "She answered 5 questions", "What is the answer? 5", "Data: 5",
          "answers 5", "There are 5 answer sheets.\nA 6", "Answer reasoning:\n3 + 4"}) {
        CAPTURE(text);
        CHECK_FALSE(extract(text).found);
        CHECK(extract(text).reason == no_answer::no_marker);
    }
    CHECK(extract("The answer in Arabic numerals is").reason == no_answer::empty);
    CHECK(extract("A: John's age").reason == no_answer::not_a_number);
    CHECK(extract("A: 10+John's age").reason == no_answer::not_a_number);
}

TEST_CASE("angle_brackets_extractor: a number and nothing else, in single brackets") {
    const reft::angle_brackets_extractor extract;
    CHECK(extract("the result <203>.").found->number == 203);
    CHECK(extract("it is <6%>.").found->text == "6%");
    CHECK(extract("<3> then <4> dogs").found->number == 4);
    CHECK(extract("<1> <2 eggs>").found->number == 1);
    CHECK_FALSE(extract("<<48/2=24>>24").found);
    CHECK_FALSE(extract("<<48>>").found);
    CHECK_FALSE(extract("5 < 6 and 7 > 3").found);
    CHECK_FALSE(extract("<").found);
    CHECK_FALSE(extract(">").found);
}

TEST_CASE("last_number_extractor: by explicit choice") {
    const reft::last_number_extractor extract;
    CHECK(extract("Therefore, Tommy raises $221.").found->number == 221);
    CHECK(extract("he lost -$1,500 today").found->number == -1500);
    CHECK(extract("half of 1/5 x2").found->text == "1/5");
    CHECK(extract("none").reason == no_answer::no_marker);
    CHECK(extract("Tommy has 3").by == answer_marker::last_number);
}
