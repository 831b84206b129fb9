#include <reft/text/json_svamp.hpp>

#include "support/catch.hpp"
#include "support/real_problems.hpp"

TEST_CASE("svamp_format: body and question, the equation, the answer as it is written") {
    nlohmann::json record = {{"ID", "chal-1"},           {"Body", "Each pack costs 76 dollars. "},
                             {"Question", " How much?"}, {"Equation", "( 76.0 - 25.0 )"},
                             {"Answer", 51.0},           {"Type", "Subtraction"}};
    const reft::problem p = reft::svamp_format{}(record, 0);
    CHECK(p.id == "chal-1");
    CHECK(p.question == "Each pack costs 76 dollars. How much?");
    CHECK(p.chain_of_thought == "( 76.0 - 25.0 )");
    CHECK(p.gold == "51.0");
    record["Answer"] = 51;
    record.erase("Equation");
    CHECK(reft::svamp_format{}(record, 0).gold == "51");
    CHECK(reft::svamp_format{}(record, 0).chain_of_thought.empty());
    for (const nlohmann::json& bad : {nlohmann::json("fifty"), nlohmann::json(true), nlohmann::json({1})}) {
        record["Answer"] = bad;
        CHECK_THROWS_AS(reft::svamp_format{}(record, 0), reft::field_error);
    }
}

TEST_CASE("svamp_format: all real records") {
    if (const auto all = reft_test::real_problems("svamp.jsonl", reft::svamp_format{})) {
        CHECK(all->problems.size() == 1000);
        CHECK(all->problems[0].gold == "51.0");
    }
}
