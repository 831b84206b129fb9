#include <reft/advantage/gae.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace {

using vec = std::vector<double>;

vec gae_of(const vec& rewards, const vec& values, const reft::rows& r, const reft::gae_options& options,
           const vec& bootstrap = {}) {
    vec advantages(rewards.size(), -1);
    if (bootstrap.empty())
        reft::gae(rewards, values, r, advantages, options);
    else
        reft::gae(rewards, values, r, advantages, options, bootstrap);
    return advantages;
}

/// The definition, term by term: A_t = Σ_l (γλ)^l δ_{t+l}, over the counted tokens of one row.
vec gae_by_definition(const vec& rewards, const vec& values, const std::vector<std::uint8_t>& mask,
                      const reft::gae_options& o, double bootstrap) {
    std::vector<std::size_t> counted;
    for (std::size_t t = 0; t < mask.size(); ++t)
        if (mask[t]) counted.push_back(t);
    vec advantages(rewards.size(), 0);
    for (std::size_t k = 0; k < counted.size(); ++k)
        for (std::size_t l = k; l < counted.size(); ++l) {
            const double next = l + 1 < counted.size() ? values[counted[l + 1]] : bootstrap;
            const double td_error = rewards[counted[l]] + o.gamma * next - values[counted[l]];
            advantages[counted[k]] += std::pow(o.gamma * o.lambda, static_cast<double>(l - k)) * td_error;
        }
    return advantages;
}

const std::vector<std::int64_t> one_row_of_3 = {0, 3};

}  // namespace

TEST_CASE("gae of three tokens by hand") {
    // V = .5 .4 .3, the reward 1 on the last token, γ = 1, λ = 0.95:
    // δ₂ = 1 − .3 = .7;  δ₁ = .3 − .4 = −.1, A₁ = −.1 + .95·.7 = .565;  A₀ = −.1 + .95·.565 = .43675
    const auto a = gae_of({0, 0, 1}, {.5, .4, .3}, reft::rows::packed(one_row_of_3), {.gamma = 1, .lambda = .95});
    CHECK(a[0] == Approx(.43675).epsilon(1e-14));
    CHECK(a[1] == Approx(.565).epsilon(1e-14));
    CHECK(a[2] == Approx(.7).epsilon(1e-14));
    vec returns(3);
    reft::returns(a, vec{.5, .4, .3}, reft::rows::packed(one_row_of_3), returns);
    CHECK(returns[0] == Approx(.93675).epsilon(1e-14));
    CHECK(returns[1] == Approx(.965).epsilon(1e-14));
    CHECK(returns[2] == Approx(1).epsilon(1e-14));
}

TEST_CASE("the paper's literal text, gamma and lambda swapped, gives other numbers") {
    const auto a = gae_of({0, 0, 1}, {.5, .4, .3}, reft::rows::packed(one_row_of_3), {.gamma = .95, .lambda = 1});
    CHECK(a[0] == Approx(.4025).epsilon(1e-14));
    CHECK(a[1] == Approx(.55).epsilon(1e-14));
    CHECK(a[2] == Approx(.7).epsilon(1e-14));
}

TEST_CASE("lambda 0 gives TD errors, gamma and lambda 1 give the return minus the value") {
    const vec r = {.1, -.2, .3}, v = {.5, .4, .3};
    const auto rows = reft::rows::packed(one_row_of_3);
    const auto td = gae_of(r, v, rows, {.gamma = .9, .lambda = 0});
    CHECK(td[0] == Approx(.1 + .9 * .4 - .5));
    CHECK(td[2] == Approx(.3 - .3).margin(1e-15));
    const auto mc = gae_of(r, v, rows, {.gamma = 1, .lambda = 1});
    CHECK(mc[0] == Approx(.1 - .2 + .3 - .5));
    CHECK(mc[1] == Approx(-.2 + .3 - .4));
}

TEST_CASE("pitfall 9: a truncated row goes on with the bootstrap value, a terminated one with zero") {
    const vec r = {0, 1}, v = {.5, .4};
    const std::vector<std::int64_t> offsets = {0, 2};
    const auto rows = reft::rows::packed(offsets);
    const auto truncated = gae_of(r, v, rows, {.gamma = .9, .lambda = .5}, {2.0});
    CHECK(truncated[1] == Approx(1 + .9 * 2 - .4));
    CHECK(truncated[0] == Approx(.9 * .4 - .5 + .45 * truncated[1]));
    CHECK(gae_of(r, v, rows, {.gamma = .9, .lambda = .5}, {0.0}) == gae_of(r, v, rows, {.gamma = .9, .lambda = .5}));
}

TEST_CASE("gae agrees with its definition for masks, truncation and every layout") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const std::size_t batch = 3, time = 9;
        const vec r = test::normal<double>(batch * time, seed), v = test::normal<double>(batch * time, seed + 50);
        const vec bootstrap = test::normal<double>(batch, seed + 99);
        const auto mask = test::mask(batch * time, seed);
        const reft::gae_options options{.gamma = .97, .lambda = .9};
        vec padded(batch * time), packed(batch * time);
        const auto m = [](auto& x) { return reft::tensor_at(x.data(), batch, time); };
        reft::gae(m(r), m(v), reft::rows::padded(m(mask)), m(padded), options, bootstrap);
        const std::vector<std::int64_t> offsets = {0, 9, 18, 27};
        reft::gae(r, v, reft::rows::packed(offsets, mask), packed, options, bootstrap);
        CHECK(padded == packed);
        for (std::size_t b = 0; b < batch; ++b) {
            const auto row = [&](const auto& x) {
                return std::vector(x.begin() + static_cast<long>(b * time),
                                   x.begin() + static_cast<long>((b + 1) * time));
            };
            const vec expected = gae_by_definition(row(r), row(v), row(mask), options, bootstrap[b]);
            for (std::size_t t = 0; t < time; ++t)
                REQUIRE(padded[b * time + t] == Approx(expected[t]).epsilon(1e-12).margin(1e-14));
        }
    }
}

TEST_CASE("pitfall 6: masked tokens inside a row change nothing, as if the row were compressed") {
    const auto mask = std::vector<std::uint8_t>{1, 1, 0, 0, 1, 1};
    const vec v = {.5, .4, .9, .9, .3, .2}, r = {0, 0, 5, 5, 0, 1};
    const std::vector<std::int64_t> offsets = {0, 6}, compressed = {0, 4};
    const auto a = gae_of(r, v, reft::rows::packed(offsets, mask), {.gamma = 1, .lambda = .95});
    const auto b = gae_of({0, 0, 0, 1}, {.5, .4, .3, .2}, reft::rows::packed(compressed), {.gamma = 1, .lambda = .95});
    CHECK(a == vec{b[0], b[1], 0, 0, b[2], b[3]});
}

TEST_CASE("pitfall 18: garbage under the mask changes no bit, and the advantage there is 0") {
    const vec r = test::normal<double>(40, 1), v = test::normal<double>(40, 2);
    const auto mask = test::mask(40, 3);
    const std::vector<std::int64_t> offsets = {0, 13, 13, 40};
    const auto rows = reft::rows::packed(offsets, mask);
    const auto clean = gae_of(r, v, rows, {});
    for (std::size_t i = 0; i < 40; ++i)
        if (!mask[i]) CHECK(clean[i] == 0);
    for (const double g : test::garbage<double>())
        CHECK(gae_of(test::spoiled(r, mask, g), test::spoiled(v, mask, g), rows, {}) == clean);
}

TEST_CASE("pitfalls 44 and 49: padding adds nothing, permuted rows give permuted advantages") {
    const vec r = test::normal<double>(12, 7), v = test::normal<double>(12, 8);
    const auto m = [](auto& x, int rows, int columns) { return reft::tensor_at(x.data(), rows, columns); };
    vec plain(12), padded(15, -1);
    reft::gae(m(r, 3, 4), m(v, 3, 4), reft::rows::padded(3, 4), m(plain, 3, 4));
    vec wide_r(15, 99), wide_v(15, 99);
    const std::array<std::size_t, 3> order = {2, 0, 1};
    for (std::size_t b = 0; b < 3; ++b)
        for (std::size_t t = 0; t < 4; ++t) {
            wide_r[b * 5 + t] = r[order[b] * 4 + t];
            wide_v[b * 5 + t] = v[order[b] * 4 + t];
        }
    const std::vector<std::int64_t> lengths = {4, 4, 4};
    reft::gae(m(wide_r, 3, 5), m(wide_v, 3, 5), reft::rows::padded_to(5, lengths), m(padded, 3, 5));
    for (std::size_t b = 0; b < 3; ++b) {
        for (std::size_t t = 0; t < 4; ++t) CHECK(padded[b * 5 + t] == plain[order[b] * 4 + t]);
        CHECK(padded[b * 5 + 4] == 0);
    }
}

TEST_CASE("advantages may be written over rewards or values") {
    vec r = test::normal<double>(6, 1), v = test::normal<double>(6, 2);
    const std::vector<std::int64_t> offsets = {0, 4, 6};
    const auto rows = reft::rows::packed(offsets);
    const auto expected = gae_of(r, v, rows, {});
    vec over_rewards = r, over_values = v;
    reft::gae(over_rewards, v, rows, over_rewards);
    reft::gae(r, over_values, rows, over_values);
    CHECK(over_rewards == expected);
    CHECK(over_values == expected);
}

TEST_CASE("float agrees with double to float precision; bfloat16 storage is summed in float") {
    const auto r = test::normal<double>(64, 1), v = test::normal<double>(64, 2);
    const std::vector<std::int64_t> offsets = {0, 64};
    const auto rows = reft::rows::packed(offsets);
    const std::vector<float> rf(r.begin(), r.end()), vf(v.begin(), v.end());
    std::vector<float> af(64);
    reft::gae(rf, vf, rows, af);
    const auto a = gae_of(r, v, rows, {});
    for (std::size_t i = 0; i < 64; ++i) CHECK(static_cast<double>(af[i]) == Approx(a[i]).epsilon(1e-5).margin(1e-5));

    std::vector<reft::bfloat16> rb, vb, ab(64);
    for (std::size_t i = 0; i < 64; ++i) {
        rb.emplace_back(rf[i]);
        vb.emplace_back(vf[i]);
    }
    reft::gae(rb, vb, rows, ab);
    for (std::size_t i = 0; i < 64; ++i)
        CHECK(static_cast<double>(static_cast<float>(ab[i])) == Approx(a[i]).epsilon(0.02).margin(0.05));
}

TEST_CASE("pitfall 50: empty rows and empty batches are accepted") {
    const std::vector<std::int64_t> none = {0}, empty_rows = {0, 0, 0};
    CHECK(gae_of({}, {}, reft::rows::packed(none), {}).empty());
    CHECK(gae_of({}, {}, reft::rows::packed(empty_rows), {}).empty());
}

TEST_CASE("shapes and options that make no sense are named in the error") {
    vec a3(3), a2(2);
    const auto rows = reft::rows::packed(one_row_of_3);
    CHECK_THROWS_WITH(reft::gae(a3, a2, rows, a3), "gae: rewards is [1, 3] but values is [1, 2]");
    CHECK_THROWS_AS(reft::gae(a2, a2, rows, a2), reft::shape_error);
    CHECK_THROWS_WITH(reft::gae(a3, a3, rows, a3, {.gamma = 1.5}), Catch::Contains("gamma must be in [0, 1]"));
    CHECK_THROWS_AS(reft::gae(a3, a3, rows, a3, {.lambda = std::nan("")}), reft::option_error);
    CHECK_THROWS_AS(reft::gae(a3, a3, rows, a3, {}, a2), reft::shape_error);
    const vec none;
    CHECK_THROWS_AS(reft::gae(a3, a3, rows, a3, {}, none), reft::shape_error);
}
