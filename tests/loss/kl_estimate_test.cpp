#include <reft/loss/kl_estimate.hpp>

#include <array>
#include <cmath>
#include <cstddef>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using reft::kl_estimator;
const auto estimators = {kl_estimator::k1, kl_estimator::k2, kl_estimator::k3, kl_estimator::abs};

TEST_CASE("the four estimators at d = 0.5 by hand") {
    const auto k = [](kl_estimator e) { return reft::kl_estimate(e, -1.0, -1.5).value; };
    CHECK(k(kl_estimator::k1) == 0.5);
    CHECK(k(kl_estimator::k2) == 0.125);
    CHECK(k(kl_estimator::k3) == Approx(std::exp(-0.5) - 0.5));
    CHECK(k(kl_estimator::abs) == 0.5);
}

TEST_CASE("pitfall 10: k1 may be negative, the others never are") {
    const auto p = test::normal<double>(100000, 1), q = test::normal<double>(100000, 2);
    bool k1_negative = false;
    for (std::size_t i = 0; i < p.size(); ++i) {
        k1_negative |= reft::kl_estimate(kl_estimator::k1, p[i], q[i]).value < 0;
        for (const auto e : {kl_estimator::k2, kl_estimator::k3, kl_estimator::abs})
            REQUIRE(reft::kl_estimate(e, p[i], q[i]).value >= 0);
    }
    CHECK(k1_negative);
}

TEST_CASE("on a small vocabulary the expectations of k1 and k3 are the exact KL") {
    const std::array<double, 3> p = {0.6, 0.3, 0.1}, q = {0.2, 0.5, 0.3};
    double exact = 0, k1 = 0, k3 = 0;
    for (std::size_t a = 0; a < 3; ++a) {
        exact += p[a] * std::log(p[a] / q[a]);
        k1 += p[a] * reft::kl_estimate(kl_estimator::k1, std::log(p[a]), std::log(q[a])).value;
        k3 += p[a] * reft::kl_estimate(kl_estimator::k3, std::log(p[a]), std::log(q[a])).value;
    }
    CHECK(k1 == Approx(exact));
    CHECK(k3 == Approx(exact));
}

TEST_CASE("pitfall 12: as a loss only k2 has the gradient of the KL in expectation, k1 has none at all") {
    // Softmax over three tokens, gradient with respect to its logits by exact enumeration.
    const std::array<double, 3> p = {0.6, 0.3, 0.1}, q = {0.2, 0.5, 0.3};
    double kl = 0;
    for (std::size_t a = 0; a < 3; ++a) kl += p[a] * std::log(p[a] / q[a]);
    for (std::size_t j = 0; j < 3; ++j) {
        const double exact = p[j] * (std::log(p[j] / q[j]) - kl);
        const auto expected = [&](kl_estimator e) {
            double sum = 0;
            for (std::size_t a = 0; a < 3; ++a)
                sum += p[a] * reft::kl_estimate(e, std::log(p[a]), std::log(q[a])).d_log_prob * ((a == j) - p[j]);
            return sum;
        };
        CHECK(expected(kl_estimator::k2) == Approx(exact));
        CHECK(expected(kl_estimator::k1) == Approx(0).margin(1e-15));
        CHECK(std::abs(expected(kl_estimator::k3) - exact) > 0.01);
    }
}

TEST_CASE("pitfall 11: k3 and its derivative stay finite, and small differences keep their digits") {
    for (const double d : {0.0, 1e-8, 20.0, 88.0, 1e3, 1e30})
        for (const double sign : {-1.0, 1.0}) {
            const auto k = reft::kl_estimate(kl_estimator::k3, sign * d, 0.0);
            CHECK(std::isfinite(k.value));
            CHECK(std::isfinite(k.d_log_prob));
            const auto f = reft::kl_estimate(kl_estimator::k3, static_cast<float>(sign * d), 0.0f);
            CHECK(std::isfinite(f.value));
            CHECK(std::isfinite(f.d_log_prob));
        }
    CHECK(reft::kl_estimate(kl_estimator::k3, 1e-6, 0.0).d_log_prob == Approx(1e-6).epsilon(1e-5));
}

TEST_CASE("derivatives of the estimators agree with central differences") {
    for (const auto e : estimators)
        for (double d = -4; d < 4; d += 0.31)
            for (const double limit : {2.0, 20.0}) {
                if (std::abs(d) < 1e-4 || std::abs(std::abs(d) - limit) < 1e-4) continue;  // kinks
                const auto value = [&](double x) { return reft::kl_estimate(e, x, -0.7, limit).value; };
                REQUIRE(test::derivative_agrees(reft::kl_estimate(e, -0.7 + d, -0.7, limit).d_log_prob,
                                                test::central_difference(value, -0.7 + d)));
            }
    CHECK(reft::kl_estimate(kl_estimator::abs, 1.0, 1.0).d_log_prob == 0);
}
