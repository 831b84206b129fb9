#include <reft/adapters/xtensor.hpp>
#include <reft/reft.hpp>

#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "support/catch.hpp"

using row_major = xt::xtensor<double, 2>;
using column_major = xt::xtensor<double, 2, xt::layout_type::column_major>;

static_assert(reft::tensor_of_rank<row_major, 2>);
static_assert(reft::tensor_of_rank<const column_major, 2>);
static_assert(reft::tensor_of_rank<xt::xtensor<float, 1>, 1>);
static_assert(!reft::tensor<decltype(row_major() + row_major())>, "an expression has no storage");
static_assert(!reft::tensor<xt::xarray<double>>, "its rank is only known at run time: ranked<2>(x)");

TEST_CASE("xtensors are viewed in place, whatever their layout") {
    row_major r = {{1, 2, 3}, {4, 5, 6}};
    column_major c = r;
    const auto vr = reft::view(r), vc = reft::view(c);
    CHECK(vr.data() == r.data());
    CHECK(vc.data() == c.data());
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) {
            CHECK(vr(i, j) == r(i, j));
            CHECK(vc(i, j) == c(i, j));
        }
}

TEST_CASE("views of xtensors start at their offset and extents of one are read with stride zero") {
    row_major x = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
    auto part = xt::view(x, xt::range(1, 3), xt::range(1, 3));
    const auto v = reft::view(part);
    CHECK(v(0, 0) == 5);
    CHECK(v(1, 1) == 9);
    row_major single = {{1, 2, 3}};
    CHECK(reft::view(single)(0, 2) == 3);
}

TEST_CASE("an xarray is given its rank at run time") {
    xt::xarray<double> x = {{1, 2}, {3, 4}};
    CHECK(reft::ranked<2>(x)(1, 0) == 3);
    CHECK_THROWS_AS(reft::ranked<3>(x), reft::shape_error);
}

TEST_CASE("gae gives the same bits through std and both layouts of xtensor") {
    const row_major rewards = {{0.1, -0.2, 1.0}, {0.3, 0.0, 0.5}};
    const row_major values = {{0.5, 0.4, 0.3}, {-0.1, 0.2, 0.9}};
    const auto rows = reft::rows::padded(2, 3);
    std::vector<double> expected(6);
    reft::gae(reft::tensor_at(rewards.data(), 2, 3), reft::tensor_at(values.data(), 2, 3), rows,
              reft::tensor_at(expected.data(), 2, 3));
    column_major in = rewards, out = xt::zeros<double>({2, 3});
    reft::gae(in, values, rows, out);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) CHECK(out(i, j) == expected[3 * i + j]);
}
