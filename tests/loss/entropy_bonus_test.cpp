#include <reft/loss/entropy_bonus.hpp>

#include "support/catch.hpp"

TEST_CASE("the entropy bonus is minus the entropy, with slope minus one in it") {
    reft::policy_stats stats;
    const auto t = reft::entropy_bonus<double>()({0, 3}, {-1.25, 0.7}, stats);
    CHECK(t.value == -0.7);
    CHECK(t.d_log_prob == 0);
    CHECK(t.d_entropy == -1);
}
