#include <reft/loss/clipped_policy.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace {

using vec = std::vector<double>;
const double infinity = std::numeric_limits<double>::infinity();

/// The loss of one token whose old log-prob is −1, at ratio e^log_ratio.
reft::policy_term<double> term(double log_ratio, double advantage, const reft::clipped_policy_options& options = {},
                               reft::policy_stats* stats = nullptr) {
    const vec old = {-1.0}, adv = {advantage};
    reft::policy_stats unused;
    return reft::clipped_policy(old, adv, options)({0, 0}, {-1.0 + log_ratio, 0}, stats ? *stats : unused);
}

}  // namespace

TEST_CASE("the four corners of the clipped surrogate by hand") {
    const double up = std::log(1.5), down = std::log(0.5);
    CHECK(term(up, 2).value == Approx(-2.4));  // clipped at 1.2
    CHECK(term(up, 2).d_log_prob == 0);
    CHECK(term(down, 2).value == Approx(-1.0));  // not clipped: the policy lost a good token
    CHECK(term(down, 2).d_log_prob == Approx(-1.0));
    CHECK(term(up, -2).value == Approx(3.0));  // not clipped: the policy gained a bad token
    CHECK(term(up, -2).d_log_prob == Approx(3.0));
    CHECK(term(down, -2).value == Approx(1.6));  // clipped at 0.8
    CHECK(term(down, -2).d_log_prob == 0);
}

TEST_CASE("at ratio 1 the gradient is that of the plain policy gradient") {
    for (const double advantage : {-1.5, 0.0, 0.3}) {
        CHECK(term(0, advantage).value == -advantage);
        CHECK(term(0, advantage).d_log_prob == -advantage);
    }
}

TEST_CASE("pitfall 30: the dual clip acts if and only if the advantage is negative and the ratio above c") {
    const reft::clipped_policy_options options{.dual_clip = 3};
    for (const double advantage : {-2.0, 2.0})
        for (const double ratio : {0.1, 1.0, 2.9, 5.0}) {
            const auto with = term(std::log(ratio), advantage, options), without = term(std::log(ratio), advantage);
            if (advantage < 0 && ratio > 3) {
                CHECK(with.value == Approx(6));
                CHECK(with.d_log_prob == 0);
            } else {
                CHECK(with.value == without.value);
                CHECK(with.d_log_prob == without.d_log_prob);
            }
        }
}

TEST_CASE("the clip range may be asymmetric") {
    const reft::clipped_policy_options options{.clip_range = 0.1, .clip_range_high = 0.5};
    CHECK(term(std::log(1.4), 1, options).d_log_prob == Approx(-1.4));
    CHECK(term(std::log(1.6), 1, options).value == Approx(-1.5));
    CHECK(term(std::log(0.8), -1, options).value == Approx(0.9));
}

TEST_CASE("pitfall 31: the clip fraction counts the tokens whose gradient the clip stopped") {
    for (const double advantage : {-1.0, 1.0, 0.0})
        for (const double log_ratio : {-1.0, -0.1, 0.0, 0.1, 1.0}) {
            reft::policy_stats stats;
            const auto t = term(log_ratio, advantage, {}, &stats);
            CHECK((stats.clipped == 1) == (advantage != 0 && t.d_log_prob == 0));
        }
}

TEST_CASE("pitfall 17: a huge log-ratio gives a finite loss and no gradient beyond the limit") {
    for (const double advantage : {-1.0, 1.0, 0.0})
        for (const double log_ratio : {-1e30, -1e4, 1e4, 1e30}) {
            const auto t = term(log_ratio, advantage);
            CHECK(std::isfinite(t.value));
            CHECK(t.d_log_prob == 0);
        }
    CHECK(term(1e4, -1).value == Approx(std::exp(20.0)));
    CHECK(term(1e4, 0, {.log_ratio_limit = infinity}).value == 0);  // not 0·∞
}

TEST_CASE("kinks by hand: exactly at the clip bound the gradient is the unclipped one") {
    const double bound = std::log(1.0 + 0.5);  // 1 + 0.5 is exact, so is e^bound if exp rounds well
    const auto t = term(bound, 1, {.clip_range = 0.5});
    CHECK(t.value == Approx(-1.5));
    if (std::exp(bound) <= 1.5) CHECK(t.d_log_prob == Approx(-1.5));
}

TEST_CASE("derivatives agree with central differences over the grid of options") {
    const double h = 1e-5;
    int compared = 0;
    for (const double low : {0.0, 0.1, 0.2, 1.0})
        for (const std::optional<double> high :
             {std::optional<double>(), std::optional(0.05), std::optional(0.28), std::optional(5.0)})
            for (const double dual : {1.5, 3.0, infinity})
                for (const double limit : {0.5, 20.0, infinity})
                    for (const double advantage : {-2.0, -0.1, 0.0, 0.7, 3.0})
                        for (double log_ratio = -3; log_ratio <= 3; log_ratio += 0.37) {
                            const reft::clipped_policy_options o{low, high, dual, limit};
                            const double up = 1 + high.value_or(low), ratio = std::exp(log_ratio);
                            const auto near = [&](double kink) { return std::abs(log_ratio - kink) < 10 * h; };
                            if (near(std::log(up)) || near(std::log(1 - low)) || near(std::log(dual)) || near(limit) ||
                                near(-limit))
                                continue;
                            // The dual clip meets the clipped branch where −c·A equals it.
                            if (advantage < 0 && std::abs(std::max(ratio, 1 - low) - dual) < 1e-3) continue;
                            const double analytic = term(log_ratio, advantage, o).d_log_prob;
                            const double difference = test::central_difference(
                                [&](double x) { return term(x, advantage, o).value; }, log_ratio, h);
                            REQUIRE(test::derivative_agrees(analytic, difference));
                            ++compared;
                        }
    CHECK(compared > 5000);
}

TEST_CASE("float agrees with double") {
    const std::vector<float> old = {-1}, adv = {0.7f};
    for (float log_ratio = -0.5f; log_ratio < 0.5f; log_ratio += 0.11f) {
        reft::policy_stats stats;
        const auto f = reft::clipped_policy(old, adv)({0, 0}, {-1 + log_ratio, 0}, stats);
        const auto d = term(static_cast<double>(-1 + log_ratio) + 1, static_cast<double>(0.7f));
        CHECK(static_cast<double>(f.value) == Approx(d.value).epsilon(1e-5));
        CHECK(static_cast<double>(f.d_log_prob) == Approx(d.d_log_prob).epsilon(1e-5));
    }
}

TEST_CASE("statistics: ratio, k1 and k3 to the old policy, the largest log-ratio") {
    reft::policy_stats stats;
    term(0.1, 1, {}, &stats);
    term(-0.3, 1, {}, &stats);
    CHECK(stats.ratio == Approx(std::exp(0.1) + std::exp(-0.3)));
    CHECK(stats.old_kl_k1 == Approx(0.2));
    CHECK(stats.old_kl_k3 == Approx(std::exp(0.1) - 1.1 + std::exp(-0.3) - 0.7));
    CHECK(stats.largest_log_ratio == Approx(0.3));
}

TEST_CASE("options and shapes that make no sense are named in the error") {
    const vec two = {0, 0}, three = {0, 0, 0};
    CHECK_THROWS_WITH(reft::clipped_policy(two, three),
                      "clipped_policy: old_log_probs is [1, 2] but advantages is [1, 3]");
    CHECK_THROWS_WITH(reft::clipped_policy(two, two).require_extents({1, 3}),
                      "clipped_policy: log_probs is [1, 3] but advantages is [1, 2]");
    CHECK_THROWS_AS(term(0, 1, {.clip_range = -0.1}), reft::option_error);
    CHECK_THROWS_AS(term(0, 1, {.clip_range = 1.1}), reft::option_error);
    CHECK_THROWS_AS(term(0, 1, {.clip_range_high = -0.3}), reft::option_error);
    CHECK_THROWS_AS(term(0, 1, {.dual_clip = 1.0}), reft::option_error);
    CHECK_THROWS_AS(term(0, 1, {.log_ratio_limit = 0}), reft::option_error);
}
