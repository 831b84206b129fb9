// The device functions themselves, run by lanes on the host and compared with loss_over_logits.
#include <reft/kernel/logits.hpp>
#include <reft/loss/cross_entropy.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "gpu/agreement.hpp"
#include "gpu/fused_logits.hpp"
#include "gpu/logits_case.hpp"
#include "support/catch.hpp"

namespace {

constexpr std::size_t most_lanes = 256;

/// What a run over a batch leaves behind.
template <class T>
struct outcome {
    std::vector<T> d_logits;
    std::vector<gpu::row_result<reft::accumulator_t<T>>> results;
    reft::policy_stats stats;
};

/// All groups of a case, one after another.
template <class T, class Loss>
outcome<T> by_lanes(const gpu::logits_case<T>& c, const Loss& loss, const gpu::serial_lanes& lanes) {
    using real = reft::accumulator_t<T>;
    outcome<T> out;
    out.d_logits.assign(c.logits.size(), T(7.0f));
    out.results.resize(c.ids.size());
    const gpu::fused_logits<Loss, T, real, T> fused{loss, c.batch(), reft::tokens_of(c.weights),
                                                    c.rank_3_view_of(out.d_logits), out.results.data()};
    gpu::row_memory<real, most_lanes> memory;
    for (std::int64_t n = 0; n < fused.groups(); ++n) fused(lanes, n, memory);
    std::vector<reft::policy_stats> parts(most_lanes);
    gpu::merge_results(lanes, out.results.data(), fused.batch.tokens(), parts.data());
    out.stats = parts[0];
    return out;
}

template <class T>
void require_agreement(const gpu::logits_case_options& options) {
    const gpu::logits_case<T> c(options);
    const auto host = gpu::on_host(c, c.loss());
    for (const int lanes : {1, 7, 32, 256}) {
        const auto got = by_lanes(c, c.loss(), {lanes});
        const gpu::agreement a = gpu::compared(c, host, got.d_logits, got.results, got.stats);
        INFO(c.name() << ", " << lanes << " lanes: " << a.where);
        CHECK(a.holds());
    }
}

template <class T>
bool same_bits(const std::vector<T>& x, const std::vector<T>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("lanes give what loss_over_logits gives, whatever the vocabulary", "", float, double, reft::bfloat16,
                   reft::half) {
    for (const std::int64_t vocabulary : {1, 2, 7, 8, 9, 63, 1000, 5003})
        for (const double temperature : {1.0, 0.6})
            require_agreement<TestType>({.vocabulary = vocabulary, .temperature = temperature});
}

TEMPLATE_TEST_CASE("lanes give what loss_over_logits gives, wherever the rows lie in memory", "", float, double,
                   reft::bfloat16, reft::half) {
    for (const std::int64_t padding : {0, 1, 3, 8})
        for (const std::int64_t offset : {0, 1, 5})
            for (const std::int64_t stride : {1, 3})
                require_agreement<TestType>({.vocabulary = 41, .padding = padding, .offset = offset, .stride = stride});
}

TEMPLATE_TEST_CASE("rows of the logits that no token refers to get the gradient 0", "", float, reft::bfloat16) {
    for (const std::int64_t tokens : {0, 1, 2, 30})
        require_agreement<TestType>({.tokens = tokens, .vocabulary = 19, .with_row_index = true});
}

TEMPLATE_TEST_CASE("the order in which lanes run changes no bit", "", float, double, reft::bfloat16) {
    const gpu::logits_case<TestType> c({.tokens = 40, .vocabulary = 300, .padding = 1, .with_row_index = true});
    for (const int lanes : {2, 7, 32, 256}) {
        const auto forwards = by_lanes(c, c.loss(), {lanes}), backwards = by_lanes(c, c.loss(), {lanes, true});
        CHECK(same_bits(forwards.d_logits, backwards.d_logits));
        CHECK(std::bit_cast<std::uint64_t>(forwards.stats.loss) == std::bit_cast<std::uint64_t>(backwards.stats.loss));
        CHECK(forwards.stats.clipped == backwards.stats.clipped);
    }
}

TEMPLATE_TEST_CASE("the gradient may be written over the logits, with the same bits", "", float, double,
                   reft::bfloat16) {
    for (const std::int64_t offset : {0, 1}) {
        gpu::logits_case<TestType> c({.vocabulary = 77, .padding = 3, .offset = offset});
        const auto loss = c.loss();
        const auto apart = by_lanes(c, loss, {32});
        using real = reft::accumulator_t<TestType>;
        std::vector<gpu::row_result<real>> results(c.ids.size());
        const gpu::fused_logits<decltype(c.loss()), TestType, real, TestType> fused{
            loss, c.batch(), reft::tokens_of(c.weights), c.rank_3_view_of(c.logits), results.data()};
        gpu::row_memory<real, most_lanes> memory;
        for (std::int64_t n = 0; n < fused.groups(); ++n) fused(gpu::serial_lanes{32}, n, memory);
        const auto got = c.view_of(c.logits);
        const auto expected = c.view_of(apart.d_logits);
        for (std::int64_t i = 0; i < got.extent(0); ++i)
            for (std::int64_t j = 0; j < got.extent(1); ++j)
                CHECK(static_cast<real>(got(i, j)) == static_cast<real>(expected(i, j)));
    }
}

TEST_CASE("what lies in the padding of the gradient stays there") {
    const gpu::logits_case<float> c({.tokens = 3, .vocabulary = 5, .padding = 4, .offset = 2});
    const auto out = by_lanes(c, c.loss(), {7});
    for (std::size_t k = 0; k < 2; ++k) CHECK(out.d_logits[k] == 7);
    for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t k = 5; k < 9; ++k) CHECK(out.d_logits[2 + 9 * row + k] == 7);
}

TEST_CASE("logits that are all −∞, or hold NaN or +∞, give NaN and are counted as not finite") {
    constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (const float bad : {nan, infinity}) {
        gpu::logits_case<float> c({.tokens = 1, .vocabulary = 50});
        c.weights = {1.0f};
        c.logits.assign(c.logits.size(), 0.5f);
        c.old_log_probs = {-4.0f};
        for (const std::size_t at : {0u, 17u, 49u}) {
            auto spoiled = c;
            spoiled.logits[at] = bad;
            const auto out = by_lanes(spoiled, spoiled.loss(), {7});
            CHECK(out.stats.non_finite == 1);
            CHECK(std::isnan(out.results[0].token.log_prob));
            CHECK(std::isnan(out.d_logits[30]));
        }
        c.logits.assign(c.logits.size(), -infinity);
        CHECK(by_lanes(c, c.loss(), {7}).stats.non_finite == 1);
    }
}

TEST_CASE("lanes that see only −∞ take no part") {
    gpu::logits_case<float> c({.tokens = 1, .vocabulary = 64});
    c.weights = {1.0f};
    c.ids = {60};
    c.logits.assign(c.logits.size(), -std::numeric_limits<float>::infinity());
    c.logits[60] = 1;
    c.logits[61] = 1;
    const auto out = by_lanes(c, reft::cross_entropy<float>(), {16});
    CHECK(out.results[0].token.log_prob == Approx(-std::log(2.0)));
    CHECK(out.d_logits[60] == Approx(-0.5));
    CHECK(out.d_logits[61] == Approx(0.5));
    CHECK(out.d_logits[0] == 0);
}

TEST_CASE("logits whose difference is infinite in float leave log-prob and entropy exact") {
    gpu::logits_case<float> c({.tokens = 1, .vocabulary = 8});
    c.weights = {1.0f};
    c.ids = {5};
    c.logits = {-3e38f, -3e38f, -3e38f, -2e38f, 1e30f, 3e38f, 0, 5};
    for (const int lanes : {1, 2, 3}) {
        const auto out = by_lanes(c, 0.1 * reft::entropy_bonus<float>() + reft::cross_entropy<float>(), {lanes});
        CHECK(out.results[0].token.log_prob == 0);
        CHECK(out.results[0].token.entropy == 0);
        CHECK(out.stats.non_finite == 0);
    }
}

TEST_CASE("an id outside the vocabulary is counted as not finite") {
    for (const std::int32_t id : {-1, 50}) {
        gpu::logits_case<float> c({.tokens = 1, .vocabulary = 50});
        c.weights = {1.0f};
        c.logits.assign(c.logits.size(), 0.0f);
        c.ids = {id};
        CHECK(by_lanes(c, reft::cross_entropy<float>(), {7}).stats.non_finite == 1);
    }
}

TEST_CASE("the shapes of the device call are checked on the host") {
    gpu::logits_case<float> c({.tokens = 4, .vocabulary = 6});
    std::vector<gpu::row_result<float>> results(4);
    const auto loss = c.loss();
    gpu::fused_logits<decltype(c.loss()), float, float, float> fused{loss, c.batch(), reft::tokens_of(c.weights),
                                                                     c.rank_3_view_of(c.logits), results.data()};
    CHECK_NOTHROW(fused.require_shapes());
    fused.weights = reft::token_view<const float>(c.weights.data(), {1, 3});
    CHECK_THROWS_AS(fused.require_shapes(), reft::shape_error);
}
