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

TEST_CASE("prompt_template: the paper's words for programs") {
    const reft::prompt_template sampling = reft::program_template();
    CHECK(sampling.prompt(" How many?\n") ==
          "Question:\nHow many?\nAnswer reasoning:\ndef solution():\n    \"\"\"How many?\"\"\"\n");
    CHECK(sampling.head("How many?") == "def solution():\n    \"\"\"How many?\"\"\"\n");

    const reft::prompt_template sft = reft::program_template(reft::program_head::written);
    const std::string program = "def solution():\n    \"\"\"How many?\"\"\"\n    result = 3\n    return result";
    CHECK(sft.prompt("How many?") == "Question:\nHow many?\nAnswer reasoning:\n");
    CHECK(sft.head("How many?").empty());
    CHECK(sft.target(program + "\n", "3.0") == program);
    // What SFT taught and what sampling asks for are the same text.
    CHECK(sft.prompt("How many?") + sft.target(program, "3.0") ==
          sampling.prompt("How many?") + "    result = 3\n    return result");
}

TEST_CASE("prompt_template: a question may hold anything, the mark of its place included") {
    const reft::prompt_template form = reft::program_template();
    CHECK(form.head("{question} \"\"\" {question}") ==
          "def solution():\n    \"\"\"{question} \"\"\" {question}\"\"\"\n");
}
