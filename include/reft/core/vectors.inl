// The vectors of one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

// NOLINTBEGIN(modernize-use-using): an alias takes no attribute
typedef float floats __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef double doubles __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef std::int32_t ints __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef std::int64_t longs __attribute__((vector_size(REFT_SIMD_BYTES)));
// NOLINTEND(modernize-use-using)

template <class Real>
struct vector_of;
template <>
struct vector_of<float> {
    typedef floats type;           // NOLINT(modernize-use-using): an alias would lose the attribute
    typedef ints integers;         // NOLINT(modernize-use-using)
    typedef std::int32_t integer;  // NOLINT(modernize-use-using)
};
template <>
struct vector_of<double> {
    typedef doubles type;          // NOLINT(modernize-use-using)
    typedef longs integers;        // NOLINT(modernize-use-using)
    typedef std::int64_t integer;  // NOLINT(modernize-use-using)
};
template <class Real>
using vec = typename vector_of<Real>::type;
template <class Real>
using int_vec = typename vector_of<Real>::integers;

template <class Real>
constexpr std::int64_t lanes = static_cast<std::int64_t>(REFT_SIMD_BYTES / sizeof(Real));

REFT_SIMD_INLINE floats all(float x) { return x - floats{}; }
REFT_SIMD_INLINE doubles all(double x) { return x - doubles{}; }

// --- memory -----------------------------------------------------------------------------------------------------

REFT_SIMD_INLINE floats load(const float* p) {
    floats v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
REFT_SIMD_INLINE doubles load(const double* p) {
    doubles v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
REFT_SIMD_INLINE void store(float* p, floats v) { __builtin_memcpy(p, &v, sizeof v); }
REFT_SIMD_INLINE void store(double* p, doubles v) { __builtin_memcpy(p, &v, sizeof v); }

#if REFT_SIMD_BYTES == 64
// Masked by nothing: GCC warns about the undefined vector inside intrinsics without a mask.
constexpr __mmask16 every_float = 0xffff;
constexpr __mmask8 every_double = 0xff;

REFT_SIMD_INLINE floats load(const bfloat16* p) {
    const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p));
    return (floats)((ints)_mm512_maskz_cvtepu16_epi32(every_float, narrow) << 16);
}
REFT_SIMD_INLINE floats load(const half* p) {
    return (floats)_mm512_maskz_cvtph_ps(every_float, _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(p)));
}
REFT_SIMD_INLINE void store_low_halves(void* p, ints v) {
    _mm256_storeu_si256(static_cast<__m256i_u*>(p), _mm512_maskz_cvtepi32_epi16(every_float, (__m512i)v));
}
REFT_SIMD_INLINE void store(half* p, floats v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(p),
                        _mm512_maskz_cvtps_ph(every_float, (__m512)v, _MM_FROUND_TO_NEAREST_INT));
}
#elif REFT_SIMD_BYTES == 32
REFT_SIMD_INLINE floats load(const bfloat16* p) {
    const __m128i narrow = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p));
    return (floats)_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16);
}
REFT_SIMD_INLINE floats load(const half* p) {
    return (floats)_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(p)));
}
REFT_SIMD_INLINE void store_low_halves(void* p, ints v) {
    const __m256i packed = _mm256_packus_epi32((__m256i)v, (__m256i)v);
    _mm_storeu_si128(static_cast<__m128i_u*>(p), _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
}
REFT_SIMD_INLINE void store(half* p, floats v) {
    _mm_storeu_si128(reinterpret_cast<__m128i_u*>(p), _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
}
#else
REFT_SIMD_INLINE floats load(const bfloat16* p) {
    floats v{};
    for (std::int64_t i = 0; i < lanes<float>; ++i) v[i] = p[i];
    return v;
}
REFT_SIMD_INLINE floats load(const half* p) {
    floats v{};
    for (std::int64_t i = 0; i < lanes<float>; ++i) v[i] = p[i];
    return v;
}
REFT_SIMD_INLINE void store_low_halves(void* p, ints v) {
    for (std::int64_t i = 0; i < lanes<float>; ++i) {
        const auto low = static_cast<std::uint16_t>(v[i]);
        __builtin_memcpy(static_cast<std::byte*>(p) + 2 * i, &low, 2);
    }
}
REFT_SIMD_INLINE void store(half* p, floats v) {
    for (std::int64_t i = 0; i < lanes<float>; ++i) p[i] = half(v[i]);
}
#endif

/// Rounds to nearest, ties to even, as bfloat16(float) does; NaN stays NaN.
REFT_SIMD_INLINE void store(bfloat16* p, floats v) {
    const ints bits = (ints)v;
    const ints upper = ints((bits >> 16) & 0xffff);
    const ints rounded = ints(((bits + 0x7fff + (upper & 1)) >> 16) & 0xffff);
    store_low_halves(p, (bits & 0x7fffffff) > 0x7f800000 ? upper | 0x40 : rounded);
}

/// Past the caches; p is aligned to a vector.
REFT_SIMD_INLINE void stream(float* p, floats v) {
#if REFT_SIMD_BYTES == 64
    _mm512_stream_ps(p, (__m512)v);
#elif REFT_SIMD_BYTES == 32
    _mm256_stream_ps(p, (__m256)v);
#elif REFT_X86_TARGETS
    _mm_stream_ps(p, (__m128)v);
#else
    store(p, v);
#endif
}
REFT_SIMD_INLINE void stream(double* p, doubles v) { stream(reinterpret_cast<float*>(p), (floats)v); }

/// Makes what was streamed visible to other threads.
REFT_SIMD_INLINE void streamed() {
#if REFT_X86_TARGETS
    _mm_sfence();
#endif
}

// --- arithmetic -------------------------------------------------------------------------------------------------

/// a·b + c, in one rounding where the instruction set has it, in two elsewhere.
REFT_SIMD_INLINE floats fma(floats a, floats b, floats c) {
#if REFT_SIMD_BYTES == 64
    return (floats)__builtin_ia32_vfmaddps512_mask(a, b, c, -1, _MM_FROUND_CUR_DIRECTION);
#elif REFT_SIMD_BYTES == 32
    return (floats)__builtin_ia32_vfmaddps256(a, b, c);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    return (floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}
REFT_SIMD_INLINE doubles fma(doubles a, doubles b, doubles c) {
#if REFT_SIMD_BYTES == 64
    return (doubles)__builtin_ia32_vfmaddpd512_mask(a, b, c, -1, _MM_FROUND_CUR_DIRECTION);
#elif REFT_SIMD_BYTES == 32
    return (doubles)__builtin_ia32_vfmaddpd256(a, b, c);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    return (doubles)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

/// The larger of a and b; b where one of them is NaN.
REFT_SIMD_INLINE floats larger(floats a, floats b) {
#if REFT_SIMD_BYTES == 64
    return (floats)_mm512_max_ps((__m512)a, (__m512)b);
#elif REFT_SIMD_BYTES == 32
    return (floats)_mm256_max_ps((__m256)a, (__m256)b);
#elif REFT_X86_TARGETS
    return (floats)_mm_max_ps((__m128)a, (__m128)b);
#else
    return a > b ? a : b;
#endif
}
REFT_SIMD_INLINE doubles larger(doubles a, doubles b) {
#if REFT_SIMD_BYTES == 64
    return (doubles)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif REFT_SIMD_BYTES == 32
    return (doubles)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif REFT_X86_TARGETS
    return (doubles)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    return a > b ? a : b;
#endif
}
/// The smaller of a and b; b where one of them is NaN.
REFT_SIMD_INLINE floats smaller(floats a, floats b) {
#if REFT_SIMD_BYTES == 64
    return (floats)_mm512_min_ps((__m512)a, (__m512)b);
#elif REFT_SIMD_BYTES == 32
    return (floats)_mm256_min_ps((__m256)a, (__m256)b);
#elif REFT_X86_TARGETS
    return (floats)_mm_min_ps((__m128)a, (__m128)b);
#else
    return a < b ? a : b;
#endif
}
REFT_SIMD_INLINE doubles smaller(doubles a, doubles b) {
#if REFT_SIMD_BYTES == 64
    return (doubles)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif REFT_SIMD_BYTES == 32
    return (doubles)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif REFT_X86_TARGETS
    return (doubles)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    return a < b ? a : b;
#endif
}

/// The lanes added up, neighbours first.
template <class Real>
REFT_SIMD_INLINE Real sum_of(const vec<Real>& v) {
    Real part[static_cast<std::size_t>(lanes<Real>)];
    __builtin_memcpy(part, &v, sizeof part);
    for (std::int64_t width = lanes<Real> / 2; width > 0; width /= 2)
        for (std::int64_t i = 0; i < width; ++i) part[i] = part[2 * i] + part[2 * i + 1];
    return part[0];
}
/// NaN may be overlooked.
template <class Real>
REFT_SIMD_INLINE Real largest_of(const vec<Real>& v) {
    Real largest = v[0];
    for (std::int64_t i = 1; i < lanes<Real>; ++i) largest = v[i] > largest ? v[i] : largest;
    return largest;
}

/// Whether every lane of a is at most that of b; false where one of them is NaN.
REFT_SIMD_INLINE bool all_at_most(floats a, floats b) {
#if REFT_SIMD_BYTES == 64
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ) == 0xffff;
#elif REFT_SIMD_BYTES == 32
    return _mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LE_OQ)) == 0xff;
#elif REFT_X86_TARGETS
    return _mm_movemask_ps(_mm_cmple_ps((__m128)a, (__m128)b)) == 0xf;
#else
    bool at_most = true;
    for (std::int64_t i = 0; i < lanes<float>; ++i) at_most = at_most && a[i] <= b[i];
    return at_most;
#endif
}
REFT_SIMD_INLINE bool all_at_most(doubles a, doubles b) {
#if REFT_SIMD_BYTES == 64
    return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LE_OQ) == 0xff;
#elif REFT_SIMD_BYTES == 32
    return _mm256_movemask_pd(_mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_LE_OQ)) == 0xf;
#elif REFT_X86_TARGETS
    return _mm_movemask_pd(_mm_cmple_pd((__m128d)a, (__m128d)b)) == 0x3;
#else
    bool at_most = true;
    for (std::int64_t i = 0; i < lanes<double>; ++i) at_most = at_most && a[i] <= b[i];
    return at_most;
#endif
}

/// Adds the lanes of a sum of floats to doubles: half of them to each lane's double, then the other half.
REFT_SIMD_INLINE void add_widened(doubles& sum, floats v) {
#if REFT_SIMD_BYTES == 64
    sum += (doubles)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)) +
           (doubles)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1));
#elif REFT_SIMD_BYTES == 32
    sum += (doubles)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)) +
           (doubles)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1));
#else
    sum += doubles{static_cast<double>(v[0]), static_cast<double>(v[1])} +
           doubles{static_cast<double>(v[2]), static_cast<double>(v[3])};
#endif
}
REFT_SIMD_INLINE void add_widened(doubles& sum, doubles v) { sum += v; }

// --- powers of two ----------------------------------------------------------------------------------------------

/// 2^y, exactly 0 for −∞ and for what is smaller than every normal number.
template <class Real>
struct power_of_two {
    vec<Real> value;
    vec<Real> exponent;  ///< y, or a finite number instead of one whose power is 0: value · exponent is never 0 · ∞
};

#if REFT_SIMD_BYTES == 64
/// 2^y = 2^n · 2^(i/32) · 2^r with |r| <= 1/64, the second factor from a table, the third a polynomial of degree 2.
/// Relative error 1.3e-7; NaN for NaN and +∞.
REFT_SIMD_INLINE power_of_two<float> exp2(floats exponent) {
    const floats y = larger(all(-200.0f), exponent);
    const floats shifted = y + 0x1.8p18f;  // y rounded to 1/32; the i of its table entry in the lowest bits
    const floats n = shifted - 0x1.8p18f;
    const floats r = y - n;
    const __m512 root =
        _mm512_permutex2var_ps((__m512)load(two_to_32nds), (__m512i)shifted, (__m512)load(two_to_32nds + 16));
    const floats scale = (floats)_mm512_scalef_ps(root, (__m512)n);
    const floats p = fma(fma(all(0.24022475f), r, all(0.69315734f)), r, all(1.0f));
    return {p * scale, y};
}
#else
/// 2^y = 2^n · 2^r with |r| <= 1/2 and a polynomial of degree 5 for 2^r. Relative error 1.6e-7; NaN for NaN, and
/// +∞ from 2^127.5 on.
REFT_SIMD_INLINE power_of_two<float> exp2(floats exponent) {
    const floats y = larger(all(-127.0f), smaller(all(128.0f), exponent));
    const floats shifted = y + (0x1.8p23f + 127.0f);  // n + 127, the bits of 2^n's exponent, in the lowest bits
    const floats n = shifted - (0x1.8p23f + 127.0f);
    const floats r = y - n;
    floats p = fma(all(0.0013276472f), r, all(0.0096755413f));
    p = fma(p, r, all(0.055507133f));
    p = fma(p, r, all(0.2402212f));
    p = fma(p, r, all(0.69314697f));
    p = fma(p, r, all(1.0000001f));
    return {p * (floats)((ints)shifted << 23), y};
}
#endif

/// The same in double: the polynomial is the series of 2^r to the 13th power. Relative error 3e-16.
REFT_SIMD_INLINE power_of_two<double> exp2(doubles exponent) {
    const doubles y = larger(all(-1023.0), smaller(all(1024.0), exponent));
    const doubles shifted = y + (0x1.8p52 + 1023.0);
    const doubles n = shifted - (0x1.8p52 + 1023.0);
    const doubles r = (y - n) * 0.693147180559945309417;
    doubles p = all(1.0 / 6227020800.0);
    p = fma(p, r, all(1.0 / 479001600.0));
    p = fma(p, r, all(1.0 / 39916800.0));
    p = fma(p, r, all(1.0 / 3628800.0));
    p = fma(p, r, all(1.0 / 362880.0));
    p = fma(p, r, all(1.0 / 40320.0));
    p = fma(p, r, all(1.0 / 5040.0));
    p = fma(p, r, all(1.0 / 720.0));
    p = fma(p, r, all(1.0 / 120.0));
    p = fma(p, r, all(1.0 / 24.0));
    p = fma(p, r, all(1.0 / 6.0));
    p = fma(p, r, all(0.5));
    p = fma(p, r, all(1.0));
    p = fma(p, r, all(1.0));
    return {p * (doubles)((longs)shifted << 52), y};
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
