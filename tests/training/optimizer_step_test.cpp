#include <reft/training/optimizer_step.hpp>

#include <limits>

#include "support/catch.hpp"

namespace {

struct counted {
    double norm, scale = 0;
    int steps = 0, cleared = 0;
    void zero_gradient() { ++cleared; }
    double gradient_norm() const { return norm; }
    void optimizer_step(double, double gradient_scale) {
        ++steps;
        scale = gradient_scale;
    }
};

}  // namespace

static_assert(reft::optimizable<counted>);

TEST_CASE("long gradients are scaled to the limit, short ones are left alone") {
    counted longer{5}, shorter{0.5};
    CHECK(reft::clipped_optimizer_step("test", longer, 0.1, 1.0) == 5);
    CHECK(longer.scale == Approx(0.2).epsilon(1e-5));
    reft::clipped_optimizer_step("test", shorter, 0.1, 1.0);
    CHECK(shorter.scale == 1);
}

TEST_CASE("a gradient that is not finite is refused, and thrown away") {
    for (const double norm : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        counted policy{norm};
        CHECK_THROWS_AS(reft::clipped_optimizer_step("test", policy, 0.1, 1.0), reft::non_finite_error);
        CHECK(policy.steps == 0);
        CHECK(policy.cleared == 1);
    }
}
