// Masks as words of bits, for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

template <class Int>
REFT_SIMD_INLINE std::uint64_t bits_one_by_one(const Int* p, std::int64_t stride, std::int64_t n) {
    std::uint64_t bits = 0;
    for (std::int64_t i = 0; i < n; ++i) bits |= static_cast<std::uint64_t>(p[i * stride] != 0) << i;
    return bits;
}

#if REFT_X86_TARGETS
/// What the vector instructions read at once.
constexpr std::int64_t mask_bytes = REFT_SIMD_BYTES;

typedef char bytes __attribute__((vector_size(REFT_SIMD_BYTES)));  // NOLINT(modernize-use-using)
constexpr int not_equal = 4;

REFT_SIMD_INLINE std::uint64_t nonzero_bytes(const std::byte* p) {
    bytes v;
    __builtin_memcpy(&v, p, sizeof v);
#if REFT_SIMD_BYTES == 64
    return static_cast<std::uint64_t>(__builtin_ia32_cmpb512_mask(v, bytes{}, not_equal, every_lane()));
#elif REFT_SIMD_BYTES == 32
    return static_cast<std::uint32_t>(__builtin_ia32_pmovmskb256((bytes)(v == 0))) ^ 0xffffffffu;
#else
    return static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128((bytes)(v == 0))) ^ 0xffffu;
#endif
}
REFT_SIMD_INLINE std::uint64_t nonzero_ints(const std::byte* p) {
    ints v;
    __builtin_memcpy(&v, p, sizeof v);
#if REFT_SIMD_BYTES == 64
    return static_cast<std::uint16_t>(__builtin_ia32_cmpd512_mask(v, ints{}, not_equal, every_lane()));
#elif REFT_SIMD_BYTES == 32
    return static_cast<std::uint32_t>(__builtin_ia32_movmskps256((floats)(v == 0))) ^ 0xffu;
#else
    return static_cast<std::uint32_t>(__builtin_ia32_movmskps((floats)(v == 0))) ^ 0xfu;
#endif
}
REFT_SIMD_INLINE std::uint64_t nonzero_longs(const std::byte* p) {
    longs v;
    __builtin_memcpy(&v, p, sizeof v);
#if REFT_SIMD_BYTES == 64
    return static_cast<std::uint8_t>(__builtin_ia32_cmpq512_mask((long_longs)v, long_longs{}, not_equal, every_lane()));
#elif REFT_SIMD_BYTES == 32
    return static_cast<std::uint32_t>(__builtin_ia32_movmskpd256((doubles)(v == 0))) ^ 0xfu;
#else
    return static_cast<std::uint32_t>(__builtin_ia32_movmskpd((doubles)(v == 0))) ^ 0x3u;
#endif
}

/// 64 elements that lie side by side.
REFT_SIMD_INLINE std::uint64_t bits_of_64(const std::byte* p, integer_kind kind) {
    const std::int64_t size = size_of(kind), at_once = mask_bytes / size;
    std::uint64_t bits = 0;
    if (size == 1)
        for (std::int64_t i = 0; i < 64; i += at_once) bits |= nonzero_bytes(p + i) << i;
    else if (size == 4)
        for (std::int64_t i = 0; i < 64; i += at_once) bits |= nonzero_ints(p + 4 * i) << i;
    else
        for (std::int64_t i = 0; i < 64; i += at_once) bits |= nonzero_longs(p + 8 * i) << i;
    return bits;
}
#endif

/// Bit i says whether element t+i is not 0; `n` of them, 1 to 64. Without integers every bit is set.
REFT_SIMD_INLINE std::uint64_t bits_at(const integer_run& mask, std::int64_t t, std::int64_t n) {
    if (!mask.data) return ~std::uint64_t{0} >> (64 - n);
    const std::int64_t size = size_of(mask.kind);
    const std::byte* const p = static_cast<const std::byte*>(mask.data) + t * mask.stride * size;
#if REFT_X86_TARGETS
    if (n == 64 && mask.stride == 1) return bits_of_64(p, mask.kind);
#endif
    // Whether a number is 0 does not depend on its sign.
    if (size == 1) return bits_one_by_one(reinterpret_cast<const std::uint8_t*>(p), mask.stride, n);
    if (size == 4) return bits_one_by_one(reinterpret_cast<const std::uint32_t*>(p), mask.stride, n);
    return bits_one_by_one(reinterpret_cast<const any_int64*>(p), mask.stride, n);
}

REFT_SIMD_LOOP inline std::uint64_t mask_bits_of(const integer_run& mask, std::int64_t t, std::int64_t n) {
    return bits_at(mask, t, n);
}

REFT_SIMD_LOOP inline std::int64_t count_nonzero_of(const integer_run& mask, std::int64_t n) {
    std::int64_t count = 0;
    for (std::int64_t t = 0; t < n; t += 64) count += std::popcount(bits_at(mask, t, n - t < 64 ? n - t : 64));
    return count;
}

REFT_SIMD_LOOP inline std::int64_t last_nonzero_of(const integer_run& mask, std::int64_t n) {
    for (std::int64_t end = n; end > 0;) {
        const std::int64_t begin = end < 64 ? 0 : end - 64;
        if (const std::uint64_t bits = bits_at(mask, begin, end - begin)) return begin + 63 - std::countl_zero(bits);
        end = begin;
    }
    return -1;
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
