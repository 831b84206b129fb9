#include <reft/text/json_reft.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/real_problems.hpp"

TEST_CASE("reft_format: sentences, programs and test sets") {
    const reft::problem p = reft::reft_format{}(
        {{"item_id", "svamp_0"}, {"question", "q"}, {"answer_cot", "so\n"}, {"answer_value", "203.0"}}, 0);
    CHECK((p.id == "svamp_0" && p.question == "q" && p.chain_of_thought == "so\n" && p.gold == "203.0"));
    CHECK(p.options.empty());
    const reft::problem choice = reft::reft_format{}(
        {{"item_id", "mathqa_0"}, {"question", "q ?\na ) 38 , b ) 27.675"}, {"answer_value", "a"}}, 0);
    CHECK(choice.options == std::vector<std::string>{"38", "27.675"});
    CHECK(choice.question == "q ?\na ) 38 , b ) 27.675");
    CHECK(choice.chain_of_thought.empty());
    CHECK(reft::reft_format{}({{"item_id", "i"}, {"question", "q"}, {"answer_value", 4}}, 0).gold == "4");
}

TEST_CASE("reft_format: all real records") {
    const std::vector<std::pair<std::string, std::size_t>> files = {
        {"svamp_ncot.jsonl", 3018},           {"svamp_pcot.jsonl", 2989},
        {"reft_gsm8k_test_set.jsonl", 1319},  {"reft_svamp_test_set.jsonl", 1000},
        {"reft_mathqa_test_set.jsonl", 1605}, {"reft_mathqa-numeric_test_set.jsonl", 1605}};
    for (const auto& [file, records] : files) {
        const auto all = reft_test::real_problems(file, reft::reft_format{});
        if (!all) continue;
        CAPTURE(file);
        CHECK(all->problems.size() == records);
        const bool taught = file.find("cot") != std::string::npos;
        for (const reft::problem& p : all->problems)
            if (p.chain_of_thought.empty() == taught) FAIL(p.id);
    }
}
