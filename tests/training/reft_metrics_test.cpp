#include <reft/training/reft_metrics.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using vec = std::vector<double>;

TEST_CASE("explained variance of perfect, constant and useless values") {
    const std::vector<std::int64_t> offsets = {0, 4};
    const auto rows = reft::rows::packed(offsets);
    const vec r = {1, 2, 3, 4}, constant = {2, 2, 2, 2}, opposite = {4, 3, 2, 1};
    CHECK(reft::explained_variance(r, r, rows) == 1);
    CHECK(reft::explained_variance(constant, r, rows) == Approx(0).margin(1e-15));
    CHECK(reft::explained_variance(opposite, r, rows) < -1);
    CHECK(reft::explained_variance(r, constant, rows) == 0);
}

TEST_CASE("measures of an update are means over its optimiser steps") {
    reft::reft_metrics m;
    reft::loss_stats a, b;
    a.policy.loss = 1;
    b.policy.loss = 3;
    a.policy.tokens = b.policy.tokens = 2;
    a.policy.clipped = 1;
    m.add_update(a, 10);
    m.add_update(b, 20);
    CHECK(m.updates == 2);
    CHECK(m.policy_loss == 2);
    CHECK(m.clip_fraction == 0.25);
    CHECK(m.gradient_norm == 15);
}
