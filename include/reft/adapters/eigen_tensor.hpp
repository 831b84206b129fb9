// Eigen's Tensor, TensorFixedSize and TensorMap as tensors of any rank. Target reft::eigen.
//
// Apart from eigen.hpp because Eigen's unsupported Tensor module takes a third more time to compile.
#pragma once

#include <reft/adapters/eigen.hpp>
#include <reft/core/tensor_traits.hpp>

#include <unsupported/Eigen/CXX11/Tensor>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace reft::inline REFT_ABI {
namespace detail {

/// A packed tensor of Eigen's: its strides follow from its layout.
template <class X>
struct eigen_tensor_traits {
    static constexpr auto rank = static_cast<std::size_t>(X::NumIndices);

    template <class M>
    static auto view(M& x) {
        auto* const data = reft_pointer(x.data());
        std::array<std::int64_t, rank> extents{}, strides{};
        std::int64_t stride = 1;
        for (std::size_t i = 0; i < rank; ++i) {
            const std::size_t d = int{X::Layout} == int{Eigen::RowMajor} ? rank - 1 - i : i;
            // Of the three types one asks for a signed index, two for an unsigned one; a byte converts to either.
            extents[d] = static_cast<std::int64_t>(x.dimension(static_cast<std::uint8_t>(d)));
            strides[d] = stride;
            stride *= extents[d];
        }
        return strided_view<std::remove_pointer_t<decltype(data)>, rank>(data, extents, strides);
    }
};

}  // namespace detail

/// Row-major tensors have contiguous rows and are the faster ones; column-major ones, Eigen's default, are read
/// through their strides. Operations on tensors, slices and chips included, are expressions without storage.
template <class T, int Rank, int Options, class Index>
    requires(Rank > 0)
struct tensor_traits<Eigen::Tensor<T, Rank, Options, Index>>
    : detail::eigen_tensor_traits<Eigen::Tensor<T, Rank, Options, Index>> {};

template <class T, class Sizes, int Options, class Index>
    requires(Sizes::count > 0)
struct tensor_traits<Eigen::TensorFixedSize<T, Sizes, Options, Index>>
    : detail::eigen_tensor_traits<Eigen::TensorFixedSize<T, Sizes, Options, Index>> {};

/// A map is borrowed. As for a span, what is const is its tensor, `TensorMap<const Tensor<...>>`, not the map.
template <class Tensor, int Options, template <class> class Pointer>
    requires(Tensor::NumIndices > 0)
struct tensor_traits<Eigen::TensorMap<Tensor, Options, Pointer>>
    : detail::eigen_tensor_traits<Eigen::TensorMap<Tensor, Options, Pointer>> {
    static constexpr bool borrowed = true;  ///< a temporary map may be passed
};

}  // namespace reft::inline REFT_ABI
