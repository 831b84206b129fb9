#include <reft/loss/kl_penalty.hpp>

#include <vector>

#include "support/catch.hpp"

using reft::kl_estimator;

TEST_CASE("the penalty is the estimate, and reports its sum") {
    const std::vector<double> reference = {-1.5, -0.5};
    for (const auto e : {kl_estimator::k1, kl_estimator::k2, kl_estimator::k3, kl_estimator::abs}) {
        const reft::kl_penalty loss(reference, {.estimator = e});
        reft::policy_stats stats;
        const auto first = loss({0, 0}, {-1.0, 0}, stats), second = loss({0, 1}, {-1.0, 0}, stats);
        CHECK(first.value == reft::kl_estimate(e, -1.0, -1.5).value);
        CHECK(second.d_log_prob == reft::kl_estimate(e, -1.0, -0.5).d_log_prob);
        CHECK(stats.reference_kl == first.value + second.value);
    }
    CHECK_THROWS_AS(reft::kl_penalty(reference, {.log_ratio_limit = -1}), reft::option_error);
    CHECK_THROWS_AS(reft::kl_penalty(reference).require_extents({1, 3}), reft::shape_error);
}
