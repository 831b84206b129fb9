#include <reft/reward/kl.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
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

TEST_CASE("long rows with masks, strides and mixed types: the estimate of every token, 0 elsewhere") {
    const std::int64_t batch = 3, time = 333;
    const auto n = static_cast<std::size_t>(batch * time);
    const auto p = test::normal<float>(n, 1), q = test::normal<float>(n, 2);
    const auto mask = test::mask(n, 3);
    const auto m = [&](auto& x) { return reft::tensor_at(x.data(), batch, time); };
    const auto counted = m(mask);
    const auto rows = reft::rows::padded(counted);
    const auto spoiled = test::spoiled(p, mask, std::numeric_limits<float>::quiet_NaN());
    test::with_each_instruction_set([&] {
        for (const auto estimator :
             {reft::kl_estimator::k1, reft::kl_estimator::k2, reft::kl_estimator::k3, reft::kl_estimator::abs}) {
            std::vector<float> kl(n, 7.0f), over = spoiled, spaced(2 * n);
            std::vector<double> wide(n, 7.0);
            reft::sampled_kl(m(spoiled), m(q), rows, m(kl), estimator);
            reft::sampled_kl(m(over), m(q), rows, m(over), estimator);
            reft::sampled_kl(m(spoiled), m(q), rows, m(wide), estimator);
            const reft::strided_view<float, 2> every_second(spaced.data(), {batch, time}, {2 * time, 2});
            reft::sampled_kl(m(spoiled), m(q), rows, every_second, estimator);
            for (std::size_t i = 0; i < n; ++i) {
                INFO("token " << i << ", estimator " << static_cast<int>(estimator));
                const float expected = mask[i] ? reft::kl_estimate<float>(estimator, p[i], q[i]).value : 0.0f;
                REQUIRE(kl[i] == expected);
                REQUIRE(over[i] == expected);
                REQUIRE(spaced[2 * i] == expected);
                REQUIRE(wide[i] == (mask[i] ? reft::kl_estimate<double>(estimator, static_cast<double>(p[i]),
                                                                        static_cast<double>(q[i]))
                                                  .value
                                            : 0.0));
            }
        }
    });
}
