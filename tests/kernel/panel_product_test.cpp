#include <reft/core/thread_pool.hpp>
#include <reft/kernel/panel_product.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/matrix_multiplier_check.hpp"
#include "support/test_data.hpp"

namespace {

struct no_scratch {};
struct only_one_product {
    template <class Real>
    std::size_t scratch_bytes(std::int64_t, std::int64_t, std::int64_t) const;
    template <class Real>
    void add_product(const reft::strided_view<const Real, 2>&, const reft::strided_view<const Real, 2>&,
                     const reft::strided_view<Real, 2>&, std::byte*, reft::executor&) const;
};

}  // namespace

static_assert(reft::matrix_multiplier<reft::panel_product, float>);
static_assert(!reft::matrix_multiplier<no_scratch, float>);
static_assert(!reft::matrix_multiplier<only_one_product, float>);

TEMPLATE_TEST_CASE("products by panels, with every instruction set", "", float, double) {
    test::with_each_instruction_set([] { test::check_products<TestType>(reft::panel_product()); });
}

TEMPLATE_TEST_CASE("blocks, their edges and threads change no bit of a product", "", float, double) {
    using T = TestType;
    const std::int64_t rows = 200, columns = 530, depth = 520;  // more than a block of each
    const auto a = test::normal<T>(static_cast<std::size_t>(rows * depth), 1),
               b = test::normal<T>(static_cast<std::size_t>(columns * depth), 2);
    const reft::strided_view<const T, 2> left(a.data(), {rows, depth}), right(b.data(), {columns, depth});
    const reft::panel_product product;
    const reft::workspace memory(product.scratch_bytes<T>(rows, columns, depth));
    std::vector<T> whole(static_cast<std::size_t>(rows * columns)), parts(whole.size()), by_threads(whole.size());
    product.multiply_by_transposed(left, right, reft::strided_view<T, 2>(whole.data(), {rows, columns}), memory.data(),
                                   reft::serial());
    for (std::int64_t i = 0; i < rows; i += 37)
        for (std::int64_t j = 0; j < columns; j += 101) {
            const std::int64_t m = std::min<std::int64_t>(37, rows - i), n = std::min<std::int64_t>(101, columns - j);
            product.multiply_by_transposed(
                reft::strided_view<const T, 2>(a.data() + i * depth, {m, depth}),
                reft::strided_view<const T, 2>(b.data() + j * depth, {n, depth}),
                reft::strided_view<T, 2>(parts.data() + i * columns + j, {m, n}, {columns, 1}), memory.data(),
                reft::serial());
        }
    CHECK(parts == whole);
    for (const int threads : {2, 3, 7}) {
        reft::thread_pool pool(threads);
        std::fill(by_threads.begin(), by_threads.end(), T(0));
        product.multiply_by_transposed(left, right, reft::strided_view<T, 2>(by_threads.data(), {rows, columns}),
                                       memory.data(), pool);
        CHECK(by_threads == whole);
    }
}
