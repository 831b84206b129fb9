#include <reft/inference/maj_at_k.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "support/catch.hpp"

namespace {

using answers = std::vector<std::optional<reft::answer>>;

reft::answer number(double value) { return {.kind = reft::answer_kind::number, .number = value, .text = "n"}; }

answers numbers(const std::vector<double>& values) {
    answers all;
    for (const double v : values) all.emplace_back(number(v));
    return all;
}

// By the definition: every subset by its bits, the vote by the public function.
double by_enumeration(const answers& all, double gold, int k, const reft::vote_options& options) {
    int subsets = 0, right = 0;
    for (std::uint32_t bits = 0; bits < (1u << all.size()); ++bits) {
        if (std::popcount(bits) != k) continue;
        answers subset;
        for (std::size_t i = 0; i < all.size(); ++i)
            if ((bits >> i) & 1u) subset.push_back(all[i]);
        const auto vote = reft::majority_vote(subset, options);
        ++subsets;
        right += vote.winner && reft::within_absolute{}(*vote.winner, number(gold));
    }
    return static_cast<double>(right) / subsets;
}

}  // namespace

TEST_CASE("maj_at_k: worked example") {
    // Of {18, 18, 17} two are drawn: {18, 18} is right, {18, 17} twice is a tie, which the smaller 17 wins.
    const auto all = numbers({18, 18, 17});
    const auto result = reft::maj_at_k(all, number(18), 2, reft::within_absolute{});
    CHECK(result.value == Approx(1.0 / 3.0));
    CHECK((result.exact && result.subsets == 3 && result.standard_error == 0));
    CHECK(reft::maj_at_k(all, number(17), 2, reft::within_absolute{}).value == Approx(2.0 / 3.0));
    CHECK(reft::maj_at_k(all, number(18), 1, reft::within_absolute{}).value == Approx(2.0 / 3.0));
    CHECK(reft::maj_at_k(all, number(18), 3, reft::within_absolute{}).value == 1);
    const reft::maj_at_k_options nobody{.vote = {.tie = reft::vote_tie::nobody}};
    CHECK(reft::maj_at_k(all, number(17), 2, reft::within_absolute{}, nobody).value == 0);
}

TEST_CASE("maj_at_k: all subsets, at every rule for ties") {
    answers all = numbers({1, 1.25, 1.5, 2, 2, 7, std::numeric_limits<double>::quiet_NaN(), 1});
    all.emplace_back(std::nullopt);
    for (const double tolerance : {0.0, 0.25, 0.5})
        for (const auto tie : {reft::vote_tie::smallest, reft::vote_tie::first_sample, reft::vote_tie::nobody})
            for (int k = 1; k <= 9; ++k) {
                const reft::vote_options vote{tolerance, tie};
                const auto result = reft::maj_at_k(all, number(2), k, reft::within_absolute{}, {.vote = vote});
                CAPTURE(tolerance, static_cast<int>(tie), k);
                CHECK(result.exact);
                CHECK(result.value == by_enumeration(all, 2, k, vote));
            }
}

TEST_CASE("maj_at_k: random subsets are near the exact value and depend on seed and question alone") {
    const auto all = numbers({3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 7, 8});
    const auto exact = reft::maj_at_k(all, number(3), 5, reft::within_absolute{});
    REQUIRE(exact.exact);
    CHECK(exact.subsets == 3003);
    const reft::maj_at_k_options options{.most_subsets = 2000, .seed = 7};
    const auto estimate = reft::maj_at_k(all, number(3), 5, reft::within_absolute{}, options);
    CHECK_FALSE(estimate.exact);
    CHECK(estimate.subsets == 2000);
    CHECK(estimate.standard_error == Approx(std::sqrt(estimate.value * (1 - estimate.value) / 2000)));
    CHECK(std::abs(estimate.value - exact.value) < 4 * estimate.standard_error);
    CHECK(estimate.value == reft::maj_at_k(all, number(3), 5, reft::within_absolute{}, options).value);
    auto others = options;
    others.question = 1;
    CHECK(estimate.value != reft::maj_at_k(all, number(3), 5, reft::within_absolute{}, others).value);
}

TEST_CASE("maj_at_k: many samples") {
    std::vector<double> values(2000, 1);
    for (std::size_t i = 0; i < 900; ++i) values[i] = 2;
    const auto result = reft::maj_at_k(numbers(values), number(1), 1000, reft::within_absolute{}, {.most_subsets = 50});
    CHECK(result.value == 1);  // 550 to 450 expected; the other way round by 4.5 standard deviations
    CHECK_FALSE(result.exact);
    CHECK(reft::maj_at_k(numbers(values), number(1), 2000, reft::within_absolute{}).exact);
}

TEST_CASE("maj_at_k: the caller's mistakes") {
    const auto all = numbers({1, 2});
    CHECK_THROWS_AS(reft::maj_at_k(all, number(1), 3, reft::within_absolute{}), reft::option_error);
    CHECK_THROWS_AS(reft::maj_at_k(all, number(1), 0, reft::within_absolute{}), reft::option_error);
    CHECK_THROWS_AS(reft::maj_at_k({}, number(1), 1, reft::within_absolute{}), reft::option_error);
    CHECK_THROWS_AS(reft::maj_at_k(all, number(1), 1, reft::within_absolute{}, {.most_subsets = 0}),
                    reft::option_error);
}
