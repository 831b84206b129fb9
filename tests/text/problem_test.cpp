#include <reft/text/problem.hpp>

#include <string>

#include "support/catch.hpp"

TEST_CASE("problem: an example of sentences states the answer behind the trigger") {
    const reft::problem p{.question = " How many? ", .chain_of_thought = "2 + 1 = 3.\n", .gold = "3"};
    const auto example = reft::worked_example_of(p, reft::template_of(reft::thought_form::natural_language));
    CHECK(example.prompt == "Question:\nHow many?\nAnswer reasoning:\n");
    CHECK(example.target == "2 + 1 = 3.\nTherefore, the answer is: 3");
}

TEST_CASE("problem: an example of a program is the program") {
    const std::string program = "def solution():\n    \"\"\"How many?\"\"\"\n    result = 3\n    return result";
    const reft::problem p{.question = "How many?", .chain_of_thought = program + "\n", .gold = "3.0"};
    const auto written = reft::worked_example_of(p, reft::template_of(reft::thought_form::program));
    CHECK(written.prompt == "Question:\nHow many?\nAnswer reasoning:\n");
    CHECK(written.target == program);
    const reft::prompt_template sampling = reft::template_of(reft::thought_form::program, reft::program_head::given);
    CHECK(sampling.prompt(p.question) == written.prompt + "def solution():\n    \"\"\"How many?\"\"\"\n");
}
