// What every matrix_multiplier must do, tried on one.
#pragma once

#include <reft/core/workspace.hpp>
#include <reft/kernel/linear_head.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace test {

/// A row-major matrix whose rows lie 3 elements apart, which hold 7.
template <class Real>
struct loose_matrix {
    std::int64_t rows, columns;
    std::vector<Real> numbers;

    loose_matrix(std::int64_t r, std::int64_t c, std::uint64_t seed)
        : rows(r), columns(c), numbers(normal<Real>(static_cast<std::size_t>(r * (c + 3)), seed)) {
        for (std::int64_t i = 0; i < r; ++i)
            for (std::int64_t j = c; j < c + 3; ++j) numbers[static_cast<std::size_t>(i * (c + 3) + j)] = 7;
    }
    reft::strided_view<Real, 2> view() { return {numbers.data(), {rows, columns}, {columns + 3, 1}}; }
    reft::strided_view<const Real, 2> view() const { return {numbers.data(), {rows, columns}, {columns + 3, 1}}; }
};

/// The three products against their definitions, odd shapes and strides.
template <class Real, reft::matrix_multiplier<Real> Product>
void check_products(const Product& product) {
    const double tolerance = sizeof(Real) == 4 ? 1e-5 : 1e-13;
    for (const std::int64_t rows : {1, 7, 30})
        for (const std::int64_t columns : {1, 16, 33})
            for (const std::int64_t depth : {1, 5, 300}) {
                const loose_matrix<Real> a(rows, depth, 1), b(depth, columns, 2), at(depth, rows, 3),
                    bt(columns, depth, 4);
                loose_matrix<Real> c(rows, columns, 5), d = c, e = c;
                const auto before = c;
                const reft::workspace memory(product.template scratch_bytes<Real>(rows, columns, depth));
                product.multiply_by_transposed(a.view(), bt.view(), c.view(), memory.data(), reft::serial());
                product.add_product(a.view(), b.view(), d.view(), memory.data(), reft::serial());
                product.add_transposed_product(at.view(), b.view(), e.view(), memory.data(), reft::serial());
                const auto close = [&](const loose_matrix<Real>& found, std::int64_t i, std::int64_t j, auto term,
                                       double sum) {
                    for (std::int64_t k = 0; k < depth; ++k) sum += static_cast<double>(term(k));
                    const auto x = static_cast<double>(found.view()(i, j));
                    return std::abs(x - sum) <= tolerance * (1 + std::abs(sum) + static_cast<double>(depth) / 10);
                };
                for (std::int64_t i = 0; i < rows; ++i)
                    for (std::int64_t j = 0; j < columns; ++j) {
                        const auto start = static_cast<double>(before.view()(i, j));
                        REQUIRE(close(
                            c, i, j, [&](auto k) { return a.view()(i, k) * bt.view()(j, k); }, 0));
                        REQUIRE(close(
                            d, i, j, [&](auto k) { return a.view()(i, k) * b.view()(k, j); }, start));
                        REQUIRE(close(
                            e, i, j, [&](auto k) { return at.view()(k, i) * b.view()(k, j); }, start));
                    }
                for (const auto* found : {&c, &d, &e})
                    for (std::int64_t i = 0; i < rows * 3; ++i)
                        REQUIRE(found->numbers[static_cast<std::size_t>(i / 3 * (columns + 3) + columns + i % 3)] == 7);
            }
}

/// loss_over_head and token_log_probs with these products and with the default ones.
template <class Real, reft::matrix_multiplier<Real> Product>
void check_linear_head(const Product& product) {
    const auto hidden = normal<Real>(29 * 20, 1), head = normal<Real>(600 * 20, 2), advantages = normal<Real>(29, 3),
               old = normal<Real>(29, 4);
    const auto ids_of_tokens = ids(29, 600, 5);
    std::vector<Real> weights(29, Real(1) / 29);
    weights[3] = 0;
    const auto loss = reft::clipped_policy(old, advantages) + 0.1 * reft::entropy_bonus<Real>();
    const auto x = reft::tensor_at(hidden.data(), 29, 20), y = reft::tensor_at(head.data(), 600, 20);
    const reft::head_logits batch(x, y, ids_of_tokens, {.memory_budget = 100000});
    const auto run = [&](const auto& p, std::vector<Real>& d_hidden, std::vector<Real>& d_head, std::vector<Real>& lp) {
        d_hidden.assign(29 * 20, 0);
        d_head.assign(600 * 20, 0);
        lp.assign(29, 0);
        const reft::workspace memory(reft::workspace_bytes(batch, p));
        reft::token_log_probs(batch, weights, lp, memory, reft::serial(), p);
        return reft::loss_over_head(loss, batch, weights, reft::tensor_at(d_hidden.data(), 29, 20),
                                    reft::tensor_at(d_head.data(), 600, 20), memory, reft::serial(), {}, p);
    };
    std::vector<Real> d_hidden, d_head, lp, expected_d_hidden, expected_d_head, expected_lp;
    const auto found = run(product, d_hidden, d_head, lp);
    const auto expected = run(reft::panel_product(), expected_d_hidden, expected_d_head, expected_lp);
    const double tolerance = sizeof(Real) == 4 ? 1e-5 : 1e-13;
    const auto close = [&](const std::vector<Real>& a, const std::vector<Real>& b) {
        return std::equal(a.begin(), a.end(), b.begin(), [&](Real p, Real q) {
            return std::abs(static_cast<double>(p - q)) <= tolerance * (1 + std::abs(static_cast<double>(q)));
        });
    };
    CHECK(found.loss == Approx(expected.loss).epsilon(10 * tolerance));
    CHECK(close(lp, expected_lp));
    CHECK(close(d_hidden, expected_d_hidden));
    CHECK(close(d_head, expected_d_head));
}

}  // namespace test
