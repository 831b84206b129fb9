#include <reft/core/thread_pool.hpp>
#include <reft/kernel/linear_head.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/test_data.hpp"

namespace {

/// What loss_over_head found.
template <class Real>
struct found {
    reft::policy_stats stats;
    std::vector<Real> d_hidden, d_head, log_probs, entropies;

    bool operator==(const found& other) const {
        return stats.loss == other.stats.loss && stats.entropy == other.stats.entropy && d_hidden == other.d_hidden &&
               d_head == other.d_head && log_probs == other.log_probs && entropies == other.entropies;
    }
};

/// Tokens, of which some do not count, their hidden states and a head. T may be a storage type.
template <class T>
struct problem {
    using Real = reft::accumulator_t<T>;
    std::int64_t tokens, width, vocabulary;
    std::vector<T> hidden, head;
    std::vector<Real> old_log_probs, advantages, weights;
    std::vector<std::int32_t> ids;

    problem(std::int64_t n, std::int64_t d, std::int64_t v) : tokens(n), width(d), vocabulary(v) {
        const auto size = static_cast<std::size_t>(n);
        for (const float x : test::normal<float>(static_cast<std::size_t>(n * d), 1)) hidden.push_back(T(x));
        for (const float x : test::normal<float>(static_cast<std::size_t>(v * d), 2))
            head.push_back(T(x / std::sqrt(static_cast<float>(d))));
        ids = test::ids(size, static_cast<std::uint64_t>(v), 3);
        old_log_probs = test::normal<Real>(size, 4);
        advantages = test::normal<Real>(size, 5);
        for (const auto m : test::mask(size, 6)) weights.push_back(m ? Real(1) / static_cast<Real>(n) : Real(0));
        for (Real& x : old_log_probs) x -= std::log(static_cast<Real>(v));
    }

    auto loss() const { return reft::clipped_policy(old_log_probs, advantages) + 0.1 * reft::entropy_bonus<Real>(); }
    auto hidden_view() const { return reft::tensor_at(hidden.data(), tokens, width); }
    auto head_view() const { return reft::tensor_at(head.data(), vocabulary, width); }

    template <class Loss, class Product = reft::panel_product>
    found<Real> by_head(const Loss& l, std::size_t budget = reft::head_logits_options{}.memory_budget,
                        reft::executor& pool = reft::serial(), const Product& product = {}) const {
        const auto x = hidden_view(), y = head_view();
        const reft::head_logits batch(x, y, ids, {.temperature = 0.8, .memory_budget = budget});
        found<Real> f{{},
                      std::vector<Real>(hidden.size(), Real(9)),
                      std::vector<Real>(head.size(), Real(0.25)),
                      std::vector<Real>(weights.size(), Real(9)),
                      std::vector<Real>(weights.size(), Real(9))};
        const reft::workspace memory(reft::workspace_bytes(batch, product));
        f.stats = reft::loss_over_head(l, batch, weights, reft::tensor_at(f.d_hidden.data(), tokens, width),
                                       reft::tensor_at(f.d_head.data(), vocabulary, width), memory, pool, {}, product);
        reft::token_log_probs(batch, weights, f.log_probs, f.entropies, memory, pool, product);
        return f;
    }

    /// The same in double from logits that are all there.
    template <class Loss>
    found<double> by_logits(const Loss& l) const {
        std::vector<double> x(hidden.begin(), hidden.end()), y(head.begin(), head.end()),
            w(weights.begin(), weights.end());
        const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
        std::vector<double> logits(at(tokens * vocabulary)), d(logits.size());
        for (std::int64_t n = 0; n < tokens; ++n)
            for (std::int64_t j = 0; j < vocabulary; ++j)
                for (std::int64_t k = 0; k < width; ++k)
                    logits[at(n * vocabulary + j)] += x[at(n * width + k)] * y[at(j * width + k)];
        const auto view = reft::tensor_at(logits.data(), tokens, vocabulary);
        const reft::token_logits batch(view, ids, {.temperature = 0.8});
        const reft::workspace memory(reft::workspace_bytes(batch));
        found<double> f{{},
                        std::vector<double>(x.size()),
                        std::vector<double>(y.size(), 0.25),
                        std::vector<double>(w.size()),
                        std::vector<double>(w.size())};
        f.stats = reft::loss_over_logits(l, batch, w, reft::tensor_at(d.data(), tokens, vocabulary), memory);
        reft::token_log_probs(batch, w, f.log_probs, f.entropies);
        for (std::int64_t n = 0; n < tokens; ++n)
            for (std::int64_t j = 0; j < vocabulary; ++j)
                for (std::int64_t k = 0; k < width; ++k) {
                    f.d_hidden[at(n * width + k)] += d[at(n * vocabulary + j)] * y[at(j * width + k)];
                    f.d_head[at(j * width + k)] += d[at(n * vocabulary + j)] * x[at(n * width + k)];
                }
        return f;
    }
    auto loss_in_double() const {
        old_ = {old_log_probs.begin(), old_log_probs.end()};
        advantages_ = {advantages.begin(), advantages.end()};
        return reft::clipped_policy(old_, advantages_) + 0.1 * reft::entropy_bonus<double>();
    }
    mutable std::vector<double> old_ = {}, advantages_ = {};
};

template <class Real>
double largest_difference(const std::vector<Real>& x, const std::vector<double>& y) {
    double largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i]) - y[i]));
    return largest;
}

template <class Real>
void require_agreement(const found<Real>& f, const found<double>& exact) {
    const double tolerance = sizeof(Real) == 4 ? 3e-6 : 1e-14;
    CHECK(f.stats.loss == Approx(exact.stats.loss).epsilon(10 * tolerance));
    CHECK(f.stats.tokens == exact.stats.tokens);
    CHECK(f.stats.entropy == Approx(exact.stats.entropy).epsilon(tolerance));
    CHECK(largest_difference(f.d_hidden, exact.d_hidden) <= tolerance);
    CHECK(largest_difference(f.d_head, exact.d_head) <= tolerance);
    CHECK(largest_difference(f.log_probs, exact.log_probs) <= 10 * tolerance);
    CHECK(largest_difference(f.entropies, exact.entropies) <= 10 * tolerance);
}

/// The budget at which a chunk has so many rows.
template <class T>
std::size_t budget_of_rows(const problem<T>& p, std::int64_t rows) {
    const auto x = p.hidden_view(), y = p.head_view();
    for (std::size_t budget = 0;; budget += 64) {
        const reft::head_logits batch(x, y, p.ids, {.memory_budget = budget});
        const reft::detail::head_chunk_sizes<T> sizes(batch, reft::panel_product());
        if (sizes.rows == rows) return budget;
    }
}

}  // namespace

TEMPLATE_TEST_CASE("the linear head gives the numbers of materialised logits, and their gradients by the chain rule",
                   "", float, double, reft::bfloat16, reft::half) {
    for (const auto [n, d, v] : {std::array{6, 3, 5}, std::array{13, 17, 33}, std::array{25, 64, 515},
                                 std::array{1, 1, 2}, std::array{30, 300, 1025}}) {
        const problem<TestType> p(n, d, v);
        test::with_each_instruction_set(
            [&] { require_agreement(p.by_head(p.loss()), p.by_logits(p.loss_in_double())); });
    }
}

TEMPLATE_TEST_CASE("neither the memory budget nor the threads change a bit", "", float, double, reft::bfloat16) {
    const problem<TestType> p(29, 21, 530);
    test::with_each_instruction_set([&] {
        const auto whole = p.by_head(p.loss());
        for (const std::int64_t rows : {1, 2, 7, 20, 29}) CHECK(p.by_head(p.loss(), budget_of_rows(p, rows)) == whole);
        for (const int threads : {1, 2, 3, 7}) {
            reft::thread_pool pool(threads);
            CHECK(p.by_head(p.loss(), budget_of_rows(p, 12), pool) == whole);
            CHECK(p.by_head(p.loss(), std::size_t{1} << 30, pool) == whole);
        }
    });
}

TEST_CASE("micro-batches one after the other give the bits of the whole") {
    const problem<float> p(29, 21, 130);
    const auto whole = p.by_head(reft::entropy_bonus<float>());
    found<float> parts{{}, std::vector<float>(29 * 21), std::vector<float>(130 * 21, 0.25f), {}, {}};
    const auto head = p.head_view();
    const auto d_head = reft::tensor_at(parts.d_head.data(), 130, 21);
    for (const auto [first, count] : {std::array<std::int64_t, 2>{0, 10}, {10, 1}, {11, 18}}) {
        const auto hidden = reft::tensor_at(p.hidden.data() + first * 21, count, 21);
        const std::vector<std::int32_t> ids(p.ids.begin() + first, p.ids.begin() + first + count);
        const std::vector<float> weights(p.weights.begin() + first, p.weights.begin() + first + count);
        const reft::head_logits batch(hidden, head, ids, {.temperature = 0.8});
        const reft::workspace memory(reft::workspace_bytes(batch));
        parts.stats = reft::loss_over_head(reft::entropy_bonus<float>(), batch, weights,
                                           reft::tensor_at(parts.d_hidden.data() + first * 21, count, 21), d_head,
                                           memory, parts.stats);
    }
    CHECK(parts.stats.loss == whole.stats.loss);
    CHECK(parts.d_hidden == whole.d_hidden);
    CHECK(parts.d_head == whole.d_head);
}

TEST_CASE("gradients of hidden states and head are those of finite differences") {
    problem<double> p(5, 4, 7);
    const auto f = p.by_head(p.loss());
    const auto loss_at = [&](double& parameter, double x) {
        const double before = parameter;
        parameter = x;
        const double loss = p.by_head(p.loss()).stats.loss;
        parameter = before;
        return loss;
    };
    for (std::size_t i = 0; i < p.hidden.size(); ++i)
        CHECK(test::derivative_agrees(
            f.d_hidden[i],
            test::central_difference([&](double x) { return loss_at(p.hidden[i], x); }, double{p.hidden[i]})));
    for (std::size_t i = 0; i < p.head.size(); ++i)
        CHECK(test::derivative_agrees(
            f.d_head[i] - 0.25,
            test::central_difference([&](double x) { return loss_at(p.head[i], x); }, double{p.head[i]})));
}

TEMPLATE_TEST_CASE("hidden states of weight 0 are not read and their gradient is 0", "", float, reft::half) {
    problem<TestType> p(13, 17, 33);
    const auto clean = p.by_head(p.loss());
    for (const float garbage : test::garbage<float>()) {
        for (std::size_t i = 0; i < 13; ++i)
            if (p.weights[i] == 0) {
                std::fill_n(p.hidden.begin() + static_cast<std::ptrdiff_t>(i * 17), 17, TestType(garbage));
                p.ids[i] = -1;
            }
        CHECK(p.by_head(p.loss(), budget_of_rows(p, 4)) == clean);
    }
    for (std::size_t i = 0; i < 13; ++i)
        if (p.weights[i] == 0)
            CHECK((clean.d_hidden[i * 17] == 0 && clean.log_probs[i] == 0 && clean.entropies[i] == 0));
    std::fill(p.weights.begin(), p.weights.end(), 0.0f);
    const auto none = p.by_head(p.loss());
    CHECK(none.stats.tokens == 0);
    CHECK(none.d_head == std::vector<float>(p.head.size(), 0.25f));
    CHECK(none.d_hidden == std::vector<float>(p.hidden.size(), 0));
}

TEMPLATE_TEST_CASE("column-major and broadcast-free strided tensors give the same bits", "", float, reft::bfloat16) {
    const problem<TestType> p(13, 17, 530);
    const auto expected = p.by_head(p.loss(), budget_of_rows(p, 5));
    const auto columns_of = [](const auto& x, std::int64_t rows, std::int64_t columns) {
        auto y = x;
        for (std::int64_t i = 0; i < rows; ++i)
            for (std::int64_t j = 0; j < columns; ++j)
                y[static_cast<std::size_t>(j * rows + i)] = x[static_cast<std::size_t>(i * columns + j)];
        return y;
    };
    const auto hidden = columns_of(p.hidden, 13, 17), head = columns_of(p.head, 530, 17);
    std::vector<float> d_hidden(hidden.size(), 9), d_head(head.size(), 0.25f);
    const auto by_columns = [](auto* data, std::int64_t rows, std::int64_t columns) {
        return reft::strided_view<std::remove_pointer_t<decltype(data)>, 2>(data, {rows, columns}, {1, rows});
    };
    const auto x = by_columns(hidden.data(), 13, 17), y = by_columns(head.data(), 530, 17);
    const reft::head_logits batch(x, y, p.ids, {.temperature = 0.8, .memory_budget = budget_of_rows(p, 5)});
    const reft::workspace memory(reft::workspace_bytes(batch));
    const auto stats = reft::loss_over_head(p.loss(), batch, p.weights, by_columns(d_hidden.data(), 13, 17),
                                            by_columns(d_head.data(), 530, 17), memory);
    CHECK(stats.loss == expected.stats.loss);
    CHECK(d_hidden == columns_of(expected.d_hidden, 13, 17));
    CHECK(d_head == columns_of(expected.d_head, 530, 17));
}

TEST_CASE("log-probs without entropies are those with them") {
    const problem<float> p(13, 17, 33);
    const auto expected = p.by_head(p.loss());
    const auto x = p.hidden_view(), y = p.head_view();
    const reft::head_logits batch(x, y, p.ids, {.temperature = 0.8});
    const reft::workspace memory(reft::workspace_bytes(batch));
    std::vector<float> lp(13, 9);
    reft::token_log_probs(batch, p.weights, lp, memory);
    for (std::size_t i = 0; i < lp.size(); ++i) CHECK(lp[i] == Approx(expected.log_probs[i]).epsilon(1e-6));
}

namespace {

/// −Σ log_prob of the counted tokens so far, known before the first token is evaluated.
struct prepared {
    using real = float;
    static constexpr bool needs_entropy = false;
    float sum = 0;
    void require_extents(const std::array<std::int64_t, 2>&) const {}
    void prepare(reft::token_view<const float> log_probs, reft::token_view<const float> weights) {
        for (std::int64_t n = 0; n < log_probs.extent(1); ++n)
            if (weights(0, n) != 0) sum += log_probs(0, n);
    }
    reft::policy_term<float> operator()(reft::token_index, reft::policy_token<float>, reft::policy_stats&) const {
        return {sum, sum, 0};
    }
};

}  // namespace

TEST_CASE("a loss that must be prepared sees the log-probs of all chunks first") {
    const problem<float> p(13, 17, 33);
    const auto whole = p.by_head(prepared());
    float sum = 0;
    for (std::size_t i = 0; i < 13; ++i)
        if (p.weights[i] != 0) sum += whole.log_probs[i];
    CHECK(whole.stats.loss ==
          Approx(static_cast<double>(sum) * static_cast<double>(whole.stats.tokens) / 13).epsilon(1e-5));
    CHECK(p.by_head(prepared(), budget_of_rows(p, 4)) == whole);
}

TEST_CASE("the workspace follows the memory budget") {
    const problem<float> p(1000, 64, 4096);
    const auto x = p.hidden_view(), y = p.head_view();
    for (const std::size_t budget : {std::size_t{2} << 20, std::size_t{5} << 20, std::size_t{16} << 20}) {
        const reft::head_logits batch(x, y, p.ids, {.memory_budget = budget});
        const std::size_t bytes = reft::workspace_bytes(batch) - 1000 * sizeof(float);
        CHECK(bytes <= budget);
        CHECK(bytes + (std::size_t{1} << 16) > budget);
    }
    const reft::head_logits all(x, y, p.ids, {.memory_budget = std::size_t{1} << 40});
    CHECK(reft::workspace_bytes(all) < std::size_t{20} << 20);
}

TEST_CASE("hidden states, head and ids that do not fit are named in the error, before anything is written") {
    std::vector<double> x(18), y(15);
    const std::vector<std::int32_t> five(5), six(6, 7);
    const auto hidden = reft::tensor_at(x.data(), 6, 3), head = reft::tensor_at(y.data(), 5, 3);
    CHECK_THROWS_WITH(reft::head_logits(hidden, head, five),
                      "head_logits: hidden is [6, 3], head is [5, 3] and ids is [1, 5]");
    const std::vector<double> weights(6, 1);
    std::vector<double> lp(6, 4), h(6, 4), d_x(18, 4), d_y(15, 4);
    const reft::head_logits batch(hidden, head, six);
    const reft::workspace memory(reft::workspace_bytes(batch)), small(8);
    const auto loss = reft::entropy_bonus<double>();
    const auto d_hidden = reft::tensor_at(d_x.data(), 6, 3), d_head = reft::tensor_at(d_y.data(), 5, 3);
    CHECK_THROWS_WITH(reft::token_log_probs(batch, weights, lp, h, memory), Catch::Contains("id of token 0 is 7"));
    CHECK_THROWS_WITH(reft::loss_over_head(loss, batch, weights, d_hidden, d_head, memory),
                      Catch::Contains("id of token 0 is 7"));
    const std::vector<std::int32_t> twos(6, 2);
    const reft::head_logits valid(hidden, head, twos);
    CHECK_THROWS_AS(reft::loss_over_head(loss, valid, weights, d_hidden, d_head, small), reft::workspace_error);
    CHECK_THROWS_AS(reft::loss_over_head(loss, valid, lp, d_head, d_head, memory), reft::shape_error);
    const std::vector<double> four(6, 4);
    CHECK((lp == four && h == four && d_x == std::vector<double>(18, 4) && d_y == std::vector<double>(15, 4)));
}
