#include <reft/kernel/matrix_product.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/test_data.hpp"

namespace detail = reft::detail;

namespace {

/// A·B by detail::product, A [rows, depth], B [depth, columns].
template <class T>
std::vector<T> product_of(const std::vector<T>& a, const std::vector<T>& b, std::int64_t rows, std::int64_t columns,
                          std::int64_t depth) {
    std::vector<T> packed(static_cast<std::size_t>(detail::packed_size<T>(depth, columns))),
        c(static_cast<std::size_t>(rows * columns), T(9));
    const std::int64_t stride = depth * detail::panel_width<T>;
    detail::pack(b.data(), depth, columns, columns, std::int64_t{1}, packed.data(), stride);
    detail::product<T, detail::from::zero>(rows, columns, depth, {a.data(), depth}, {packed.data(), stride},
                                           {c.data(), columns});
    return c;
}

template <class T>
std::vector<T> transposed(const std::vector<T>& x, std::int64_t rows, std::int64_t columns) {
    std::vector<T> y(x.size());
    for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < columns; ++j)
            y[static_cast<std::size_t>(j * rows + i)] = x[static_cast<std::size_t>(i * columns + j)];
    return y;
}

}  // namespace

TEMPLATE_TEST_CASE("products of odd shapes agree with the definition", "", float, double) {
    using T = TestType;
    const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-13;
    test::with_each_instruction_set([&] {
        for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 23})
            for (const std::int64_t columns : {1, 7, 16, 17, 33, 130})
                for (const std::int64_t depth : {1, 3, 40}) {
                    const auto a = test::normal<T>(static_cast<std::size_t>(rows * depth), 1),
                               b = test::normal<T>(static_cast<std::size_t>(depth * columns), 2);
                    const auto c = product_of(a, b, rows, columns, depth);
                    for (std::int64_t i = 0; i < rows; ++i)
                        for (std::int64_t j = 0; j < columns; ++j) {
                            double sum = 0;
                            for (std::int64_t k = 0; k < depth; ++k)
                                sum += static_cast<double>(a[static_cast<std::size_t>(i * depth + k)]) *
                                       static_cast<double>(b[static_cast<std::size_t>(k * columns + j)]);
                            REQUIRE(std::abs(static_cast<double>(c[static_cast<std::size_t>(i * columns + j)]) - sum) <=
                                    tolerance * (1 + std::abs(sum)));
                        }
                }
    });
}

TEMPLATE_TEST_CASE("a matrix and its transpose are packed alike", "", float, double) {
    using T = TestType;
    test::with_each_instruction_set([&] {
        for (const std::int64_t columns : {1, 15, 16, 40})
            for (const std::int64_t depth : {1, 3, 4, 19}) {
                const auto b = test::normal<T>(static_cast<std::size_t>(depth * columns), 3);
                const auto bt = transposed(b, depth, columns);
                const std::int64_t stride = depth * detail::panel_width<T> + 5;  // panels may lie apart
                const auto size = static_cast<std::size_t>(stride * (columns / detail::panel_width<T> + 1));
                std::vector<T> packed(size), packed_transpose(size);
                detail::pack(b.data(), depth, columns, columns, std::int64_t{1}, packed.data(), stride);
                detail::pack(bt.data(), depth, columns, std::int64_t{1}, depth, packed_transpose.data(), stride);
                REQUIRE(packed == packed_transpose);
            }
    });
}

TEMPLATE_TEST_CASE("a row of a product is the same bits whatever rows stand beside it", "", float, double) {
    const std::int64_t columns = 37, depth = 29;
    const auto a = test::normal<TestType>(33 * 29, 1), b = test::normal<TestType>(29 * 37, 2);
    test::with_each_instruction_set([&] {
        const auto all = product_of(a, b, 33, columns, depth);
        for (std::int64_t rows = 1; rows < 33; ++rows) {
            const auto some = product_of(a, b, rows, columns, depth);
            REQUIRE(std::equal(some.begin(), some.end(), all.begin()));
        }
    });
}

TEST_CASE("AVX2 and AVX-512 give the same bits") {
    const auto a = test::normal<float>(33 * 29, 1), b = test::normal<float>(29 * 37, 2);
    std::vector<std::vector<float>> found;
    test::with_each_instruction_set([&] {
        if (reft::instruction_set_in_use() != reft::instruction_set::portable)
            found.push_back(product_of(a, b, 33, 37, 29));
    });
    for (const auto& c : found) CHECK(c == found.front());
}

TEMPLATE_TEST_CASE("a sum over tokens may be cut anywhere and continued without changing a bit", "", float, double) {
    const std::int64_t tokens = 300, rows = 11, columns = 21;
    const auto a = test::normal<TestType>(300 * 11, 1), b = test::normal<TestType>(300 * 21, 2);
    test::with_each_instruction_set([&] {
        std::vector<TestType> whole(11 * 21, 0);
        detail::add_outer_products<TestType>(rows, columns, tokens, {a.data(), rows}, {b.data(), columns},
                                             {whole.data(), columns});
        for (const std::int64_t cut : {1, 7, 128, 200, 299}) {
            std::vector<TestType> parts(11 * 21, 0);
            detail::add_outer_products<TestType>(rows, columns, cut, {a.data(), rows}, {b.data(), columns},
                                                 {parts.data(), columns});
            detail::add_outer_products<TestType>(rows, columns, tokens - cut, {a.data() + cut * rows, rows},
                                                 {b.data() + cut * columns, columns}, {parts.data(), columns});
            CHECK(parts == whole);
        }
        double sum = 0;
        for (std::size_t t = 0; t < 300; ++t)
            sum += static_cast<double>(a[t * 11 + 4]) * static_cast<double>(b[t * 21 + 17]);
        CHECK(static_cast<double>(whole[4 * 21 + 17]) == Approx(sum).epsilon(1e-4));
    });
}

TEST_CASE("what lies beside a product is not touched") {
    const auto a = test::normal<float>(13 * 5, 1), b = test::normal<float>(5 * 18, 2);
    test::with_each_instruction_set([&] {
        std::vector<float> packed(static_cast<std::size_t>(detail::packed_size<float>(5, 18))), c(13 * 20, 7);
        detail::pack(b.data(), std::int64_t{5}, std::int64_t{18}, std::int64_t{18}, std::int64_t{1}, packed.data(),
                     5 * detail::panel_width<float>);
        detail::product<float, detail::from::target>(13, 18, 5, {a.data(), 5},
                                                     {packed.data(), 5 * detail::panel_width<float>}, {c.data(), 20});
        for (std::size_t i = 0; i < 13; ++i) CHECK((c[i * 20 + 18] == 7 && c[i * 20 + 19] == 7));
    });
}
