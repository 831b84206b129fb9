#include <reft/advantage/whiten.hpp>
#include <reft/core/std_tensors.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace {

using vec = std::vector<double>;

vec whitened(const vec& x, const std::vector<std::uint8_t>& mask, const reft::whiten_options& options = {}) {
    const std::vector<std::int64_t> offsets = {0, static_cast<std::int64_t>(x.size())};
    vec out(x.size(), -1);
    reft::whiten(x, reft::rows::packed(offsets, mask), out, options);
    return out;
}

const std::vector<std::uint8_t> all3 = {1, 1, 1};

}  // namespace

TEST_CASE("whitening of 1, 2, 3 by hand") {
    CHECK(whitened({1, 2, 3}, all3)[0] == Approx(-1).epsilon(1e-7));  // variance 1
    CHECK(whitened({1, 2, 3}, all3, {.variance = reft::variance::population})[2] == Approx(std::sqrt(1.5)));
    const auto kept = whitened({1, 2, 3}, all3, {.mode = reft::whitening::scale_only});
    CHECK(kept[0] == Approx(1).epsilon(1e-7));
    CHECK(kept[1] == Approx(2).epsilon(1e-7));
}

TEST_CASE("the result has mean 0 and variance 1; pitfall 27: scale_only keeps the mean") {
    const vec x = test::normal<double>(500, 1, 3.0);
    const auto mask = test::mask(500, 2);
    const std::vector<std::int64_t> offsets = {0, 500};
    const auto rows = reft::rows::packed(offsets, mask);
    const auto m = reft::moments_of(whitened(x, mask), rows);
    CHECK(std::abs(m.mean) < 1e-12);
    CHECK(m.variance_of(reft::variance::unbiased) == Approx(1).epsilon(1e-7));
    const auto kept = reft::moments_of(whitened(x, mask, {.mode = reft::whitening::scale_only}), rows);
    CHECK(kept.mean == Approx(reft::moments_of(x, rows).mean).epsilon(1e-9));
}

TEST_CASE("pitfall 25: none, one and equal numbers give 0, never NaN") {
    CHECK(whitened({0.7}, {1}) == vec{0});
    CHECK(whitened({0.7, 5}, {0, 0}) == vec{0, 0});
    CHECK(whitened({0.35, 0.35, 0.35}, all3) == vec{0, 0, 0});
    CHECK(whitened({0.35, 0.35, 0.35}, all3, {.mode = reft::whitening::scale_only}) == vec{0.35, 0.35, 0.35});
    CHECK(whitened({0.35, 0.35, 0.35}, all3, {.epsilon = 0}) == vec{0, 0, 0});
}

TEST_CASE("garbage under the mask changes no bit, and the result there is 0") {
    const vec x = test::normal<double>(30, 4);
    const auto mask = test::mask(30, 5);
    const auto clean = whitened(x, mask);
    for (const double g : test::garbage<double>()) CHECK(whitened(test::spoiled(x, mask, g), mask) == clean);
    for (std::size_t i = 0; i < 30; ++i)
        if (!mask[i]) CHECK(clean[i] == 0);
}

TEST_CASE("statistics merged over parts whiten like the whole") {
    const vec x = test::normal<double>(40, 6);
    const std::vector<std::int64_t> whole = {0, 15, 40}, first = {0, 15}, second = {0, 25};
    const vec a(x.begin(), x.begin() + 15), b(x.begin() + 15, x.end());
    reft::moments merged = reft::moments_of(a, reft::rows::packed(first));
    merged.merge(reft::moments_of(b, reft::rows::packed(second)));
    vec all(40), out(25);
    reft::whiten(x, reft::rows::packed(whole), all);
    reft::whiten(b, reft::rows::packed(second), out, merged);
    for (std::size_t i = 0; i < 25; ++i) CHECK(out[i] == all[15 + i]);
}

TEST_CASE("a negative epsilon is refused") {
    CHECK_THROWS_AS(whitened({1, 2, 3}, all3, {.epsilon = -1}), reft::option_error);
}
