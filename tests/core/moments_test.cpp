#include <reft/core/moments.hpp>
#include <reft/core/random.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/thread_pool.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/test_data.hpp"

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

namespace {

template <class T>
std::vector<T> numbers(std::size_t n, double mean, double deviation) {
    std::vector<T> x;
    for (const double v : test::normal<double>(n, 11, deviation))
        x.push_back(static_cast<T>(static_cast<float>(v + mean)));
    return x;
}

/// Relative error of the squared deviations, and that of the mean in deviations, against two passes in long double.
template <class T>
std::pair<double, double> errors(const std::vector<T>& x) {
    const std::vector<std::int64_t> offsets = {0, static_cast<std::int64_t>(x.size())};
    const reft::moments m = reft::moments_of(x, reft::rows::packed(offsets));
    long double sum = 0, squares = 0;
    for (const T v : x) sum += static_cast<long double>(static_cast<double>(v));
    const long double n = static_cast<long double>(x.size()), mean = sum / n;
    for (const T v : x) {
        const long double d = static_cast<long double>(static_cast<double>(v)) - mean;
        squares += d * d;
    }
    CHECK(m.count == static_cast<std::int64_t>(x.size()));
    const long double of_squares = std::abs(static_cast<long double>(m.squared_deviations) - squares) / squares;
    const long double of_mean = std::abs(static_cast<long double>(m.mean) - mean) / std::sqrt(squares / n);
    return {static_cast<double>(of_squares), static_cast<double>(of_mean)};
}

}  // namespace

TEST_CASE("moments agree with two passes in long double, for any length, a mean far away and a first number far away") {
    test::with_each_instruction_set([] {
        for (const std::size_t n : std::vector<std::size_t>{2, 3, 17, 64, 127, 128, 129, 1000, 2048, 2049, 10000})
            for (const auto& [mean, deviation] : {std::pair{0.0, 1.0}, {1e4, 1.0}, {-1e-20, 1e-22}, {1e25, 1e22}})
                for (const bool outlier : {false, true}) {
                    auto x = numbers<float>(n, mean, deviation);
                    if (outlier) x[0] += static_cast<float>(1000 * deviation);
                    INFO(n << " numbers, mean " << mean << ", deviation " << deviation << ", outlier " << outlier);
                    const auto of_float = errors(x);
                    CHECK(of_float.first < 1e-6);
                    CHECK(of_float.second < 1e-6);
                    const auto of_double = errors(std::vector<double>(x.begin(), x.end()));
                    CHECK(of_double.first < 1e-13);
                    CHECK(of_double.second < 1e-12);
                }
        CHECK(errors(numbers<reft::bfloat16>(3000, 3.0, 1.0)).first < 1e-6);
        CHECK(errors(numbers<reft::half>(3000, 3.0, 1.0)).first < 1e-6);
    });
}

TEST_CASE("equal numbers have squared deviations of exactly 0 and their own value as mean, however many there are") {
    test::with_each_instruction_set([] {
        for (const float value : {0.35f, 1e-30f, -3e30f, 0.0f})
            for (const std::int64_t n : {1, 2, 16, 100, 2048, 5000}) {
                const std::vector<float> x(static_cast<std::size_t>(n), value);
                const std::vector<double> wide(x.begin(), x.end());
                const std::vector<std::int64_t> offsets = {0, n / 3, n};
                for (const auto& m : {reft::moments_of(x, reft::rows::packed(offsets)),
                                      reft::moments_of(wide, reft::rows::packed(offsets))}) {
                    CHECK(m.squared_deviations == 0);
                    CHECK(m.mean == static_cast<double>(value));
                }
            }
    });
}

TEST_CASE("masked numbers, strides and threads change no bit of the moments of the numbers that count") {
    test::with_each_instruction_set([] {
        for (const double share : {0.999, 0.6, 0.05}) {
            const std::size_t n = 200000;
            const auto x = test::normal<float>(n, 1);
            const auto mask = test::mask(n, 2, share);
            std::vector<std::int64_t> offsets = {0}, compressed_offsets = {0};
            std::vector<float> compressed;
            for (std::size_t i = 0; i < n; ++i) {
                if (mask[i]) compressed.push_back(x[i]);
                if (i % 6700 == 6699 || i + 1 == n) {
                    offsets.push_back(static_cast<std::int64_t>(i + 1));
                    compressed_offsets.push_back(static_cast<std::int64_t>(compressed.size()));
                }
            }
            const auto expected = reft::moments_of(compressed, reft::rows::packed(compressed_offsets));
            const auto same = [&](const reft::moments& m) {
                return m.count == expected.count && m.mean == expected.mean &&
                       m.squared_deviations == expected.squared_deviations;
            };
            const auto rows = reft::rows::packed(offsets, mask);
            CHECK(same(reft::moments_of(test::spoiled(x, mask, std::numeric_limits<float>::quiet_NaN()), rows)));
            std::vector<float> spaced(3 * n, -1.0f);
            for (std::size_t i = 0; i < n; ++i) spaced[3 * i] = x[i];
            const reft::strided_view<float, 1> every_third(spaced.data(), {static_cast<std::int64_t>(n)}, {3});
            CHECK(same(reft::moments_of(every_third, rows)));
            for (const int workers : {1, 2, 3, 7}) {
                reft::thread_pool pool(workers);
                CHECK(same(reft::moments_of(x, rows, {}, pool)));
            }
        }
    });
}
