#include <reft/kernel/full_kl.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;

TEST_CASE("the exact KL of two distributions by hand") {
    // p = (1/4, 3/4), q = (1/2, 1/2):  ¼ ln ½ + ¾ ln 1½
    const vec p = {0, std::log(3.0)}, q = {0, 0}, one = {1};
    const std::vector<std::int32_t> ids = {0};
    vec kl(1);
    const auto vp = reft::tensor_at(p.data(), 1, 2), vq = reft::tensor_at(q.data(), 1, 2);
    const reft::token_logits bp(vp, ids), bq(vq, ids);
    reft::full_kl(bp, bq, one, kl);
    CHECK(kl[0] == Approx(0.25 * std::log(0.5) + 0.75 * std::log(1.5)));
    reft::full_kl(bp, bp, one, kl);
    CHECK(kl[0] == Approx(0).margin(1e-15));
}

TEST_CASE("a token that the reference excludes costs infinity, one that both exclude costs nothing") {
    const double infinity = std::numeric_limits<double>::infinity();
    const vec p = {0, 0, -infinity}, q = {0, -infinity, -infinity}, r = {0, 1, -infinity}, one = {1};
    const std::vector<std::int32_t> ids = {0};
    vec kl(1);
    const auto vp = reft::tensor_at(p.data(), 1, 3), vq = reft::tensor_at(q.data(), 1, 3),
               vr = reft::tensor_at(r.data(), 1, 3);
    reft::full_kl(reft::token_logits(vp, ids), reft::token_logits(vq, ids), one, kl);
    CHECK(kl[0] == infinity);
    reft::full_kl(reft::token_logits(vp, ids), reft::token_logits(vr, ids), one, kl);
    CHECK(std::isfinite(kl[0]));
}

TEST_CASE("the gradient of the exact KL agrees with central differences") {
    vec x = test::normal<double>(15, 1);
    const vec y = test::normal<double>(15, 2), weights = {0.5, 0, 0.25};
    const std::vector<std::int32_t> ids = {0, 1, 2};
    for (const double temperature : {1.0, 0.7}) {
        const auto vy = reft::tensor_at(y.data(), 3, 5);
        const auto loss = [&](vec& d) {
            const auto vx = reft::tensor_at(x.data(), 3, 5);
            const reft::token_logits batch(vx, ids, {.temperature = temperature}),
                reference(vy, ids, {.temperature = temperature});
            const reft::workspace memory(reft::workspace_bytes(batch));
            return reft::add_full_kl_gradient(batch, reference, weights, reft::tensor_at(d.data(), 3, 5), memory);
        };
        vec d(15, 0), unused(15);
        CHECK(loss(d) > 0);
        for (std::size_t k = 0; k < 15; ++k) {
            const double at = x[k];
            const double difference = test::central_difference(
                [&](double v) {
                    x[k] = v;
                    return loss(unused);
                },
                at);
            x[k] = at;
            CHECK(test::derivative_agrees(d[k], difference));
            if (k / 5 == 1) CHECK(d[k] == 0);
        }
    }
}

TEST_CASE("pitfall 14: a step against the gradient of the exact KL lowers it") {
    vec x = test::normal<double>(5, 1), d(5, 0);
    const vec y = test::normal<double>(5, 2), one = {1};
    const std::vector<std::int32_t> ids = {0};
    const auto vx = reft::tensor_at(x.data(), 1, 5);
    const auto vy = reft::tensor_at(y.data(), 1, 5);
    const reft::token_logits batch(vx, ids), reference(vy, ids);
    const reft::workspace memory(reft::workspace_bytes(batch));
    const double before = reft::add_full_kl_gradient(batch, reference, one, reft::tensor_at(d.data(), 1, 5), memory);
    for (std::size_t j = 0; j < 5; ++j) x[j] -= 0.1 * d[j];
    vec after(1);
    reft::full_kl(batch, reference, one, after);
    CHECK(after[0] < before);
}

TEST_CASE("two policies that do not fit are refused") {
    const vec x(12), one = {1, 1};
    const std::vector<std::int32_t> ids = {0, 1};
    vec kl(2);
    const auto a = reft::tensor_at(x.data(), 2, 6), b = reft::tensor_at(x.data(), 2, 5);
    CHECK_THROWS_AS(reft::full_kl(reft::token_logits(a, ids), reft::token_logits(b, ids), one, kl), reft::shape_error);
    CHECK_THROWS_AS(reft::full_kl(reft::token_logits(a, ids), reft::token_logits(a, ids, {.temperature = 2}), one, kl),
                    reft::option_error);
}
