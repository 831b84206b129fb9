#include <reft/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

// Known-answer vectors of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds).
TEST_CASE("philox gives the published vectors") {
    using words = std::array<std::uint32_t, 4>;
    STATIC_REQUIRE(reft::philox({0, 0, 0, 0}, {0, 0}) == words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(reft::philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(reft::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("every part of a place changes the number, and so does the seed") {
    using reft::random_purpose;
    const reft::random_place place{random_purpose::sampling, 3, 5, 7};
    const std::uint64_t bits = reft::random_bits(42, place);
    CHECK(bits == reft::random_bits(42, place));
    CHECK(bits != reft::random_bits(43, place));
    CHECK(bits != reft::random_bits(42 + (std::uint64_t{1} << 32), place));
    CHECK(bits != reft::random_bits(42, {random_purpose::order, 3, 5, 7}));
    CHECK(bits != reft::random_bits(42, {random_purpose::sampling, 4, 5, 7}));
    CHECK(bits != reft::random_bits(42, {random_purpose::sampling, 3, 6, 7}));
    CHECK(bits != reft::random_bits(42, {random_purpose::sampling, 3, 5, 8}));
}

TEST_CASE("uniform numbers fill [0, 1) evenly") {
    std::array<int, 16> counts{};
    for (std::uint32_t i = 0; i < 160000; ++i) {
        const double u = reft::uniform(1, {reft::random_purpose::user, 0, 0, i});
        REQUIRE((u >= 0 && u < 1));
        ++counts[static_cast<std::size_t>(u * 16)];
    }
    double chi_squared = 0;
    for (const int n : counts) chi_squared += (n - 10000.0) * (n - 10000.0) / 10000.0;
    CHECK(chi_squared < 37.7);  // 15 degrees of freedom, 0.1 %
}

TEST_CASE("numbers below n have no bias, normal numbers have mean 0 and variance 1") {
    reft::random_stream stream(7);
    std::array<int, 3> counts{};
    for (int i = 0; i < 30000; ++i) ++counts[stream.below(3)];
    for (const int n : counts) CHECK(std::abs(n - 10000) < 300);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; ++i) {
        const double x = stream.normal();
        sum += x;
        squares += x * x;
    }
    CHECK(std::abs(sum / 100000) < 0.01);
    CHECK(std::abs(squares / 100000 - 1) < 0.02);
}

TEST_CASE("a random order is a permutation") {
    auto order = reft::random_order(100, reft::random_stream(3, reft::random_purpose::order, 1));
    CHECK(order != reft::random_order(100, reft::random_stream(3, reft::random_purpose::order, 2)));
    CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i) CHECK(order[i] == static_cast<std::int64_t>(i));
}
