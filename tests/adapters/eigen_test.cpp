#include <reft/adapters/eigen.hpp>
#include <reft/reft.hpp>

#include <Eigen/Core>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using column_major = Eigen::MatrixXd;

static_assert(reft::tensor_of_rank<row_major, 2>);
static_assert(reft::tensor_of_rank<const column_major, 2>);
static_assert(reft::tensor_of_rank<Eigen::VectorXf, 1>);
static_assert(reft::tensor_of_rank<Eigen::RowVectorXf, 1>);
static_assert(reft::tensor_of_rank<Eigen::ArrayXXd, 2>);
static_assert(reft::tensor_of_rank<Eigen::Map<const row_major>, 2>);
static_assert(reft::tensor_of_rank<Eigen::Block<row_major>, 2>);
static_assert(reft::tensor_of_rank<Eigen::Ref<row_major>, 2>);
static_assert(!reft::tensor<decltype(row_major() + row_major())>, "an expression has no storage");
static_assert(!reft::tensor<decltype(column_major().array().exp())>);

TEST_CASE("eigen matrices are viewed in place, whatever their order") {
    row_major r(2, 3);
    r << 1, 2, 3, 4, 5, 6;
    column_major c = r;
    const auto vr = reft::view(r), vc = reft::view(c);
    CHECK(vr.data() == r.data());
    CHECK(vc.data() == c.data());
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j) {
            CHECK(vr(i, j) == r(i, j));
            CHECK(vc(i, j) == c(i, j));
        }
    vr(1, 2) = 60;
    CHECK(r(1, 2) == 60);
    CHECK(std::is_const_v<decltype(reft::view(std::as_const(r)))::element_type>);
}

TEST_CASE("eigen maps, blocks and columns keep their strides, and temporaries of them may be viewed") {
    row_major m = row_major::Random(4, 5);
    const auto block = reft::view(m.block(1, 2, 2, 3));
    CHECK(&block(1, 2) == &m(2, 4));
    const auto column = reft::view(m.col(3));
    CHECK(column.extent(0) == 4);
    CHECK(&column[2] == &m(2, 3));
    CHECK_FALSE(reft::detail::borrowed<Eigen::Ref<const row_major>>);
    CHECK(reft::detail::borrowed<Eigen::Map<row_major>>);
}

TEST_CASE("Eigen's 16-bit types are viewed as reft's") {
    Eigen::Matrix<Eigen::bfloat16, 1, 3> x;
    x << Eigen::bfloat16(1.5f), Eigen::bfloat16(-2.0f), Eigen::bfloat16(0.0f);
    static_assert(std::is_same_v<reft::scalar_t<decltype(x)>, reft::bfloat16>);
    CHECK(static_cast<float>(reft::view(x)[1]) == -2.0f);
    Eigen::Matrix<Eigen::half, 1, 2> h;
    h << Eigen::half(0.25f), Eigen::half(3.0f);
    CHECK(static_cast<float>(reft::view(h)[0]) == 0.25f);
}

TEST_CASE("gae gives the same bits through std, row-major and column-major tensors") {
    const std::vector<double> rewards = {0.1, -0.2, 1.0, 0.3, 0.0, 0.5};
    const std::vector<double> values = {0.5, 0.4, 0.3, -0.1, 0.2, 0.9};
    const auto rows = reft::rows::padded(2, 3);
    const auto r = reft::tensor_at(rewards.data(), 2, 3), v = reft::tensor_at(values.data(), 2, 3);
    std::vector<double> expected(6);
    reft::gae(r, v, rows, reft::tensor_at(expected.data(), 2, 3));

    const column_major cr = Eigen::Map<const row_major>(rewards.data(), 2, 3);
    const row_major rv = Eigen::Map<const row_major>(values.data(), 2, 3);
    column_major advantages(2, 3);
    reft::gae(cr, rv, rows, advantages);
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j) CHECK(advantages(i, j) == expected[static_cast<std::size_t>(3 * i + j)]);
}
