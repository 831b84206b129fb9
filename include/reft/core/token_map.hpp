// Results of tokens that depend on the numbers of that token alone: vectors, masks and strides in one place.
#pragma once

#include <reft/core/mask_bits.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/vectors.hpp>

#include <cstdint>
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
    gathered(const strided_view<In, 1>& row, std::int64_t t, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<Real>(row[t + i]);
        for (std::int64_t i = n; i < 64; ++i) x[i] = 0;
    }
};

/// Whether results of this size are better written past the caches: they would not stay there anyway, and a cache
/// reads a line before it writes to it. What is written over its own input has been read.
template <class T>
bool past_caches(const token_view<T>& out, const void* in) {
    constexpr std::int64_t most_that_stay = std::int64_t{16} << 20;
    return out.size() * static_cast<std::int64_t>(sizeof(T)) > most_that_stay && out.data() != in;
}

}  // namespace reft::inline REFT_ABI::detail

#define REFT_LOOPS <reft/core/token_map.inl>
#include <reft/core/each_instruction_set.inl>
