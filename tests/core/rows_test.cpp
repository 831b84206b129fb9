#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("padded rows count what the mask says") {
    const std::vector<std::uint8_t> mask = {1, 0, 1, 0, 0, 0};
    const auto r = reft::rows::padded(reft::tensor_at(mask.data(), 2, 3));
    CHECK(r.count() == 2);
    CHECK(r.counted() == 2);
    CHECK(r.counted(0) == 2);
    CHECK(r.last_counted(0) == 2);
    CHECK(r.last_counted(1) == -1);
    CHECK(r.at(1, 2).row == 1);
}

TEST_CASE("packed rows are read by offsets of any integer type") {
    const std::vector<std::int32_t> offsets = {0, 2, 2, 5};
    const auto r = reft::rows::packed(offsets);
    CHECK(r.count() == 3);
    CHECK(r.length(1) == 0);
    CHECK(r.at(2, 1).column == 3);
    CHECK(r.counted() == 5);
    CHECK(r.last_counted(1) == -1);
}

TEST_CASE("bool masks, byte masks and int64 masks mean the same") {
    const bool as_bool[] = {true, false, true};
    const std::vector<std::int64_t> as_int64 = {1, 0, 7};
    const std::vector<std::int64_t> offsets = {0, 3};
    CHECK(reft::rows::packed(offsets, reft::tensor_at(as_bool, 3)).counted() == 2);
    CHECK(reft::rows::packed(offsets, as_int64).counted() == 2);
}

TEST_CASE("lengths count the first positions of a padded row") {
    const std::vector<std::int64_t> lengths = {2, 0, 3};
    const auto r = reft::rows::padded_to(3, lengths);
    CHECK(r.counted() == 5);
    CHECK(r.length(0) == 2);
    std::vector<float> x(9, 1.0f);
    const auto v = reft::tokens_of(reft::tensor_at(x.data(), 3, 3));
    reft::clear_uncounted(r, v);
    CHECK(x == std::vector<float>{1, 1, 0, 0, 0, 0, 1, 1, 1});
}

TEST_CASE("layouts that make no sense are refused with the numbers in the message") {
    const std::vector<std::int64_t> falling = {0, 3, 2}, shifted = {1, 2}, empty, long_row = {4};
    CHECK_THROWS_AS(reft::rows::packed(falling), reft::value_error);
    CHECK_THROWS_AS(reft::rows::packed(shifted), reft::value_error);
    CHECK_THROWS_AS(reft::rows::packed(empty), reft::value_error);
    CHECK_THROWS_WITH(reft::rows::padded_to(3, long_row), Catch::Contains("lengths[0] is 4"));
    const std::vector<std::int64_t> column = {0, 2, 4};
    CHECK_THROWS_WITH(reft::rows::packed(reft::tensor_at(column.data(), 3, 1)),
                      "rows::packed: offsets must be of rank 1 but is [3, 1]");
    CHECK_THROWS_AS(reft::rows::padded_to(4, reft::tensor_at(column.data(), 3, 1)), reft::shape_error);
    const std::vector<std::int64_t> offsets = {0, 3};
    const std::vector<std::uint8_t> short_mask = {1, 1};
    CHECK_THROWS_AS(reft::rows::packed(offsets, short_mask), reft::shape_error);
    const auto r = reft::rows::padded(2, 3);
    std::vector<float> x(8);
    CHECK_THROWS_WITH(r.require_layout("gae", "rewards", reft::tokens_of(reft::tensor_at(x.data(), 2, 4))),
                      "gae: rewards is [2, 4] but the rows are padded, [2, 3]");
}
