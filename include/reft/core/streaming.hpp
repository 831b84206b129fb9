// Results that are written past the caches: when that is better, and where a cache line begins.
#pragma once

#include <reft/core/strided_view.hpp>

#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI::detail {

/// Whether results of this size are better written past the caches: they would not stay there anyway, and a cache
/// reads a line before it writes to it. What is written over its own input has been read.
template <class T, std::size_t Rank>
bool past_caches(const strided_view<T, Rank>& out, const void* in) {
    constexpr std::int64_t most_that_stay = std::int64_t{16} << 20;
    return out.size() * static_cast<std::int64_t>(sizeof(T)) > most_that_stay && out.data() != in;
}

/// Elements before the next cache line begins; 0 where one does.
template <class T>
std::int64_t to_next_line(const T* p) {
    const std::uintptr_t beyond = reinterpret_cast<std::uintptr_t>(p) % 64;
    return beyond == 0 ? 0 : static_cast<std::int64_t>((64 - beyond) / sizeof(T));
}

}  // namespace reft::inline REFT_ABI::detail
