#include <reft/training/finite.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace {

/// A gradient of one number, and what each row adds to it.
struct counted {
    double gradient = 0;
    void zero_gradient() { gradient = 0; }
    double gradient_norm() const { return gradient; }
    void optimizer_step(double, double) {}
};

const std::vector<std::int64_t> names = {7, 8, 9};

double norm_with(const std::vector<double>& of_rows, double all, counted& policy) {
    policy.gradient = all;
    return reft::finite_gradient_norm("step 3", policy, names, [&](std::size_t i) { policy.gradient += of_rows[i]; });
}

}  // namespace

static_assert(reft::optimizable<counted>);

TEST_CASE("a finite gradient is left as it is") {
    counted policy;
    CHECK(norm_with({1, 2, 3}, 6, policy) == 6);
    CHECK(policy.gradient == 6);
}

TEST_CASE("a gradient that is not finite is thrown away, and the row that made it is named") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    for (const double bad : {nan, -nan, inf}) {
        counted policy;
        CHECK_THROWS_AS(norm_with({1, bad, 3}, bad, policy), reft::non_finite_error);
        CHECK(policy.gradient == 0);
        CHECK_THROWS_WITH(norm_with({1, bad, 3}, bad, policy),
                          "step 3: the gradient of row 8 is not finite; no step was taken");
        CHECK_THROWS_WITH(
            norm_with({1, 2, 3}, bad, policy),
            "step 3: the gradient of all rows together, but of none alone, is not finite; no step was taken");
        CHECK(policy.gradient == 0);
    }
}
