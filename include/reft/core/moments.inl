// Moments of the counted tokens of a row, for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

/// As many numbers as there are doubles in a vector.
REFT_SIMD_INLINE doubles load_doubles(const double* p) { return load(p); }
REFT_SIMD_INLINE doubles load_doubles(const float* p) {
#if REFT_SIMD_BYTES == 64
    return (doubles)_mm512_cvtps_pd(_mm256_loadu_ps(p));
#elif REFT_SIMD_BYTES == 32
    return (doubles)_mm256_cvtps_pd(_mm_loadu_ps(p));
#else
    return doubles{static_cast<double>(p[0]), static_cast<double>(p[1])};
#endif
}

/// Sums of x − a and of its square; four of each, so that no addition waits for the one before it.
struct deviation_sums {
    doubles sum[4] = {};
    doubles squares[4] = {};

    template <int Which>
    REFT_SIMD_INLINE void add(const doubles& deviation) {
        sum[Which] += deviation;
        squares[Which] = fma(deviation, deviation, squares[Which]);
    }
    REFT_SIMD_INLINE static double total(const doubles (&s)[4]) {
        return sum_of<double>((s[0] + s[1]) + (s[2] + s[3]));
    }
};

/// The moments of 1 to `moments_block` numbers that lie side by side. They are taken about the first number a:
/// mean = a + S₁/n and M₂ = S₂ − S₁²/n lose at most a factor n, since M₂ >= (a − mean)².
template <class Real>
REFT_SIMD_INLINE moments moments_of_block(const Real* x, std::int64_t n) {
    constexpr std::int64_t w = lanes<double>;
    const doubles a = all(static_cast<double>(x[0]));
    deviation_sums s;
    std::int64_t i = 0;
    for (; i + 4 * w <= n; i += 4 * w) {
        s.add<0>(load_doubles(x + i) - a);
        s.add<1>(load_doubles(x + i + w) - a);
        s.add<2>(load_doubles(x + i + 2 * w) - a);
        s.add<3>(load_doubles(x + i + 3 * w) - a);
    }
    for (; i + w <= n; i += w) s.add<0>(load_doubles(x + i) - a);
    if (i < n) {  // what is added beyond the end is exactly 0
        Real last[static_cast<std::size_t>(w)];
        for (std::int64_t k = 0; k < w; ++k) last[k] = i + k < n ? x[i + k] : x[0];
        s.add<1>(load_doubles(last) - a);
    }
    const double sum = deviation_sums::total(s.sum), squares = deviation_sums::total(s.squares);
    const double of_mean = sum / static_cast<double>(n);
    const double deviations = squares - sum * of_mean;
    return {n, static_cast<double>(x[0]) + of_mean, deviations < 0 ? 0.0 : deviations};
}

/// The next counted numbers from t on, up to a block of them: side by side in memory, or put there.
template <class T>
struct counted_block {
    const accumulator_t<T>* numbers = nullptr;
    std::int64_t count = 0;
    std::int64_t end = 0;  ///< where the next block begins
};

template <class T>
REFT_SIMD_INLINE counted_block<T> gather_block(const strided_view<const T, 1>& row, const integer_run& mask,
                                               std::int64_t t, accumulator_t<T>* numbers) {
    using Real = accumulator_t<T>;
    const std::int64_t n = row.extent(0);
    std::int64_t count = 0;
    while (t < n && count < moments_block) {
        std::int64_t w = n - t < 64 ? n - t : 64;
        w = w < moments_block - count ? w : moments_block - count;
        const std::uint64_t bits = bits_at(mask, t, w);
        const T* const x = row.data() + t * row.stride(0);
        if (bits == ~std::uint64_t{0} && row.stride(0) == 1) {
            for (std::int64_t i = 0; i < 64; i += lanes<Real>) store(numbers + count + i, load(x + i));
            count += 64;
        } else if (bits != 0) {
            for (std::int64_t i = 0; i < w; ++i) {  // writes every number, goes on behind those that count
                numbers[count] = static_cast<Real>(x[i * row.stride(0)]);
                count += static_cast<std::int64_t>((bits >> i) & 1);
            }
        }
        t += w;
    }
    return {numbers, count, t};
}

template <class T>
REFT_SIMD_INLINE counted_block<T> next_block(const strided_view<const T, 1>& row, const integer_run& mask,
                                             std::int64_t t, accumulator_t<T>* numbers) {
    if constexpr (std::is_same_v<T, accumulator_t<T>>) {
        if (row.stride(0) == 1) {
            const std::int64_t n = row.extent(0), end = n - t < moments_block ? n : t + moments_block;
            std::int64_t counted = mask.data ? t : end;  // up to here all count
            while (counted < end) {
                const std::int64_t w = end - counted < 64 ? end - counted : 64;
                if (bits_at(mask, counted, w) != ~std::uint64_t{0} >> (64 - w)) break;
                counted += w;
            }
            if (counted == end) return {row.data() + t, end - t, end};
        }
    }
    return gather_block<T>(row, mask, t, numbers);
}

template <class T>
REFT_SIMD_LOOP moments moments_of_row(const strided_view<const T, 1>& row, const integer_run& mask) {
    alignas(64) accumulator_t<T> numbers[static_cast<std::size_t>(moments_block) + 1];
    moments all_blocks;
    for (std::int64_t t = 0; t < row.extent(0);) {
        const counted_block<T> block = next_block<T>(row, mask, t, numbers);
        if (block.count > 0) all_blocks.merge(moments_of_block(block.numbers, block.count));
        t = block.end;
    }
    return all_blocks;
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
