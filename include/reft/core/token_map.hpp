// Results of tokens that depend on the numbers of that token alone: vectors, masks and strides in one place.
#pragma once

#include <reft/core/mask_bits.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/streaming.hpp>
#include <reft/core/vectors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace reft::inline REFT_ABI::detail {

/// The type that a result of type T is worked out in from numbers of these types: the widest of their accumulators.
template <class T, class... In>
using computed_in =
    std::conditional_t<(std::is_same_v<accumulator_t<T>, double> || ... || std::is_same_v<accumulator_t<In>, double>),
                       double, float>;

/// Up to 64 numbers of a row side by side, the rest 0.
template <class Real>
struct gathered {
    Real x[64];
    template <class In>
    gathered(const strided_view<const In, 1>& row, std::int64_t t, std::int64_t n) {
        n = n < 0 ? 0 : n;
        if (std::is_same_v<In, Real> && row.stride(0) == 1 && n > 0)
            std::memcpy(static_cast<void*>(x), row.data() + t, static_cast<std::size_t>(n) * sizeof(Real));
        else
            for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<Real>(row[t + i]);
        std::memset(static_cast<void*>(x + n), 0, static_cast<std::size_t>(64 - n) * sizeof(Real));
    }
};

/// And back.
template <class T, class Real>
void scatter(const Real* numbers, const strided_view<T, 1>& row, std::int64_t t, std::int64_t n) {
    if (std::is_same_v<T, Real> && row.stride(0) == 1)
        std::memcpy(static_cast<void*>(row.data() + t), numbers, static_cast<std::size_t>(n) * sizeof(T));
    else
        for (std::int64_t i = 0; i < n; ++i) row[t + i] = static_cast<T>(static_cast<accumulator_t<T>>(numbers[i]));
}

template <class... T>
std::int64_t smallest_extent(const strided_view<T, 1>&... x) {
    return std::min({x.extent(0)...});
}

}  // namespace reft::inline REFT_ABI::detail

#define REFT_LOOPS <reft/core/token_map.inl>
#include <reft/core/each_instruction_set.inl>
