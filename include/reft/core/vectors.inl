// The vectors of one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

// NOLINTBEGIN(modernize-use-using): an alias takes no attribute
typedef float floats __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef double doubles __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef std::int32_t ints __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef std::int64_t longs __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef std::uint64_t unsigned_longs __attribute__((vector_size(REFT_SIMD_BYTES)));
typedef long long long_longs __attribute__((vector_size(REFT_SIMD_BYTES)));  // what some builtins want
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

// What the compilers' own headers of intrinsics are made of, used directly: to include these takes longer than all
// standard headers of this library together. GCC and clang call some of them differently.
constexpr int current_rounding = 4;
/// A mask for all lanes, of whichever type of integer a compiler wants there.
struct every_lane {
    template <class Mask>
    constexpr operator Mask() const {  // NOLINT(google-explicit-constructor)
        return static_cast<Mask>(-1);
    }
};

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

// Half a vector of 16-bit numbers.
typedef std::uint16_t shorts  // NOLINT(modernize-use-using)
    __attribute__((vector_size(REFT_SIMD_BYTES / 2)));

#if REFT_SIMD_BYTES >= 32
REFT_SIMD_INLINE shorts load_shorts(const void* p) {
    shorts v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
REFT_SIMD_INLINE floats load(const bfloat16* p) {
    return (floats)(__builtin_convertvector(load_shorts(p), ints) << 16);
}
REFT_SIMD_INLINE void store_low_halves(void* p, ints v) {
    const shorts narrow = __builtin_convertvector(v, shorts);
    __builtin_memcpy(p, &narrow, sizeof narrow);
}
#endif
#if REFT_SIMD_BYTES == 64
typedef short signed_shorts __attribute__((vector_size(32)));  // NOLINT(modernize-use-using)
REFT_SIMD_INLINE floats load(const half* p) {
    return (floats)__builtin_ia32_vcvtph2ps512_mask((signed_shorts)load_shorts(p), floats{}, every_lane(),
                                                    current_rounding);
}
REFT_SIMD_INLINE void store(half* p, floats v) {
    const auto narrow = __builtin_ia32_vcvtps2ph512_mask(v, 0 /* to nearest */, signed_shorts{}, every_lane());
    __builtin_memcpy(static_cast<void*>(p), &narrow, sizeof narrow);
}
#elif REFT_SIMD_BYTES == 32
typedef short signed_shorts __attribute__((vector_size(16)));  // NOLINT(modernize-use-using)
REFT_SIMD_INLINE floats load(const half* p) {
    return (floats)__builtin_ia32_vcvtph2ps256((signed_shorts)load_shorts(p));
}
REFT_SIMD_INLINE void store(half* p, floats v) {
    const auto narrow = __builtin_ia32_vcvtps2ph256(v, 0 /* to nearest */);
    __builtin_memcpy(static_cast<void*>(p), &narrow, sizeof narrow);
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
#if defined(__clang__)
    __builtin_nontemporal_store(v, reinterpret_cast<floats*>(p));
#elif REFT_SIMD_BYTES == 64
    __builtin_ia32_movntps512(p, v);
#elif REFT_SIMD_BYTES == 32
    __builtin_ia32_movntps256(p, v);
#elif REFT_X86_TARGETS
    __builtin_ia32_movntps(p, v);
#else
    store(p, v);
#endif
}
REFT_SIMD_INLINE void stream(double* p, doubles v) { stream(reinterpret_cast<float*>(p), (floats)v); }

/// Makes what was streamed visible to other threads.
REFT_SIMD_INLINE void streamed() {
#if REFT_X86_TARGETS
    __builtin_ia32_sfence();
#endif
}

// --- arithmetic -------------------------------------------------------------------------------------------------

/// Whether fma() rounds once.
#if REFT_SIMD_BYTES >= 32 || (defined(__ARM_NEON) && defined(__aarch64__))
constexpr bool has_fma = true;
#else
constexpr bool has_fma = false;
#endif

/// a·b + c, in one rounding where the instruction set has it, in two elsewhere.
REFT_SIMD_INLINE floats fma(floats a, floats b, floats c) {
#if REFT_SIMD_BYTES == 64
    return (floats)__builtin_ia32_vfmaddps512_mask(a, b, c, every_lane(), current_rounding);
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
    return (doubles)__builtin_ia32_vfmaddpd512_mask(a, b, c, every_lane(), current_rounding);
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
#if REFT_SIMD_BYTES == 64 && defined(__clang__)
    return __builtin_ia32_maxps512(a, b, current_rounding);
#elif REFT_SIMD_BYTES == 64
    return __builtin_ia32_maxps512_mask(a, b, floats{}, every_lane(), current_rounding);
#elif REFT_SIMD_BYTES == 32
    return __builtin_ia32_maxps256(a, b);
#elif REFT_X86_TARGETS
    return __builtin_ia32_maxps(a, b);
#else
    return a > b ? a : b;
#endif
}
REFT_SIMD_INLINE doubles larger(doubles a, doubles b) {
#if REFT_SIMD_BYTES == 64 && defined(__clang__)
    return __builtin_ia32_maxpd512(a, b, current_rounding);
#elif REFT_SIMD_BYTES == 64
    return __builtin_ia32_maxpd512_mask(a, b, doubles{}, every_lane(), current_rounding);
#elif REFT_SIMD_BYTES == 32
    return __builtin_ia32_maxpd256(a, b);
#elif REFT_X86_TARGETS
    return __builtin_ia32_maxpd(a, b);
#else
    return a > b ? a : b;
#endif
}
/// The smaller of a and b; b where one of them is NaN.
REFT_SIMD_INLINE floats smaller(floats a, floats b) {
#if REFT_SIMD_BYTES == 64 && defined(__clang__)
    return __builtin_ia32_minps512(a, b, current_rounding);
#elif REFT_SIMD_BYTES == 64
    return __builtin_ia32_minps512_mask(a, b, floats{}, every_lane(), current_rounding);
#elif REFT_SIMD_BYTES == 32
    return __builtin_ia32_minps256(a, b);
#elif REFT_X86_TARGETS
    return __builtin_ia32_minps(a, b);
#else
    return a < b ? a : b;
#endif
}
REFT_SIMD_INLINE doubles smaller(doubles a, doubles b) {
#if REFT_SIMD_BYTES == 64 && defined(__clang__)
    return __builtin_ia32_minpd512(a, b, current_rounding);
#elif REFT_SIMD_BYTES == 64
    return __builtin_ia32_minpd512_mask(a, b, doubles{}, every_lane(), current_rounding);
#elif REFT_SIMD_BYTES == 32
    return __builtin_ia32_minpd256(a, b);
#elif REFT_X86_TARGETS
    return __builtin_ia32_minpd(a, b);
#else
    return a < b ? a : b;
#endif
}

// Sixteen bytes of a vector: what a few shuffles reduce.
typedef float four_floats __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): an alias takes no attribute
typedef double two_doubles __attribute__((vector_size(16)));   // NOLINT(modernize-use-using)
typedef float eight_floats __attribute__((vector_size(32)));   // NOLINT(modernize-use-using)
typedef double four_doubles __attribute__((vector_size(32)));  // NOLINT(modernize-use-using)

/// The first and the second half of a vector.
#if REFT_SIMD_BYTES == 64
REFT_SIMD_INLINE eight_floats first_half(floats v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7); }
REFT_SIMD_INLINE eight_floats second_half(floats v) {
    return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
}
REFT_SIMD_INLINE four_doubles first_half(doubles v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3); }
REFT_SIMD_INLINE four_doubles second_half(doubles v) { return __builtin_shufflevector(v, v, 4, 5, 6, 7); }
#endif
#if REFT_SIMD_BYTES >= 32
REFT_SIMD_INLINE four_floats first_half(eight_floats v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3); }
REFT_SIMD_INLINE four_floats second_half(eight_floats v) { return __builtin_shufflevector(v, v, 4, 5, 6, 7); }
REFT_SIMD_INLINE two_doubles first_half(four_doubles v) { return __builtin_shufflevector(v, v, 0, 1); }
REFT_SIMD_INLINE two_doubles second_half(four_doubles v) { return __builtin_shufflevector(v, v, 2, 3); }
#endif

/// The lanes added up in an order that depends on the instruction set alone.
REFT_SIMD_INLINE float sum_of(four_floats v) { return (v[0] + v[2]) + (v[1] + v[3]); }
REFT_SIMD_INLINE double sum_of(two_doubles v) { return v[0] + v[1]; }
/// The largest lane; NaN may be overlooked.
REFT_SIMD_INLINE float largest_of(four_floats v) {
    v = v > __builtin_shufflevector(v, v, 2, 3, 0, 1) ? v : __builtin_shufflevector(v, v, 2, 3, 0, 1);
    v = v > __builtin_shufflevector(v, v, 1, 0, 3, 2) ? v : __builtin_shufflevector(v, v, 1, 0, 3, 2);
    return v[0];
}
REFT_SIMD_INLINE double largest_of(two_doubles v) {
    v = v > __builtin_shufflevector(v, v, 1, 0) ? v : __builtin_shufflevector(v, v, 1, 0);
    return v[0];
}
#if REFT_SIMD_BYTES >= 32
REFT_SIMD_INLINE float sum_of(eight_floats v) { return sum_of(first_half(v) + second_half(v)); }
REFT_SIMD_INLINE double sum_of(four_doubles v) { return sum_of(first_half(v) + second_half(v)); }
REFT_SIMD_INLINE float largest_of(eight_floats v) {
    return largest_of(first_half(v) > second_half(v) ? first_half(v) : second_half(v));
}
REFT_SIMD_INLINE double largest_of(four_doubles v) {
    return largest_of(first_half(v) > second_half(v) ? first_half(v) : second_half(v));
}
#endif
#if REFT_SIMD_BYTES == 64
REFT_SIMD_INLINE float sum_of(floats v) { return sum_of(first_half(v) + second_half(v)); }
REFT_SIMD_INLINE double sum_of(doubles v) { return sum_of(first_half(v) + second_half(v)); }
REFT_SIMD_INLINE float largest_of(floats v) {
    return largest_of(first_half(v) > second_half(v) ? first_half(v) : second_half(v));
}
REFT_SIMD_INLINE double largest_of(doubles v) {
    return largest_of(first_half(v) > second_half(v) ? first_half(v) : second_half(v));
}
#endif

/// Whether every lane of a is at most that of b; false where one of them is NaN.
REFT_SIMD_INLINE bool all_at_most(floats a, floats b) {
#if REFT_SIMD_BYTES == 64
    constexpr int less_or_equal = 18;
    return static_cast<std::uint16_t>(
               __builtin_ia32_cmpps512_mask(a, b, less_or_equal, every_lane(), current_rounding)) == 0xffff;
#elif REFT_SIMD_BYTES == 32
    return __builtin_ia32_movmskps256((floats)(a <= b)) == 0xff;
#elif REFT_X86_TARGETS
    return __builtin_ia32_movmskps((floats)(a <= b)) == 0xf;
#else
    bool at_most = true;
    for (std::int64_t i = 0; i < lanes<float>; ++i) at_most = at_most && a[i] <= b[i];
    return at_most;
#endif
}
REFT_SIMD_INLINE bool all_at_most(doubles a, doubles b) {
#if REFT_SIMD_BYTES == 64
    constexpr int less_or_equal = 18;
    return static_cast<std::uint8_t>(
               __builtin_ia32_cmppd512_mask(a, b, less_or_equal, every_lane(), current_rounding)) == 0xff;
#elif REFT_SIMD_BYTES == 32
    return __builtin_ia32_movmskpd256((doubles)(a <= b)) == 0xf;
#elif REFT_X86_TARGETS
    return __builtin_ia32_movmskpd((doubles)(a <= b)) == 0x3;
#else
    bool at_most = true;
    for (std::int64_t i = 0; i < lanes<double>; ++i) at_most = at_most && a[i] <= b[i];
    return at_most;
#endif
}

/// Adds the lanes of a sum of floats to doubles: half of them to each lane's double, then the other half.
REFT_SIMD_INLINE void add_widened(doubles& sum, floats v) {
#if REFT_SIMD_BYTES == 64
    sum += __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), doubles) +
           __builtin_convertvector(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15), doubles);
#elif REFT_SIMD_BYTES == 32
    sum += __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3), doubles) +
           __builtin_convertvector(__builtin_shufflevector(v, v, 4, 5, 6, 7), doubles);
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
REFT_SIMD_INLINE floats finite_exponent(floats y) { return larger(all(-200.0f), y); }

/// 2^y = 2^n · 2^(i/32) · 2^r with |r| <= 1/64, the second factor from a table, the third a polynomial of degree 2.
/// Relative error 2.3e-7; NaN for NaN and +∞.
REFT_SIMD_INLINE power_of_two<float> exp2(floats exponent) {
    const floats y = finite_exponent(exponent);
    const floats shifted = y + 0x1.8p18f;  // y rounded to 1/32; the i of its table entry in the lowest bits
    const floats n = shifted - 0x1.8p18f;
    const floats r = y - n;
    const floats first = load(two_to_32nds), second = load(two_to_32nds + 16);
#if defined(__clang__)
    const floats root = __builtin_ia32_vpermi2varps512(first, (ints)shifted, second);
#else
    const floats root = __builtin_ia32_vpermt2varps512_mask((ints)shifted, first, second, every_lane());
#endif
    const floats scale = __builtin_ia32_scalefps512_mask(root, n, floats{}, every_lane(), current_rounding);
    const floats p = fma(fma(all(0.24022475f), r, all(0.69315734f)), r, all(1.0f));
    return {p * scale, y};
}
#else
REFT_SIMD_INLINE floats finite_exponent(floats y) { return larger(all(-127.0f), smaller(all(128.0f), y)); }

/// 2^y = 2^n · 2^r with |r| <= 1/2 and a polynomial of degree 5 for 2^r. Relative error 2.2e-7, without a fused
/// multiply-add 2.4e-7; NaN for NaN, and +∞ from 2^127.5 on.
REFT_SIMD_INLINE power_of_two<float> exp2(floats exponent) {
    const floats y = finite_exponent(exponent);
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

REFT_SIMD_INLINE doubles finite_exponent(doubles y) { return larger(all(-1023.0), smaller(all(1024.0), y)); }

/// The same in double: the polynomial is the series of 2^r to the 13th power. Relative error 3e-16.
REFT_SIMD_INLINE power_of_two<double> exp2(doubles exponent) {
    const doubles y = finite_exponent(exponent);
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

/// log(a + b) for a sum between 2^−1000 and 2^1000; with all digits of b where a is 1. Relative error 1e-15.
///
/// a + b = 2^n·m with m in √½ … √2, and log m = 2·artanh(s) = 2s·(1 + s²/3 + s⁴/5 + …), s = (m − 1)/(m + 1).
REFT_SIMD_INLINE doubles log_of_sum(doubles a, doubles b) {
    constexpr std::uint64_t root_half = 0x3FE6A09E667F3BCD, bias = std::uint64_t{1023} << 52;
    const doubles x = a + b, one = all(1.0);
    const unsigned_longs n = ((unsigned_longs)x + (bias - root_half)) >> 52;  // 1023 more than n
    const doubles m = (doubles)((unsigned_longs)x - ((n - 1023) << 52));
    const doubles exponent = (doubles)(n | (unsigned_longs)all(0x1p52)) - (0x1p52 + 1023.0);
    const doubles above_one = ((exponent == doubles{}) & (a == one)) ? b : m - one;
    const doubles s = above_one / (m + one), square = s * s;
    doubles series = all(1.0 / 21);
    series = fma(series, square, all(1.0 / 19));
    series = fma(series, square, all(1.0 / 17));
    series = fma(series, square, all(1.0 / 15));
    series = fma(series, square, all(1.0 / 13));
    series = fma(series, square, all(1.0 / 11));
    series = fma(series, square, all(1.0 / 9));
    series = fma(series, square, all(1.0 / 7));
    series = fma(series, square, all(1.0 / 5));
    series = fma(series, square, all(1.0 / 3));
    const doubles twice = s + s;
    return fma(exponent, all(0.693147180559945309417), fma(twice * square, series, twice));
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
