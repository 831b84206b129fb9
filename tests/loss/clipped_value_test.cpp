#include <reft/loss/clipped_value.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace {

const double infinity = std::numeric_limits<double>::infinity();

reft::value_term<double> term(double value, double old_value, double target, double clip_range,
                              reft::value_stats* stats = nullptr) {
    const std::vector<double> old = {old_value}, returns = {target};
    reft::value_stats unused;
    return reft::clipped_value(old, returns, {.clip_range = clip_range})({0, 0}, value, stats ? *stats : unused);
}

}  // namespace

TEST_CASE("clipped and unclipped value losses by hand") {
    CHECK(term(0.6, 0.5, 1.0, 0.2).value == Approx(0.08));  // inside the range: ½·0.4²
    CHECK(term(0.6, 0.5, 1.0, 0.2).d_value == Approx(-0.4));
    CHECK(term(0.9, 0.5, 1.0, 0.2).value == Approx(0.5 * 0.09));  // clipped to 0.7, the larger loss
    CHECK(term(0.9, 0.5, 1.0, 0.2).d_value == 0);
    CHECK(term(0.1, 0.5, 1.0, 0.2).value == Approx(0.5 * 0.81));  // clipped to 0.3, the smaller loss
    CHECK(term(0.1, 0.5, 1.0, 0.2).d_value == Approx(-0.9));
    CHECK(term(5, 0, 1, infinity).value == Approx(8));  // plain squared error
}

TEST_CASE("pitfall 33: the clipped loss is never below the unclipped one, and the factor one half is inside") {
    for (double value = -2; value < 2; value += 0.23)
        for (const double target : {-1.0, 0.1, 1.3})
            CHECK(term(value, 0.2, target, 0.2).value >= 0.5 * (value - target) * (value - target) - 1e-15);
    // value_coef 5 of the paper's code weighs the squared error with 2.5
    const std::vector<double> old = {0}, returns = {1};
    reft::value_stats stats;
    CHECK((5.0 * reft::clipped_value(old, returns, {.clip_range = infinity}))({0, 0}, 0, stats).value == 2.5);
}

TEST_CASE("derivatives of the value loss agree with central differences over the grid of options") {
    int compared = 0;
    for (const double clip_range : {0.0, 0.1, 0.2, 0.5, infinity})
        for (const double old_value : {-0.4, 0.0, 0.7})
            for (const double target : {-1.0, 0.1, 1.3})
                for (double value = -2; value < 2; value += 0.13) {
                    const double h = 1e-5;
                    const auto near = [&](double kink) { return std::abs(value - kink) < 10 * h; };
                    const double low = old_value - clip_range, high = old_value + clip_range;
                    if (near(low) || near(high)) continue;
                    // Where the clipped and the unclipped loss are equal the maximum has a kink.
                    if (near(2 * target - low) || near(2 * target - high)) continue;
                    const double difference = test::central_difference(
                        [&](double x) { return term(x, old_value, target, clip_range).value; }, value, h);
                    REQUIRE(test::derivative_agrees(term(value, old_value, target, clip_range).d_value, difference));
                    ++compared;
                }
    CHECK(compared > 1000);
}

TEST_CASE("a scaled value loss scales value and derivative, its statistics stay unscaled") {
    const std::vector<double> old = {0.5}, returns = {1.0};
    reft::value_stats stats;
    const auto t = (5.0 * reft::clipped_value(old, returns))({0, 0}, 0.6, stats);
    CHECK(t.value == Approx(0.4));
    CHECK(t.d_value == Approx(-2));
    CHECK(stats.squared_error == Approx(0.16));
}

TEST_CASE("shapes and options that make no sense are named in the error") {
    const std::vector<double> two = {0, 0}, three = {0, 0, 0};
    CHECK_THROWS_WITH(reft::clipped_value(two, three), "clipped_value: old_values is [1, 2] but returns is [1, 3]");
    CHECK_THROWS_AS(reft::clipped_value(two, two, {.clip_range = -1}), reft::option_error);
}
