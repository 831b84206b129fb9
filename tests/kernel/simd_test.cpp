#include <reft/kernel/simd.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace cpu = reft::detail::cpu;

TEST_CASE("exp of float vectors is accurate to 2e-7, exactly 0 far below, and never infinite") {
    const auto exp_of = [](float x) { return cpu::exp(cpu::all(x))[0]; };
    for (float x = -85.9f; x < 87.9f; x += 0.0137f) {
        const double exact = std::exp(static_cast<double>(x));
        REQUIRE(std::abs(static_cast<double>(exp_of(x)) - exact) <= 2.5e-7 * exact);
    }
    CHECK(exp_of(0) == 1);
    CHECK(exp_of(-std::numeric_limits<float>::infinity()) == 0);
    CHECK(exp_of(-100) == 0);
    CHECK(std::isfinite(exp_of(1e30f)));
}

TEST_CASE("parts of vectors are loaded and stored without touching what is beside them") {
    std::vector<float> x(32, 7), y(32, -1);
    for (std::int64_t n = 0; n <= cpu::lanes<float>; ++n) {
        std::fill(y.begin(), y.end(), -1.0f);
        cpu::store(y.data(), cpu::load(x.data(), n), n);
        for (std::int64_t i = 0; i < 32; ++i) CHECK(y[static_cast<std::size_t>(i)] == (i < n ? 7.0f : -1.0f));
    }
    CHECK(cpu::sum_of_lanes<double>(cpu::all(2.0)) == 2.0 * static_cast<double>(cpu::lanes<double>));
    CHECK(cpu::largest_lane<float>(cpu::all(-3.0f)) == -3.0f);
}
