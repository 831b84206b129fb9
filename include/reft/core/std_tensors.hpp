// The tensors of the standard library: vectors, arrays, spans, and raw pointers with extents.
#pragma once

#include <reft/core/tensor_traits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace reft::inline REFT_ABI {

/// A pointer with extents, row-major: `tensor_at(logits, tokens, vocabulary)`.
template <class T, std::integral... Extent>
constexpr auto tensor_at(T* data, Extent... extents) {
    return strided_view<T, sizeof...(Extent)>(data, {static_cast<std::int64_t>(extents)...});
}

namespace detail {

struct contiguous_rank_1 {
    static constexpr std::size_t rank = 1;
    template <class X>
    static auto view(X& x) {
        using T = std::remove_pointer_t<decltype(x.data())>;
        return strided_view<T, 1>(x.data(), {static_cast<std::int64_t>(x.size())});
    }
};

}  // namespace detail

/// A vector is a tensor of rank 1.
template <class T, class Allocator>
    requires(!std::same_as<T, bool>)  // packed bits have no address; use std::vector<std::uint8_t>
struct tensor_traits<std::vector<T, Allocator>> : detail::contiguous_rank_1 {};

/// So is an array.
template <class T, std::size_t N>
struct tensor_traits<std::array<T, N>> : detail::contiguous_rank_1 {};

/// So is a span, whatever owns its elements.
template <class T, std::size_t Extent>
struct tensor_traits<std::span<T, Extent>> : detail::contiguous_rank_1 {
    static constexpr bool borrowed = true;  ///< a temporary span may be passed
};

}  // namespace reft::inline REFT_ABI
