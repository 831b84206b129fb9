#include <reft/training/optimizer_step.hpp>

#include "support/catch.hpp"

namespace {

struct counted {
    double norm, scale = 0;
    int steps = 0;
    void zero_gradient() {}
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
    reft::clipped_optimizer_step(longer, longer.gradient_norm(), 0.1, 1.0);
    CHECK(longer.scale == Approx(0.2).epsilon(1e-5));
    reft::clipped_optimizer_step(shorter, shorter.gradient_norm(), 0.1, 1.0);
    CHECK(shorter.scale == 1);
}
