// Built twice: with the project's flags, and with -ffast-math, under which these loops must give the same.
#include <reft/core/instruction_set.hpp>
#include <reft/core/random.hpp>
#include <reft/core/vectors.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#define REFT_LOOPS <core/vectors_test.inl>
#include <reft/core/each_instruction_set.inl>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"

namespace reft::inline REFT_ABI::detail {
namespace {

template <class Real>
void exp2_of(const Real* x, Real* value, Real* exponent, std::int64_t n) {
    return REFT_ON_THIS_MACHINE(test_exp2(x, value, exponent, n));
}
void log_of_sum(const double* a, const double* b, double* out, std::int64_t n) {
    return REFT_ON_THIS_MACHINE(test_log_of_sum(a, b, out, n));
}
template <class To, class From>
void convert(const From* from, To* to, std::int64_t n) {
    return REFT_ON_THIS_MACHINE(test_convert(from, to, n));
}
template <class Real>
void sums_of(const Real* x, double* out) {
    return REFT_ON_THIS_MACHINE(test_sums(x, out));
}
template <class Real>
void pairs_of(const Real* a, const Real* b, Real* out) {
    return REFT_ON_THIS_MACHINE(test_pairs(a, b, out));
}
template <class Real>
std::int64_t lanes_in_use() {
    return REFT_ON_THIS_MACHINE(test_lanes<Real>());
}
float order_of(const float* x, std::int64_t n) { return REFT_ON_THIS_MACHINE(test_order(x, n)); }

}  // namespace
}  // namespace reft::inline REFT_ABI::detail

namespace {

using reft::detail::bits_as;
using reft::detail::is_finite;
using reft::detail::is_nan;

// By their bits: -ffast-math may take the constants for anything.
const float nan_f = bits_as<float>(0x7fc00000u), infinity_f = bits_as<float>(0x7f800000u);
const double nan_d = bits_as<double>(std::uint64_t{0x7ff8000000000000}),
             infinity_d = bits_as<double>(std::uint64_t{0x7ff0000000000000});

template <class Real>
std::vector<Real> exponents() {
    std::vector<Real> x;
    reft::random_stream random(3);
    const int largest = std::numeric_limits<Real>::max_exponent == 128 ? 6 : 9;
    for (int e = -140; e <= largest; ++e)
        for (int k = 0; k < 512; ++k)
            for (const double sign : {-1.0, 1.0})
                x.push_back(static_cast<Real>(sign * std::ldexp(1 + random.uniform(), e)));
    return x;
}

template <class Real>
void check_exp2(double error, double smallest, double largest) {
    std::vector<Real> x = exponents<Real>();
    x.resize(x.size() / 64 * 64);
    std::vector<Real> value(x.size()), exponent(x.size());
    reft::detail::exp2_of(x.data(), value.data(), exponent.data(), static_cast<std::int64_t>(x.size()));
    std::int64_t checked = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double y = static_cast<double>(x[i]), found = static_cast<double>(value[i]);
        if (y >= largest - 0.5) continue;
        ++checked;
        INFO("2^" << y);
        if (y < smallest) {
            REQUIRE(found >= 0);
            REQUIRE(found <= std::exp2(smallest));
            REQUIRE(is_finite(found * static_cast<double>(exponent[i])));
        } else {
            const double exact = static_cast<double>(std::exp2(static_cast<long double>(x[i])));
            REQUIRE(std::abs(found - exact) <= error * exact);
            REQUIRE(exponent[i] == x[i]);
        }
    }
    CHECK(checked > 130000);
}

template <class Real>
void check_special_exp2(Real infinity, Real nan) {
    std::vector<Real> x(64, Real(0)), value(64), exponent(64);
    x[0] = -infinity;
    x[1] = infinity;
    x[2] = nan;
    x[3] = Real(-1e4);
    reft::detail::exp2_of(x.data(), value.data(), exponent.data(), 64);
    CHECK(bits_as<std::uint32_t>(static_cast<float>(value[0])) == 0);
    CHECK(bits_as<std::uint32_t>(static_cast<float>(value[3])) == 0);
    CHECK(value[0] * exponent[0] == 0);
    CHECK_FALSE(is_finite(value[1]));
    CHECK(is_nan(value[2]));
    CHECK(static_cast<double>(value[4]) == Approx(1).epsilon(2e-7));
}

template <class T>
T of_bits(std::uint32_t bits) {
    T x;
    x.bits = static_cast<std::uint16_t>(bits);
    return x;
}

template <class T>
void check_all_patterns() {
    std::vector<T> narrow(65536), again(65536);
    std::vector<float> wide(65536);
    for (std::uint32_t i = 0; i < 65536; ++i) narrow[i] = of_bits<T>(i);
    reft::detail::convert(narrow.data(), wide.data(), 65536);
    reft::detail::convert(wide.data(), again.data(), 65536);
    for (std::uint32_t i = 0; i < 65536; ++i) {
        const float expected = narrow[i];
        INFO("pattern " << i);
        REQUIRE(is_nan(wide[i]) == is_nan(expected));
        if (is_nan(expected)) continue;
        REQUIRE(bits_as<std::uint32_t>(wide[i]) == bits_as<std::uint32_t>(expected));
        REQUIRE(again[i].bits == narrow[i].bits);
    }
}

/// Floats of every exponent, among them those half way between two numbers of 16 bits, one bit less and one more.
template <class T>
void check_rounding() {
    reft::random_stream random(8);
    std::vector<float> wide;
    for (std::uint32_t upper = 0; upper < 65536; upper += 3)
        for (const std::uint32_t lower : {0u, 0x7fffu, 0x8000u, 0x8001u, 0x0fffu, 0x1000u, 0x1001u, 0x3000u,
                                          static_cast<std::uint32_t>(random.below(65536))})
            wide.push_back(bits_as<float>(upper << 16 | lower));
    wide.resize(wide.size() / 64 * 64);
    std::vector<T> narrow(wide.size());
    reft::detail::convert(wide.data(), narrow.data(), static_cast<std::int64_t>(wide.size()));
    for (std::size_t i = 0; i < wide.size(); ++i) {
        const T expected(wide[i]);
        INFO("float " << std::hex << bits_as<std::uint32_t>(wide[i]));
        REQUIRE(is_nan(static_cast<float>(narrow[i])) == is_nan(static_cast<float>(expected)));
        if (!is_nan(static_cast<float>(expected))) REQUIRE(narrow[i].bits == expected.bits);
    }
}

template <class Real>
void check_lanes(Real nan) {
    const auto w = static_cast<std::size_t>(reft::detail::lanes_in_use<Real>());
    std::vector<Real> a(w), b(w, Real(1)), out(3 * w + 1);
    double expected = 0;
    for (std::size_t i = 0; i < w; ++i) {
        a[i] = static_cast<Real>((i * 7) % 5 + i);
        expected += static_cast<double>(a[i]);
    }
    double sums[3];
    reft::detail::sums_of(a.data(), sums);
    CHECK(sums[0] == expected);
    CHECK(sums[2] == expected);
    CHECK(sums[1] == static_cast<double>(*std::max_element(a.begin(), a.end())));

    a[w - 1] = nan;
    reft::detail::pairs_of(a.data(), b.data(), out.data());
    for (std::size_t i = 0; i + 1 < w; ++i) {
        CHECK(out[i] == std::max(a[i], b[i]));
        CHECK(out[w + i] == std::min(a[i], b[i]));
        CHECK(out[2 * w + i] == 2 * a[i]);
    }
    CHECK(out[w - 1] == 1);  // b where one of them is NaN
    CHECK(out[2 * w - 1] == 1);
    CHECK(is_nan(out[3 * w - 1]));
    CHECK(out[3 * w] == 0);
    for (auto& x : a) x = Real(1);
    reft::detail::pairs_of(a.data(), b.data(), out.data());
    CHECK(out[3 * w] == 1);
}

}  // namespace

TEST_CASE("the logarithm of a sum has all digits, also where the sum is nearly 1") {
    std::vector<double> a, b;
    reft::random_stream random(4);
    for (int e = -60; e <= 60; ++e)
        for (int k = 0; k < 64; ++k) {
            a.push_back(k % 2 == 0 ? 1.0 : std::ldexp(random.uniform(), e));
            b.push_back(std::ldexp(1 + random.uniform(), k % 4 == 0 ? -e : e));
        }
    for (const double whole : {1.0, 2.0, 4.0, 0x1p-1000, 0x1p1000}) a.push_back(whole), b.push_back(0);
    while (a.size() % 8 != 0) a.push_back(1), b.push_back(0);
    test::with_each_instruction_set([&] {
        std::vector<double> found(a.size());
        reft::detail::log_of_sum(a.data(), b.data(), found.data(), static_cast<std::int64_t>(a.size()));
        for (std::size_t i = 0; i < a.size(); ++i) {
            CAPTURE(a[i], b[i]);
            const double expected = a[i] == 1 ? std::log1p(b[i]) : std::log(a[i] + b[i]);
            // The rounding of a + b is part of the sum, not of the logarithm.
            CHECK(std::abs(found[i] - expected) <= 4e-16 * std::abs(expected) + (a[i] == 1 ? 0.0 : 1e-16));
        }
    });
}

TEST_CASE("powers of two have the error they promise, at every exponent and with every instruction set") {
    test::with_each_instruction_set([] {
        check_exp2<float>(2.4e-7, -126, 128);
        check_exp2<double>(4e-16, -1022, 1024);
    });
}

TEST_CASE("powers of two: exactly 0 for minus infinity, not finite for infinity, NaN for NaN") {
    test::with_each_instruction_set([] {
        check_special_exp2<float>(infinity_f, nan_f);
        check_special_exp2<double>(infinity_d, nan_d);
    });
}

TEST_CASE("16-bit numbers are loaded and stored as the scalar conversions do, all 65536 of them") {
    test::with_each_instruction_set([] {
        check_all_patterns<reft::bfloat16>();
        check_all_patterns<reft::half>();
    });
}

TEST_CASE("stores of 16-bit numbers round to nearest, ties to even, as the scalar conversions do") {
    test::with_each_instruction_set([] {
        check_rounding<reft::bfloat16>();
        check_rounding<reft::half>();
    });
}

TEST_CASE("sums, extremes and comparisons of vectors, NaN included") {
    test::with_each_instruction_set([] {
        check_lanes<float>(nan_f);
        check_lanes<double>(nan_d);
    });
}

TEST_CASE("loops are computed as they are written, whatever the flags") {
    test::with_each_instruction_set([] {
        std::vector<float> x(64, 1e8f);
        x[0] = 1.0f;  // (0 + 1) − 1, then (0 + 1e8) − 1e8, ...
        CHECK(reft::detail::order_of(x.data(), 64) == 0);
        x.assign(64, infinity_f);  // inf − inf is not simplified to 0
        CHECK(is_nan(reft::detail::order_of(x.data(), 64)));
    });
}

TEST_CASE("use_at_most gives what was asked for, or the widest of the machine") {
    using enum reft::instruction_set;
    const auto before = reft::instruction_set_in_use();
    CHECK(reft::use_at_most(portable) == portable);
    CHECK(reft::instruction_set_in_use() == portable);
    CHECK(reft::detail::lanes_in_use<float>() == 4);
    const auto widest = reft::use_at_most(avx512);
    CHECK(widest == reft::detail::widest_instruction_set());
    CHECK(reft::use_at_most(avx2) == (widest < avx2 ? widest : avx2));
    CHECK(reft::detail::lanes_in_use<double>() * 8 == (widest < avx2 ? 16 : 32));
    reft::use_at_most(before);
    CHECK(reft::instruction_set_in_use() == before);
}

TEST_CASE("whether a number is finite or NaN is told by its bits") {
    for (const float x : {0.0f, -1.0f, 3.4e38f, bits_as<float>(1u)}) CHECK((is_finite(x) && !is_nan(x)));
    for (const double x : {0.0, -1.0, 1.7e308, bits_as<double>(std::uint64_t{1})}) CHECK((is_finite(x) && !is_nan(x)));
    CHECK((!is_finite(infinity_f) && !is_finite(-infinity_f) && !is_finite(nan_f)));
    CHECK((!is_finite(infinity_d) && !is_finite(-infinity_d) && !is_finite(nan_d)));
    CHECK((is_nan(nan_f) && is_nan(nan_d) && !is_nan(infinity_f) && !is_nan(-infinity_d)));
    CHECK(is_nan(bits_as<float>(0xff800001u)));
}
