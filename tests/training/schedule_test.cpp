#include <reft/training/schedule.hpp>

#include <cmath>

#include "support/catch.hpp"

TEST_CASE("learning rates by hand: warm-up, then constant, linear or cosine") {
    const reft::schedule constant{.rate = 2, .warmup_steps = 4};
    CHECK(reft::learning_rate(constant, 0) == 0.5);
    CHECK(reft::learning_rate(constant, 3) == 2);
    CHECK(reft::learning_rate(constant, 1000) == 2);
    const reft::schedule linear{.rate = 2, .kind = reft::decay::linear, .warmup_steps = 2, .total_steps = 12};
    CHECK(reft::learning_rate(linear, 2) == 2);
    CHECK(reft::learning_rate(linear, 7) == Approx(1));
    CHECK(reft::learning_rate(linear, 12) == 0);
    CHECK(reft::learning_rate(linear, 99) == 0);
    const reft::schedule cosine{.rate = 2, .kind = reft::decay::cosine, .total_steps = 10, .floor = 0.1};
    CHECK(reft::learning_rate(cosine, 0) == 2);
    CHECK(reft::learning_rate(cosine, 5) == Approx(2 * (0.1 + 0.9 * 0.5)));
    CHECK(reft::learning_rate(cosine, 10) == Approx(0.2));
}

TEST_CASE("schedules that cannot be followed are refused") {
    CHECK_THROWS_AS(reft::learning_rate({.rate = -1}, 0), reft::option_error);
    CHECK_THROWS_AS(reft::learning_rate({.kind = reft::decay::linear}, 0), reft::option_error);
    CHECK_THROWS_WITH(reft::require_valid(reft::schedule{.warmup_steps = -1}),
                      "schedule: warmup_steps must not be negative, but it is -1");
    for (const double floor : {-0.1, 1.1, std::nan("")})
        CHECK_THROWS_WITH(reft::require_valid(reft::schedule{.floor = floor}),
                          Catch::StartsWith("schedule: floor must be between 0 and 1, but it is "));
}
