#include <reft/adapters/eigen_tensor.hpp>
#include <reft/reft.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

template <class T, int Rank>
using row_major = Eigen::Tensor<T, Rank, Eigen::RowMajor>;
template <class T, int Rank>
using column_major = Eigen::Tensor<T, Rank>;

static_assert(reft::tensor_of_rank<row_major<float, 1>, 1>);
static_assert(reft::tensor_of_rank<const column_major<double, 3>, 3>);
static_assert(reft::tensor_of_rank<row_major<float, 5>, 5>);
static_assert(reft::tensor_of_rank<Eigen::TensorMap<const row_major<float, 2>>, 2>);
static_assert(reft::tensor_of_rank<Eigen::TensorFixedSize<float, Eigen::Sizes<2, 3>>, 2>);
static_assert(reft::tensor_of_rank<Eigen::Tensor<float, 2, 0, int>, 2>, "whatever type indices have");

static_assert(!reft::tensor<row_major<float, 0>>, "a single number is no tensor");
static_assert(!reft::tensor<decltype(row_major<float, 2>() + row_major<float, 2>())>, "an expression has no storage");
static_assert(!reft::tensor<decltype(std::declval<row_major<float, 3>&>().chip(0, 0))>, "nor has a chip");
static_assert(!reft::tensor<Eigen::TensorRef<row_major<float, 2>>>);

static_assert(!reft::detail::borrowed<row_major<float, 2>>);
static_assert(!reft::detail::borrowed<Eigen::TensorFixedSize<float, Eigen::Sizes<2, 3>>>);
static_assert(reft::detail::borrowed<Eigen::TensorMap<row_major<float, 2>>>);

template <class X>
using element_of = typename decltype(reft::view(std::declval<X&>()))::element_type;

static_assert(std::is_same_v<element_of<row_major<float, 2>>, float>);
static_assert(std::is_same_v<element_of<const row_major<float, 2>>, const float>);
static_assert(std::is_same_v<element_of<Eigen::TensorMap<const row_major<float, 2>>>, const float>);
static_assert(std::is_same_v<element_of<const Eigen::TensorMap<row_major<float, 2>>>, float>, "like a const span");
static_assert(std::is_same_v<element_of<row_major<Eigen::bfloat16, 2>>, reft::bfloat16>);
static_assert(std::is_same_v<element_of<const row_major<Eigen::half, 3>>, const reft::half>);

/// Every element of a [2, 3, 4] tensor where Eigen says it is: nothing was copied.
template <class X>
bool lies_in_place(X& x) {
    const auto v = reft::view(x);
    bool same = v.extents() == std::array<std::int64_t, 3>{2, 3, 4};
    for (Eigen::Index i = 0; same && i < 2; ++i)
        for (Eigen::Index j = 0; same && j < 3; ++j)
            for (Eigen::Index k = 0; same && k < 4; ++k) same = &v(i, j, k) == &x(i, j, k);
    return same;
}

TEMPLATE_TEST_CASE("tensors and maps of Eigen lie where Eigen says, in both layouts", "", float, double, std::int64_t) {
    row_major<TestType, 3> r(2, 3, 4);
    column_major<TestType, 3> c(2, 3, 4);
    CHECK(lies_in_place(r));
    CHECK(lies_in_place(c));
    CHECK(lies_in_place(std::as_const(r)));
    Eigen::TensorFixedSize<TestType, Eigen::Sizes<2, 3, 4>, Eigen::RowMajor> fixed_r;
    Eigen::TensorFixedSize<TestType, Eigen::Sizes<2, 3, 4>> fixed_c;
    CHECK(lies_in_place(fixed_r));
    CHECK(lies_in_place(fixed_c));
    std::vector<TestType> buffer(24);
    Eigen::TensorMap<row_major<TestType, 3>> map_r(buffer.data(), 2, 3, 4);
    Eigen::TensorMap<const column_major<TestType, 3>> map_c(buffer.data(), 2, 3, 4);
    CHECK(lies_in_place(map_r));
    CHECK(lies_in_place(map_c));
    CHECK(reft::view(Eigen::TensorMap<row_major<TestType, 1>>(buffer.data(), 24)).data() == buffer.data());
}

TEST_CASE("tensors of one and two dimensions, and empty ones, have Eigen's extents") {
    row_major<float, 1> vector(5);
    CHECK(reft::view(vector).extent(0) == 5);
    CHECK(reft::view(vector).stride(0) == 1);
    column_major<float, 2> matrix(3, 7);
    CHECK(reft::view(matrix).extents() == std::array<std::int64_t, 2>{3, 7});
    CHECK(reft::view(matrix).strides() == std::array<std::int64_t, 2>{1, 3});
    const row_major<float, 2> empty(0, 7);
    CHECK(reft::view(empty).empty());
}

TEST_CASE("logits of [batch, time, vocabulary] are read from an Eigen tensor of 16-bit numbers") {
    column_major<Eigen::bfloat16, 3> logits(1, 2, 3);
    logits.setZero();
    logits(0, 1, 2) = Eigen::bfloat16(4.0f);
    Eigen::Tensor<std::int32_t, 2> ids(1, 2);
    ids.setValues({{0, 2}});
    Eigen::Tensor<float, 2> weights(1, 2), log_probs(1, 2);
    weights.setConstant(1.0f);
    reft::token_log_probs(reft::token_logits(logits, ids), weights, log_probs);
    CHECK(log_probs(0, 0) == Approx(-std::log(3.0)));
    CHECK(log_probs(0, 1) == Approx(-std::log(1.0 + 2.0 * std::exp(-4.0))));
}
