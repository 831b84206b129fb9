#include <reft/inference/pass_at_k.hpp>

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using reft::pass_at_k;

TEST_CASE("pass_at_k: worked examples") {
    CHECK(pass_at_k({10, 3}, 1) == Approx(0.3).epsilon(1e-15));
    CHECK(pass_at_k({4, 2}, 2) == Approx(5.0 / 6.0).epsilon(1e-15));  // 1 - 1/6
    CHECK(pass_at_k({5, 1}, 3) == Approx(0.6).epsilon(1e-15));
    CHECK(pass_at_k({5, 0}, 5) == 0);
    CHECK(pass_at_k({5, 1}, 5) == 1);
    CHECK(pass_at_k({5, 5}, 1) == 1);
}

TEST_CASE("pass_at_k: the share of all subsets that hold a right sample") {
    for (unsigned n = 1; n <= 10; ++n)
        for (unsigned c = 0; c <= n; ++c)
            for (unsigned k = 1; k <= n; ++k) {
                int subsets = 0, solved = 0;
                for (unsigned bits = 0; bits < (1u << n); ++bits)
                    if (std::popcount(bits) == static_cast<int>(k)) {
                        ++subsets;
                        solved += (bits & ((1u << c) - 1)) != 0;  // the first c samples are right
                    }
                CAPTURE(n, c, k);
                CHECK(pass_at_k({n, c}, k) == Approx(static_cast<double>(solved) / subsets).epsilon(1e-14));
            }
}

TEST_CASE("pass_at_k: large counts neither overflow nor cancel") {
    const std::int64_t million = 1'000'000;
    CHECK(pass_at_k({million, 1}, 1) == 1e-6);
    CHECK(pass_at_k({million, 1}, 1000) == 1e-3);
    CHECK(pass_at_k({million * million, 1}, 1) == 1e-12);
    CHECK(pass_at_k({million, 500'000}, 100) == Approx(1.0));
    CHECK(pass_at_k({million, 500'000}, 100'000) <= 1.0);
    // c and k play the same part.
    CHECK(pass_at_k({1000, 7}, 100) == pass_at_k({1000, 100}, 7));
}

TEST_CASE("pass_at_k: more draws than samples, and counts that cannot be") {
    CHECK_THROWS_WITH(pass_at_k({5, 2}, 6), "pass_at_k: k must be between 1 and the number of samples, 5, but it is 6");
    CHECK_THROWS_AS(pass_at_k({5, 2}, 0), reft::option_error);
    CHECK_THROWS_AS(pass_at_k({0, 0}, 1), reft::option_error);
    CHECK_THROWS_AS(pass_at_k({5, 6}, 1), reft::value_error);
    CHECK_THROWS_AS(pass_at_k({5, -1}, 1), reft::value_error);
    CHECK_THROWS_AS(pass_at_k({std::numeric_limits<std::int64_t>::min(), 0}, 1), reft::value_error);
}

TEST_CASE("pass_at_k: means over questions, and the upper bound of any selection") {
    const std::vector<reft::sample_counts> questions = {{4, 2}, {10, 0}, {3, 3}};
    CHECK(pass_at_k(questions, 2) == Approx((5.0 / 6.0 + 0 + 1) / 3));
    CHECK(reft::selection_upper_bound(questions) == Approx(2.0 / 3.0));
    CHECK(reft::selection_upper_bound(std::vector<reft::sample_counts>{{0, 0}, {2, 1}}) == 0.5);
    CHECK(reft::selection_upper_bound({}) == 0);
    CHECK(pass_at_k(std::vector<reft::sample_counts>{}, 3) == 0);
    CHECK_THROWS_AS(pass_at_k(questions, 4), reft::option_error);  // one question has 3 samples
    CHECK_THROWS_AS(reft::selection_upper_bound(std::vector<reft::sample_counts>{{2, 3}}), reft::value_error);
}
