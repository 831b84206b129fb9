#include <reft/loss/cross_entropy.hpp>

#include "support/catch.hpp"

TEST_CASE("cross-entropy is minus the log-prob, with slope minus one") {
    reft::policy_stats stats;
    const auto t = reft::cross_entropy<double>()({0, 3}, {-1.25, 0.7}, stats);
    CHECK(t.value == 1.25);
    CHECK(t.d_log_prob == -1);
    CHECK(t.d_entropy == 0);
}
