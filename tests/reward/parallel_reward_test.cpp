#include <reft/reward/parallel_reward.hpp>

#include <reft/core/thread_pool.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using reft::question;
using verdicts = std::vector<std::optional<reft::reward>>;

void check_same(const verdicts& a, const verdicts& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        CAPTURE(i);
        REQUIRE(a[i].has_value() == b[i].has_value());
        if (!a[i]) continue;
        CHECK(a[i]->value == b[i]->value);
        CHECK(a[i]->found.found.has_value() == b[i]->found.found.has_value());
    }
}

struct throws_at {
    std::string response;
    verdicts operator()(std::span<const question>, std::span<const std::string> responses) const {
        for (const std::string& r : responses)
            if (r == response) throw std::runtime_error("on " + r);
        return verdicts(responses.size());
    }
};
struct too_few {
    verdicts operator()(std::span<const question>, std::span<const std::string>) const { return {}; }
};
struct only_mutable {
    verdicts operator()(std::span<const question>, std::span<const std::string>) { return {}; }
};
template <class Judge>
concept can_be_parallel = requires { typename reft::parallel_reward<Judge>; };
static_assert(can_be_parallel<throws_at>);
static_assert(!can_be_parallel<only_mutable>);  // called by several threads at once
static_assert(reft::reward_function<const reft::parallel_reward<throws_at>>);

}  // namespace

TEST_CASE("parallel_reward: the same verdicts in the same order on any number of threads") {
    std::vector<question> questions;
    std::vector<std::string> responses;
    for (int i = 0; i < 1003; ++i) {
        questions.push_back({"q", i % 7 == 0 ? "unreadable" : std::to_string(i)});  // no verdict
        responses.push_back(i % 5 == 0 ? "no answer" : std::to_string(i - i % 2));
    }
    const auto judge = reft::mwp_reft_reward(reft::mwp_dataset::gsm8k);
    const verdicts expected = judge(questions, responses);
    for (const int threads : {1, 2, 3, 7}) {
        reft::thread_pool pool(threads);
        for (const int grain : {1, 16, 5000})
            check_same(reft::parallel_reward(judge, pool, {.grain = grain})(questions, responses), expected);
    }
    CHECK(reft::parallel_reward(judge, reft::serial())({}, {}).empty());
}

TEST_CASE("parallel_reward: an exception of the reward reaches the caller") {
    const std::vector<question> questions(100);
    std::vector<std::string> responses(100, "x");
    responses[57] = "bad";
    reft::thread_pool pool(3);
    CHECK_THROWS_WITH(reft::parallel_reward(throws_at{"bad"}, pool, {.grain = 4})(questions, responses), "on bad");
}

TEST_CASE("parallel_reward: the caller's mistakes") {
    const std::vector<question> questions(3);
    const std::vector<std::string> responses(3);
    CHECK_THROWS_WITH(reft::parallel_reward(too_few{}, reft::serial())(questions, responses),
                      "parallel_reward: responses is [3] but the verdicts are [0]");
    CHECK_THROWS_AS(reft::parallel_reward(throws_at{}, reft::serial())(questions, {}), reft::shape_error);
    CHECK_THROWS_AS(reft::parallel_reward(throws_at{}, reft::serial(), {.grain = 0}), reft::option_error);
}
