#include <reft/advantage/whiten.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/thread_pool.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
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

namespace {

/// The largest error of whitening numbers of this mean and deviation, against two passes in long double over the same
/// numbers.
template <class T>
double whitening_error(double mean, double deviation) {
    const std::int64_t rows = 5, time = 1234;
    const auto n = static_cast<std::size_t>(rows * time);
    std::vector<T> x;
    for (const double v : test::normal<double>(n, 7, deviation)) x.push_back(static_cast<T>(v + mean));
    const auto m = [&](auto& y) { return reft::tensor_at(y.data(), rows, time); };
    std::vector<T> out(n);
    reft::whiten(m(x), reft::rows::padded(rows, time), m(out), {.epsilon = 0});
    long double sum = 0, squares = 0;
    for (const T v : x) sum += static_cast<long double>(v);
    const long double exact_mean = sum / static_cast<long double>(n);
    for (const T v : x)
        squares += (static_cast<long double>(v) - exact_mean) * (static_cast<long double>(v) - exact_mean);
    const long double scale = 1 / std::sqrt(squares / static_cast<long double>(n - 1));
    double error = 0;
    for (std::size_t i = 0; i < n; ++i)
        error = std::max(error, static_cast<double>(std::abs(static_cast<long double>(out[i]) -
                                                             (static_cast<long double>(x[i]) - exact_mean) * scale)));
    return error;
}

}  // namespace

TEST_CASE("whitening is exact to a few roundings, also where the mean is a million times the deviation") {
    test::with_each_instruction_set([] {
        for (const auto& [mean, deviation] :
             {std::pair{0.0, 1.0}, {1e4, 1e-2}, {-3.0, 1e-4}, {1e30, 1e25}, {0.0, 1e25}, {1e-20, 1e-28}}) {
            INFO("mean " << mean << ", deviation " << deviation);
            CHECK(whitening_error<float>(mean, deviation) < 2e-6);
            CHECK(whitening_error<double>(mean, deviation) < 1e-14 * std::max(1.0, std::abs(mean / deviation)));
        }
    });
}

TEST_CASE("whitening has the same bits for any layout, type of mask and number of threads") {
    test::with_each_instruction_set([] {
        const std::int64_t batch = 300, time = 700;
        const auto n = static_cast<std::size_t>(batch * time);
        const auto x = test::normal<float>(n, 1);
        const auto mask = test::mask(n, 2);
        const std::vector<std::int64_t> mask64(mask.begin(), mask.end());
        const auto m = [&](auto& y) { return reft::tensor_at(y.data(), batch, time); };
        const auto bytes = m(mask);
        const auto longs = m(mask64);
        std::vector<float> expected(n), found(n);
        reft::whiten(m(x), reft::rows::padded(bytes), m(expected));
        reft::whiten(m(x), reft::rows::padded(longs), m(found));
        CHECK(found == expected);
        for (const int workers : {1, 2, 3, 7}) {
            reft::thread_pool pool(workers);
            std::fill(found.begin(), found.end(), 7.0f);
            reft::whiten(m(x), reft::rows::padded(bytes), m(found), {}, pool);
            CHECK(found == expected);
        }
        std::vector<float> by_columns(n), out(n);
        for (std::size_t i = 0; i < n; ++i)
            by_columns[i % static_cast<std::size_t>(time) * static_cast<std::size_t>(batch) +
                       i / static_cast<std::size_t>(time)] = x[i];
        const auto transposed = [&](auto& y) {
            return reft::strided_view<float, 2>(y.data(), {batch, time}, {1, batch});
        };
        reft::whiten(transposed(by_columns), reft::rows::padded(bytes), transposed(out));
        std::int64_t wrong = 0;
        for (std::int64_t b = 0; b < batch; ++b)
            for (std::int64_t t = 0; t < time; ++t) wrong += !(transposed(out)(b, t) == m(expected)(b, t));
        CHECK(wrong == 0);
        std::vector<float> over = x;
        reft::whiten(m(over), reft::rows::padded(bytes), m(over));
        CHECK(over == expected);
    });
}
