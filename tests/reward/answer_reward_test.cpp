#include <reft/reward/answer_reward.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

using reft::mwp_dataset;
using reft::question;

namespace {

const std::string prompt = "Question:\nA has 3 apples.\nAnswer reasoning:\n";
const std::string trigger = "\nTherefore, the answer is: ";

struct row {
    std::string response, gold;
    double value;
};

template <class Reward>
void check(const Reward& judge, const std::vector<row>& rows, const std::string& before) {
    std::vector<question> questions;
    std::vector<std::string> responses;
    for (const row& r : rows) {
        questions.push_back({.text = "q", .gold = r.gold});
        responses.push_back(before + r.response);
    }
    const auto verdicts = judge(questions, responses);
    REQUIRE(verdicts.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CAPTURE(rows[i].response, rows[i].gold);
        REQUIRE(verdicts[i]);
        CHECK(verdicts[i]->value == rows[i].value);
        CHECK(verdicts[i]->correct == (rows[i].value == 1.0));
    }
}

std::optional<reft::reward> one(mwp_dataset dataset, const std::string& gold, const std::string& response) {
    const std::vector<question> questions = {{"q", gold}};
    const std::vector<std::string> responses = {response};
    return reft::mwp_reft_reward(dataset)(questions, responses).at(0);
}

struct always_right {
    std::vector<std::optional<reft::reward>> operator()(std::span<const question> questions,
                                                        std::span<const std::string>) const {
        return std::vector<std::optional<reft::reward>>(questions.size(), reft::reward{.value = 1});
    }
};
struct one_by_one {
    double operator()(const question&, const std::string&) const { return 1.0; }
};
using mwp_reward = decltype(reft::mwp_reft_reward(mwp_dataset::gsm8k));
static_assert(reft::reward_function<mwp_reward>);
static_assert(reft::reward_function<const mwp_reward>);
static_assert(reft::reward_function<always_right>);
static_assert(!reft::reward_function<one_by_one>);

}  // namespace

// The values were made by the paper's own code.
TEST_CASE("answer_reward: numbers as in the paper's code") {
    const std::vector<row> rows = {
        {"18", "18", 1},      {"18.0", "18", 1},      {"18.01", "18", 0.1}, {"18.011", "18", 0.1}, {"17.99", "18", 0.1},
        {"$18", "18", 0},     {"18 apples", "18", 0}, {"1,800", "1800", 0}, {"1800", "1800", 1},   {"-3", "-3", 1},
        {"nan", "5", 0.1},    {"inf", "5", 0.1},      {"", "5", 0},         {"1e3", "1000", 1},    {" 42 \n", "42", 1},
        {"1_000", "1000", 1}, {"3/4", "0.75", 0},     {"5%", "5", 0}};
    check(reft::mwp_reft_reward(mwp_dataset::gsm8k), rows, prompt + "step" + trigger);
    check(reft::mwp_reft_reward(mwp_dataset::svamp), rows, prompt + "step" + trigger + "99" + trigger);
    check(reft::mwp_reft_reward(mwp_dataset::svamp),
          {{"145.0", "145.0", 1}, {"145", "145.0", 1}, {"145.02", "145.0", 0.1}, {"x", "145.0", 0}}, prompt);
    check(reft::mwp_reft_reward(mwp_dataset::mathqa_numeric),
          {{"3.14", "3.1416", 1}, {"3.13", "3.1416", 0.1}, {"none", "2.0", 0}, {"2", "2.0", 1}},
          prompt + "step" + trigger);
}

TEST_CASE("answer_reward: letters as in the paper's code, where nothing earns 0") {
    const std::vector<row> rows = {
        {"a", "a", 1},   {"A", "a", 1},    {"'b'", "b", 1}, {"\"c\"", "c", 1},          {"d ", "d", 1},
        {"e", "a", 0.1}, {"{}", "a", 0.1}, {"", "a", 0.1},  {"the answer a", "a", 0.1}, {"a", "\"A\" ", 1}};
    check(reft::mwp_reft_reward(mwp_dataset::mathqa), rows, prompt);
    check(reft::mwp_reft_reward(mwp_dataset::mathqa), rows, prompt + "step" + trigger + "99" + trigger);
}

TEST_CASE("answer_reward: letters, strict") {
    const reft::answer_reward judge(reft::mwp_reft_strict_option_extractor(), reft::same_option{});
    check(judge,
          {{"a", "a", 1}, {"'B'", "b", 1}, {"e", "a", 0.1}, {"{}", "a", 0}, {"", "a", 0}, {"the answer a", "a", 0}},
          prompt + "step" + trigger);
}

TEST_CASE("answer_reward: a small gold answer is matched by 0, unless the tolerance is smaller") {
    CHECK(one(mwp_dataset::mathqa_numeric, "0.002", "so" + trigger + "0")->correct);
    const reft::answer_reward judge(reft::trigger_extractor{}, reft::within_absolute{.tolerance = 1e-4});
    check(judge, {{"0", "0.002", 0.1}, {"0.002", "0.002", 1}}, "so" + trigger);
}

TEST_CASE("answer_reward: says why") {
    const auto verdict = one(mwp_dataset::gsm8k, "18", "so" + trigger + "$18");
    REQUIRE(verdict);
    CHECK(verdict->value == 0);
    CHECK_FALSE(verdict->found.found);
    CHECK(verdict->found.reason == reft::no_answer::not_a_number);
    CHECK(one(mwp_dataset::gsm8k, "18", "17")->found.found->number == 17);
}

TEST_CASE("answer_reward: gold answers") {
    CHECK(one(mwp_dataset::gsm8k, " 2,125 ", "2125")->correct);
    CHECK(one(mwp_dataset::gsm8k, "109,200,000", "109200000")->correct);
    for (const std::string gold : {"", " ", ",", "eighteen", "$18", "nan", "inf", "1e999", "\xFF"}) {
        CAPTURE(gold);
        CHECK_FALSE(one(mwp_dataset::gsm8k, gold, "18"));  // no verdict, not a reward of 0
    }
    CHECK_FALSE(one(mwp_dataset::mathqa, " '' ", "a"));
    CHECK(reft::gold_answer(" a b ", reft::answer_kind::text)->text == "a b");
    CHECK_FALSE(reft::gold_answer(" ", reft::answer_kind::text));
}

TEST_CASE("answer_reward: a batch with and without verdicts keeps its order") {
    const std::vector<question> questions = {{"q", "1"}, {"q", "?"}, {"q", "3"}};
    const std::vector<std::string> responses = {"1", "2", "x"};
    const auto verdicts = reft::mwp_reft_reward(mwp_dataset::gsm8k)(questions, responses);
    REQUIRE(verdicts.size() == 3);
    CHECK(verdicts[0]->value == 1);
    CHECK_FALSE(verdicts[1]);
    CHECK(verdicts[2]->value == 0);
}

TEST_CASE("answer_reward: other rewards, other extractors, other kinds") {
    const reft::answer_reward judge(reft::first_of(reft::trigger_extractor{.answer_trigger = "####"},
                                                   reft::trigger_extractor{.answer_trigger = "A:"}),
                                    reft::within_absolute{}, {.right = 2, .wrong = -1, .none = -2});
    const std::vector<question> questions(3, {"q", "5"});
    const std::vector<std::string> responses = {"x A: 5", "x #### 6", "5"};
    const auto verdicts = judge(questions, responses);
    CHECK(verdicts[0]->value == 2);
    CHECK(verdicts[1]->value == -1);
    CHECK(verdicts[2]->value == -2);

    const reft::answer_reward words(reft::trigger_extractor{.answer_trigger = "A:", .kind = reft::answer_kind::text},
                                    reft::same_text{});
    const std::vector<question> blue(2, {"q", "blue"});
    const std::vector<std::string> colours = {"so A: blue", "so A: red"};
    CHECK(words(blue, colours)[0]->correct);
    CHECK_FALSE(words(blue, colours)[1]->correct);
}

TEST_CASE("answer_reward: the caller's mistakes") {
    const auto judge = reft::mwp_reft_reward(mwp_dataset::gsm8k);
    const std::vector<question> questions(3);
    const std::vector<std::string> responses(2);
    CHECK(judge({}, {}).empty());
    try {
        judge(questions, responses);
        FAIL("no error");
    } catch (const reft::shape_error& e) {
        CHECK(std::string(e.what()) == "answer_reward: questions is [3] but responses is [2]");
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(reft::answer_reward(reft::trigger_extractor{}, reft::within_absolute{}, {.none = nan}),
                    reft::option_error);
}

TEST_CASE("answer_reward: partial credit for numbers alone, as in the paper") {
    const reft::answer_reward_options paper{.partial = reft::partial_credit::numbers_only};
    const std::vector<question> letter = {{"q", "a"}}, number = {{"q", "5"}};
    const std::vector<std::string> b = {"so" + trigger + "b"}, six = {"so" + trigger + "6"}, a = {"so" + trigger + "a"};

    const reft::answer_reward options(reft::trigger_extractor{.kind = reft::answer_kind::option}, reft::same_option{},
                                      paper);
    const auto wrong = options(letter, b)[0];
    CHECK(wrong->value == 0);
    CHECK(wrong->found.found->text == "b");  // something was found: only the reward says otherwise
    CHECK(options(letter, a)[0]->value == 1);

    const reft::answer_reward numbers(reft::trigger_extractor{}, reft::within_absolute{}, paper);
    CHECK(numbers(number, six)[0]->value == 0.1);
    // A letter where a number is asked for is no number.
    const reft::answer_reward letters(reft::trigger_extractor{.kind = reft::answer_kind::option},
                                      reft::within_absolute{}, paper);
    CHECK(letters(number, b)[0]->value == 0);
    const reft::answer_reward code(reft::trigger_extractor{.kind = reft::answer_kind::option}, reft::within_absolute{});
    CHECK(code(number, b)[0]->value == 0.1);
}
