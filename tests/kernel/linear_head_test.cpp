#include <reft/kernel/linear_head.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;

TEST_CASE("the linear head gives the numbers of materialised logits, and their gradients by the chain rule") {
    const std::int64_t n = 6, d = 3, v = 5;
    vec hidden = test::normal<double>(18, 1), head = test::normal<double>(15, 2), logits(30), d_logits(30);
    const vec old = test::normal<double>(6, 3), advantages = test::normal<double>(6, 4),
              weights = {.2, 0, .2, .2, .2, .2};
    const auto ids = test::ids(6, 5, 5);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 5; ++j)
            for (std::size_t k = 0; k < 3; ++k) logits[i * 5 + j] += hidden[i * 3 + k] * head[j * 3 + k];
    const auto loss = reft::clipped_policy(old, advantages) + 0.1 * reft::entropy_bonus<double>();
    const auto x = reft::tensor_at(hidden.data(), n, d), y = reft::tensor_at(head.data(), v, d);
    const reft::head_logits fused(x, y, ids, {.temperature = 0.8});
    const auto l = reft::tensor_at(logits.data(), n, v);
    const reft::token_logits plain(l, ids, {.temperature = 0.8});
    const reft::workspace memory(1 << 12);

    vec d_hidden(18, 9), d_head(15, 0);
    const auto stats = reft::loss_over_head(loss, fused, weights, reft::tensor_at(d_hidden.data(), n, d),
                                            reft::tensor_at(d_head.data(), v, d), memory);
    const auto expected = reft::loss_over_logits(loss, plain, weights, reft::tensor_at(d_logits.data(), n, v), memory);
    CHECK(stats.loss == Approx(expected.loss).epsilon(1e-14));
    CHECK(stats.tokens == 5);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t k = 0; k < 3; ++k) {
            double sum = 0;
            for (std::size_t j = 0; j < 5; ++j) sum += d_logits[i * 5 + j] * head[j * 3 + k];
            CHECK(d_hidden[i * 3 + k] == Approx(sum).epsilon(1e-12).margin(1e-15));
        }
    for (std::size_t j = 0; j < 5; ++j)
        for (std::size_t k = 0; k < 3; ++k) {
            double sum = 0;
            for (std::size_t i = 0; i < 6; ++i) sum += d_logits[i * 5 + j] * hidden[i * 3 + k];
            CHECK(d_head[j * 3 + k] == Approx(sum).epsilon(1e-12).margin(1e-15));
        }

    vec lp(6), h(6), lp_plain(6), h_plain(6);
    reft::token_log_probs(fused, weights, lp, h, memory);
    reft::token_log_probs(plain, weights, lp_plain, h_plain);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(lp[i] == Approx(lp_plain[i]).epsilon(1e-13).margin(1e-15));
        CHECK(h[i] == Approx(h_plain[i]).epsilon(1e-13).margin(1e-15));
    }
}

TEST_CASE("hidden states, head and ids that do not fit are named in the error") {
    vec x(18), y(15);
    const std::vector<std::int32_t> five(5), six(6, 7);
    const auto hidden = reft::tensor_at(x.data(), 6, 3), head = reft::tensor_at(y.data(), 5, 3);
    CHECK_THROWS_WITH(reft::head_logits(hidden, head, five),
                      "head_logits: hidden is [6, 3], head is [5, 3] and ids is [1, 5]");
    const vec weights(6, 1);
    vec lp(6), h(6);
    const reft::workspace memory(1 << 12);
    CHECK_THROWS_WITH(reft::token_log_probs(reft::head_logits(hidden, head, six), weights, lp, h, memory),
                      Catch::Contains("id of token 0 is 7"));
}
