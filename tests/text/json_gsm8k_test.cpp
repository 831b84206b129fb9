#include <reft/text/json_gsm8k.hpp>

#include <reft/text/json_reft.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

#include "support/catch.hpp"
#include "support/real_problems.hpp"

namespace {

reft::problem read(const std::string& answer, reft::calculator_marks marks = reft::calculator_marks::kept) {
    return reft::gsm8k_format{marks}(nlohmann::json{{"question", "How many?"}, {"answer", answer}}, 7);
}

}  // namespace

TEST_CASE("gsm8k_format: chain of thought and answer") {
    const std::string answer = "48/2 = <<48/2=24>>24 clips.\n48+24 = <<48+24=72>>72 clips.\n#### 2,172";
    const reft::problem p = read(answer);
    CHECK(p.id == "gsm8k_7");
    CHECK(p.question == "How many?");
    CHECK(p.chain_of_thought == "48/2 = <<48/2=24>>24 clips.\n48+24 = <<48+24=72>>72 clips.");
    CHECK(p.gold == "2172");
    CHECK(p.options.empty());
    CHECK(read(answer, reft::calculator_marks::removed).chain_of_thought == "48/2 = 24 clips.\n48+24 = 72 clips.");
    CHECK(read("#### -3").gold == "-3");
    CHECK(read("#### 1\nno\n#### 2 \n").gold == "2");  // the last one
}

TEST_CASE("gsm8k_format: calculator marks that are not closed stay") {
    CHECK(reft::without_calculator_marks("a <<1=1>>1 << <<2") == "a 1 << <<2");
    CHECK(reft::without_calculator_marks(">> <<") == ">> <<");
    CHECK(reft::without_calculator_marks("<<1<<2>>x>>") == "x>>");
    CHECK(reft::without_calculator_marks("") == "");
    CHECK(reft::without_calculator_marks(std::string(1'000'000, '<')).size() == 1'000'000);
}

TEST_CASE("gsm8k_format: answers that are none") {
    for (const std::string bad : {"no mark", "x #### 3", "####", "#### ", "#### three", "#### nan", "#### 1e999"}) {
        CAPTURE(bad);
        try {
            read(bad);
            FAIL("no error");
        } catch (const reft::field_error& e) {
            CHECK(e.field == "answer");
        }
    }
}

TEST_CASE("gsm8k_format: all real records, with the answers of the ReFT file") {
    const auto train = reft_test::real_problems("gsm8k_train.jsonl", reft::gsm8k_format{});
    const auto test = reft_test::real_problems("gsm8k_test.jsonl", reft::gsm8k_format{});
    const auto reft_test_set = reft_test::real_problems("reft_gsm8k_test_set.jsonl", reft::reft_format{});
    if (!train || !test || !reft_test_set) return;
    CHECK(train->problems.size() == 7473);
    REQUIRE(test->problems.size() == 1319);
    REQUIRE(reft_test_set->problems.size() == 1319);
    int other_golds = 0, other_ids = 0;
    for (std::size_t i = 0; i < 1319; ++i) {
        other_golds += test->problems[i].gold != reft_test_set->problems[i].gold;
        other_ids += test->problems[i].id != reft_test_set->problems[i].id;
    }
    CHECK(other_golds == 0);
    CHECK(other_ids == 0);
    const auto without_solution = [](const reft::problem& p) { return p.chain_of_thought.empty(); };
    CHECK(std::count_if(train->problems.begin(), train->problems.end(), without_solution) == 0);
}
