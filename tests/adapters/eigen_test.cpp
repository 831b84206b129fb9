#include <reft/adapters/eigen.hpp>
#include <reft/reft.hpp>

#include <Eigen/Core>
#include <cstdint>
#include <type_traits>
#include <utility>
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
static_assert(!reft::tensor<decltype((row_major() + row_major()).row(0))>, "nor has a part of one");
static_assert(!reft::tensor<decltype(row_major().colwise().reverse())>, "a reversed matrix is an expression");

// Of what refers to elements of others a temporary may be passed.
static_assert(!reft::detail::borrowed<row_major>);
static_assert(!reft::detail::borrowed<Eigen::Array3f>);
static_assert(!reft::detail::borrowed<Eigen::Ref<const row_major>>, "it may hold a copy");
static_assert(reft::detail::borrowed<Eigen::Ref<row_major>>);
static_assert(reft::detail::borrowed<Eigen::Map<row_major>>);

/// Every element where Eigen says it is: nothing was copied.
template <class X>
bool lies_in_place(X&& x) {
    const auto v = reft::view(x);
    bool same = true;
    if constexpr (decltype(v)::rank == 1) {
        same = v.extent(0) == x.size();
        for (Eigen::Index i = 0; same && i < x.size(); ++i) same = &v[i] == &x.coeffRef(i);
    } else {
        same = v.extent(0) == x.rows() && v.extent(1) == x.cols();
        for (Eigen::Index i = 0; same && i < x.rows(); ++i)
            for (Eigen::Index j = 0; same && j < x.cols(); ++j) same = &v(i, j) == &x.coeffRef(i, j);
    }
    return same;
}

template <class X>
using element_of = typename decltype(reft::view(std::declval<X&>()))::element_type;

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
}

TEMPLATE_TEST_CASE("every eigen type with storage lies where Eigen says", "", float, double, std::int32_t,
                   std::uint8_t) {
    using matrix = Eigen::Matrix<TestType, -1, -1>;
    using rows_first = Eigen::Matrix<TestType, -1, -1, Eigen::RowMajor>;
    std::vector<TestType> buffer(200);
    matrix m(6, 7);
    rows_first r(6, 7);
    CHECK(lies_in_place(m));
    CHECK(lies_in_place(r));
    CHECK(lies_in_place(m.array()));
    CHECK(lies_in_place(m.transpose()));
    CHECK(lies_in_place(m.diagonal()));
    CHECK(lies_in_place(m.diagonal(-2)));
    CHECK(lies_in_place(m.row(3)));
    CHECK(lies_in_place(r.row(3)));
    CHECK(lies_in_place(r.col(6).segment(1, 3)));
    CHECK(lies_in_place(m.block(1, 2, 4, 3)));
    CHECK(lies_in_place(r.block(1, 2, 4, 3).transpose()));
    CHECK(lies_in_place(m.template bottomRightCorner<2, 2>()));

    Eigen::Array<TestType, 3, 2> fixed;
    Eigen::Array<TestType, 1, -1> vector(9);
    Eigen::Matrix<TestType, 1, 1> single;
    CHECK(lies_in_place(fixed));
    CHECK(lies_in_place(vector));
    CHECK(lies_in_place(vector.tail(4)));
    CHECK(lies_in_place(single));

    CHECK(lies_in_place(Eigen::Map<matrix, 0, Eigen::OuterStride<>>(buffer.data(), 3, 4, Eigen::OuterStride<>(10))));
    CHECK(lies_in_place(
        Eigen::Map<rows_first, 0, Eigen::Stride<-1, -1>>(buffer.data(), 3, 4, Eigen::Stride<-1, -1>(30, 7))));
    CHECK(lies_in_place(Eigen::Map<Eigen::Array<TestType, -1, 1>, 0, Eigen::InnerStride<3>>(buffer.data(), 20)));
    Eigen::Ref<matrix> part(m.block(1, 1, 3, 3));
    Eigen::Ref<Eigen::Matrix<TestType, -1, 1>, 0, Eigen::InnerStride<>> row(m.row(2));
    CHECK(lies_in_place(part));
    CHECK(lies_in_place(part.row(1)));
    CHECK(lies_in_place(row));
    CHECK(reft::view(part).data() == &m(1, 1));
    CHECK(reft::view(row).data() == &m(2, 0));
}

TEST_CASE("eigen tensors that are const, or maps and refs to const, give views of const") {
    const std::vector<float> buffer(6);
    const Eigen::Map<const Eigen::MatrixXf> map(buffer.data(), 2, 3);
    CHECK(reft::view(map).data() == buffer.data());
    const Eigen::MatrixXf m = map;
    const Eigen::Ref<const Eigen::MatrixXf> ref(m);
    CHECK(reft::view(ref).data() == m.data());
    CHECK(reft::view(m.col(1)).data() == &m(0, 1));
    static_assert(std::is_same_v<element_of<const Eigen::Map<const Eigen::MatrixXf>>, const float>);
    static_assert(std::is_same_v<element_of<Eigen::Map<const Eigen::MatrixXf>>, const float>);
    static_assert(std::is_same_v<element_of<Eigen::Ref<const Eigen::MatrixXf>>, const float>);
    static_assert(std::is_same_v<element_of<decltype(m.col(1))>, const float>);
    static_assert(std::is_same_v<element_of<const Eigen::Map<Eigen::MatrixXf>>, const float>, "as Eigen has it");
    static_assert(std::is_same_v<element_of<Eigen::Map<Eigen::MatrixXf>>, float>);
}

TEST_CASE("Eigen's 16-bit types are viewed as reft's") {
    Eigen::Matrix<Eigen::bfloat16, 1, 3> x;
    x << Eigen::bfloat16(1.5f), Eigen::bfloat16(-2.0f), Eigen::bfloat16(0.0f);
    static_assert(std::is_same_v<reft::scalar_t<decltype(x)>, reft::bfloat16>);
    CHECK(static_cast<float>(reft::view(x)[1]) == -2.0f);
    Eigen::Matrix<Eigen::half, 1, 2> h;
    h << Eigen::half(0.25f), Eigen::half(3.0f);
    CHECK(static_cast<float>(reft::view(h)[0]) == 0.25f);
    const Eigen::Map<const Eigen::Matrix<Eigen::half, -1, -1>> map(h.data(), 1, 2);
    static_assert(std::is_same_v<element_of<decltype(map)>, const reft::half>);
    CHECK(static_cast<float>(reft::view(map)(0, 1)) == 3.0f);
    reft::view(x)[2] = reft::bfloat16(0.5f);
    CHECK(x(2) == Eigen::bfloat16(0.5f));
}
