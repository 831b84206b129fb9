#include <reft/reward/extract.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/evaluation.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

/// Answers every question with the same texts, in turn.
struct parrot {
    const reft::char_tokenizer& tokens;
    std::vector<std::string> says;
    std::vector<reft::trajectory> sample(std::span<const reft::generation_prompt> prompts,
                                         const reft::generation_request&) {
        std::vector<reft::trajectory> result;
        for (const auto& p : prompts) {
            reft::trajectory t;
            t.prompt = p.ids;
            t.group = p.group;
            t.response = tokens.encode(says[result.size() % says.size()]);
            t.finish = result.size() == 3 ? reft::finish_reason::length : reft::finish_reason::stop;
            if (!t.truncated()) t.response.push_back(tokens.end_of_sequence());
            result.push_back(t);
        }
        return result;
    }
};

}  // namespace

TEST_CASE("shares are those of the questions with a verdict, by hand") {
    const reft::char_tokenizer tokens("0123456789#?\nx");
    const reft::prompt_template form{.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
    reft::answer_reward reward(reft::trigger_extractor{.reasoning_trigger = "\n", .answer_trigger = "#"},
                               reft::within_absolute{});
    parrot policy{tokens, {"x#1", "x#9", "xxx", "xx"}};
    const std::vector<reft::question> questions = {
        {"1?", "1"}, {"2?", "2"}, {"3?", "3"}, {"4?", "4"}, {"5?", "no number"}};
    const auto e = reft::evaluate_answers(policy, std::span<const reft::question>(questions), tokens, form, reward, {});
    CHECK(e.questions == 4);
    CHECK(e.accuracy == 0.25);
    CHECK(e.answered == 0.5);
    CHECK(e.truncated == 0.25);
    CHECK(e.response_length == Approx((4 + 4 + 4 + 2) / 4.0));
}

TEST_CASE("prompts begin with the begin of sequence, share their question's group and have rows of their own") {
    const reft::char_tokenizer tokens("12?\n");
    const reft::prompt_template form{.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
    const std::vector<reft::question> questions = {{"1?", "1"}, {"2?", "2"}};
    const auto prompts = reft::prompts_for(std::span<const reft::question>(questions), tokens, form, 3);
    REQUIRE(prompts.size() == 6);
    CHECK(prompts[4].group == 1);
    CHECK(prompts[4].row == 4);
    CHECK(prompts[4].ids.front() == *tokens.begin_of_sequence());
    CHECK(tokens.decode(prompts[4].ids) == "2?\n");
}

TEST_CASE("where the prompt begins the response, the reward function is given both") {
    const reft::char_tokenizer tokens("12?\nabcdefghijklmnopqrstuvwxyz():\" _AQnswrig");
    const std::vector<reft::question> questions = {{" 1? ", "1"}, {"2?", "2"}};
    const reft::prompt_template form = reft::program_template();
    std::vector<std::string> seen;
    auto spy = [&](std::span<const reft::question>, std::span<const std::string> responses) {
        seen.assign(responses.begin(), responses.end());
        return std::vector<std::optional<reft::reward>>(responses.size());
    };
    parrot policy{tokens, {"    a\n", "b"}};
    reft::evaluate_answers(policy, std::span<const reft::question>(questions), tokens, form, spy, {});
    CHECK(seen == std::vector<std::string>{"def solution():\n    \"\"\"1?\"\"\"\n    a\n",
                                           "def solution():\n    \"\"\"2?\"\"\"\nb"});
}

TEST_CASE("a policy that gives too few responses is named") {
    struct lazy {
        std::vector<reft::trajectory> sample(std::span<const reft::generation_prompt>,
                                             const reft::generation_request&) {
            return {};
        }
    };
    const reft::char_tokenizer tokens("1#\n");
    const reft::prompt_template form{.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
    reft::answer_reward reward(reft::trigger_extractor{.answer_trigger = "#"}, reft::within_absolute{});
    lazy policy;
    const std::vector<reft::question> questions = {{"1", "1"}};
    CHECK_THROWS_WITH(
        reft::evaluate_answers(policy, std::span<const reft::question>(questions), tokens, form, reward, {}),
        "evaluate_answers: the policy gave 0 responses to 1 prompts");
}
