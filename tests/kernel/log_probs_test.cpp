#include <reft/core/weights.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;

TEST_CASE("loss and gradient of two tokens by hand") {
    const vec old = {-1, -1}, advantages = {2, -2}, weights = {0.5, 0.5}, log_probs = {-1 + std::log(1.1), -1};
    vec d(2);
    const auto stats = reft::loss_over_log_probs(reft::clipped_policy(old, advantages), log_probs, weights, d);
    CHECK(stats.loss == Approx(0.5 * -2.2 + 0.5 * 2));
    CHECK(d[0] == Approx(-1.1));
    CHECK(d[1] == Approx(1.0));
    CHECK(stats.tokens == 2);
    CHECK(stats.mean_ratio() == Approx(1.05));
    CHECK(stats.log_prob == Approx(log_probs[0] + log_probs[1]));
}

TEST_CASE("pitfall 15: with the same parameters the ratio is exactly 1 and the largest log-ratio exactly 0") {
    const vec log_probs = test::normal<double>(50, 1), advantages = test::normal<double>(50, 2), weights(50, 0.02);
    vec d(50);
    const auto stats = reft::loss_over_log_probs(reft::clipped_policy(log_probs, advantages), log_probs, weights, d);
    CHECK(stats.largest_log_ratio == 0);
    CHECK(stats.mean_ratio() == 1);
    CHECK(stats.old_kl_k3 == 0);
    CHECK(stats.clipped == 0);
    for (std::size_t i = 0; i < 50; ++i) CHECK(d[i] == -advantages[i] * 0.02);
}

TEST_CASE("pitfall 38: whitened advantages give a loss of zero with a gradient that is not") {
    const vec log_probs = {-1, -2}, advantages = {1, -1}, weights = {0.5, 0.5};
    vec d(2);
    const auto stats = reft::loss_over_log_probs(reft::clipped_policy(log_probs, advantages), log_probs, weights, d);
    CHECK(stats.loss == 0);
    CHECK(d[0] == -0.5);
}

TEST_CASE("pitfalls 18 and 22: garbage where the weight is 0 changes no derivative and no statistic") {
    const vec log_probs = test::normal<double>(30, 1), old = test::normal<double>(30, 2),
              advantages = test::normal<double>(30, 3), entropies = test::normal<double>(30, 4);
    const auto mask = test::mask(30, 5);
    vec weights(30);
    for (std::size_t i = 0; i < 30; ++i) weights[i] = mask[i] ? 0.1 : 0;
    const auto run = [&](double g, bool spoil) {
        const auto s = [&](const vec& x) { return spoil ? test::spoiled(x, mask, g) : x; };
        const vec o = s(old), a = s(advantages);
        vec d(30), d_h(30);
        const auto loss = reft::clipped_policy(o, a) + 0.01 * reft::entropy_bonus<double>();
        const auto stats = reft::loss_over_log_probs(loss, s(log_probs), s(entropies), weights, d, d_h);
        d.insert(d.end(), d_h.begin(), d_h.end());
        d.insert(d.end(), {stats.loss, stats.ratio, stats.old_kl_k1, stats.entropy, stats.log_prob,
                           static_cast<double>(stats.tokens), stats.largest_log_ratio});
        return d;
    };
    const auto clean = run(0, false);
    for (const double g : test::garbage<double>()) CHECK(run(g, true) == clean);
    for (std::size_t i = 0; i < 30; ++i)
        if (!mask[i]) CHECK((clean[i] == 0 && clean[30 + i] == 0));
}

TEST_CASE("pitfall 24: without a counted token the loss is 0 and so is the gradient") {
    const vec x = {std::nan(""), 1}, weights = {0, 0};
    vec d(2, -1);
    const auto stats = reft::loss_over_log_probs(reft::clipped_policy(x, x), x, weights, d);
    CHECK(stats.loss == 0);
    CHECK(stats.tokens == 0);
    CHECK(stats.clip_fraction() == 0);
    CHECK(d == vec{0, 0});
}

TEST_CASE("padded and packed arrays give the same bits") {
    const vec log_probs = test::normal<double>(12, 1), old = test::normal<double>(12, 2),
              advantages = test::normal<double>(12, 3), weights(12, 1.0 / 12);
    const auto m = [](auto& x) { return reft::tensor_at(x.data(), 3, 4); };
    vec flat(12), padded(12);
    const auto a = reft::loss_over_log_probs(reft::clipped_policy(old, advantages), log_probs, weights, flat);
    const auto b =
        reft::loss_over_log_probs(reft::clipped_policy(m(old), m(advantages)), m(log_probs), m(weights), m(padded));
    CHECK(flat == padded);
    CHECK(a.loss == b.loss);
}

TEST_CASE("pitfall 14: a small step against the gradient lowers the loss") {
    vec log_probs = test::normal<double>(20, 1);
    const vec old = test::normal<double>(20, 2), advantages = test::normal<double>(20, 3), weights(20, 0.05);
    vec d(20), unused(20);
    const reft::clipped_policy loss(old, advantages);
    const double before = reft::loss_over_log_probs(loss, log_probs, weights, d).loss;
    for (std::size_t i = 0; i < 20; ++i) log_probs[i] -= 1e-3 * d[i];
    CHECK(reft::loss_over_log_probs(loss, log_probs, weights, unused).loss < before);
}

TEST_CASE("shapes that do not fit are named in the error") {
    const vec a3(3), a2(2);
    vec d3(3);
    CHECK_THROWS_WITH(reft::loss_over_log_probs(reft::cross_entropy<double>(), a3, a2, d3),
                      "loss_over_log_probs: log_probs is [1, 3] but weights is [1, 2]");
    CHECK_THROWS_WITH(reft::loss_over_log_probs(reft::clipped_policy(a2, a2), a3, a3, d3),
                      "clipped_policy: log_probs is [1, 3] but advantages is [1, 2]");
}
