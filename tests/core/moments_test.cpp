#include <reft/core/moments.hpp>
#include <reft/core/random.hpp>
#include <reft/core/std_tensors.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("moments of 1, 2, 4 by hand") {
    reft::moments m;
    for (const double x : {1.0, 2.0, 4.0}) m.add(x);
    CHECK(m.count == 3);
    CHECK(m.mean == Approx(7.0 / 3));
    CHECK(m.variance_of(reft::variance::unbiased) == Approx(7.0 / 3));
    CHECK(m.variance_of(reft::variance::population) == Approx(14.0 / 9));
}

TEST_CASE("pitfall 25: none, one or equal numbers have a variance of exactly zero") {
    reft::moments m;
    CHECK(m.variance_of(reft::variance::unbiased) == 0);
    m.add(0.35);
    CHECK(m.variance_of(reft::variance::unbiased) == 0);
    for (int i = 0; i < 100; ++i) m.add(0.35);
    CHECK(m.squared_deviations == 0);
    CHECK(m.mean == 0.35);
}

TEST_CASE("pitfall 26: parts merged in any way, empty parts included, give the moments of the whole") {
    reft::random_stream random(5);
    std::vector<double> x(1000);
    for (double& v : x) v = 1000 + random.normal();
    reft::moments whole;
    for (const double v : x) whole.add(v);
    for (const std::size_t parts : std::vector<std::size_t>{1, 2, 7, 1000, 1500}) {
        std::vector<reft::moments> part(parts);
        for (std::size_t i = 0; i < x.size(); ++i) part[(i * i) % parts].add(x[i]);
        reft::moments merged;
        for (const auto& p : part) merged.merge(p);
        CHECK(merged.count == whole.count);
        CHECK(std::abs(merged.mean - whole.mean) < 1e-12 * 1000);
        CHECK(merged.squared_deviations == Approx(whole.squared_deviations).epsilon(1e-10));
    }
}

TEST_CASE("going on from the moments of earlier rows gives the bits of all rows at once") {
    reft::random_stream random(9);
    std::vector<double> x(30);
    for (double& v : x) v = random.normal();
    const std::vector<std::int64_t> whole = {0, 7, 16, 30}, first = {0, 7}, rest = {0, 9, 23};
    const std::vector<double> a(x.begin(), x.begin() + 7), b(x.begin() + 7, x.end());
    const auto all = reft::moments_of(x, reft::rows::packed(whole));
    const auto parts = reft::moments_of(b, reft::rows::packed(rest), reft::moments_of(a, reft::rows::packed(first)));
    CHECK(parts.mean == all.mean);
    CHECK(parts.squared_deviations == all.squared_deviations);
}

TEST_CASE("masked numbers are not read") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> x = {1, nan, 3};
    const std::vector<std::uint8_t> mask = {1, 0, 1};
    const std::vector<std::int64_t> offsets = {0, 3};
    const auto m = reft::moments_of(x, reft::rows::packed(offsets, mask));
    CHECK(m.count == 2);
    CHECK(m.mean == 2);
}
