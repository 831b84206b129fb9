#include <reft/reward/program_reward.hpp>

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using reft::program_failure;
using reft::program_result;
using reft::question;

program_result number(double value, const std::string& text) {
    return {.found = reft::answer{.kind = reft::answer_kind::number, .number = value, .text = text}};
}
program_result failed(program_failure reason) { return {.found = {}, .reason = reason, .message = "m"}; }

// Gives what it was made with, whatever the programs are, and counts its calls.
struct script {
    std::vector<program_result> results;
    int calls = 0;
    std::vector<program_result> operator()(std::span<const std::string>) {
        ++calls;
        return results;
    }
};

std::vector<std::optional<reft::reward>> judge(const std::vector<program_result>& results, const std::string& gold,
                                               const reft::program_reward_options& options = {}) {
    reft::program_reward reward(script{results}, reft::within_absolute{}, options);
    const std::vector<question> questions(results.size(), {"q", gold});
    const std::vector<std::string> responses(results.size(), "def solution(): ...");
    return reward(questions, responses);
}

static_assert(reft::program_execution<script>);
static_assert(reft::program_execution<std::reference_wrapper<script>>);
static_assert(reft::program_execution<std::vector<program_result> (*)(std::span<const std::string>)>);
static_assert(!reft::program_execution<int>);
static_assert(reft::reward_function<reft::program_reward<script, reft::within_absolute>>);

}  // namespace

TEST_CASE("program_reward: right, wrong, none") {
    const auto verdicts = judge({number(5, "5"), number(5.000000000000002, "5.000000000000002"), number(6, "6"),
                                 failed(program_failure::exception), failed(program_failure::not_a_number)},
                                "5");
    CHECK((verdicts[0]->value == 1 && verdicts[0]->correct));
    CHECK(verdicts[1]->value == 1);
    CHECK((verdicts[2]->value == 0.1 && !verdicts[2]->correct));
    CHECK(verdicts[3]->value == 0);
    CHECK((verdicts[4]->value == 0 && verdicts[4]->found.reason == reft::no_answer::not_a_number));
    // The number NaN is a result, and equal to nothing.
    CHECK(judge({number(std::numeric_limits<double>::quiet_NaN(), "nan")}, "5")[0]->value == 0.1);
}

TEST_CASE("program_reward: time that ran out earns nothing or is no verdict") {
    const auto late = failed(program_failure::timeout);
    CHECK(judge({late}, "5")[0]->value == 0);
    CHECK_FALSE(judge({late}, "5", {.timeout = reft::program_timeout::no_verdict})[0]);
    // Other failures are verdicts in any case.
    for (const auto reason : {program_failure::syntax, program_failure::exception, program_failure::memory,
                              program_failure::output, program_failure::no_result, program_failure::killed})
        CHECK(judge({failed(reason)}, "5", {.timeout = reft::program_timeout::no_verdict})[0]->value == 0);
}

TEST_CASE("program_reward: no verdict without a sandbox or a gold answer") {
    CHECK_FALSE(judge({failed(program_failure::no_sandbox)}, "5")[0]);
    CHECK_FALSE(judge({number(5, "5")}, "five")[0]);
}

TEST_CASE("program_reward: rewards by option, and the results beside them") {
    script runner{{number(5, "5"), failed(program_failure::memory)}};
    reft::program_reward reward(std::ref(runner), reft::within_absolute{}, {.rewards = {.right = 2, .none = -1}});
    const std::vector<question> questions(2, {"q", "5"});
    const std::vector<std::string> responses(2);
    const reft::program_verdicts all = reward.verdicts(questions, responses);
    CHECK((all.rewards[0]->value == 2 && all.rewards[1]->value == -1));
    CHECK(all.results[1].reason == program_failure::memory);
    CHECK(runner.calls == 1);  // the batch goes to the runner as a whole
}

TEST_CASE("program_reward: letters, as str(result).lower()") {
    program_result letter;
    letter.found = reft::answer{.kind = reft::answer_kind::text, .text = "C"};
    reft::program_reward reward(script{{letter, number(3, "3"), failed(program_failure::exception)}},
                                reft::same_option{});
    const std::vector<question> questions(3, {"q", "c"});
    const auto verdicts = reward(questions, std::vector<std::string>(3));
    CHECK(verdicts[0]->value == 1);
    CHECK(verdicts[1]->value == 0.1);
    CHECK(verdicts[2]->value == 0);
}

TEST_CASE("program_reward: the caller's mistakes") {
    reft::program_reward reward(script{{}}, reft::within_absolute{});
    const std::vector<question> questions(2, {"q", "5"});
    CHECK_THROWS_WITH(reward(questions, std::vector<std::string>(1)),
                      "program_reward: questions is [2] but responses is [1]");
    CHECK_THROWS_WITH(reward(questions, std::vector<std::string>(2)),
                      "program_reward: responses is [2] but the results are [0]");
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_AS(reft::program_reward(script{{}}, reft::within_absolute{}, {.rewards = {.right = infinity}}),
                    reft::option_error);
}
