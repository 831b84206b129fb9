// xtensor containers, adaptors and views as tensors. Target reft::xtensor.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/tensor_traits.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)  // 0.26 and later
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>

namespace reft::inline REFT_ABI {
namespace detail {

/// An xtensor expression with storage: a pointer to the first element, a shape and strides.
template <class X>
concept xtensor_with_storage = xt::is_xexpression<X>::value && requires(const X& x) {
    { *x.data() } -> std::convertible_to<typename X::value_type>;
    x.data_offset();
    x.strides();
    x.shape();
};

template <class X>
concept xtensor_of_static_rank =
    xtensor_with_storage<X> && requires { std::tuple_size<std::remove_cvref_t<typename X::shape_type>>::value; };

template <std::size_t Rank, class X>
auto xtensor_view(X& x) {
    using T = std::remove_reference_t<decltype(*x.data())>;
    std::array<std::int64_t, Rank> extents{}, strides{};
    for (std::size_t d = 0; d < Rank; ++d) {
        extents[d] = static_cast<std::int64_t>(x.shape()[d]);
        strides[d] = static_cast<std::int64_t>(x.strides()[d]);
    }
    return strided_view<T, Rank>(x.data() + x.data_offset(), extents, strides);
}

}  // namespace detail

/// xt::xtensor, and adaptors and views whose number of dimensions is known at compile time.
template <detail::xtensor_of_static_rank X>
struct tensor_traits<X> {
    /// The number of dimensions of its shape type.
    static constexpr std::size_t rank = std::tuple_size<std::remove_cvref_t<typename X::shape_type>>::value;

    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        return detail::xtensor_view<rank>(x);
    }
};

/// An xt::xarray (or whatever else knows its dimensions only at run time) as a tensor of rank `Rank`.
/// Throws shape_error if it has another number of dimensions.
template <std::size_t Rank, detail::xtensor_with_storage X>
auto ranked(X& x) {
    if (x.dimension() != Rank)
        throw shape_error("ranked: the array has " + std::to_string(x.dimension()) + " dimensions, not " +
                          std::to_string(Rank));
    return detail::xtensor_view<Rank>(x);
}

}  // namespace reft::inline REFT_ABI
