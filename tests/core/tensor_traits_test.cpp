#include <reft/core/std_tensors.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "support/catch.hpp"

static_assert(reft::tensor_of_rank<std::vector<float>, 1>);
static_assert(reft::tensor_of_rank<const std::array<double, 3>, 1>);
static_assert(reft::tensor_of_rank<std::span<const float>, 1>);
static_assert(!reft::tensor<std::vector<bool>>, "packed bits have no address");
static_assert(!reft::tensor<int> && !reft::tensor<std::vector<std::vector<float>>*>);

namespace {

// A foreign tensor: its own class, column-major, with a padded leading dimension. The glue is the traits below it.
struct foreign_matrix {
    int row_count, column_count, padding;
    std::vector<float> storage = std::vector<float>(static_cast<std::size_t>((row_count + padding) * column_count));
    float& at(int i, int j) { return storage[static_cast<std::size_t>(i + j * (row_count + padding))]; }
};

struct device_vector {
    std::vector<float> pretend;
};

}  // namespace

template <>
struct reft::tensor_traits<foreign_matrix> {
    static constexpr std::size_t rank = 2;
    template <class M>
    static auto view(M& m) {
        using T = std::remove_reference_t<decltype(*m.storage.data())>;
        return strided_view<T, 2>(m.storage.data(), {m.row_count, m.column_count}, {1, m.row_count + m.padding});
    }
};

template <>
struct reft::tensor_traits<device_vector> {
    static constexpr std::size_t rank = 1;
    static memory_space space(const device_vector&) { return memory_space::device; }
    static auto view(const device_vector& v) { return reft::view(v.pretend); }
};

TEST_CASE("std containers, spans and pointers are viewed without a copy") {
    std::vector<float> v = {1, 2, 3, 4, 5, 6};
    CHECK(reft::view(v).data() == v.data());
    CHECK(reft::view(std::span(v).subspan(2)).data() == v.data() + 2);
    const auto m = reft::tensor_at(v.data(), 2, 3);
    CHECK(m(1, 0) == 4);
    CHECK(m[1][2] == 6);
    CHECK(m.extents() == std::array<std::int64_t, 2>{2, 3});
    CHECK(std::is_const_v<decltype(reft::view(std::as_const(v)))::element_type>);
}

TEST_CASE("a foreign tensor with padded columns is viewed through its traits") {
    foreign_matrix m{2, 3, 1};
    m.at(1, 2) = 7;
    CHECK(reft::view(m)(1, 2) == 7);
    reft::view(m)(0, 1) = 5;
    CHECK(m.at(0, 1) == 5);
    CHECK(std::is_const_v<decltype(reft::view(std::as_const(m)))::element_type>);
}

TEST_CASE("a device tensor is refused by a typed error") {
    const device_vector d{{1, 2}};
    CHECK_THROWS_AS(reft::view(d), reft::device_error);
}

TEST_CASE("per-token arrays of rank 1 are one row of rank 2") {
    std::vector<double> v = {1, 2, 3};
    const auto tokens = reft::tokens_of(v);
    CHECK(tokens.extents() == std::array<std::int64_t, 2>{1, 3});
    CHECK(&tokens(0, 2) == &v[2]);
}
