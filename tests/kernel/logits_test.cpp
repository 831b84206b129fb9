#include <reft/core/thread_pool.hpp>
#include <reft/core/weights.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/loss/kl_penalty.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace {

using vec = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A problem of `tokens` tokens over `vocabulary`, with a loss that uses everything.
template <class T>
struct problem {
    std::int64_t tokens, vocabulary;
    std::vector<T> logits, old_log_probs, ref_log_probs, advantages, weights;
    std::vector<std::int32_t> ids;

    problem(std::int64_t n, std::int64_t v, std::uint64_t seed = 1, double deviation = 1.5) : tokens(n), vocabulary(v) {
        const auto size = static_cast<std::size_t>(n);
        logits = test::normal<T>(size * static_cast<std::size_t>(v), seed, deviation);
        ids = test::ids(size, static_cast<std::uint64_t>(v), seed);
        old_log_probs = test::normal<T>(size, seed + 1);
        ref_log_probs = test::normal<T>(size, seed + 2);
        advantages = test::normal<T>(size, seed + 3);
        const auto mask = test::mask(size, seed + 4);
        for (std::size_t i = 0; i < size; ++i) {
            old_log_probs[i] -= T(2);
            ref_log_probs[i] -= T(2);
            weights.push_back(mask[i] ? T(1) / static_cast<T>(n) : T(0));
        }
    }
    auto view() const { return reft::tensor_at(logits.data(), tokens, vocabulary); }
    auto loss() const {
        return reft::clipped_policy(old_log_probs, advantages) + 0.1 * reft::kl_penalty(ref_log_probs) +
               0.05 * reft::entropy_bonus<T>();
    }
    template <class Loss>
    std::vector<T> fused(const Loss& l, const reft::token_logits_options& options, reft::policy_stats* stats = nullptr,
                         reft::executor& pool = reft::serial()) const {
        std::vector<T> d(logits.size(), T(-7));
        const auto v = view();
        const reft::token_logits batch(v, ids, options);
        const reft::workspace memory(reft::workspace_bytes(batch));
        const auto s =
            reft::loss_over_logits(l, batch, weights, reft::tensor_at(d.data(), tokens, vocabulary), memory, pool);
        if (stats) *stats = s;
        return d;
    }
};

/// Log-softmax, entropy and loss written down in the plainest way.
double naive_log_prob(const vec& row, std::int32_t id, double temperature) {
    double sum = 0;
    for (const double x : row) sum += std::exp(x / temperature);
    return row[static_cast<std::size_t>(id)] / temperature - std::log(sum);
}

double naive_entropy(const vec& row, double temperature) {
    double h = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
        const double lp = naive_log_prob(row, static_cast<std::int32_t>(j), temperature);
        h -= std::exp(lp) * lp;
    }
    return h;
}

}  // namespace

TEST_CASE("log-prob and entropy of two logits by hand") {
    // softmax(0, ln 3) = 1/4, 3/4
    const vec logits = {0, std::log(3.0)};
    const std::vector<std::int64_t> ids = {1};
    vec log_probs(1), entropies(1);
    const vec one = {1};
    const auto v = reft::tensor_at(logits.data(), 1, 2);
    reft::token_log_probs(reft::token_logits(v, ids), one, log_probs, entropies);
    CHECK(log_probs[0] == Approx(std::log(0.75)));
    CHECK(entropies[0] == Approx(-0.25 * std::log(0.25) - 0.75 * std::log(0.75)));
    // At temperature 2 the odds are √3 : 1.
    reft::token_log_probs(reft::token_logits(v, ids, {.temperature = 2}), one, log_probs);
    CHECK(log_probs[0] == Approx(std::log(std::sqrt(3.0) / (1 + std::sqrt(3.0)))));
}

TEST_CASE("forward agrees with the naive definition") {
    for (const double temperature : {0.5, 1.0, 1.7}) {
        const problem<double> p(20, 13);
        const vec ones(20, 1.0);
        vec log_probs(20), entropies(20);
        const auto v = p.view();
        reft::token_log_probs(reft::token_logits(v, p.ids, {.temperature = temperature}), ones, log_probs, entropies);
        for (std::size_t i = 0; i < 20; ++i) {
            const vec row(p.logits.begin() + static_cast<long>(13 * i),
                          p.logits.begin() + static_cast<long>(13 * i + 13));
            CHECK(log_probs[i] == Approx(naive_log_prob(row, p.ids[i], temperature)).epsilon(1e-12));
            CHECK(entropies[i] == Approx(naive_entropy(row, temperature)).epsilon(1e-12));
        }
    }
}

TEST_CASE("pitfall 5: a distribution that is certain at one step shows it at that step") {
    vec logits(5 * 3, 0.0);
    logits[2 * 3 + 1] = 100;
    const std::vector<std::int32_t> ids = {1, 1, 1, 1, 1};
    const vec ones(5, 1.0);
    vec log_probs(5), d(15);
    const auto v = reft::tensor_at(logits.data(), 5, 3);
    const reft::token_logits batch(v, ids);
    reft::token_log_probs(batch, ones, log_probs);
    for (std::size_t i = 0; i < 5; ++i) CHECK(log_probs[i] == Approx(i == 2 ? 0.0 : -std::log(3.0)).margin(1e-12));
    const vec d_log_probs = {0, 0, 0, 1, 0};
    reft::backward_to_logits(batch, d_log_probs, reft::tensor_at(d.data(), 5, 3));
    for (std::size_t k = 0; k < 15; ++k) CHECK((d[k] != 0) == (k / 3 == 3));
}

TEST_CASE("the gradient of the logits agrees with central differences over temperatures and losses") {
    const problem<double> p(6, 7, 3);
    const auto check = [&](const auto& loss, double temperature) {
        const auto d = p.fused(loss, {.temperature = temperature});
        for (std::size_t k = 0; k < d.size(); ++k) {
            const auto value = [&](double x) {
                problem<double> q = p;
                q.logits[k] = x;
                reft::policy_stats stats;
                q.fused(loss, {.temperature = temperature}, &stats);
                return stats.loss;
            };
            REQUIRE(test::derivative_agrees(d[k], test::central_difference(value, p.logits[k])));
        }
    };
    for (const double temperature : {0.6, 1.0, 1.4}) {
        check(p.loss(), temperature);
        check(reft::clipped_policy(p.old_log_probs, p.advantages), temperature);
        check(reft::cross_entropy<double>(), temperature);
        check(reft::entropy_bonus<double>(), temperature);
        for (const auto e :
             {reft::kl_estimator::k1, reft::kl_estimator::k2, reft::kl_estimator::k3, reft::kl_estimator::abs})
            check(reft::kl_penalty(p.ref_log_probs, {.estimator = e}), temperature);
    }
}

TEMPLATE_TEST_CASE("pitfall 29: the fused call and the two-phase form give the same bits", "", float, double) {
    using T = TestType;
    for (const double temperature : {1.0, 0.7}) {
        const problem<T> p(33, 50);
        const auto v = p.view();
        const reft::token_logits batch(v, p.ids, {.temperature = temperature});
        reft::policy_stats fused_stats;
        const auto fused = p.fused(p.loss(), {.temperature = temperature}, &fused_stats);

        std::vector<T> log_probs(33), entropies(33), d_log_probs(33), d_entropies(33), d(p.logits.size());
        reft::token_log_probs(batch, p.weights, log_probs, entropies);
        const auto stats =
            reft::loss_over_log_probs(p.loss(), log_probs, entropies, p.weights, d_log_probs, d_entropies);
        reft::backward_to_logits(batch, d_log_probs, d_entropies, reft::tensor_at(d.data(), 33, 50));
        CHECK(d == fused);
        CHECK(stats.loss == fused_stats.loss);
        CHECK(stats.ratio == fused_stats.ratio);
        CHECK(stats.entropy == fused_stats.entropy);
        CHECK(stats.clipped == fused_stats.clipped);

        auto in_place = p.logits;
        const auto w = reft::tensor_at(in_place.data(), 33, 50);
        const reft::token_logits same(w, p.ids, {.temperature = temperature});
        const reft::workspace memory(reft::workspace_bytes(same));
        reft::loss_over_logits(p.loss(), same, p.weights, w, memory);
        CHECK(in_place == fused);
    }
}

TEMPLATE_TEST_CASE("the number of threads changes no bit", "", float, double) {
    const problem<TestType> p(257, 300);
    reft::policy_stats expected_stats;
    const auto expected = p.fused(p.loss(), {}, &expected_stats);
    for (const int threads : {1, 2, 3, 7}) {
        reft::thread_pool pool(threads);
        reft::policy_stats stats;
        CHECK(p.fused(p.loss(), {}, &stats, pool) == expected);
        CHECK(stats.loss == expected_stats.loss);
        CHECK(stats.old_kl_k3 == expected_stats.old_kl_k3);
    }
}

TEST_CASE("pitfall 18: garbage in rows of weight 0 changes no bit, gradients there are exactly 0") {
    const problem<double> p(20, 9);
    const auto clean = p.fused(p.loss(), {});
    for (const double g : test::garbage<double>()) {
        problem<double> q = p;
        for (std::size_t i = 0; i < 20; ++i) {
            if (q.weights[i] != 0) continue;
            for (std::size_t j = 0; j < 9; ++j) q.logits[i * 9 + j] = g;
            q.old_log_probs[i] = q.ref_log_probs[i] = q.advantages[i] = g;
            q.ids[i] = -100;
        }
        CHECK(q.fused(q.loss(), {}) == clean);
    }
    for (std::size_t i = 0; i < 20; ++i)
        for (std::size_t j = 0; j < 9; ++j)
            if (p.weights[i] == 0) CHECK(clean[i * 9 + j] == 0);
}

TEST_CASE("pitfall 28: micro-batches give the bits of the whole batch, in gradient and in statistics") {
    const problem<double> p(30, 11);
    reft::policy_stats whole;
    const auto expected = p.fused(p.loss(), {}, &whole);
    vec parts(p.logits.size());
    reft::policy_stats so_far, merged;
    for (std::int64_t begin = 0; begin < 30; begin += 7) {
        const std::int64_t n = std::min<std::int64_t>(7, 30 - begin);
        const auto part = [&](const auto& x) { return reft::tensor_at(x.data() + begin, n); };
        const auto v = reft::tensor_at(p.logits.data() + begin * 11, n, 11);
        const reft::token_logits batch(v, part(p.ids));
        const reft::workspace memory(reft::workspace_bytes(batch));
        const auto loss = reft::clipped_policy(part(p.old_log_probs), part(p.advantages)) +
                          0.1 * reft::kl_penalty(part(p.ref_log_probs)) + 0.05 * reft::entropy_bonus<double>();
        const auto d = reft::tensor_at(parts.data() + begin * 11, n, 11);
        so_far = reft::loss_over_logits(loss, batch, part(p.weights), d, memory, reft::serial(), so_far);
        merged.merge(reft::loss_over_logits(loss, batch, part(p.weights), d, memory));
    }
    CHECK(parts == expected);
    CHECK(so_far.loss == whole.loss);
    CHECK(so_far.old_kl_k3 == whole.old_kl_k3);
    CHECK(so_far.entropy == whole.entropy);
    CHECK(merged.tokens == whole.tokens);
    CHECK(merged.clipped == whole.clipped);
    CHECK(merged.loss == Approx(whole.loss).epsilon(1e-14));
}

TEST_CASE("a row_index picks the response positions; gradients elsewhere are 0, in place as well") {
    const problem<double> p(4, 5);
    const std::vector<std::int64_t> index = {1, 2, 5, 6};
    vec wide(8 * 5, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 5; ++j) wide[static_cast<std::size_t>(index[i]) * 5 + j] = p.logits[i * 5 + j];
    const auto expected = p.fused(p.loss(), {});
    const auto check = [&](const vec& d) {
        for (std::size_t row = 0; row < 8; ++row) {
            const auto at = std::find(index.begin(), index.end(), static_cast<std::int64_t>(row));
            for (std::size_t j = 0; j < 5; ++j)
                CHECK(d[row * 5 + j] ==
                      (at == index.end() ? 0 : expected[static_cast<std::size_t>(at - index.begin()) * 5 + j]));
        }
    };
    vec d(40, -7);
    const auto v = reft::tensor_at(wide.data(), 8, 5);
    const reft::token_logits batch(v, p.ids, {.row_index = index});
    const reft::workspace memory(reft::workspace_bytes(batch));
    reft::loss_over_logits(p.loss(), batch, p.weights, reft::tensor_at(d.data(), 8, 5), memory);
    check(d);
    reft::loss_over_logits(p.loss(), batch, p.weights, v, memory);
    check(wide);
}

TEST_CASE("padded logits of rank 3, column-major logits and a padded vocabulary give the same bits") {
    const problem<double> p(6, 5);
    const auto expected = p.fused(p.loss(), {});

    const auto m = [](const auto& x) { return reft::tensor_at(x.data(), 2, 3); };
    vec d3(30);
    const auto v3 = reft::tensor_at(p.logits.data(), 2, 3, 5);
    const reft::token_logits batch3(v3, m(p.ids));
    const reft::workspace memory(reft::workspace_bytes(batch3));
    const auto loss3 = reft::clipped_policy(m(p.old_log_probs), m(p.advantages)) +
                       0.1 * reft::kl_penalty(m(p.ref_log_probs)) + 0.05 * reft::entropy_bonus<double>();
    reft::loss_over_logits(loss3, batch3, m(p.weights), reft::tensor_at(d3.data(), 2, 3, 5), memory);
    CHECK(d3 == expected);

    vec columns(6 * 5), d_columns(6 * 5), padded(6 * 8, 1e30), d_padded(6 * 8, -7);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 5; ++j) {
            columns[i + 6 * j] = p.logits[i * 5 + j];
            padded[i * 8 + j] = p.logits[i * 5 + j];
        }
    const reft::strided_view<double, 2> vc(columns.data(), {6, 5}, {1, 6}), dc(d_columns.data(), {6, 5}, {1, 6});
    reft::loss_over_logits(p.loss(), reft::token_logits(vc, p.ids), p.weights, dc, memory);
    const reft::strided_view<double, 2> vp(padded.data(), {6, 5}, {8, 1}), dp(d_padded.data(), {6, 5}, {8, 1});
    reft::loss_over_logits(p.loss(), reft::token_logits(vp, p.ids), p.weights, dp, memory);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 8; ++j) {
            if (j < 5) CHECK(d_columns[i + 6 * j] == expected[i * 5 + j]);
            CHECK(d_padded[i * 8 + j] == (j < 5 ? expected[i * 5 + j] : -7));
        }
}

TEST_CASE("pitfalls 19 and 20: -inf logits, one or a leading block of them, have no part in anything") {
    const auto forward = [](const vec& logits, std::int32_t id) {
        const std::vector<std::int32_t> ids = {id};
        const vec one = {1};
        vec lp(1), h(1);
        const auto v = reft::tensor_at(logits.data(), 1, static_cast<std::int64_t>(logits.size()));
        reft::token_log_probs(reft::token_logits(v, ids), one, lp, h);
        return std::array<double, 2>{lp[0], h[0]};
    };
    CHECK(forward({0, -infinity}, 0) == std::array<double, 2>{0, 0});
    CHECK(forward({0, 0, -infinity}, 0)[1] == Approx(std::log(2.0)));
    CHECK(forward({0, -infinity}, 1)[0] == -infinity);
    vec leading(100, -infinity);
    leading[99] = 1;
    leading[98] = 1;
    CHECK(forward(leading, 99)[0] == Approx(std::log(0.5)));
    CHECK(std::isnan(forward({-infinity, -infinity}, 0)[0]));
    CHECK(std::isnan(forward({0, std::nan("")}, 0)[0]));
    CHECK(std::isnan(forward({0, infinity}, 0)[1]));

    vec d(3);
    const vec logits = {0, 0.3, -infinity}, d_lp = {1}, d_h = {1};
    const std::vector<std::int32_t> ids = {0};
    const auto v = reft::tensor_at(logits.data(), 1, 3);
    reft::backward_to_logits(reft::token_logits(v, ids), d_lp, d_h, reft::tensor_at(d.data(), 1, 3));
    CHECK(d[2] == 0);
    CHECK(std::isfinite(d[0] + d[1]));
}

TEST_CASE("logits offset by 3e4, and peaky rows, keep their digits in float") {
    for (const double offset : {0.0, 3e4, -3e4}) {
        problem<double> exact(8, 64, 5);
        problem<float> p(8, 64, 5);
        for (std::size_t k = 0; k < p.logits.size(); ++k) {
            p.logits[k] = static_cast<float>(exact.logits[k] + offset);
            exact.logits[k] = static_cast<double>(p.logits[k]);
        }
        std::vector<float> ones(8, 1), lp(8), h(8);
        const vec ones_d(8, 1);
        vec lp_d(8), h_d(8);
        const auto v = p.view();
        const auto v_d = exact.view();
        reft::token_log_probs(reft::token_logits(v, p.ids), ones, lp, h);
        reft::token_log_probs(reft::token_logits(v_d, p.ids), ones_d, lp_d, h_d);
        for (std::size_t i = 0; i < 8; ++i) {
            CHECK(std::abs(static_cast<double>(lp[i]) - lp_d[i]) <= 4e-7 * std::max(1.0, std::abs(lp_d[i])));
            CHECK(std::abs(static_cast<double>(h[i]) - h_d[i]) <= 1e-6);
        }
    }
}

TEMPLATE_TEST_CASE("pitfall 16: 16-bit logits are summed in float", "", reft::bfloat16, reft::half) {
    problem<float> p(8, 64, 5);
    std::vector<TestType> stored, d16(p.logits.size());
    for (float& x : p.logits) {
        stored.emplace_back(x);
        x = stored.back();  // the same rounded input for both
    }
    const auto expected = p.fused(p.loss(), {});
    const auto v = reft::tensor_at(stored.data(), 8, 64);
    const reft::token_logits batch(v, p.ids);
    const reft::workspace memory(reft::workspace_bytes(batch));
    std::vector<float> d(p.logits.size());
    reft::loss_over_logits(p.loss(), batch, p.weights, reft::tensor_at(d.data(), 8, 64), memory);
    CHECK(d == expected);
    reft::loss_over_logits(p.loss(), batch, p.weights, reft::tensor_at(d16.data(), 8, 64), memory);
    for (std::size_t k = 0; k < d.size(); ++k) CHECK(d16[k].bits == TestType(expected[k]).bits);
}

TEST_CASE("pitfall 35: logits are const, temperatures of 0 are refused, temperature equals scaling") {
    const problem<double> p(6, 5);
    vec scaled = p.logits, lp(6), expected(6);
    for (double& x : scaled) x /= 2.0;
    const vec ones(6, 1);
    const auto v = p.view();
    const auto vs = reft::tensor_at(scaled.data(), 6, 5);
    reft::token_log_probs(reft::token_logits(v, p.ids, {.temperature = 2}), ones, lp);
    reft::token_log_probs(reft::token_logits(vs, p.ids), ones, expected);
    for (std::size_t i = 0; i < 6; ++i) CHECK(lp[i] == Approx(expected[i]).epsilon(1e-14));
    for (const double t : {0.0, -1.0, 1e-310, infinity, std::nan("")})
        CHECK_THROWS_AS(reft::token_logits(v, p.ids, {.temperature = t}), reft::option_error);
}

namespace {

/// The ratio of the weighted mean log-prob to a given one: needs all log-probs before the first token.
struct sequence_ratio {
    using real = double;
    static constexpr bool needs_entropy = false;
    double old_mean;
    double ratio = 0;
    void require_extents(const std::array<std::int64_t, 2>&) const {}
    void prepare(reft::token_view<const double> log_probs, reft::token_view<const double> weights) {
        double sum = 0, count = 0;
        for (std::int64_t t = 0; t < log_probs.extent(1); ++t) {
            if (weights(0, t) == 0) continue;
            sum += log_probs(0, t);
            ++count;
        }
        ratio = std::exp(sum / count - old_mean);
    }
    reft::policy_term<double> operator()(reft::token_index, reft::policy_token<double>, reft::policy_stats&) const {
        return {ratio, ratio, 0};
    }
};

}  // namespace

TEST_CASE("a loss that must be prepared gets log-probs and weights first, in the fused call as in the two-phase form") {
    problem<double> p(10, 6);
    const sequence_ratio loss{-1.5};
    reft::policy_stats fused_stats;
    const auto fused = p.fused(loss, {}, &fused_stats);
    vec lp(10), d_lp(10), d(60);
    const auto v = p.view();
    const reft::token_logits batch(v, p.ids);
    reft::token_log_probs(batch, p.weights, lp);
    for (std::size_t i = 0; i < 10; ++i)
        if (p.weights[i] == 0) lp[i] = std::nan("");  // where nothing counts there may be anything
    const auto stats = reft::loss_over_log_probs(loss, lp, p.weights, d_lp);
    reft::backward_to_logits(batch, d_lp, reft::tensor_at(d.data(), 10, 6));
    CHECK(fused == d);
    CHECK(fused_stats.loss == stats.loss);
    CHECK(stats.loss != 0);
    CHECK(stats.tokens < 10);
}

TEST_CASE("entropies that are given but empty are an error, not an absence") {
    const problem<double> p(4, 3);
    vec lp(4), none, d_lp(4, 1), d(12);
    const auto v = p.view();
    const reft::token_logits batch(v, p.ids);
    CHECK_THROWS_AS(reft::token_log_probs(batch, p.weights, lp, none), reft::shape_error);
    CHECK_THROWS_AS(reft::backward_to_logits(batch, d_lp, none, reft::tensor_at(d.data(), 4, 3)), reft::shape_error);
}

TEST_CASE("pitfall 50: an empty row_index is an index of no tokens") {
    const vec logits(6, 1);
    const std::vector<std::int32_t> no_ids;
    const std::vector<std::int64_t> no_index;
    vec d(6, 7), nothing;
    const auto v = reft::tensor_at(logits.data(), 2, 3);
    const reft::token_logits batch(v, no_ids, {.row_index = no_index});
    const reft::workspace memory;
    CHECK(reft::loss_over_logits(reft::cross_entropy<double>(), batch, nothing, reft::tensor_at(d.data(), 2, 3), memory)
              .tokens == 0);
    CHECK(d == vec(6, 0));
}

TEST_CASE("ids outside the vocabulary, wrong shapes and a small workspace are named in the error") {
    problem<double> p(6, 5);
    const auto v = p.view();
    vec d(30), short_weights(5, 1);
    const auto dv = reft::tensor_at(d.data(), 6, 5);
    const reft::workspace memory(1 << 16), none;
    const reft::token_logits batch(v, p.ids);
    CHECK_THROWS_WITH(reft::loss_over_logits(p.loss(), batch, p.weights, dv, none), Catch::Contains("bytes"));
    CHECK_THROWS_AS(reft::loss_over_logits(p.loss(), batch, p.weights, dv, none), reft::workspace_error);
    CHECK_THROWS_WITH(reft::loss_over_logits(p.loss(), batch, short_weights, dv, memory),
                      "loss_over_logits: ids is [1, 6] but weights is [1, 5]");
    CHECK_THROWS_AS(reft::loss_over_logits(p.loss(), batch, p.weights, reft::tensor_at(d.data(), 5, 6), memory),
                    reft::shape_error);
    const std::vector<std::int32_t> five = {0, 1, 2, 3, 4};
    CHECK_THROWS_WITH(reft::token_logits(v, five), "token_logits: logits is [1, 6, 5] but ids is [1, 5]");
    const std::vector<std::int64_t> falling = {0, 1, 2, 3, 3, 5};
    CHECK_THROWS_AS(reft::token_logits(v, p.ids, {.row_index = falling}), reft::value_error);
    std::fill(p.weights.begin(), p.weights.end(), 1.0);
    p.ids[3] = 5;
    CHECK_THROWS_WITH(reft::loss_over_logits(p.loss(), batch, p.weights, dv, memory),
                      Catch::Contains("id of token [0, 3] is 5, outside 0..4"));
}

TEST_CASE("empty batches and a vocabulary of one are accepted") {
    const vec nothing;
    const std::vector<std::int32_t> no_ids;
    vec d;
    const auto v = reft::tensor_at(nothing.data(), 0, 7);
    const reft::token_logits batch(v, no_ids);
    const reft::workspace memory;
    CHECK(reft::loss_over_logits(reft::cross_entropy<double>(), batch, nothing, reft::tensor_at(d.data(), 0, 7), memory)
              .tokens == 0);
    const problem<double> one(3, 1);
    for (const double g : one.fused(reft::cross_entropy<double>(), {})) CHECK(g == 0);
}

TEST_CASE("non-finite losses are counted") {
    problem<double> p(4, 3);
    p.weights.assign(4, 0.25);
    p.advantages[2] = std::nan("");
    reft::policy_stats stats;
    p.fused(reft::clipped_policy(p.old_log_probs, p.advantages), {}, &stats);
    CHECK(stats.non_finite == 1);
    CHECK(stats.first_non_finite.column == 2);
    CHECK(stats.tokens == 4);
}
