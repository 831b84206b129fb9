#include <reft/reward/kl.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;

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
