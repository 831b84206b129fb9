#include <reft/reward/kl.hpp>
#include <reft/reward/kl_controller.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;
static_assert(reft::kl_controller<reft::fixed_kl_controller> && reft::kl_controller<reft::adaptive_kl_controller>);
static_assert(!reft::kl_controller<double>);

TEST_CASE("sampled KL of three tokens by hand, masked ones 0") {
    const vec p = {-1, -2, -3}, q = {-1.5, std::nan(""), -2.5};
    const std::vector<std::uint8_t> mask = {1, 0, 1};
    const std::vector<std::int64_t> offsets = {0, 3};
    const auto rows = reft::rows::packed(offsets, mask);
    vec kl(3, -1);
    reft::sampled_kl(p, q, rows, kl);
    CHECK(kl == vec{0.5, 0, -0.5});
    CHECK(reft::mean_sequence_kl(kl, rows) == 0);
    reft::sampled_kl(p, q, rows, kl, reft::kl_estimator::abs);
    CHECK(kl == vec{0.5, 0, 0.5});
    CHECK(reft::mean_sequence_kl(kl, rows) == 1);
}

TEST_CASE("pitfall 10: the KL that is reported is the KL that is in the reward, sign included") {
    const vec p = test::normal<double>(10, 1), q = test::normal<double>(10, 2);
    const std::vector<std::int64_t> offsets = {0, 4, 10};
    const auto rows = reft::rows::packed(offsets);
    vec kl(10);
    reft::sampled_kl(p, q, rows, kl);
    double sum = 0;
    for (std::size_t i = 0; i < 10; ++i) sum += p[i] - q[i];
    CHECK(reft::mean_sequence_kl(kl, rows) == Approx(sum / 2));
}

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

TEST_CASE("a fixed controller stays, options that make no sense are refused") {
    reft::fixed_kl_controller c(0.05);
    c.update(100, 100);
    CHECK(c.kl_coef() == 0.05);
    CHECK_THROWS_AS(reft::adaptive_kl_controller({.target = 0}), reft::option_error);
    CHECK_THROWS_AS(reft::adaptive_kl_controller({.horizon = -1}), reft::option_error);
    CHECK_THROWS_AS(reft::fixed_kl_controller(std::numeric_limits<double>::infinity()), reft::option_error);
}
