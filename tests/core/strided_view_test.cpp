#include <reft/core/strided_view.hpp>

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

static_assert(std::is_trivially_copyable_v<reft::strided_view<float, 3>>);
static_assert(std::is_convertible_v<reft::strided_view<float, 2>, reft::strided_view<const float, 2>>);
static_assert(!std::is_convertible_v<reft::strided_view<const float, 2>, reft::strided_view<float, 2>>);
static_assert(!std::is_convertible_v<reft::strided_view<float, 2>, reft::strided_view<const double, 2>>);

TEST_CASE("strides may be row-major, column-major, padded, zero or negative") {
    std::vector<int> x = {0, 1, 2, 3, 4, 5, 6, 7};
    using view = reft::strided_view<int, 2>;
    CHECK(view(x.data(), {2, 3})(1, 2) == 5);
    CHECK(view(x.data(), {2, 3}, {1, 2})(1, 2) == 5);
    CHECK(view(x.data(), {2, 3}, {4, 1})(1, 2) == 6);
    CHECK(view(x.data(), {2, 3}, {0, 1})(1, 2) == 2);
    CHECK(view(x.data() + 7, {2, 3}, {-3, -1})(1, 2) == 2);
}

TEST_CASE("extents and strides in braces and in arrays make the same view") {
    std::vector<int> x(24);
    using view = reft::strided_view<int, 2>;
    const std::array<std::int64_t, 2> extents = {2, 3}, strides = {5, 2};
    CHECK(view(x.data(), {2, 3}, {5, 2}).extents() == extents);
    CHECK(view(x.data(), {2, 3}, {5, 2}).strides() == strides);
    CHECK(&view(x.data(), {2, 3}, {5, 2})(1, 2) == &view(x.data(), extents, strides)(1, 2));
    CHECK(view(x.data(), {2, 3}).strides() == std::array<std::int64_t, 2>{3, 1});
    CHECK(&view(x.data(), {2, 3})(1, 2) == &view(x.data(), extents)(1, 2));
    static_assert(view(nullptr, {2, 3}).stride(0) == 3 && view(nullptr, {2, 3}, {5, 2}).size() == 6);
}

TEST_CASE("a row of a view is a view of the same elements") {
    std::vector<int> x(24);
    const reft::strided_view<int, 3> v(x.data(), {2, 3, 4});
    CHECK(&v[1][2][3] == &v(1, 2, 3));
    CHECK(v[1].extents() == std::array<std::int64_t, 2>{3, 4});
    CHECK(v.size() == 24);
    CHECK_FALSE(v.empty());
    CHECK(reft::strided_view<int, 2>(x.data(), {0, 5}).empty());
    CHECK(reft::strided_view<int, 2>().empty());
}
