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
    reft::clipped_optimizer_step(longer, reft::finite_gradient_norm("test", longer), 0.1, 1.0);
    CHECK(longer.scale == Approx(0.2).epsilon(1e-5));
    reft::clipped_optimizer_step(shorter, reft::finite_gradient_norm("test", shorter), 0.1, 1.0);
    CHECK(shorter.scale == 1);
}

TEST_CASE("a gradient that is not finite is refused, and thrown away") {
    for (const double norm : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        counted policy{norm};
        CHECK_THROWS_AS(reft::finite_gradient_norm("test", policy), reft::non_finite_error);
        CHECK_THROWS_WITH(reft::finite_gradient_norm("step 3", policy),
                          Catch::StartsWith("step 3: the gradient norm is "));
        CHECK(policy.cleared == 2);
    }
}
