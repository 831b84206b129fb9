// A pointer, extents and strides: the only shape of tensor that the algorithms see.
#pragma once

#include <reft/core/config.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace reft::inline REFT_ABI {

/// Non-owning view of a tensor of `Rank` dimensions.
///
/// Element (i, j, ...) lies at `data()[i * stride(0) + j * stride(1) + ...]`; strides count elements and may be
/// anything: row- and column-major, slices, a vocabulary padded beyond its extent, 0 for a broadcast dimension.
/// Copying a view copies no element. A view of `T` converts to a view of `const T`. In device code a view is made from
/// extents and strides in braces, and read by `extent` and `stride`.
template <class T, std::size_t Rank>
class strided_view {
  public:
    using element_type = T;                             ///< `const` where the view only reads
    using value_type = std::remove_cv_t<T>;             ///< without `const`
    using shape_type = std::array<std::int64_t, Rank>;  ///< extents, or strides
    static constexpr std::size_t rank = Rank;           ///< number of dimensions

    constexpr strided_view() = default;

    /// @{
    /// Strides count elements.
    REFT_HD constexpr strided_view(T* data, const std::int64_t (&extents)[Rank], const std::int64_t (&strides)[Rank])
        : data_(data) {
        copy(extents, extents_);
        copy(strides, strides_);
    }
    constexpr strided_view(T* data, const shape_type& extents, const shape_type& strides) : data_(data) {
        copy(extents.data(), extents_);
        copy(strides.data(), strides_);
    }
    /// @}

    /// @{
    /// Row-major and contiguous.
    REFT_HD constexpr strided_view(T* data, const std::int64_t (&extents)[Rank]) : data_(data) {
        copy(extents, extents_);
        set_row_major();
    }
    constexpr strided_view(T* data, const shape_type& extents) : data_(data) {
        copy(extents.data(), extents_);
        set_row_major();
    }
    /// @}

    /// A view that only reads, of one that may write.
    template <class U>
        requires(std::is_const_v<T> && std::same_as<U, value_type>)
    REFT_HD constexpr strided_view(const strided_view<U, Rank>& other)  // NOLINT(google-explicit-constructor)
        : strided_view(other.data_, other.extents_, other.strides_) {}

    REFT_HD constexpr T* data() const { return data_; }                       ///< element (0, 0, ...)
    constexpr shape_type extents() const { return std::to_array(extents_); }  ///< of all dimensions
    constexpr shape_type strides() const { return std::to_array(strides_); }  ///< in elements; may be 0 or negative
    /// Number of indices of a dimension.
    REFT_HD constexpr std::int64_t extent(std::size_t dimension) const { return extents_[dimension]; }
    /// Elements from one index of a dimension to the next.
    REFT_HD constexpr std::int64_t stride(std::size_t dimension) const { return strides_[dimension]; }

    /// The product of the extents, repeated elements of a broadcast dimension counted.
    REFT_HD constexpr std::int64_t size() const {
        std::int64_t product = 1;
        for (std::int64_t extent : extents_) product *= extent;
        return product;
    }
    REFT_HD constexpr bool empty() const { return size() == 0; }  ///< an extent is 0

    /// The element at an index per dimension. Indices are not checked.
    template <std::integral... Index>
        requires(sizeof...(Index) == Rank)
    REFT_HD constexpr T& operator()(Index... index) const {
        const std::int64_t at[Rank] = {static_cast<std::int64_t>(index)...};
        std::int64_t offset = 0;
        for (std::size_t d = 0; d < Rank; ++d) offset += at[d] * strides_[d];
        return data_[offset];
    }

    /// The view of rank `Rank - 1` at index `i` of the first dimension.
    REFT_HD constexpr strided_view<T, Rank - 1> operator[](std::int64_t i) const
        requires(Rank > 1)
    {
        std::int64_t extents[Rank - 1] = {}, strides[Rank - 1] = {};
        for (std::size_t d = 1; d < Rank; ++d) {
            extents[d - 1] = extents_[d];
            strides[d - 1] = strides_[d];
        }
        return {data_ + i * strides_[0], extents, strides};
    }

    /// Element `i` of a view of rank 1.
    REFT_HD constexpr T& operator[](std::int64_t i) const
        requires(Rank == 1)
    {
        return data_[i * strides_[0]];
    }

  private:
    template <class, std::size_t>
    friend class strided_view;

    REFT_HD static constexpr void copy(const std::int64_t* from, std::int64_t* to) {
        for (std::size_t d = 0; d < Rank; ++d) to[d] = from[d];
    }
    REFT_HD constexpr void set_row_major() {
        std::int64_t stride = 1;
        for (std::size_t d = Rank; d-- > 0;) {
            strides_[d] = stride;
            stride *= extents_[d];
        }
    }

    T* data_ = nullptr;
    // Not std::array, whose members are host functions to a CUDA compiler.
    std::int64_t extents_[Rank] = {};
    std::int64_t strides_[Rank] = {};
};

}  // namespace reft::inline REFT_ABI
