#include <reft/core/std_tensors.hpp>
#include <reft/reward/shaped_rewards.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;

TEST_CASE("score on the last token, minus beta times the KL on every one, by hand") {
    const vec kl = {0.5, -0.2, 0.1, 0.3, 0.4}, scores = {1, 0.1};
    const std::vector<std::int64_t> offsets = {0, 3, 5};
    vec r(5);
    const auto report = reft::shaped_rewards(scores, kl, reft::rows::packed(offsets), r, {.kl_coef = 0.1});
    const vec expected = {-0.05, 0.02, 1 - 0.01, -0.03, 0.1 - 0.04};
    for (std::size_t i = 0; i < 5; ++i) CHECK(r[i] == Approx(expected[i]));
    CHECK(report.rows_without_tokens == 0);
}

TEST_CASE("beta 0 leaves the score alone, and the rewards of a row then sum to it") {
    const vec kl = test::normal<double>(5, 1), scores = {1, 0.1};
    const std::vector<std::int64_t> offsets = {0, 3, 5};
    vec r(5);
    reft::shaped_rewards(scores, kl, reft::rows::packed(offsets), r, {.kl_coef = 0});
    CHECK(r == vec{0, 0, 1, 0, 0.1});
    const vec infinite(5, std::numeric_limits<double>::infinity());
    reft::shaped_rewards(scores, infinite, reft::rows::packed(offsets), r, {.kl_coef = 0});
    CHECK(r == vec{0, 0, 1, 0, 0.1});
}

TEST_CASE("pitfalls 1 and 2: the score sits on the last counted token, wherever the end is in the row") {
    // The end in the middle, at the end, and no end at all: the last counted token by mask, never by token id.
    const std::vector<std::uint8_t> mask = {1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    const vec kl(12, 0), scores = {1, 2, 3};
    vec r(12, -1);
    const auto m = [](auto& x) { return reft::tensor_at(x.data(), 3, 4); };
    reft::shaped_rewards(scores, m(kl), reft::rows::padded(m(mask)), m(r));
    CHECK(r == vec{0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3});
}

TEST_CASE("pitfall 6: a row that ends with masked tokens gets its score on the last one that counts") {
    const std::vector<std::uint8_t> mask = {1, 0, 1, 0};
    const std::vector<std::int64_t> offsets = {0, 4};
    const vec kl = {0, 9, 0, 9}, scores = {1};
    vec r(4, -1);
    reft::shaped_rewards(scores, kl, reft::rows::packed(offsets, mask), r);
    CHECK(r == vec{0, 0, 1, 0});
}

TEST_CASE("pitfall 53: a row without a counted token gets no reward anywhere, and is reported") {
    const std::vector<std::int64_t> offsets = {0, 2, 2, 4};
    const std::vector<std::uint8_t> mask = {1, 1, 0, 0};
    const vec kl(4, 0.5), scores = {1, 1, 1};
    vec r(4, -1);
    const auto report = reft::shaped_rewards(scores, kl, reft::rows::packed(offsets, mask), r, {.kl_coef = 0});
    CHECK(report.rows_without_tokens == 2);
    CHECK(r == vec{0, 1, 0, 0});
}

TEST_CASE("garbage under the mask changes no bit; rewards may be written over the KL") {
    const vec kl = test::normal<double>(20, 1), scores = {1, 0.1};
    const auto mask = test::mask(20, 2);
    const std::vector<std::int64_t> offsets = {0, 9, 20};
    const auto rows = reft::rows::packed(offsets, mask);
    vec clean(20), r(20);
    reft::shaped_rewards(scores, kl, rows, clean);
    for (const double g : test::garbage<double>()) {
        reft::shaped_rewards(scores, test::spoiled(kl, mask, g), rows, r);
        CHECK(r == clean);
    }
    vec in_place = kl;
    reft::shaped_rewards(scores, in_place, rows, in_place);
    CHECK(in_place == clean);
}

TEST_CASE("scores that are not finite or not one per row are refused") {
    const vec kl(4, 0), one = {1}, nan = {1, std::nan("")}, two = {1, 1};
    const std::vector<std::int64_t> offsets = {0, 2, 4};
    const auto rows = reft::rows::packed(offsets);
    vec r(4);
    CHECK_THROWS_WITH(reft::shaped_rewards(one, kl, rows, r),
                      "shaped_rewards: scores has 1 entries but there are 2 rows");
    CHECK_THROWS_WITH(reft::shaped_rewards(nan, kl, rows, r), "shaped_rewards: the score of row 1 is not finite");
    CHECK_THROWS_AS(reft::shaped_rewards(two, kl, rows, r, {.kl_coef = std::nan("")}), reft::option_error);
}
