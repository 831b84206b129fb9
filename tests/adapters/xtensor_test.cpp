#include <reft/adapters/xtensor.hpp>
#include <reft/reft.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/xtensor.hpp"

using row_major = xt::xtensor<double, 2>;
using column_major = xt::xtensor<double, 2, xt::layout_type::column_major>;
using array_2 = std::array<std::size_t, 2>;

static_assert(reft::tensor_of_rank<row_major, 2>);
static_assert(reft::tensor_of_rank<const column_major, 2>);
static_assert(reft::tensor_of_rank<xt::xtensor<float, 1>, 1>);
static_assert(reft::tensor_of_rank<xt::xtensor<float, 3>, 3>);
static_assert(reft::tensor_of_rank<xt::xtensor_fixed<float, xt::xshape<2, 3>>, 2>);
static_assert(!reft::tensor<decltype(row_major() + row_major())>, "an expression has no storage");
static_assert(!reft::tensor<decltype(xt::view(std::declval<row_major&>(), xt::keep(0, 2), xt::all()))>,
              "rows by a list have no stride");
static_assert(!reft::tensor<xt::xarray<double>>, "its rank is only known at run time: ranked<2>(x)");

template <class X>
using element_of = typename decltype(reft::view(std::declval<X&>()))::element_type;

/// Every element where xtensor says it is: nothing was copied.
template <class View, class X>
bool lies_in_place(const View& v, X& x) {
    bool same =
        static_cast<std::size_t>(v.extent(0)) == x.shape()[0] && static_cast<std::size_t>(v.extent(1)) == x.shape()[1];
    for (std::size_t i = 0; same && i < x.shape()[0]; ++i)
        for (std::size_t j = 0; same && j < x.shape()[1]; ++j) same = &v(i, j) == &x(i, j);
    return same;
}

TEST_CASE("xtensors are viewed in place, whatever their layout") {
    row_major r = {{1, 2, 3}, {4, 5, 6}};
    column_major c = r;
    const xt::xtensor<double, 2, xt::layout_type::dynamic> d(array_2{2, 3}, std::array<std::ptrdiff_t, 2>{1, 2});
    xt::xtensor_fixed<double, xt::xshape<2, 3>> f = r;
    CHECK(lies_in_place(reft::view(r), r));
    CHECK(lies_in_place(reft::view(c), c));
    CHECK(lies_in_place(reft::view(std::as_const(c)), std::as_const(c)));
    CHECK(lies_in_place(reft::view(d), d));
    CHECK(lies_in_place(reft::view(f), f));
    CHECK(reft::view(r)(1, 2) == 6);
    static_assert(std::is_same_v<element_of<row_major>, double>);
    static_assert(std::is_same_v<element_of<const row_major>, const double>);
}

TEST_CASE("views of xtensors start at their offset and keep their strides") {
    row_major x = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
    auto part = xt::view(x, xt::range(1, 3), xt::range(1, 3));
    auto every_other = xt::view(x, xt::range(0, 3, 2), xt::range(2, 0, -1));
    auto inner = xt::view(part, xt::all(), xt::range(1, 2));
    auto turned = xt::transpose(x);
    CHECK(lies_in_place(reft::view(part), part));
    CHECK(lies_in_place(reft::view(every_other), every_other));
    CHECK(lies_in_place(reft::view(inner), inner));
    CHECK(lies_in_place(reft::view(turned), turned));
    CHECK(reft::view(part)(1, 1) == 9);
    CHECK(reft::view(xt::row(x, 1))[2] == 6);
    CHECK(reft::view(xt::col(x, 1))[2] == 8);
    static_assert(std::is_same_v<element_of<decltype(xt::row(std::as_const(x), 1))>, const double>);
}

TEST_CASE("extents of one, to which xtensor gives stride zero, are read like others") {
    row_major row = {{1, 2, 3}};
    column_major column = {{1}, {2}, {3}};
    REQUIRE(row.strides()[0] == 0);
    REQUIRE(column.strides()[1] == 0);
    CHECK(lies_in_place(reft::view(row), row));
    CHECK(lies_in_place(reft::view(column), column));
    const auto rows = reft::rows::padded(1, 3);
    row_major advantages = xt::zeros<double>({1, 3});
    reft::gae(row, row, rows, advantages, {.gamma = 1.0, .lambda = 1.0});
    CHECK(advantages(0, 0) == 5);  // reward to go less value: 6 - 1
    CHECK(advantages(0, 2) == 0);
}

TEST_CASE("adapted buffers are viewed in place, those over const memory as const") {
    std::vector<float> buffer(6);
    const std::vector<float> constant = {1, 2, 3, 4, 5, 6};
    auto owned_elsewhere = xt::adapt(buffer, array_2{2, 3});
    auto over_const = xt::adapt(constant, array_2{2, 3});
    auto pointer = xt::adapt(buffer.data(), 6, xt::no_ownership(), array_2{2, 3});
    auto const_pointer = xt::adapt(constant.data(), 6, xt::no_ownership(), array_2{2, 3});
    static_assert(std::is_same_v<element_of<decltype(owned_elsewhere)>, float>);
    static_assert(std::is_same_v<element_of<decltype(over_const)>, const float>);
    static_assert(std::is_same_v<element_of<decltype(pointer)>, float>);
    static_assert(std::is_same_v<element_of<decltype(const_pointer)>, const float>);
    CHECK(reft::view(owned_elsewhere).data() == buffer.data());
    CHECK(reft::view(over_const).data() == constant.data());
    CHECK(&reft::view(over_const)(1, 2) == &constant[5]);
    CHECK(reft::view(pointer).data() == buffer.data());
    CHECK(&reft::view(const_pointer)(1, 0) == &constant[3]);
    const auto const_adaptor = xt::adapt(constant, array_2{2, 3});
    CHECK(reft::view(xt::view(const_adaptor, xt::all(), 1))[1] == 5);
}

TEST_CASE("a temporary that refers to elements of others may be passed, one that owns them may not") {
    using reft::detail::borrowed;
    std::vector<float> buffer(6);
    row_major x = {{1, 2, 3}, {4, 5, 6}};
    static_assert(!borrowed<row_major>);
    static_assert(!borrowed<xt::xtensor_fixed<float, xt::xshape<2, 3>>>);
    static_assert(borrowed<decltype(xt::view(x, 0, xt::all()))>);
    static_assert(borrowed<decltype(xt::view(xt::view(x, xt::all(), 0), xt::range(0, 1)))>);
    static_assert(!borrowed<decltype(xt::view(row_major(x), 0, xt::all()))>, "it keeps the matrix");
    static_assert(borrowed<decltype(xt::adapt(buffer, array_2{2, 3}))>);
    static_assert(!borrowed<decltype(xt::adapt(std::vector<float>(6), array_2{2, 3}))>, "it keeps the vector");
    static_assert(borrowed<decltype(xt::adapt(buffer.data(), 6, xt::no_ownership(), array_2{2, 3}))>);
    static_assert(!borrowed<decltype(xt::adapt(buffer.data(), 6, xt::acquire_ownership(), array_2{2, 3}))>);
    static_assert(borrowed<decltype(xt::transpose(x))>);
    CHECK(reft::view(xt::view(x, xt::all(), xt::range(1, 3)))(1, 1) == 6);
}

TEST_CASE("what has its rank at run time is given it, and another one is refused") {
    xt::xarray<double> x = {{1, 2, 3}, {4, 5, 6}};
    const xt::xarray<double, xt::layout_type::column_major> columns_first = x;
    CHECK(lies_in_place(reft::ranked<2>(x), x));
    CHECK(lies_in_place(reft::ranked<2>(columns_first), columns_first));
    static_assert(std::is_const_v<decltype(reft::ranked<2>(columns_first))::element_type>);
    CHECK_THROWS_AS(reft::ranked<3>(x), reft::shape_error);
    CHECK_THROWS_WITH(reft::ranked<1>(x), "ranked: the array has 2 dimensions, not 1");

    row_major m = {{1, 2, 3}, {4, 5, 6}};
    auto backwards = xt::strided_view(m, {xt::range(0, 2), xt::range(2, 0, -1)});
    static_assert(!reft::tensor<decltype(backwards)>, "its rank is only known at run time");
    CHECK(lies_in_place(reft::ranked<2>(backwards), backwards));
    CHECK(reft::ranked<1>(xt::strided_view(m, {1, xt::ellipsis()}))[2] == 6);
    CHECK(reft::ranked<1>(xt::view(x, 1, xt::all()))[0] == 4);
    const std::vector<float> buffer = {1, 2, 3, 4};
    CHECK(reft::ranked<2>(xt::adapt(buffer, std::vector<std::size_t>{2, 2}))(1, 0) == 3);
}

TEST_CASE("ids, masks and 16-bit logits are read from xtensors of these types") {
    xt::xtensor<bool, 2> mask = {{true, false}, {true, true}};
    CHECK(reft::rows::padded(mask).counted() == 3);
    xt::xtensor<std::int64_t, 1> ids = {2, 0};
    xt::xtensor<reft::bfloat16, 2> logits(array_2{2, 3});
    for (reft::bfloat16& x : logits) x = reft::bfloat16(1.0f);
    xt::xtensor<float, 1> weights = {1, 1}, log_probs = {0, 0};
    reft::token_log_probs(reft::token_logits(logits, ids), weights, log_probs);
    CHECK(log_probs(1) == Approx(-std::log(3.0)));
}
