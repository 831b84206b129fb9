#include <reft/text/prompt_template.hpp>

#include <string>

#include "support/catch.hpp"

TEST_CASE("prompt_template: the paper's words") {
    const reft::prompt_template words;
    CHECK(words.prompt("A has 3 apples.") == "Question:\nA has 3 apples.\nAnswer reasoning:\n");
    CHECK(words.target("3 * 6 = 18", "18") == "3 * 6 = 18\nTherefore, the answer is: 18");
}

TEST_CASE("prompt_template: white space around the parts is stripped") {
    const reft::prompt_template words;
    CHECK(words.prompt(" \nq \n") == words.prompt("q"));
    CHECK(words.target("\na\n b\n\n", " 5\u00A0") == "a\n b\nTherefore, the answer is: 5");
    CHECK(words.target("", "") == "\nTherefore, the answer is: ");
}

TEST_CASE("prompt_template: own words") {
    const reft::prompt_template words{.instruction = "", .reasoning_trigger = "=", .answer_trigger = "#"};
    CHECK(words.prompt("37+48?") == "37+48?=");
    CHECK(words.target("85", "85") == "85#85");
}
