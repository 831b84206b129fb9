#include <reft/reward/extract_option.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using reft::answer_options;
using reft::option_extractor;

static_assert(reft::extractor<option_extractor>);

TEST_CASE("option_extractor: the ways to state a letter") {
    const std::vector<std::pair<std::string, std::string>> texts = {
        {"... = 625 ways . answer : c .\"", "c"},
        {"Hence, the correct option is (c)", "c"},
        {"ans - b", "b"},
        {"answer c", "c"},
        {"hence option c", "c"},
        {"D is the answer", "d"},
        {"(b) is correct", "b"},
        {"i think d would be the correct answer .", "d"},
        {"x = 10 . a answer .", "a"},
        {"imo e", "e"},
        {"required distance = 11 a\"", "a"},
        {"so we get 20 . c )", "c"},
        {"the answer is a", "a"},
        {"The answer is A because it fits.", "a"},
        {"Answer: (D) 2.65.", "d"},
        {"answer : b ) 500", "b"},
        {"answer d ( 32 )", "d"},
        {"the answer is 2001 + 8 years = 2009 . the answer is b .", "b"},
        {"view answer discuss in forum answer : c", "c"},
        {"**Answer: B**", "b"},
        {"The answer is $\\boxed{C}$.", "c"},
        {"So \\boxed{\\text{(E)}}", "e"},
        {"answer : c . but after all d", "d"},
    };
    for (const auto& [text, letter] : texts) {
        CAPTURE(text);
        const reft::extraction result = option_extractor{}(text);
        REQUIRE(result.found);
        CHECK(result.found->text == letter);
        CHECK(result.found->kind == reft::answer_kind::option);
        CHECK(result.found->form == reft::answer_form::letter);
    }
}

TEST_CASE("option_extractor: what states none") {
    for (const std::string text :
         {"", "The answer is a number", "Answer: A) 5 B) 6 C) 7 D) 8 E) 9", "the answer choices are a, b and c of 5",
          "if a = - 2 = b", "we need the value of b", "so x / b", "the answer is bad", "answer : 30 cm", "answer ce",
          "Therefore, he paid $5.", "answer = b * 2"}) {
        CAPTURE(text);
        CHECK_FALSE(option_extractor{}(text).found);
    }
}

TEST_CASE("option_extractor: the options of the question") {
    const answer_options options =
        reft::parsed_answer_options("a ) 65.5% , b ) 120 , c ) 25 / 28 , d ) $ 1,600 , e ) none");
    const option_extractor extract{&options};
    CHECK(extract("The answer is 120.").found->text == "b");
    CHECK(extract("the answer is 1600 dollars").found->text == "d");
    CHECK(extract("The answer is none.").found->text == "e");
    CHECK(extract("so A) 65.5%").found->text == "a");
    CHECK(extract("so c . 25 / 28").found->text == "c");
    CHECK(extract("10 * 12 = 120 = b").found->text == "b");
    CHECK(extract("d 1600 from the given alternatives").found->text == "d");
    CHECK(extract("ans d = 1600").found->text == "d");
    CHECK_FALSE(extract("ans d = 1700").found);
    CHECK_FALSE(extract("The answer is 121.").found);
    CHECK(extract("The answer is 121.").reason == reft::no_answer::not_an_option);
    const answer_options two{.texts = {"5", "5"}};
    CHECK_FALSE(option_extractor{&two}("The answer is 5").found);
    CHECK_FALSE(option_extractor{&two}("The answer is c").found);
}
