#include <reft/advantage/gae.hpp>
#include <reft/core/thread_pool.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
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

namespace {

template <class T>
using array = std::vector<T>;

/// Rows of these many tokens, one after the other, and a mask over them.
struct masked_rows {
    std::vector<std::int64_t> offsets = {0};
    std::vector<std::uint8_t> mask;
};

/// Lengths around those of vectors and blocks; masks with no gap, with few, with many, and with hardly a token.
masked_rows rows_of_many_lengths() {
    masked_rows r;
    std::uint64_t seed = 0;
    for (const std::size_t n :
         std::vector<std::size_t>{1, 15, 16, 17, 63, 64, 65, 127, 511, 512, 513, 640, 1023, 1024, 1025, 2100})
        for (const double share : {1.0, 0.99, 0.5, 0.02}) {
            auto m = test::mask(n, ++seed, share);
            if (seed % 3 == 0) std::fill(m.begin() + static_cast<std::ptrdiff_t>(n * 2 / 3), m.end(), std::uint8_t{0});
            if (seed % 5 == 0) std::fill(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(n / 3), std::uint8_t{0});
            r.mask.insert(r.mask.end(), m.begin(), m.end());
            r.offsets.push_back(r.offsets.back() + static_cast<std::int64_t>(n));
        }
    return r;
}

template <class T>
array<T> numbers(std::size_t n, std::uint64_t seed) {
    array<T> x;
    for (const float v : test::normal<float>(n, seed)) x.push_back(static_cast<T>(v));
    return x;
}

template <class T>
std::vector<std::uint64_t> bits_of(const array<T>& x) {
    std::vector<std::uint64_t> bits;
    for (const T& v : x) {
        if constexpr (sizeof(T) == 8) bits.push_back(std::bit_cast<std::uint64_t>(v));
        if constexpr (sizeof(T) == 4) bits.push_back(std::bit_cast<std::uint32_t>(v));
        if constexpr (sizeof(T) == 2) bits.push_back(v.bits);
    }
    return bits;
}

/// Every `step`-th element of a larger array.
template <class T>
struct spaced {
    std::ptrdiff_t step;
    array<T> memory;
    spaced(const array<T>& x, std::ptrdiff_t step_) : step(step_), memory(x.size() * static_cast<std::size_t>(step_)) {
        for (std::size_t i = 0; i < x.size(); ++i) memory[i * static_cast<std::size_t>(step)] = x[i];
    }
    auto view() {
        return reft::strided_view<T, 1>(memory.data(), {static_cast<std::int64_t>(memory.size()) / step}, {step});
    }
    array<T> elements() {
        array<T> x;
        for (std::int64_t i = 0; i < view().extent(0); ++i) x.push_back(view()[i]);
        return x;
    }
};

template <class T>
void check_compressed_rows() {
    const masked_rows given = rows_of_many_lengths();
    const auto n = given.mask.size();
    const auto r = numbers<T>(n, 1), v = numbers<T>(n, 2);
    const auto bootstrap = numbers<T>(given.offsets.size() - 1, 3);
    const reft::gae_options options{.gamma = 0.98, .lambda = 0.9};

    array<T> r_compressed, v_compressed;
    std::vector<std::int64_t> offsets = {0};
    for (std::size_t b = 0; b + 1 < given.offsets.size(); ++b) {
        for (auto i = static_cast<std::size_t>(given.offsets[b]); i < static_cast<std::size_t>(given.offsets[b + 1]);
             ++i)
            if (given.mask[i]) {
                r_compressed.push_back(r[i]);
                v_compressed.push_back(v[i]);
            }
        offsets.push_back(static_cast<std::int64_t>(r_compressed.size()));
    }
    array<T> compressed(r_compressed.size()), expected(n, T(0)), found(n, T(7.0f));
    reft::gae(r_compressed, v_compressed, reft::rows::packed(offsets), compressed, options, bootstrap);
    for (std::size_t i = 0, k = 0; i < n; ++i)
        if (given.mask[i]) expected[i] = compressed[k++];

    const auto rows = reft::rows::packed(given.offsets, given.mask);
    reft::gae(r, v, rows, found, options, bootstrap);
    CHECK(bits_of(found) == bits_of(expected));
    const std::vector<std::int64_t> mask64(given.mask.begin(), given.mask.end());
    const std::vector<std::int32_t> mask32(given.mask.begin(), given.mask.end());
    for (const auto& same : {reft::rows::packed(given.offsets, mask64), reft::rows::packed(given.offsets, mask32)}) {
        array<T> again(n, T(7.0f));
        reft::gae(r, v, same, again, options, bootstrap);
        CHECK(bits_of(again) == bits_of(expected));
    }
    spaced<T> r3(r, 3), v2(v, 2), a5(found, 5);
    reft::gae(r3.view(), v2.view(), rows, a5.view(), options, bootstrap);
    CHECK(bits_of(a5.elements()) == bits_of(expected));
    for (const int workers : {1, 2, 3, 7}) {
        reft::thread_pool pool(workers);
        array<T> again(n, T(7.0f));
        reft::gae(r, v, rows, again, options, bootstrap, pool);
        CHECK(bits_of(again) == bits_of(expected));
    }
    array<T> over_values = v, over_rewards = r;
    reft::gae(r, over_values, rows, over_values, options, bootstrap);
    reft::gae(over_rewards, v, rows, over_rewards, options, bootstrap);
    CHECK(bits_of(over_values) == bits_of(expected));
    CHECK(bits_of(over_rewards) == bits_of(expected));
}

/// The largest |A − exact| / Σ |terms of A|, of the sequential recurrence in T and of gae().
template <class T>
std::pair<double, double> errors(double gamma, double lambda) {
    const std::size_t n = 3000;
    const auto r = numbers<T>(n, 4), v = numbers<T>(n, 5);
    array<T> a(n);
    const std::vector<std::int64_t> offsets = {0, static_cast<std::int64_t>(n)};
    reft::gae(r, v, reft::rows::packed(offsets), a, {.gamma = gamma, .lambda = lambda});
    long double exact = 0, size = 0;
    T sequential = 0;
    double of_sequential = 0, of_gae = 0;
    for (std::size_t t = n; t-- > 0;) {
        const T next = t + 1 < n ? v[t + 1] : T(0);
        const auto g = static_cast<long double>(gamma), decay = g * static_cast<long double>(lambda);
        exact = static_cast<long double>(r[t]) + g * static_cast<long double>(next) - static_cast<long double>(v[t]) +
                decay * exact;
        size = std::abs(static_cast<long double>(r[t])) + g * std::abs(static_cast<long double>(next)) +
               std::abs(static_cast<long double>(v[t])) + decay * size;
        sequential = r[t] + static_cast<T>(gamma) * next - v[t] + static_cast<T>(gamma * lambda) * sequential;
        of_sequential =
            std::max(of_sequential, static_cast<double>(std::abs(static_cast<long double>(sequential) - exact) / size));
        of_gae = std::max(of_gae, static_cast<double>(std::abs(static_cast<long double>(a[t]) - exact) / size));
    }
    return {of_sequential, of_gae};
}

}  // namespace

TEST_CASE("rows of any length, mask, mask type, stride and number of threads give the bits of the compressed rows") {
    test::with_each_instruction_set([] {
        check_compressed_rows<float>();
        check_compressed_rows<double>();
        check_compressed_rows<reft::bfloat16>();
        check_compressed_rows<reft::half>();
    });
}

TEST_CASE("gae is as exact as one token after the other: relative to the sum of its terms, a few roundings") {
    test::with_each_instruction_set([] {
        for (const auto& [gamma, lambda] : {std::pair{1.0, 0.95}, {0.99, 0.97}, {1.0, 1.0}, {0.9, 0.0}}) {
            const auto of_float = errors<float>(gamma, lambda);
            const auto of_double = errors<double>(gamma, lambda);
            INFO("gamma " << gamma << ", lambda " << lambda);
            CHECK(of_float.second <= 1.5e-7);
            CHECK(of_double.second <= 3e-16);
            CHECK(of_float.second <= of_float.first + 6e-8);
            CHECK(of_double.second <= of_double.first + 1.1e-16);
        }
    });
}

TEST_CASE("the last tokens of a row have the bits that they have alone") {
    test::with_each_instruction_set([] {
        const auto r = numbers<float>(1500, 1), v = numbers<float>(1500, 2);
        const std::vector<std::int64_t> all = {0, 1500};
        array<float> whole(1500);
        reft::gae(r, v, reft::rows::packed(all), whole);
        for (const std::ptrdiff_t n : {1, 16, 100, 512, 700, 1499}) {
            const array<float> r_end(r.end() - n, r.end()), v_end(v.end() - n, v.end());
            const std::vector<std::int64_t> last = {0, n};
            array<float> a(static_cast<std::size_t>(n));
            reft::gae(r_end, v_end, reft::rows::packed(last), a);
            CHECK(bits_of(a) == bits_of(array<float>(whole.end() - n, whole.end())));
        }
    });
}

TEST_CASE("returns: sums where tokens count, 0 elsewhere, whatever the sizes, strides, types and threads") {
    test::with_each_instruction_set([] {
        const masked_rows given = rows_of_many_lengths();
        const auto n = given.mask.size();
        const auto a = numbers<float>(n, 1), v = numbers<float>(n, 2);
        const auto rows = reft::rows::packed(given.offsets, given.mask);
        array<float> expected(n);
        for (std::size_t i = 0; i < n; ++i) expected[i] = given.mask[i] ? a[i] + v[i] : 0;
        array<float> found(n, 7.0f);
        reft::returns(test::spoiled(a, given.mask, NAN), v, rows, found);
        CHECK(bits_of(found) == bits_of(expected));
        spaced<float> a2(a, 2), out(found, 3);
        reft::thread_pool pool(3);
        reft::returns(a2.view(), v, rows, out.view(), pool);
        CHECK(bits_of(out.elements()) == bits_of(expected));
        array<double> wide(n, 7.0);
        reft::returns(a, v, rows, wide);
        for (std::size_t i = 0; i < n; ++i)
            REQUIRE(wide[i] == (given.mask[i] ? static_cast<double>(a[i]) + static_cast<double>(v[i]) : 0));
        array<float> over = a;
        reft::returns(over, v, rows, over);
        CHECK(bits_of(over) == bits_of(expected));
    });
}

TEST_CASE("arrays larger than the caches are written in another way and hold the same numbers") {
    const std::int64_t batch = 37, time = 120001;  // 17.8 MB of floats, rows that begin anywhere in a cache line
    const auto n = static_cast<std::size_t>(batch * time);
    const auto a = numbers<float>(n, 1), v = numbers<float>(n, 2);
    std::vector<std::int64_t> lengths;
    for (std::int64_t b = 0; b < batch; ++b) lengths.push_back(b % 4 == 0 ? time : time - 977 * b);
    const auto m = [&](auto& x) { return reft::tensor_at(x.data(), batch, time); };
    test::with_each_instruction_set([&] {
        array<float> out(n, 7.0f);
        reft::returns(m(a), m(v), reft::rows::padded_to(time, lengths), m(out));
        std::int64_t wrong = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto b = i / static_cast<std::size_t>(time), t = i % static_cast<std::size_t>(time);
            wrong += !(out[i] == (static_cast<std::int64_t>(t) < lengths[b] ? a[i] + v[i] : 0));
        }
        CHECK(wrong == 0);
    });
}
