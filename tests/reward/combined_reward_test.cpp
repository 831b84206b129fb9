#include <reft/reward/combined_reward.hpp>

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using reft::combined_reward;
using reft::question;
using reft::reward_part;
using verdicts = std::vector<std::optional<reft::reward>>;

const double infinity = std::numeric_limits<double>::infinity();

// The same value for every response; none where the response is "?".
struct constant {
    double value;
    verdicts operator()(std::span<const question>, std::span<const std::string> responses) const {
        verdicts all;
        for (const std::string& r : responses) {
            all.emplace_back();
            if (r != "?") all.back() = reft::reward{.value = value};
        }
        return all;
    }
};
struct counting {  // not callable as const
    int calls = 0;
    verdicts operator()(std::span<const question>, std::span<const std::string> responses) {
        return verdicts(responses.size(), reft::reward{.value = static_cast<double>(++calls)});
    }
};
struct too_few {
    verdicts operator()(std::span<const question>, std::span<const std::string>) const { return {}; }
};

const std::vector<question> questions(3, {"q", "5"});
const std::vector<std::string> responses = {"5", "6", "x"};
const auto answers = reft::mwp_reft_reward(reft::mwp_dataset::gsm8k);

static_assert(reft::reward_function<combined_reward<constant, counting>>);

}  // namespace

TEST_CASE("combined_reward: the weighted sum, and what the first part found") {
    combined_reward both(reward_part("answer", answers), reward_part("length", constant{-2}, 0.25));
    const verdicts sums = both(questions, responses);
    CHECK(sums[0]->value == 1 - 0.5);
    CHECK(sums[1]->value == 0.1 - 0.5);
    CHECK(sums[2]->value == 0 - 0.5);
    CHECK((sums[0]->correct && !sums[1]->correct));
    CHECK((sums[1]->found.found->number == 6 && !sums[2]->found.found));
}

TEST_CASE("combined_reward: reported by part") {
    combined_reward both(reward_part("answer", answers, 2.0), reward_part("calls", counting{}, 0.0));
    const reft::combined_verdicts all = both.by_part(questions, responses);
    REQUIRE(all.parts.size() == 2);
    CHECK((all.parts[0].name == "answer" && all.parts[0].weight == 2));
    CHECK((all.parts[0].verdicts[0]->value == 1 && all.total[0]->value == 2));
    CHECK((all.parts[1].name == "calls" && all.parts[1].verdicts[2]->value == 1));
    CHECK(both.by_part(questions, responses).parts[1].verdicts[2]->value == 2);  // every part is asked once per call
}

TEST_CASE("combined_reward: no verdict passes through, unless the part has no weight") {
    const std::vector<std::string> unsure = {"5", "?", "6"};
    const verdicts sums = combined_reward(reward_part("a", answers), reward_part("b", constant{1}))(questions, unsure);
    CHECK((sums[0]->value == 2 && !sums[1] && sums[2]->value == 1.1));
    const verdicts watched =
        combined_reward(reward_part("a", answers), reward_part("b", constant{1}, 0.0))(questions, unsure);
    CHECK((watched[0]->value == 1 && watched[1]->value == 0 && watched[2]->value == 0.1));
    // The first part has no weight and no verdict: nothing was found, and the sum is that of the others.
    const verdicts second =
        combined_reward(reward_part("b", constant{1}, 0.0), reward_part("a", answers))(questions, unsure);
    CHECK((second[1]->value == 0 && !second[1]->found.found));
}

TEST_CASE("combined_reward: the caller's mistakes") {
    CHECK_THROWS_WITH(combined_reward(reward_part("a", too_few{}))(questions, responses),
                      "combined_reward: responses is [3] but the verdicts of a are [0]");
    CHECK_THROWS_WITH(combined_reward(reward_part("a", constant{infinity}))(questions, responses),
                      "combined_reward: the reward of a for response 0 is not finite");
    CHECK(combined_reward(reward_part("a", answers), reward_part("b", constant{infinity}, 0.0))(questions, responses)[0]
              ->value == 1);
    CHECK_THROWS_AS(combined_reward(reward_part("a", constant{1}, infinity)), reft::option_error);
    CHECK_THROWS_AS(combined_reward(reward_part("a", constant{1}))(questions, {}), reft::shape_error);
}
