// Eigen matrices, arrays, maps, blocks and refs as tensors. Target reft::eigen.
#pragma once

#include <reft/core/float16.hpp>
#include <reft/core/tensor_traits.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace reft::inline REFT_ABI {
namespace detail {

// Asked by deduction: the base of a VectorBlock, say, names the Block below it, not the VectorBlock.
template <class Derived>
void eigen_base(const Eigen::DenseBase<Derived>&);
template <class Derived>
void eigen_plain_base(const Eigen::PlainObjectBase<Derived>&);

template <class X>
concept eigen_dense = requires(const X& x) { detail::eigen_base(x); } && (X::Flags & Eigen::DirectAccessBit) != 0;

template <class X>
constexpr bool eigen_owning = requires(const X& x) { detail::eigen_plain_base(x); };

/// Eigen's 16-bit types under reft's names: the same layout.
template <class T>
auto* reft_pointer(T* p) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, Eigen::bfloat16>)
        return reinterpret_cast<std::conditional_t<std::is_const_v<T>, const bfloat16, bfloat16>*>(p);
    else if constexpr (std::is_same_v<std::remove_const_t<T>, Eigen::half>)
        return reinterpret_cast<std::conditional_t<std::is_const_v<T>, const half, half>*>(p);
    else
        return p;
}

/// A Ref to const may hold a copy of what it was made of; everything else without storage of its own is borrowed.
template <class X>
constexpr bool eigen_may_hold_copy = false;
template <class M, int Options, class Stride>
constexpr bool eigen_may_hold_copy<Eigen::Ref<const M, Options, Stride>> = true;

}  // namespace detail

/// Rank 1 for types that are vectors at compile time, rank 2 for all others. Row-major matrices have contiguous
/// rows and are the faster ones; column-major ones are read through their strides.
template <detail::eigen_dense X>
struct tensor_traits<X> {
    static constexpr std::size_t rank = X::IsVectorAtCompileTime ? 1 : 2;  ///< 1 for vectors, 2 for matrices
    /// Maps, blocks and the like may be passed as temporaries.
    static constexpr bool borrowed = !detail::eigen_owning<X> && !detail::eigen_may_hold_copy<X>;

    /// The coefficients where they lie.
    template <class M>
    static auto view(M& x) {
        auto* const data = detail::reft_pointer(x.data());
        using T = std::remove_pointer_t<decltype(data)>;
        if constexpr (rank == 1)
            return strided_view<T, 1>(data, {x.size()}, {x.innerStride()});
        else if constexpr (X::IsRowMajor)
            return strided_view<T, 2>(data, {x.rows(), x.cols()}, {x.outerStride(), x.innerStride()});
        else
            return strided_view<T, 2>(data, {x.rows(), x.cols()}, {x.innerStride(), x.outerStride()});
    }
};

}  // namespace reft::inline REFT_ABI
