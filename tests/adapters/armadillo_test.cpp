#include <reft/adapters/armadillo.hpp>
#include <reft/reft.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

static_assert(reft::tensor_of_rank<arma::mat, 2>);
static_assert(reft::tensor_of_rank<const arma::fmat, 2>);
static_assert(reft::tensor_of_rank<arma::vec, 1>);
static_assert(reft::tensor_of_rank<arma::frowvec, 1>);
static_assert(reft::tensor_of_rank<arma::cube, 3>);
static_assert(reft::tensor_of_rank<arma::mat::fixed<2, 3>, 2>);
static_assert(reft::tensor_of_rank<arma::vec::fixed<4>, 1>);
static_assert(reft::tensor_of_rank<arma::rowvec::fixed<4>, 1>);
static_assert(reft::tensor_of_rank<arma::cube::fixed<2, 3, 4>, 3>);
static_assert(!reft::tensor<decltype(arma::mat() + arma::mat())>, "an expression has no storage");
static_assert(!reft::tensor<decltype(arma::exp(std::declval<arma::mat&>()))>);
static_assert(!reft::tensor<decltype(std::declval<arma::mat&>().t())>);
static_assert(!reft::tensor<decltype(std::declval<arma::mat&>().elem(std::declval<arma::uvec&>()))>,
              "elements by a list have no stride");
static_assert(!reft::tensor<arma::sp_mat>, "a sparse matrix has no strides");

static_assert(!reft::detail::borrowed<arma::mat>);
static_assert(!reft::detail::borrowed<arma::vec::fixed<4>>);
static_assert(!reft::detail::borrowed<arma::cube>);
static_assert(reft::detail::borrowed<decltype(std::declval<arma::mat&>().col(0))>);
static_assert(reft::detail::borrowed<decltype(std::declval<arma::mat&>().diag())>);
static_assert(reft::detail::borrowed<decltype(std::declval<arma::cube&>().slices(0, 1))>);

template <class X>
using element_of = typename decltype(reft::view(std::declval<X&>()))::element_type;

static_assert(std::is_same_v<element_of<arma::fmat>, float>);
static_assert(std::is_same_v<element_of<const arma::fmat>, const float>);
static_assert(std::is_same_v<element_of<decltype(std::declval<arma::fmat&>().row(0))>, float>);
static_assert(std::is_same_v<element_of<decltype(std::declval<const arma::fmat&>().row(0))>, const float>);
static_assert(std::is_same_v<element_of<decltype(std::declval<const arma::fmat&>().diag())>, const float>);
static_assert(std::is_same_v<element_of<decltype(std::declval<const arma::fcube&>().rows(0, 0))>, const float>);

TEMPLATE_TEST_CASE("armadillo matrices and parts of them are viewed in place", "", float, double, arma::uword,
                   arma::sword, std::int32_t, std::uint8_t) {
    arma::Mat<TestType> m(5, 6, arma::fill::zeros);
    const auto whole = reft::view(m), part = reft::view(m.submat(1, 2, 3, 5)), rows = reft::view(m.rows(2, 3)),
               columns = reft::view(m.cols(4, 5)), again = reft::view(m.tail_rows(2));
    CHECK(whole.extents() == std::array<std::int64_t, 2>{5, 6});
    CHECK(part.extents() == std::array<std::int64_t, 2>{3, 4});
    CHECK(rows.extents() == std::array<std::int64_t, 2>{2, 6});
    CHECK(columns.extents() == std::array<std::int64_t, 2>{5, 2});
    for (arma::uword i = 0; i < 3; ++i)
        for (arma::uword j = 0; j < 4; ++j) {
            CHECK(&whole(i, j) == &m(i, j));
            CHECK(&part(i, j) == &m(i + 1, j + 2));
            CHECK(&rows(i % 2, j) == &m(i % 2 + 2, j));
            CHECK(&columns(i, j % 2) == &m(i, j % 2 + 4));
            CHECK(&again(i % 2, j) == &m(i % 2 + 3, j));
        }
    const auto row = reft::view(m.row(3)), column = reft::view(m.col(2)), segment = reft::view(m.col(2).subvec(1, 3)),
               above = reft::view(m.diag(2)), below = reft::view(m.diag(-1));
    CHECK(row.extent(0) == 6);
    CHECK(column.extent(0) == 5);
    CHECK(segment.extent(0) == 3);
    CHECK(above.extent(0) == 4);
    CHECK(below.extent(0) == 4);
    for (arma::uword i = 0; i < 3; ++i) {
        CHECK(&row(i) == &m(3, i));
        CHECK(&column(i) == &m(i, 2));
        CHECK(&segment(i) == &m(i + 1, 2));
        CHECK(&above(i) == &m(i, i + 2));
        CHECK(&below(i) == &m(i + 1, i));
    }
    part(2, 3) = TestType(7);
    CHECK(m(3, 5) == TestType(7));
}

TEST_CASE("armadillo vectors of both directions are of rank one, and so are parts of them") {
    arma::vec v(6, arma::fill::randu);
    arma::rowvec r(6, arma::fill::randu);
    for (arma::uword i = 0; i < 3; ++i) {
        CHECK(&reft::view(v)(i) == &v(i));
        CHECK(&reft::view(r)(i) == &r(i));
        CHECK(&reft::view(v.subvec(2, 5))(i) == &v(i + 2));
        CHECK(&reft::view(r.tail(3))(i) == &r(i + 3));
    }
    CHECK(reft::view(r.tail(3)).extent(0) == 3);
    arma::mat::fixed<2, 3> fixed;
    arma::rowvec::fixed<3> fixed_row;
    CHECK(&reft::view(fixed)(1, 2) == &fixed(1, 2));
    CHECK(&reft::view(fixed_row)[2] == &fixed_row(2));
}

TEST_CASE("armadillo cubes are [rows, columns, slices], and their slices are matrices") {
    arma::cube c(3, 4, 5, arma::fill::zeros);
    const auto whole = reft::view(c), part = reft::view(c.subcube(1, 1, 2, 2, 3, 4)), tube = reft::view(c.tube(2, 3));
    CHECK(whole.extents() == std::array<std::int64_t, 3>{3, 4, 5});
    CHECK(part.extents() == std::array<std::int64_t, 3>{2, 3, 3});
    CHECK(tube.extents() == std::array<std::int64_t, 3>{1, 1, 5});
    CHECK(&whole(2, 1, 3) == &c(2, 1, 3));
    CHECK(&part(1, 2, 1) == &c(2, 3, 3));
    CHECK(&tube(0, 0, 4) == &c(2, 3, 4));
    CHECK(&reft::view(c.slice(4))(2, 1) == &c(2, 1, 4));
}

TEST_CASE("memory of others in an armadillo matrix is viewed where it lies") {
    std::vector<float> buffer(12);
    arma::fmat m(buffer.data(), 3, 4, false, true);
    CHECK(&reft::view(m)(2, 1) == &buffer[5]);
    const arma::mat empty(0, 4);
    CHECK(reft::view(empty).empty());
}

TEST_CASE("ids of armadillo's own integer types and byte masks are read") {
    const arma::umat mask = {{1, 0}, {1, 1}};
    CHECK(reft::rows::padded(mask).counted() == 3);
    CHECK(reft::integer_view(mask)(0, 1) == 0);
    const arma::ivec offsets = {0, 2, 3};
    CHECK(reft::rows::packed(offsets).length(1) == 1);
    const arma::Mat<std::uint8_t> bytes(2, 3, arma::fill::ones);
    CHECK(reft::rows::padded(bytes).counted() == 6);
}
