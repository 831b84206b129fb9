#include <reft/reward/kl_controller.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"

static_assert(reft::kl_controller<reft::fixed_kl_controller> && reft::kl_controller<reft::adaptive_kl_controller>);
static_assert(!reft::kl_controller<double>);

TEST_CASE("pitfall 41: three updates of the adaptive controller in closed form, the error clipped at 0.2") {
    reft::adaptive_kl_controller c({.initial_kl_coef = 0.1, .target = 6, .horizon = 1000});
    c.update(60, 100);  // error 9, clipped to 0.2
    CHECK(c.kl_coef() == Approx(0.1 * 1.02));
    c.update(0, 100);  // error −1, clipped to −0.2
    CHECK(c.kl_coef() == Approx(0.1 * 1.02 * 0.98));
    c.update(6.6, 100);  // error 0.1
    CHECK(c.kl_coef() == Approx(0.1 * 1.02 * 0.98 * 1.01));
    c.update(std::nan(""), 100);
    CHECK(c.kl_coef() == Approx(0.1 * 1.02 * 0.98 * 1.01));
}

TEST_CASE("beta stays positive however many samples one update brings, and rises when the KL is infinite") {
    reft::adaptive_kl_controller c({.initial_kl_coef = 0.1, .target = 6, .horizon = 10});
    c.update(0, 1e6);
    CHECK(c.kl_coef() == Approx(0.08));
    c.update(std::numeric_limits<double>::infinity(), 10);
    CHECK(c.kl_coef() == Approx(0.08 * 1.2));
}

TEST_CASE("a fixed controller stays, options that make no sense are refused") {
    reft::fixed_kl_controller c(0.05);
    c.update(100, 100);
    CHECK(c.kl_coef() == 0.05);
    CHECK_THROWS_AS(reft::adaptive_kl_controller({.target = 0}), reft::option_error);
    CHECK_THROWS_AS(reft::adaptive_kl_controller({.horizon = -1}), reft::option_error);
    CHECK_THROWS_AS(reft::fixed_kl_controller(std::numeric_limits<double>::infinity()), reft::option_error);
}
