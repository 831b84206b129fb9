// Token ids, masks, offsets and row indices of any integer type, behind one non-template view.
#pragma once

#include <reft/core/tensor_traits.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI {

/// An element type that ids, masks and offsets may have.
template <class T>
concept id_type = std::same_as<std::remove_cv_t<T>, bool> || std::same_as<std::remove_cv_t<T>, std::uint8_t> ||
                  std::same_as<std::remove_cv_t<T>, std::int8_t> || std::same_as<std::remove_cv_t<T>, std::int32_t> ||
                  std::same_as<std::remove_cv_t<T>, std::uint32_t> ||
                  (std::integral<T> && sizeof(T) == 8);  // long and long long, signed and not

namespace detail {

/// Which integer type lies behind a view.
enum class integer_kind : std::uint8_t { uint8, int8, int32, uint32, int64 };

/// Some integers of a row, as loops read them; no integers at all where `data` is null.
struct integer_run {
    const void* data = nullptr;
    std::int64_t stride = 1;  ///< in elements
    integer_kind kind = integer_kind::int64;
};

typedef std::int64_t any_int64 REFT_MAY_ALIAS;  // NOLINT(modernize-use-using): what lies there may be long long

constexpr std::int64_t size_of(integer_kind kind) {
    return kind == integer_kind::int64 ? 8 : kind == integer_kind::int32 || kind == integer_kind::uint32 ? 4 : 1;
}

}  // namespace detail

/// Read-only `[rows, columns]` of integers (rank-1 tensors are one row), read as int64.
///
/// Which integer type lies behind it is decided at run time, so that int32 and int64 ids, bool and byte masks
/// share one instantiation of every algorithm.
class integer_view {
  public:
    constexpr integer_view() = default;

    /// The view of a tensor of ids, masks, lengths or offsets. Copies nothing.
    template <class X>
        requires(!std::same_as<std::remove_cvref_t<X>, integer_view> &&
                 (tensor_of_rank<X, 1> || tensor_of_rank<X, 2>) && id_type<scalar_t<X>>)
    integer_view(X&& x) {  // NOLINT(google-explicit-constructor): accepts any tensor of integers
        const auto v = tokens_of(std::forward<X>(x));
        using T = typename decltype(v)::value_type;
        data_ = v.data();
        for (std::size_t d = 0; d < 2; ++d) {
            extents_[d] = v.extent(d);
            strides_[d] = v.stride(d);
        }
        given_ = true;
        kind_ = std::same_as<T, bool> || std::same_as<T, std::uint8_t> ? kind::uint8
                : std::same_as<T, std::int8_t>                         ? kind::int8
                : std::same_as<T, std::int32_t>                        ? kind::int32
                : std::same_as<T, std::uint32_t>                       ? kind::uint32
                                                                       : kind::int64;
    }

    /// [rows, columns]; one row for a rank-1 tensor.
    constexpr std::array<std::int64_t, 2> extents() const { return std::to_array(extents_); }
    /// Rows (0) or columns (1).
    REFT_HD constexpr std::int64_t extent(std::size_t dimension) const { return extents_[dimension]; }
    /// Number of elements.
    REFT_HD constexpr std::int64_t size() const { return extents_[0] * extents_[1]; }
    /// There is no element, given or not.
    REFT_HD constexpr bool empty() const { return size() == 0; }
    /// No tensor was given; one that was given may still be empty.
    REFT_HD constexpr bool absent() const { return !given_; }

    /// Throws shape_error unless this is a rank-1 tensor, as operator[] needs it.
    void require_rank_1(std::string_view function, std::string_view name) const {
        if (extents_[0] == 1 || absent()) return;
        throw shape_error(std::string(function) + ": " + std::string(name) + " must be of rank 1 but is " +
                          detail::shape_text(*this));
    }

    /// The element as int64; an unsigned 64-bit one above 2⁶³−1 comes out negative. The indices are not checked.
    REFT_HD std::int64_t operator()(std::int64_t row, std::int64_t column) const {
        const std::int64_t at = row * strides_[0] + column * strides_[1];
        switch (kind_) {
            case kind::uint8: return static_cast<const std::uint8_t*>(data_)[at];
            case kind::int8: return static_cast<const std::int8_t*>(data_)[at];
            case kind::int32: return static_cast<const std::int32_t*>(data_)[at];
            case kind::uint32: return static_cast<const std::uint32_t*>(data_)[at];
            case kind::int64: break;
        }
        return static_cast<const detail::any_int64*>(data_)[at];
    }
    /// The element of a token.
    REFT_HD std::int64_t operator()(token_index i) const { return (*this)(i.row, i.column); }
    /// Element `i` of a rank-1 tensor.
    REFT_HD std::int64_t operator[](std::int64_t i) const { return (*this)(0, i); }

    /// The elements of a row from that column on, for loops over them; none if no tensor was given.
    detail::integer_run run_from(token_index i) const {
        if (absent()) return {};
        const std::int64_t at = i.row * strides_[0] + i.column * strides_[1];
        return {static_cast<const std::byte*>(data_) + at * detail::size_of(kind_), strides_[1], kind_};
    }

  private:
    using kind = detail::integer_kind;

    const void* data_ = nullptr;
    std::int64_t extents_[2] = {};
    std::int64_t strides_[2] = {};
    kind kind_ = kind::int64;
    bool given_ = false;
};

}  // namespace reft::inline REFT_ABI
