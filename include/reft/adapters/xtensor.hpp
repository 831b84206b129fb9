// xtensor containers, adaptors and views as tensors. Target reft::xtensor.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/tensor_traits.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)  // 0.26 and later
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xbuffer_adaptor.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xbuffer_adaptor.hpp>
#include <xtensor/xstrided_view.hpp>
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
#include <utility>

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

/// Whether an expression refers to elements that it does not own. `C` is what it keeps: a reference, or a value.
template <class C>
constexpr bool xtensor_borrows = std::is_lvalue_reference_v<C>;
template <class Pointer, class Allocator>
constexpr bool xtensor_borrows<xt::xbuffer_adaptor<Pointer, xt::no_ownership, Allocator>> = true;
template <class C, std::size_t N, xt::layout_type L, class Tag>
constexpr bool xtensor_borrows<xt::xtensor_adaptor<C, N, L, Tag>> = xtensor_borrows<C>;
template <class C, xt::layout_type L, class Shape, class Tag>
constexpr bool xtensor_borrows<xt::xarray_adaptor<C, L, Shape, Tag>> = xtensor_borrows<C>;
template <class C, class... Slices>
constexpr bool xtensor_borrows<xt::xview<C, Slices...>> = xtensor_borrows<C>;
template <class C, class Shape, xt::layout_type L, class Getter>
constexpr bool xtensor_borrows<xt::xstrided_view<C, Shape, L, Getter>> = xtensor_borrows<C>;

/// Over a const buffer the non-const data() does not compile.
template <class X>
auto* xtensor_data(X& x) {
    if constexpr (std::is_const_v<typename X::storage_type>)
        return std::as_const(x).data();
    else
        return x.data();
}

template <std::size_t Rank, class X>
auto xtensor_view(X& x) {
    auto* const data = xtensor_data(x);
    std::array<std::int64_t, Rank> extents{}, strides{};
    for (std::size_t d = 0; d < Rank; ++d) {
        extents[d] = static_cast<std::int64_t>(x.shape()[d]);
        strides[d] = static_cast<std::int64_t>(x.strides()[d]);
    }
    return strided_view<std::remove_pointer_t<decltype(data)>, Rank>(data + x.data_offset(), extents, strides);
}

}  // namespace detail

/// xt::xtensor, and adaptors and views whose number of dimensions is known at compile time. Of a view or adaptor that
/// refers to elements of others a temporary may be passed.
template <detail::xtensor_of_static_rank X>
struct tensor_traits<X> {
    /// The number of dimensions of its shape type.
    static constexpr std::size_t rank = std::tuple_size<std::remove_cvref_t<typename X::shape_type>>::value;
    static constexpr bool borrowed = detail::xtensor_borrows<X>;

    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        return detail::xtensor_view<rank>(x);
    }
};

/// An xt::xarray, xt::strided_view, or whatever else knows its dimensions only at run time, as a tensor of rank `Rank`.
/// Refused at compile time: temporaries that own their elements. Throws shape_error if it has another number of
/// dimensions.
template <std::size_t Rank, class X>
    requires detail::xtensor_with_storage<std::remove_cvref_t<X>>
auto ranked(X&& x) {
    static_assert(std::is_lvalue_reference_v<X> || detail::xtensor_borrows<std::remove_cvref_t<X>>,
                  "reft::ranked: the view of a temporary that owns its storage would dangle. Keep the array in a "
                  "variable.");
    if (x.dimension() != Rank)
        throw shape_error("ranked: the array has " + std::to_string(x.dimension()) + " dimensions, not " +
                          std::to_string(Rank));
    return detail::xtensor_view<Rank>(x);
}

}  // namespace reft::inline REFT_ABI
