#include <reft/text/json_mathqa.hpp>

#include <reft/text/json_reft.hpp>

#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/real_problems.hpp"

namespace {

nlohmann::json record() {
    return {{"Problem", "how many ways ?"},
            {"Rationale", "\"5 * 5 = 25 . answer : b .\""},
            {"options", "a ) 24 , b ) 25"},
            {"correct", "b"}};
}

}  // namespace

TEST_CASE("mathqa_format: question with options, rationale, letter") {
    const reft::problem p = reft::mathqa_format{}(record(), 2);
    CHECK(p.id == "mathqa_2");
    CHECK(p.question == "how many ways ?\na ) 24 , b ) 25");
    CHECK(p.options == std::vector<std::string>{"24", "25"});
    CHECK(p.chain_of_thought == "5 * 5 = 25 . answer : b .");
    CHECK(p.gold == "b");
}

TEST_CASE("mathqa_format: the field that is wrong") {
    for (const auto& [field, value] : std::vector<std::pair<std::string, nlohmann::json>>{{"correct", "c"},
                                                                                          {"correct", "ab"},
                                                                                          {"correct", 1},
                                                                                          {"correct", "\xC3"},
                                                                                          {"options", "24 , 25"},
                                                                                          {"options", 5},
                                                                                          {"Problem", ""},
                                                                                          {"Rationale", {}},
                                                                                          {"Rationale", 3}}) {
        auto broken = record();
        broken[field] = value;
        CAPTURE(field, value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
        if (field == "Rationale" && value.is_null()) {
            CHECK(reft::mathqa_format{}(broken, 0).chain_of_thought.empty());
            continue;
        }
        try {
            reft::mathqa_format{}(broken, 0);
            FAIL("no error");
        } catch (const reft::field_error& e) {
            CHECK(e.field == field);
        }
    }
}

TEST_CASE("mathqa_format: all real records; question and options are those of the ReFT file") {
    const auto dev = reft_test::real_problems("mathqa_dev.jsonl", reft::mathqa_format{});
    const auto test = reft_test::real_problems("mathqa_test.jsonl", reft::mathqa_format{});
    const auto challenge = reft_test::real_problems("mathqa_challenge_test.jsonl", reft::mathqa_format{});
    const auto reft_test_set = reft_test::real_problems("reft_mathqa_test_set.jsonl", reft::reft_format{});
    if (!dev || !test || !challenge || !reft_test_set) return;
    CHECK(dev->problems.size() == 4450);
    CHECK(test->problems.size() == 2951);
    CHECK(challenge->problems.size() == 597);
    for (const auto* set : {&*dev, &*test, &*challenge})
        for (const reft::problem& p : set->problems)
            if (p.options.size() != 5) FAIL(p.id << " has " << p.options.size() << " options: " << p.question);

    std::map<std::string, const reft::problem*> by_question;
    for (const reft::problem& p : test->problems) by_question[p.question] = &p;
    int found = 0, other = 0, without_options = 0;
    for (const reft::problem& p : reft_test_set->problems) {
        without_options += p.options.size() != 5;
        const auto place = by_question.find(p.question);
        if (place == by_question.end()) continue;
        ++found;
        other += place->second->gold != p.gold || place->second->options != p.options;
    }
    CHECK(found >= 1587);  // the others are among the records that the copy of the MathQA file lacks
    CHECK(other == 0);
    CHECK(without_options == 0);
}
