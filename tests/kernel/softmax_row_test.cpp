// The loops over one row of logits, with every instruction set that the machine has.
#include <reft/kernel/full_kl.hpp>
#include <reft/kernel/logits.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/test_data.hpp"

namespace reft::inline REFT_ABI::detail {
namespace {

template <class T>
softmaxes softmaxes_together(const std::vector<row_and_choice<T>>& rows, std::size_t count,
                             double inverse_temperature) {
    softmaxes p;
    REFT_ON_THIS_MACHINE(softmaxes_of_rows(rows.data(), count, scale_of<T>(inverse_temperature), true, p));
    return p;
}

}  // namespace
}  // namespace reft::inline REFT_ABI::detail

namespace {

using sizes = std::vector<std::size_t>;
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
reft::strided_view<T, 1> row_view(T* data, std::size_t n, std::int64_t stride = 1) {
    return {data, {static_cast<std::int64_t>(n)}, {stride}};
}

template <class T>
struct gradient {
    reft::detail::softmax_of_logits softmax;
    std::vector<T> d;
};

template <class T>
reft::detail::row_and_choice<T> chosen_in(const std::vector<T>& x, std::int64_t id,
                                          reft::accumulator_t<T>* kept = nullptr) {
    return {reft::detail::row_in_memory(row_view(x.data(), x.size())), id, kept};
}

/// Softmax and gradient of a row, with the powers kept or not.
template <class T>
gradient<T> gradient_of(const std::vector<T>& x, std::int64_t id, bool keep, double inverse_temperature = 1,
                        bool past_caches = false, std::size_t misaligned = 0) {
    reft::detail::kept_powers<reft::accumulator_t<T>> kept;
    const bool fits = static_cast<std::int64_t>(x.size()) <= reft::detail::kept_row;
    const auto row = chosen_in(x, id, keep && fits ? kept.values : nullptr);
    const auto p = reft::detail::softmax_of_row(row, inverse_temperature, true);
    std::vector<T> d(x.size() + misaligned + 1, T(7.0f));
    reft::detail::gradient_of_row(row, p, {0.75, 0.125}, inverse_temperature,
                                  reft::detail::row_in_memory(row_view(d.data() + misaligned, x.size())), past_caches);
    for (std::size_t i = 0; i < misaligned; ++i) CHECK(static_cast<double>(d[i]) == 7);
    CHECK(static_cast<double>(d.back()) == 7);
    return {p, {d.begin() + static_cast<std::ptrdiff_t>(misaligned), d.end() - 1}};
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// A row whose largest logit comes late, so that the powers before it were relative to another.
template <class T>
std::vector<T> rising(std::size_t n, double to) {
    std::vector<T> x = test::normal<T>(n, 3);
    for (std::size_t j = 0; j < n; ++j) x[j] += static_cast<T>(to * static_cast<double>(j) / static_cast<double>(n));
    return x;
}

}  // namespace

TEMPLATE_TEST_CASE("powers that were kept and powers made again give the same bits", "", float, double) {
    using T = TestType;
    test::with_each_instruction_set([] {
        for (const std::size_t n : sizes{1, 2, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1000, 2047, 2048, 2049})
            for (const double rise : {0.0, 3.0, 60.0, 300.0})
                for (const double inverse_temperature : {1.0, 1.7}) {
                    const auto x = rising<T>(n, rise);
                    const auto id = static_cast<std::int64_t>(n / 3);
                    const auto kept = gradient_of(x, id, true, inverse_temperature);
                    CHECK(same_bits(kept.d, gradient_of(x, id, false, inverse_temperature).d));
                    if (n > 2048) CHECK_FALSE(kept.softmax.kept);
                    if (n <= 2048 && rise == 0) CHECK(kept.softmax.kept);
                }
    });
}

TEMPLATE_TEST_CASE("a gradient written around the caches has the same bits, wherever it begins", "", float, double) {
    using T = TestType;
    test::with_each_instruction_set([] {
        for (const std::size_t n : sizes{1, 7, 16, 64, 200, 1003, 3000})
            for (std::size_t misaligned = 0; misaligned < 20; ++misaligned) {
                const auto x = rising<T>(n, 2);
                const auto expected = gradient_of(x, 0, false).d;
                CHECK(same_bits(expected, gradient_of(x, 0, false, 1, true, misaligned).d));
                CHECK(same_bits(expected, gradient_of(x, 0, true, 1, true, misaligned).d));
            }
    });
}

TEMPLATE_TEST_CASE("gradients of a row add up to 0, and the chosen one is what the others lack", "", float, double) {
    using T = TestType;
    test::with_each_instruction_set([] {
        for (const std::size_t n : sizes{2, 33, 700, 4100}) {
            const auto x = rising<T>(n, 8);
            const auto id = static_cast<std::int64_t>(n - 1);
            const auto g = gradient_of(x, id, true);
            double sum = 0, size = 0;
            for (const T v : g.d) sum += static_cast<double>(v), size += std::fabs(static_cast<double>(v));
            CHECK(std::fabs(sum) <= (sizeof(T) == 4 ? 4e-7 : 1e-14) * size);
        }
    });
}

TEMPLATE_TEST_CASE("softmaxes of rows that are made together have the bits of each alone", "", float, double) {
    using T = TestType;
    test::with_each_instruction_set([] {
        std::vector<std::vector<T>> x;
        for (const std::size_t n : sizes{1, 64, 100, 700, 3000, 5, 2048, 33}) x.push_back(rising<T>(n, 40));
        x[3][9] = -std::numeric_limits<T>::infinity();
        x[4][2900] = std::numeric_limits<T>::quiet_NaN();
        std::vector<reft::detail::row_and_choice<T>> rows;
        for (const std::vector<T>& row : x) rows.push_back(chosen_in(row, static_cast<std::int64_t>(row.size() / 2)));
        for (std::size_t count = 1; count <= rows.size(); ++count) {
            const auto together = reft::detail::softmaxes_together(rows, count, 0.7);
            for (std::size_t i = 0; i < count; ++i) {
                const auto alone = reft::detail::softmax_of_row(rows[i], 0.7, true), p = together[i];
                CHECK(same_bits(std::vector{p.center, p.factor, p.log_factor, p.entropy, p.log_prob, p.own, p.others},
                                std::vector{alone.center, alone.factor, alone.log_factor, alone.entropy, alone.log_prob,
                                            alone.own, alone.others}));
            }
        }
    });
}

TEST_CASE("instruction sets agree to rounding") {
    for (const std::size_t n : sizes{5, 100, 5000}) {
        const auto x = rising<float>(n, 20);
        const auto exact_x = std::vector<double>(x.begin(), x.end());
        const auto exact = gradient_of(exact_x, 2, false);
        test::with_each_instruction_set([&] {
            const auto g = gradient_of(x, 2, false);
            CHECK(g.softmax.log_prob == Approx(exact.softmax.log_prob).epsilon(4e-7));
            CHECK(g.softmax.entropy == Approx(exact.softmax.entropy).epsilon(1e-6));
            for (std::size_t j = 0; j < n; ++j)
                CHECK(static_cast<double>(g.d[j]) == Approx(exact.d[j]).margin(1e-6 * std::fabs(exact.d[2])));
        });
    }
}

TEMPLATE_TEST_CASE("1 - p of the chosen token keeps its digits where p is nearly 1", "", float, double) {
    test::with_each_instruction_set([] {
        std::vector<TestType> x(1000, TestType(0));
        for (const double gap : {20.0, 40.0, 60.0}) {
            x[400] = static_cast<TestType>(gap);
            const auto p = reft::detail::softmax_of_row(chosen_in(x, 400), 1.0, true);
            const double odds = 999 * std::exp(-gap), rounding = sizeof(TestType) == 4 ? 2e-6 : 1e-13;
            CHECK(p.others == Approx(odds / (1 + odds)).epsilon(rounding));
            CHECK(p.log_prob == Approx(-std::log1p(odds)).epsilon(rounding));
            CHECK(p.entropy == Approx(std::log1p(odds) + gap * odds / (1 + odds)).epsilon(rounding));
        }
    });
}

TEST_CASE("logits of very different sizes: huge gaps, huge offsets, small and large temperatures") {
    test::with_each_instruction_set([] {
        const auto forward = [](std::vector<float> x, std::int64_t id, double inverse_temperature) {
            return reft::detail::softmax_of_row(chosen_in(x, id), inverse_temperature, true);
        };
        CHECK(forward({0, 3e38f, -3e38f}, 1, 1).log_prob == 0);
        CHECK(forward({0, 3e38f, -3e38f}, 0, 1e-3).log_prob == Approx(-3e35));
        CHECK(forward({0, 1e6f}, 0, 1e3).log_prob == Approx(-1e9));
        CHECK(forward({1e4f, 1e4f + 0.125f}, 0, 1e3).log_prob == Approx(-125).epsilon(1e-6));
        CHECK(forward({1, 2, 4}, 1, 1e-6).log_prob == Approx(-std::log(3.0)).epsilon(1e-6));
        CHECK(forward({1, 2, 4}, 1, 1e-6).entropy == Approx(std::log(3.0)).epsilon(1e-6));
    });
}

TEST_CASE("a block with a larger logit late in the row is done again, whatever came before") {
    test::with_each_instruction_set([] {
        for (const std::size_t at : sizes{0, 63, 64, 500, 1023, 2999})
            for (const double gap : {5.0, 50.0, 500.0}) {
                std::vector<float> x(3000, 0.0f);
                x[at] = static_cast<float>(gap);
                const auto p = reft::detail::softmax_of_row(chosen_in(x, 1), 1.0, true);
                const double log_sum = gap + std::log1p(2999 * std::exp(-gap));
                CHECK(p.log_prob == Approx((at == 1 ? gap : 0) - log_sum).epsilon(4e-7));
                const double peak = std::exp(gap - log_sum);
                CHECK(p.entropy == Approx(log_sum - peak * gap).margin(2e-6));
            }
        std::vector<float> blocked(3000, -1e9f);  // as masks of vocabularies are often written
        blocked[2500] = 1;
        blocked[2600] = 1;
        CHECK(reft::detail::softmax_of_row(chosen_in(blocked, 2500), 1.0, true).log_prob == Approx(-std::log(2.0)));
    });
}

TEST_CASE("the exact KL of equal rows is exactly 0, and of nearly equal ones keeps its digits") {
    test::with_each_instruction_set([] {
        const auto x = test::normal<float>(5000, 1);
        const auto kl_of = [&](const std::vector<float>& y) {
            return reft::detail::kl_of_rows(
                reft::detail::pair_of_rows<float>(row_view(x.data(), 5000), row_view(y.data(), 5000), 1.0));
        };
        CHECK(kl_of(x) == 0);
        auto y = x;
        for (std::size_t j = 0; j < y.size(); j += 2) y[j] += 0.01f;
        double p_sum = 0, q_sum = 0, expected = 0;
        for (std::size_t j = 0; j < y.size(); ++j) p_sum += std::exp(x[j]), q_sum += std::exp(y[j]);
        for (std::size_t j = 0; j < y.size(); ++j) {
            const double p = std::exp(static_cast<double>(x[j])) / p_sum;
            expected += p * (static_cast<double>(x[j]) - static_cast<double>(y[j]) - std::log(p_sum / q_sum));
        }
        CHECK(kl_of(y) == Approx(expected).margin(3e-8));
        y[7] = static_cast<float>(-infinity);
        CHECK(kl_of(y) == infinity);
    });
}

TEMPLATE_TEST_CASE("a token that is the only one is certain, whatever its logit and the temperature", "", float,
                   double) {
    using T = TestType;
    test::with_each_instruction_set([] {
        for (const std::size_t n : sizes{1, 2, 100, 3000})
            for (const double logit : {-1000.0, -740.0, -95.0, -1.0, 0.0, 1.0, 95.0, 1000.0})
                for (const double inverse_temperature : {1.0, 1e3, 1e6, 1e-6})
                    for (const bool keep : {false, true}) {
                        std::vector<T> x(n, static_cast<T>(-infinity));
                        x[n / 2] = static_cast<T>(logit);
                        const auto g = gradient_of(x, static_cast<std::int64_t>(n / 2), keep, inverse_temperature);
                        CHECK(g.softmax.log_prob == 0);
                        CHECK(g.softmax.entropy == 0);
                        for (const T d : g.d) REQUIRE(d == 0);
                    }
    });
}

TEST_CASE("the exact KL is infinite where the reference alone excludes a token, however unlikely") {
    test::with_each_instruction_set([] {
        for (const double gap : {80.0, 90.0, 100.0, 200.0}) {
            const std::vector<float> x = {0, static_cast<float>(-gap), static_cast<float>(-infinity)};
            const std::vector<float> y = {0, static_cast<float>(-infinity), static_cast<float>(-infinity)};
            CHECK(reft::detail::kl_of_rows(reft::detail::pair_of_rows<float>(row_view(x.data(), 3),
                                                                             row_view(y.data(), 3), 1.0)) == infinity);
        }
    });
}
