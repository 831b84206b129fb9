#include <reft/inference/majority_vote.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using reft::answer;
using reft::answer_kind;
using reft::vote_tie;
using answers = std::vector<std::optional<answer>>;

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

answer number(double value, std::string text = "n") {
    return {.kind = answer_kind::number, .number = value, .text = std::move(text)};
}
answer option(std::string letter) { return {.kind = answer_kind::option, .text = std::move(letter)}; }
answer text(std::string words) { return {.kind = answer_kind::text, .text = std::move(words)}; }

answers numbers(const std::vector<double>& values) {
    answers all;
    for (const double v : values) all.emplace_back(number(v));
    return all;
}

double winner(const std::vector<double>& values, const reft::vote_options& options = {}) {
    const auto result = reft::majority_vote(numbers(values), options);
    return result.winner ? result.winner->number : not_a_number;
}

}  // namespace

TEST_CASE("majority_vote: most samples win, and are named") {
    const auto result = reft::majority_vote(numbers({18, 17, 18, 5, 18.001}));
    REQUIRE(result.winner);
    CHECK(result.winner->number == 18);
    CHECK(result.votes == 3);
    CHECK(result.total == 5);
    CHECK(result.voters == std::vector<std::size_t>{0, 2, 4});
    CHECK_FALSE(result.tied);
}

TEST_CASE("majority_vote: of a chain of agreeing numbers the one wins with which most agree") {
    // 0.5 agrees with 0 and 1, which do not agree with each other.
    CHECK(winner({0, 0.5, 1}, {.tolerance = 0.5}) == 0.5);
    // A cut into clusters that began at 0 would give it three of the four votes, and 2 one.
    const auto result = reft::majority_vote(numbers({0, 0.5, 1, 1.25}), {.tolerance = 0.5});
    CHECK(result.winner->number == 0.5);
    CHECK(result.votes == 3);
    // A drift over many small steps is not one answer.
    std::vector<double> drift = {100, 100, 100, 100};
    for (int i = 0; i < 50; ++i) drift.push_back(0.25 * i);
    CHECK(winner(drift, {.tolerance = 0.25}) == 100);
}

TEST_CASE("majority_vote: every order of the samples gives the same result") {
    const answers all = {number(1, "1"), number(1.25, "1.25"),        number(1, "1.0"),
                         number(2, "2"), number(not_a_number, "nan"), option("b"),
                         std::nullopt,   number(1.5, "3/2")};
    for (const double tolerance : {0.0, 0.25, 0.5, 2.0})
        for (const vote_tie tie : {vote_tie::smallest, vote_tie::nobody}) {
            std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5, 6, 7};
            const auto first = reft::majority_vote(all, {tolerance, tie});
            int different = 0;
            do {
                answers shuffled;
                for (const std::size_t i : order) shuffled.push_back(all[i]);
                const auto result = reft::majority_vote(shuffled, {tolerance, tie});
                const bool same = result.winner.has_value() == first.winner.has_value() &&
                                  (!first.winner || (result.winner->number == first.winner->number &&
                                                     result.winner->text == first.winner->text));
                different += !same || result.votes != first.votes || result.tied != first.tied ||
                             result.voters.size() != first.voters.size();
            } while (std::next_permutation(order.begin(), order.end()));
            CAPTURE(tolerance);
            CHECK(different == 0);
        }
}

TEST_CASE("weighted_vote: rounding does not depend on the order of the samples either") {
    const answers all = numbers({5, 5, 5, 7, 7, 7});
    std::vector<std::pair<double, double>> votes = {{5, 0.1}, {5, 0.2}, {5, 0.3}, {7, 0.3}, {7, 0.2}, {7, 0.1}};
    std::sort(votes.begin(), votes.end());
    do {
        answers shuffled;
        std::vector<double> weights;
        for (const auto& [value, weight] : votes) {
            shuffled.emplace_back(number(value));
            weights.push_back(weight);
        }
        const auto result = reft::weighted_vote(shuffled, weights);
        CHECK((result.tied && result.winner->number == 5));
    } while (std::next_permutation(votes.begin(), votes.end()));
}

TEST_CASE("majority_vote: the rules for ties") {
    CHECK(winner({7, 5, 7, 5}) == 5);
    CHECK(winner({7, 5, 7, 5}, {.tie = vote_tie::first_sample}) == 7);
    CHECK(winner({5, 7, 7, 5}, {.tie = vote_tie::first_sample}) == 5);
    CHECK(std::isnan(winner({7, 5, 7, 5}, {.tie = vote_tie::nobody})));
    CHECK(winner({7, 5, 7, 5, 7}, {.tie = vote_tie::nobody}) == 7);
    const auto tied = reft::majority_vote(numbers({7, 5}), {.tie = vote_tie::nobody});
    CHECK((tied.tied && !tied.winner && tied.voters.empty() && tied.votes == 1));
    // Two spellings of one answer are no tie; the one that was said more often stands for it.
    CHECK(winner({5.005, 5}, {.tie = vote_tie::nobody}) == 5);
    CHECK(winner({5.005, 5, 5.005}, {.tie = vote_tie::nobody}) == 5.005);
    // With as many votes, the answer that was said more often as it stands.
    CHECK(winner({1, 1.005, 9, 9}) == 9);
    // Across kinds: numbers, options, texts.
    CHECK(reft::majority_vote(answers{text("18"), option("b"), number(18)}).winner->kind == answer_kind::number);
    CHECK(reft::majority_vote(answers{text("18"), option("b")}).winner->kind == answer_kind::option);
}

TEST_CASE("majority_vote: options and texts agree if they are the same") {
    CHECK(reft::majority_vote(answers{option("b"), option("a"), option("b")}).winner->text == "b");
    CHECK(reft::majority_vote(answers{text("blue"), text("red"), text("red")}).winner->text == "red");
    // The letter and the text of the same spelling are different answers.
    CHECK(reft::majority_vote(answers{option("a"), text("a"), text("a")}).winner->kind == answer_kind::text);
}

TEST_CASE("majority_vote: what is no answer never wins") {
    for (const double value : {not_a_number, infinity, -infinity}) {
        const auto result = reft::majority_vote(numbers({value, value, value, 3}));
        CHECK(result.winner->number == 3);
        CHECK(result.total == 1);
        CHECK_FALSE(reft::majority_vote(numbers({value, value})).winner);
    }
    CHECK(reft::majority_vote(answers{std::nullopt, std::nullopt, number(4)}).winner->number == 4);
    CHECK(reft::majority_vote(answers{option(""), option(""), option("d")}).winner->text == "d");
    CHECK_FALSE(reft::majority_vote(answers{}).winner);
    CHECK_FALSE(reft::majority_vote(answers{std::nullopt}).winner);
}

TEST_CASE("majority_vote: far numbers, zeros and any tolerance") {
    const double largest = std::numeric_limits<double>::max();
    CHECK(winner({largest, -largest, largest}) == largest);
    CHECK(winner({-largest, largest, 0}, {.tolerance = infinity}) == -largest);
    CHECK_FALSE(std::signbit(winner({-0.0, 0.0})));
    CHECK_FALSE(std::signbit(winner({0.0, -0.0})));
    CHECK(winner({1, 1.0000000001, 2, 2}, {.tolerance = 0}) == 2);
    CHECK_THROWS_AS(winner({1}, {.tolerance = -1}), reft::option_error);
    CHECK_THROWS_AS(winner({1}, {.tolerance = not_a_number}), reft::option_error);
}

TEST_CASE("weighted_vote: weight decides, not number") {
    const answers all = numbers({1, 1, 2});
    CHECK(reft::weighted_vote(all, std::vector<double>{0.25, 0.25, 0.75}).winner->number == 2);
    CHECK(reft::weighted_vote(all, std::vector<double>{0.5, 0.5, 0.75}).winner->number == 1);
    // Weight 0 is no vote: such a sample is no voter and stands for nothing.
    const auto result = reft::weighted_vote(all, std::vector<double>{0, 1, 0});
    CHECK(result.voters == std::vector<std::size_t>{1});
    CHECK_FALSE(reft::weighted_vote(all, std::vector<double>{0, 0, 0}).winner);
    // The weight of a sample without an answer is not counted.
    CHECK(reft::weighted_vote(answers{number(1), std::nullopt}, std::vector<double>{1, 9}).total == 1);
}

TEST_CASE("weighted_vote: the caller's mistakes") {
    const answers all = numbers({1, 2});
    CHECK_THROWS_WITH(reft::weighted_vote(all, std::vector<double>{1}),
                      "weighted_vote: answers is [2] but weights is [1]");
    for (const double w : {not_a_number, infinity, -0.5})
        CHECK_THROWS_AS(reft::weighted_vote(all, std::vector<double>{1, w}), reft::value_error);
    const double largest = std::numeric_limits<double>::max();
    CHECK_THROWS_AS(reft::weighted_vote(all, std::vector<double>{largest, largest}), reft::value_error);
}
