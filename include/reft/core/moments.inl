// Moments of the counted tokens of a row, for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

/// Up to a vector of numbers, in the other lanes `rest`.
template <class Real, class T>
REFT_SIMD_INLINE vec<Real> load_or(const T* x, std::int64_t n, Real rest) {
    if (n >= lanes<Real>) return load(x);
    Real some[static_cast<std::size_t>(lanes<Real>)];
    for (std::int64_t k = 0; k < lanes<Real>; ++k) some[k] = k < n ? static_cast<Real>(x[k]) : rest;
    return load(some);
}

/// Sums of deviations and of their squares.
struct deviation_sums {
    doubles sum, squares;

    REFT_SIMD_INLINE void add(const doubles& d) {
        sum += d;
        squares = fma(d, d, squares);
    }
};

/// The moments of 1 to `moments_block` doubles: mean = a + S₁/n and M₂ = S₂ − S₁²/n with the sums about a, which is one
/// of the numbers or near their mean. Four sums, so that no addition waits for the one before it.
REFT_SIMD_INLINE moments moments_about(double about, const double* x, std::int64_t n) {
    constexpr std::int64_t w = lanes<double>;
    const doubles a = all(about);
    deviation_sums s0 = {}, s1 = {}, s2 = {}, s3 = {};
    std::int64_t i = 0;
    for (; i + 4 * w <= n; i += 4 * w) {
        s0.add(load(x + i) - a);
        s1.add(load(x + i + w) - a);
        s2.add(load(x + i + 2 * w) - a);
        s3.add(load(x + i + 3 * w) - a);
    }
    for (; i < n; i += w) s0.add(load_or<double>(x + i, n - i, about) - a);  // exactly 0 beyond the end
    return moments_of_sums(about, n, sum_of((s0.sum + s1.sum) + (s2.sum + s3.sum)),
                           sum_of((s0.squares + s1.squares) + (s2.squares + s3.squares)));
}

/// Whether the sums were made so far from the mean that their difference has lost digits.
REFT_SIMD_INLINE bool is_far(const moments& m, double about) {
    const double away = m.mean - about;
    return static_cast<double>(m.count) * away * away > 16.0 * m.squared_deviations;
}

/// About the first number; if that is four deviations away from the mean, once more about the mean.
REFT_SIMD_INLINE moments moments_of_block(const double* x, std::int64_t n) {
    const moments m = moments_about(x[0], x, n);
    return is_far(m, x[0]) ? moments_about(m.mean, x, n) : m;
}

/// The sum of two deviations and of their squares.
struct deviations_of_two {
    floats sum, squares;

    template <class T>
    REFT_SIMD_INLINE deviations_of_two(const T* x, const T* y, const floats& about) {
        const floats d = load(x) - about, e = load(y) - about;
        sum = d + e;
        squares = fma(e, e, d * d);
    }
};

/// Deviations in float, sums of eight of them in float, and sums of these in double.
template <class T>
REFT_SIMD_INLINE moments moments_about(float about, const T* x, std::int64_t n) {
    constexpr std::int64_t w = lanes<float>;
    const floats a = all(about);
    doubles sum = {}, squares = {};
    std::int64_t i = 0;
    for (; i + 8 * w <= n; i += 8 * w) {
        const deviations_of_two s0(x + i, x + i + 4 * w, a), s1(x + i + w, x + i + 5 * w, a),
            s2(x + i + 2 * w, x + i + 6 * w, a), s3(x + i + 3 * w, x + i + 7 * w, a);
        add_widened(sum, (s0.sum + s1.sum) + (s2.sum + s3.sum));
        add_widened(squares, (s0.squares + s1.squares) + (s2.squares + s3.squares));
    }
    for (; i < n; i += w) {
        const floats d = load_or<float>(x + i, n - i, about) - a;  // exactly 0 beyond the end
        add_widened(sum, d);
        add_widened(squares, d * d);
    }
    return moments_of_sums(static_cast<double>(about), n, sum_of(sum), sum_of(squares));
}

/// In double throughout, for squares that float does not hold.
template <class T>
REFT_SIMD_LOOP moments moments_in_double(const T* x, std::int64_t n) {
    double wide[static_cast<std::size_t>(moments_block)];
    wide[0] = 0;  // n >= 1, which the compiler does not know
    for (std::int64_t i = 0; i < n; ++i) wide[i] = static_cast<double>(x[i]);
    return moments_of_block(wide, n);
}

/// The same with deviations in float. Relative error of M₂: 1e-6 at most.
template <class T>
REFT_SIMD_INLINE moments moments_of_block(const T* x, std::int64_t n) {
    const float first = static_cast<float>(x[0]);
    const moments m = moments_about(first, x, n);
    const double size = static_cast<double>(n), away = m.mean - static_cast<double>(first);
    if (!(m.squared_deviations > 1e-30 * size && m.squared_deviations + size * away * away < 1e30))
        return moments_in_double(x, n);
    return is_far(m, static_cast<double>(first)) ? moments_about(static_cast<float>(m.mean), x, n) : m;
}

/// The next counted numbers from t on, up to a block of them: side by side in memory, or put there.
template <class T>
struct counted_block {
    const T* numbers = nullptr;
    std::int64_t count = 0;
    std::int64_t end = 0;  ///< where the next block begins
};

template <class T>
REFT_SIMD_INLINE counted_block<T> gather_block(const strided_view<const T, 1>& row, const integer_run& mask,
                                               std::int64_t t, T* numbers) {
    const std::int64_t n = row.extent(0);
    T* end = numbers;
    while (t < n && end < numbers + moments_block) {
        const std::int64_t room = numbers + moments_block - end;
        std::int64_t w = n - t < 64 ? n - t : 64;
        w = w < room ? w : room;
        end = compress_word(row.data() + t * row.stride(0), row.stride(0), bits_at(mask, t, w), w, end);
        t += w;
    }
    return {numbers, end - numbers, t};
}

/// Where counted tokens that lie side by side end: a whole block of them, or those up to the end of the row; t if there
/// are not so many.
REFT_SIMD_INLINE std::int64_t end_of_counted(const integer_run& mask, std::int64_t t, std::int64_t n) {
    const std::int64_t end = n - t < moments_block ? n : t + moments_block;
    if (!mask.data) return end;
    for (std::int64_t at = t; at < end; at += 64) {
        const std::int64_t w = end - at < 64 ? end - at : 64;
        if (bits_at(mask, at, w) != ~std::uint64_t{0} >> (64 - w)) return t;
    }
    return end;
}

template <class T>
REFT_SIMD_LOOP moments moments_of_row(const strided_view<const T, 1>& row, const integer_run& mask) {
    alignas(64) T numbers[static_cast<std::size_t>(moments_block + 64)];
    // What is masked at the end must not keep the rest from being read where it lies.
    const std::int64_t n = mask.data ? last_nonzero_of(mask, row.extent(0)) + 1 : row.extent(0);
    moments all_blocks;
    for (std::int64_t t = 0; t < n;) {
        counted_block<T> block = {row.data() + t, 0, row.stride(0) == 1 ? end_of_counted(mask, t, n) : t};
        block.count = block.end - t;
        if (block.count == 0) block = gather_block<T>({row.data(), {n}, {row.stride(0)}}, mask, t, numbers);
        if (block.count > 0) {
            const moments of_block = moments_of_block(block.numbers, block.count);
            if (all_blocks.count == 0)
                all_blocks = of_block;
            else
                all_blocks.merge(of_block);
        }
        t = block.end;
    }
    return all_blocks;
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
