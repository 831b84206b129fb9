#include <reft/core/integer_view.hpp>
#include <reft/core/std_tensors.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

static_assert(std::is_constructible_v<reft::integer_view, const std::vector<std::int32_t>&>);
static_assert(std::is_constructible_v<reft::integer_view, const std::vector<long>&>);
static_assert(std::is_constructible_v<reft::integer_view, const std::vector<long long>&>);
static_assert(std::is_constructible_v<reft::integer_view, const std::vector<std::size_t>&>);
static_assert(!std::is_constructible_v<reft::integer_view, const std::vector<float>&>);
static_assert(!std::is_constructible_v<reft::integer_view, const std::vector<std::int16_t>&>);

TEMPLATE_TEST_CASE("integers of every type read the same", "", std::int8_t, std::uint8_t, std::int32_t, std::uint32_t,
                   std::int64_t, std::size_t, long long) {
    const std::vector<TestType> x = {1, 2, 3, 4, 5, 6};
    const reft::integer_view flat = x, matrix = reft::tensor_at(x.data(), 2, 3);
    CHECK(flat[4] == 5);
    CHECK(flat.size() == 6);
    CHECK(matrix(1, 2) == 6);
    CHECK(matrix({1, 0}) == 4);
}

TEST_CASE("signs and large values survive; absent differs from empty") {
    const std::vector<std::int8_t> small = {-1};
    const std::vector<std::uint32_t> large = {4000000000u};
    CHECK(reft::integer_view(small)[0] == -1);
    CHECK(reft::integer_view(large)[0] == 4000000000);
    CHECK(reft::integer_view().absent());
    CHECK_FALSE(reft::integer_view(small).absent());
    CHECK(reft::integer_view().empty());
}
