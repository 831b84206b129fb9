#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/loss/kl_penalty.hpp>
#include <reft/loss/token_loss.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

static_assert(reft::policy_loss<reft::clipped_policy<float>> && reft::policy_loss<reft::kl_penalty<double>>);
static_assert(reft::policy_loss<reft::cross_entropy<float>> && reft::policy_loss<reft::entropy_bonus<double>>);
static_assert(reft::policy_loss<reft::clipped_policy<reft::bfloat16>>);
static_assert(reft::value_loss<reft::clipped_value<float>>);
static_assert(!reft::policy_loss<reft::clipped_value<float>> && !reft::value_loss<reft::clipped_policy<float>>);
static_assert(!reft::policy_loss<int> && !reft::policy_loss<std::string>);
static_assert(!reft::prepared_loss<reft::clipped_policy<float>>);
static_assert(!reft::clipped_policy<float>::needs_entropy && reft::entropy_bonus<float>::needs_entropy);

namespace {

/// A loss that subtracts the mean log-prob: it must see all of them first.
struct centred {
    using real = double;
    static constexpr bool needs_entropy = false;
    double mean = 0;
    void require_extents(const std::array<std::int64_t, 2>&) const {}
    void prepare(reft::token_view<const double> log_probs, reft::token_view<const double>) {
        for (std::int64_t t = 0; t < log_probs.extent(1); ++t) mean += log_probs(0, t);
        mean /= static_cast<double>(log_probs.extent(1));
    }
    reft::policy_term<double> operator()(reft::token_index, reft::policy_token<double> token,
                                         reft::policy_stats&) const {
        return {token.log_prob - mean, 1, 0};
    }
};

}  // namespace

using reft::operator*;  // a loss of one's own namespace is not found by its arguments
static_assert(reft::prepared_loss<centred>);
static_assert(reft::prepared_loss<decltype(0.5 * centred() + reft::cross_entropy<double>())>);

TEST_CASE("losses of one family add up and scale, with their derivatives and statistics") {
    const std::vector<double> old = {-1}, advantages = {2}, reference = {-1.3};
    const reft::clipped_policy policy(old, advantages);
    const reft::kl_penalty kl(reference);
    const auto sum = policy + 0.05 * kl + 0.01 * reft::entropy_bonus<double>();
    static_assert(decltype(sum)::needs_entropy);
    const reft::policy_token<double> token{-1.1, 0.9};
    reft::policy_stats stats, stats_policy, stats_kl;
    const auto t = sum({0, 0}, token, stats);
    const auto p = policy({0, 0}, token, stats_policy), k = kl({0, 0}, token, stats_kl);
    CHECK(t.value == Approx(p.value + 0.05 * k.value - 0.01 * 0.9));
    CHECK(t.d_log_prob == Approx(p.d_log_prob + 0.05 * k.d_log_prob));
    CHECK(t.d_entropy == Approx(-0.01));
    CHECK(stats.ratio == stats_policy.ratio);
    CHECK(stats.reference_kl == stats_kl.reference_kl);
    CHECK_THROWS_AS(sum.require_extents({1, 2}), reft::shape_error);
}

TEST_CASE("derivatives of cross-entropy, entropy bonus and sums agree with central differences") {
    const std::vector<double> old = {-1}, advantages = {-2}, reference = {-1.3};
    const auto sum = reft::clipped_policy(old, advantages) + 0.3 * reft::kl_penalty(reference) +
                     0.1 * reft::entropy_bonus<double>() + 0.7 * reft::cross_entropy<double>();
    for (double log_prob = -1.15; log_prob < -0.85; log_prob += 0.07) {
        reft::policy_stats stats;
        const auto t = sum({0, 0}, {log_prob, 0.8}, stats);
        const auto value = [&](double lp, double h) { return sum({0, 0}, {lp, h}, stats).value; };
        CHECK(test::derivative_agrees(t.d_log_prob,
                                      test::central_difference([&](double x) { return value(x, 0.8); }, log_prob)));
        CHECK(test::derivative_agrees(t.d_entropy,
                                      test::central_difference([&](double x) { return value(log_prob, x); }, 0.8)));
    }
}

TEST_CASE("statistics of parts merge into those of the whole, and means without tokens are 0") {
    reft::policy_stats a{.loss = 1, .tokens = 2, .ratio = 2.5, .largest_log_ratio = 0.3, .clipped = 1};
    const reft::policy_stats b{.loss = 2, .tokens = 2, .ratio = 1.5, .largest_log_ratio = 0.1, .clipped = 0};
    a.merge(b);
    CHECK(a.loss == 3);
    CHECK(a.mean_ratio() == 1);
    CHECK(a.largest_log_ratio == 0.3);
    CHECK(a.clip_fraction() == 0.25);
    CHECK(reft::policy_stats{}.clip_fraction() == 0);
    CHECK(reft::value_stats{}.mean_squared_error() == 0);
}
