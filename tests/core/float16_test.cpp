#include <reft/core/float16.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include "support/catch.hpp"

static_assert(sizeof(reft::bfloat16) == 2 && sizeof(reft::half) == 2);

TEST_CASE("every 16-bit pattern survives the way to float and back") {
    for (std::uint32_t bits = 0; bits <= 0xffffu; ++bits) {
        reft::bfloat16 b;
        b.bits = static_cast<std::uint16_t>(bits);
        reft::half h;
        h.bits = static_cast<std::uint16_t>(bits);
        if (std::isnan(static_cast<float>(b)))
            REQUIRE(std::isnan(static_cast<float>(reft::bfloat16(static_cast<float>(b)))));
        else
            REQUIRE(reft::bfloat16(static_cast<float>(b)).bits == bits);
        if (std::isnan(static_cast<float>(h)))
            REQUIRE(std::isnan(static_cast<float>(reft::half(static_cast<float>(h)))));
        else
            REQUIRE(reft::half(static_cast<float>(h)).bits == bits);
    }
}

TEST_CASE("half rounds to nearest, ties to even, over its whole range") {
    // The midpoint of two neighbours goes to the even one, anything beside it to the nearer one.
    for (std::uint16_t bits = 0; bits < 0x7bffu; ++bits) {
        reft::half low, high;
        low.bits = bits;
        high.bits = static_cast<std::uint16_t>(bits + 1);
        const float a = low, b = high, middle = a + (b - a) / 2;
        REQUIRE(reft::half(middle).bits == ((bits & 1u) ? high.bits : low.bits));
        REQUIRE(reft::half(std::nextafter(middle, a)).bits == low.bits);
        REQUIRE(reft::half(std::nextafter(middle, b)).bits == high.bits);
    }
    CHECK(reft::half(65519.9f).bits == 0x7bffu);
    CHECK(std::isinf(static_cast<float>(reft::half(65520.0f))));
    CHECK(reft::half(-1e-9f).bits == 0x8000u);
}

TEST_CASE("bfloat16 rounds to nearest, ties to even") {
    CHECK(static_cast<float>(reft::bfloat16(1.0f + 0x1p-8f)) == 1.0f);                // tie, 1.0 is even
    CHECK(static_cast<float>(reft::bfloat16(1.0f + 3 * 0x1p-8f)) == 1.0f + 0x1p-6f);  // tie, upwards
    CHECK(static_cast<float>(reft::bfloat16(1.0f + 0x1p-8f + 0x1p-20f)) == 1.0f + 0x1p-7f);
    CHECK(std::isinf(static_cast<float>(reft::bfloat16(std::numeric_limits<float>::max()))));
    CHECK(std::isnan(static_cast<float>(reft::bfloat16(std::numeric_limits<float>::signaling_NaN()))));
}
