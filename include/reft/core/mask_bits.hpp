// Masks of any integer type as words of bits: 64 tokens at a time.
#pragma once

#include <reft/core/integer_view.hpp>
#include <reft/core/vectors.hpp>

#include <bit>
#include <cstdint>

#define REFT_LOOPS <reft/core/mask_bits.inl>
#include <reft/core/each_instruction_set.inl>

namespace reft::inline REFT_ABI::detail {

/// Bit i says whether element t+i is not 0; `n` of them, 1 to 64. Without integers every bit is set.
inline std::uint64_t mask_bits(const integer_run& mask, std::int64_t t, std::int64_t n) {
    return REFT_ON_THIS_MACHINE(mask_bits_of(mask, t, n));
}
/// How many of the first n are not 0.
inline std::int64_t count_nonzero(const integer_run& mask, std::int64_t n) {
    return REFT_ON_THIS_MACHINE(count_nonzero_of(mask, n));
}
/// The last of the first n that is not 0, or -1.
inline std::int64_t last_nonzero(const integer_run& mask, std::int64_t n) {
    return REFT_ON_THIS_MACHINE(last_nonzero_of(mask, n));
}

}  // namespace reft::inline REFT_ABI::detail
