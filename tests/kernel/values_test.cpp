#include <reft/kernel/values.hpp>
#include <reft/loss/clipped_value.hpp>

#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using vec = std::vector<double>;

TEST_CASE("value loss and gradient of two tokens by hand") {
    const vec old = {0.5, 0.5}, returns = {1.0, 0.0}, values = {0.6, 0.5}, weights = {0.5, 0.5};
    vec d(2);
    const auto stats = reft::loss_over_values(5.0 * reft::clipped_value(old, returns), values, weights, d);
    CHECK(stats.loss == Approx(5 * 0.5 * (0.08 + 0.125)));
    CHECK(d[0] == Approx(5 * 0.5 * -0.4));
    CHECK(d[1] == Approx(5 * 0.5 * 0.5));
    CHECK(stats.mean_value() == Approx(0.55));
    CHECK(stats.mean_squared_error() == Approx((0.16 + 0.25) / 2));
}

TEST_CASE("pitfall 34: the value gradient is not zero, and a step against it lowers the loss") {
    vec values = test::normal<double>(20, 1), d(20), unused(20);
    const vec old = values, returns = test::normal<double>(20, 2), weights(20, 0.05);
    const reft::clipped_value loss(old, returns);
    const double before = reft::loss_over_values(loss, values, weights, d).loss;
    for (std::size_t i = 0; i < 20; ++i) {
        CHECK(d[i] != 0);
        values[i] -= 0.1 * d[i];
    }
    CHECK(reft::loss_over_values(loss, values, weights, unused).loss < before);
}

TEST_CASE("garbage where the weight is 0 changes no bit; empty masks give 0") {
    const vec old = test::normal<double>(30, 1), returns = test::normal<double>(30, 2),
              values = test::normal<double>(30, 3);
    const auto mask = test::mask(30, 5);
    vec weights(30);
    for (std::size_t i = 0; i < 30; ++i) weights[i] = mask[i] ? 0.1 : 0;
    vec clean(30), d(30);
    const auto stats = reft::loss_over_values(reft::clipped_value(old, returns), values, weights, clean);
    for (const double g : test::garbage<double>()) {
        const vec o = test::spoiled(old, mask, g), r = test::spoiled(returns, mask, g);
        const auto s = reft::loss_over_values(reft::clipped_value(o, r), test::spoiled(values, mask, g), weights, d);
        CHECK(d == clean);
        CHECK(s.loss == stats.loss);
        CHECK(s.squared_error == stats.squared_error);
    }
    const vec zero(30, 0.0);
    CHECK(reft::loss_over_values(reft::clipped_value(old, returns), values, zero, d).loss == 0);
    CHECK(d == zero);
}

TEST_CASE("shapes of values that do not fit are named in the error") {
    const vec a3(3), a2(2);
    vec d3(3);
    CHECK_THROWS_WITH(reft::loss_over_values(reft::clipped_value(a2, a2), a3, a3, d3),
                      "clipped_value: values is [1, 3] but returns is [1, 2]");
}
