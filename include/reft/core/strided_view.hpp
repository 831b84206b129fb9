// A pointer, extents and strides: the only shape of tensor that the algorithms see.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/error.hpp>

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
/// Copying a view copies no element. A view of `T` converts to a view of `const T`.
template <class T, std::size_t Rank>
class strided_view {
  public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using shape_type = std::array<std::int64_t, Rank>;
    static constexpr std::size_t rank = Rank;

    constexpr strided_view() = default;

    constexpr strided_view(T* data, const shape_type& extents, const shape_type& strides)
        : data_(data), extents_(extents), strides_(strides) {}

    /// Row-major and contiguous.
    constexpr strided_view(T* data, const shape_type& extents)
        : data_(data), extents_(extents), strides_(row_major(extents)) {}

    template <class U>
        requires(std::is_const_v<T> && std::same_as<U, value_type>)
    REFT_HD constexpr strided_view(const strided_view<U, Rank>& other)  // NOLINT(google-explicit-constructor)
        : data_(other.data()), extents_(other.extents()), strides_(other.strides()) {}

    REFT_HD constexpr T* data() const { return data_; }
    REFT_HD constexpr const shape_type& extents() const { return extents_; }
    REFT_HD constexpr const shape_type& strides() const { return strides_; }
    REFT_HD constexpr std::int64_t extent(std::size_t dimension) const { return extents_[dimension]; }
    REFT_HD constexpr std::int64_t stride(std::size_t dimension) const { return strides_[dimension]; }

    REFT_HD constexpr std::int64_t size() const {
        std::int64_t product = 1;
        for (std::int64_t extent : extents_) product *= extent;
        return product;
    }
    REFT_HD constexpr bool empty() const { return size() == 0; }

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
        std::array<std::int64_t, Rank - 1> extents{}, strides{};
        for (std::size_t d = 1; d < Rank; ++d) {
            extents[d - 1] = extents_[d];
            strides[d - 1] = strides_[d];
        }
        return {data_ + i * strides_[0], extents, strides};
    }

    REFT_HD constexpr T& operator[](std::int64_t i) const
        requires(Rank == 1)
    {
        return data_[i * strides_[0]];
    }

  private:
    static constexpr shape_type row_major(const shape_type& extents) {
        shape_type strides{};
        std::int64_t stride = 1;
        for (std::size_t d = Rank; d-- > 0;) {
            strides[d] = stride;
            stride *= extents[d];
        }
        return strides;
    }

    T* data_ = nullptr;
    shape_type extents_{};
    shape_type strides_{};
};

}  // namespace reft::inline REFT_ABI
