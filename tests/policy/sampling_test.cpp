#include <reft/core/random.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/policy/sampling.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace {

using vec = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

reft::sampled_token sample(const vec& logits, const reft::sampling_options& options, double uniform) {
    reft::sampling_scratch scratch;
    return reft::sample_token(logits, options, uniform, scratch);
}

/// How often each token is drawn.
std::vector<double> frequencies(const vec& logits, const reft::sampling_options& options) {
    const std::uint32_t n = 40000;
    std::vector<double> counts(logits.size());
    for (std::uint32_t i = 0; i < n; ++i)
        counts[static_cast<std::size_t>(
            sample(logits, options, reft::uniform(9, {reft::random_purpose::sampling, 0, 0, i})).id)] += 1.0 / n;
    return counts;
}

const vec quarter_half = {std::log(0.25), std::log(0.5), std::log(0.125), std::log(0.125)};

}  // namespace

TEST_CASE("the cumulated probabilities decide, by hand") {
    CHECK(sample(quarter_half, {}, 0.0).id == 0);
    CHECK(sample(quarter_half, {}, 0.2499).id == 0);
    CHECK(sample(quarter_half, {}, 0.2501).id == 1);
    CHECK(sample(quarter_half, {}, 0.7501).id == 2);
    CHECK(sample(quarter_half, {}, 1 - 0x1p-53).id == 3);
}

TEST_CASE("greedy takes the largest logit, the smallest id among equals") {
    CHECK(sample({1, 3, 3, 2}, {.greedy = true}, 0.99).id == 1);
}

TEST_CASE("tokens are drawn with the probabilities of the truncated, tempered softmax") {
    const auto check = [](const reft::sampling_options& options, const vec& expected) {
        const auto f = frequencies(quarter_half, options);
        for (std::size_t j = 0; j < 4; ++j) CHECK(std::abs(f[j] - expected[j]) < 0.01);
    };
    check({}, {0.25, 0.5, 0.125, 0.125});
    check({.temperature = 0.5}, {0.0625 / 0.34375, 0.25 / 0.34375, 0.015625 / 0.34375, 0.015625 / 0.34375});
    check({.top_k = 2}, {1. / 3, 2. / 3, 0, 0});
    check({.top_k = 3}, {0.25 / 0.875, 0.5 / 0.875, 0.125 / 0.875, 0});  // ties: the smaller id stays
    check({.top_p = 0.6}, {1. / 3, 2. / 3, 0, 0});
    check({.top_p = 0.3}, {0, 1, 0, 0});
    check({.top_k = 3, .top_p = 0.5}, {0, 1, 0, 0});
}

TEST_CASE("pitfall 36: the three log-probs are named, and agree when nothing is tempered or truncated") {
    const auto plain = sample(quarter_half, {}, 0.3).log_probs;
    CHECK(plain.raw == Approx(std::log(0.5)));
    CHECK(plain.at_temperature == plain.raw);
    CHECK(plain.as_sampled == plain.raw);
    const auto cut = sample(quarter_half, {.temperature = 0.5, .top_k = 2}, 0.9).log_probs;
    CHECK(cut.raw == Approx(std::log(0.5)));
    CHECK(cut.at_temperature == Approx(std::log(0.25 / 0.34375)));
    CHECK(cut.as_sampled == Approx(std::log(0.25 / (0.25 + 0.0625))));
    CHECK(sample(quarter_half, {.greedy = true}, 0).log_probs.as_sampled == 0);
}

TEST_CASE("excluded tokens are never drawn; rows without a choice are refused") {
    for (double u = 0; u < 1; u += 0.01) CHECK(sample({-infinity, 0, -infinity, 0}, {}, u).id % 2 == 1);
    CHECK(sample({-infinity, 0}, {}, 1 - 0x1p-53).id == 1);
    CHECK_THROWS_AS(sample({-infinity, -infinity}, {}, 0.5), reft::value_error);
    CHECK_THROWS_AS(sample({0, std::nan("")}, {}, 0.5), reft::value_error);
    CHECK_THROWS_AS(sample({0, infinity}, {}, 0.5), reft::value_error);
}

TEST_CASE("options that make no sense are refused; a temperature of 0 asks for greedy") {
    CHECK_THROWS_WITH(reft::require_valid(reft::sampling_options{.temperature = 0}), Catch::Contains("greedy"));
    CHECK_THROWS_AS(reft::require_valid(reft::sampling_options{.top_k = -1}), reft::option_error);
    CHECK_THROWS_AS(reft::require_valid(reft::sampling_options{.top_p = 0}), reft::option_error);
    CHECK_THROWS_AS(reft::require_valid(reft::sampling_options{.top_p = std::nan("")}), reft::option_error);
    CHECK_NOTHROW(reft::require_valid(reft::sampling_options{}));
}
