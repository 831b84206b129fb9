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

REFT_SIMD_INLINE std::uint64_t nonzero_bytes(const std::byte* p) {
#if REFT_SIMD_BYTES == 64
    const __m512i v = _mm512_loadu_si512(p);
    return _mm512_test_epi8_mask(v, v);
#elif REFT_SIMD_BYTES == 32
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p));
    return static_cast<std::uint32_t>(~_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_setzero_si256())));
#else
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()))) ^ 0xffffu;
#endif
}
REFT_SIMD_INLINE std::uint64_t nonzero_ints(const std::byte* p) {
#if REFT_SIMD_BYTES == 64
    const __m512i v = _mm512_loadu_si512(p);
    return _mm512_test_epi32_mask(v, v);
#elif REFT_SIMD_BYTES == 32
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p));
    const __m256i zero = _mm256_cmpeq_epi32(v, _mm256_setzero_si256());
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(zero))) ^ 0xffu;
#else
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p));
    const __m128i zero = _mm_cmpeq_epi32(v, _mm_setzero_si128());
    return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(zero))) ^ 0xfu;
#endif
}
REFT_SIMD_INLINE std::uint64_t nonzero_longs(const std::byte* p) {
#if REFT_SIMD_BYTES == 64
    const __m512i v = _mm512_loadu_si512(p);
    return _mm512_test_epi64_mask(v, v);
#elif REFT_SIMD_BYTES == 32
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p));
    const __m256i zero = _mm256_cmpeq_epi64(v, _mm256_setzero_si256());
    return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(zero))) ^ 0xfu;
#else
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p));
    const __m128i zero = _mm_cmpeq_epi32(v, _mm_setzero_si128());  // both halves of a number must be 0
    const __m128i both = _mm_and_si128(zero, _mm_shuffle_epi32(zero, 0xb1));
    return static_cast<std::uint32_t>(_mm_movemask_pd(_mm_castsi128_pd(both))) ^ 0x3u;
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

/// Bit i says whether element t+i is not 0; `n` of them, at most 64. Without integers every bit is set.
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
