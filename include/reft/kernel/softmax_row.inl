// The loops over a row of logits; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

// Four vectors at a time keep enough additions under way; 8 times that many terms are summed before they become
// doubles.
constexpr int group_vectors = 4;
constexpr std::int64_t block_groups = 8;

template <class Real>
constexpr std::int64_t group_size = group_vectors * lanes<Real>;

// --- exponents ---------------------------------------------------------------------------------------------------

/// y = scale·x − offset for an offset near scale·center, in one rounding where that can be had. Where it cannot, or the
/// offset has lost its digits, the center is taken away first.
template <class Real>
struct exponents {
    vec<Real> scale, subtracted;
    bool in_one;
};
template <class Real>
REFT_SIMD_INLINE bool in_one_rounding(Real scale, Real center) {
    constexpr Real precise = sizeof(Real) == 4 ? Real(0x1p20) : Real(0x1p49);
    return has_fma && scale * center < precise && scale * center > -precise;
}
template <class Real>
REFT_SIMD_INLINE exponents<Real> exponents_around(Real scale, Real center) {
    const bool in_one = in_one_rounding(scale, center);
    return {all(scale), all(in_one ? -(scale * center) : center), in_one};
}
template <class Real>
REFT_SIMD_INLINE double offset_around(Real scale, Real center) {
    if (in_one_rounding(scale, center)) return static_cast<double>(scale * center);
    return static_cast<double>(scale) * static_cast<double>(center);
}

template <class Real>
struct group {
    vec<Real> v[std::size_t{group_vectors}];
};
template <class Real>
REFT_SIMD_INLINE group<Real> exponents_of(const group<Real>& x, const exponents<Real>& e) {
    group<Real> y;
    if (has_fma && e.in_one)
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) y.v[i] = fma(x.v[i], e.scale, e.subtracted);
    else
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) y.v[i] = (x.v[i] - e.subtracted) * e.scale;
    return y;
}

// --- memory -----------------------------------------------------------------------------------------------------

/// Elements of a row that are not a whole group of neighbours, copied to `copy`; −∞ after the end of the row.
template <class T>
REFT_SIMD_LOOP void copy_group(const row_at<const T>& x, std::int64_t first, T* copy) {
    constexpr std::int64_t size = group_size<accumulator_t<T>>;
    const std::int64_t left = x.size - first < size ? x.size - first : size;
    const T* from = x.data + first * x.stride;
    if (x.stride == 1)
        __builtin_memcpy(copy, from, static_cast<std::size_t>(left) * sizeof(T));
    else
        for (std::int64_t i = 0; i < left; ++i) copy[i] = from[i * x.stride];
    const T nothing(-std::numeric_limits<accumulator_t<T>>::infinity());
    for (std::int64_t i = left; i < size; ++i) copy[i] = nothing;
}

template <class T>
REFT_SIMD_INLINE group<accumulator_t<T>> load_group(const row_at<const T>& x, std::int64_t first) {
    constexpr std::int64_t size = group_size<accumulator_t<T>>;
    T copy[std::size_t{size}];
    const T* from = x.data + first;
    if (x.stride != 1 || first + size > x.size) {
        copy_group(x, first, copy);
        from = copy;
    }
    group<accumulator_t<T>> g;
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) g.v[i] = load(from + i * lanes<accumulator_t<T>>);
    return g;
}

/// The same from a row of numbers that are summed in another type.
template <class Real, class D>
REFT_SIMD_INLINE group<Real> load_group_as(const row_at<const D>& x, std::int64_t first) {
    if constexpr (std::same_as<Real, accumulator_t<D>>) {
        return load_group(x, first);
    } else {
        Real copy[static_cast<std::size_t>(group_size<Real>)] = {};
        for (std::int64_t i = 0; i < group_size<Real> && first + i < x.size; ++i)
            copy[i] = static_cast<Real>(x.data[(first + i) * x.stride]);
        return load_group(row_at<const Real>{copy, 1, group_size<Real>}, 0);
    }
}

/// The first `count` elements of a group, wherever they go and whatever they become there.
template <class Real, class D>
REFT_SIMD_LOOP void scatter_group(const group<Real>& g, const row_at<D>& d, std::int64_t first, std::int64_t count) {
    Real copy[static_cast<std::size_t>(group_size<Real>)];
    for (int i = 0; i < group_vectors; ++i) store(copy + i * lanes<Real>, g.v[i]);
    for (std::int64_t i = 0; i < count; ++i)
        d.data[(first + i) * d.stride] = static_cast<D>(static_cast<accumulator_t<D>>(copy[i]));
}

/// Stores `count` elements of a group, or as many as the row still has; a whole group of neighbours as vectors, around
/// the caches if `past_caches`, for which it must lie at a multiple of a vector.
template <class Real, class D>
REFT_SIMD_INLINE void store_group(const group<Real>& g, const row_at<D>& d, std::int64_t first, std::int64_t count,
                                  bool past_caches) {
    count = count < d.size - first ? count : d.size - first;
    if constexpr (std::same_as<Real, accumulator_t<D>>) {
        if (d.stride == 1 && count == group_size<Real>) {
            D* const to = d.data + first;
            if constexpr (std::same_as<D, Real>) {
                if (past_caches) {
                    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) stream(to + i * lanes<Real>, g.v[i]);
                    return;
                }
            }
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i) store(to + i * lanes<Real>, g.v[i]);
            return;
        }
    }
    scatter_group(g, d, first, count);
}

// --- forward ----------------------------------------------------------------------------------------------------

/// Puts −∞ in the place of element `at` of a group.
template <class Real>
REFT_SIMD_INLINE void leave_out(group<Real>& g, std::int64_t at) {
    int_vec<Real> index;
    for (std::int64_t i = 0; i < lanes<Real>; ++i) index[i] = static_cast<typename vector_of<Real>::integer>(i);
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
        const auto here = static_cast<typename vector_of<Real>::integer>(at - i * lanes<Real>);
        g.v[i] = index == here ? all(-std::numeric_limits<Real>::infinity()) : g.v[i];
    }
}

template <class T>
REFT_SIMD_INLINE group<accumulator_t<T>> load_others(const row_at<const T>& x, std::int64_t first, std::int64_t id) {
    auto g = load_group(x, first);
    if (id >= first && id < first + group_size<accumulator_t<T>>) leave_out<accumulator_t<T>>(g, id - first);
    return g;
}

/// The largest of the elements from `first` to before `last`, the chosen one left out; NaN may be overlooked.
template <class T>
REFT_SIMD_LOOP accumulator_t<T> largest_of_others(const row_at<const T>& x, std::int64_t first, std::int64_t last,
                                                  std::int64_t id) {
    using Real = accumulator_t<T>;
    vec<Real> largest = all(-std::numeric_limits<Real>::infinity());
    for (; first < last; first += group_size<Real>) {
        const group<Real> g = load_others(x, first, id);
        for (int i = 0; i < group_vectors; ++i) largest = larger(g.v[i], largest);
    }
    return largest_of(largest);
}

/// The largest of the first group that has an element other than −∞; 0 without one.
template <class T>
REFT_SIMD_INLINE accumulator_t<T> first_center(const row_at<const T>& x, std::int64_t id) {
    using Real = accumulator_t<T>;
    for (std::int64_t first = 0; first < x.size; first += group_size<Real>) {
        const Real largest = largest_of_others(x, first, first + 1, id);
        if (largest > -std::numeric_limits<Real>::infinity()) return largest;
    }
    return 0;
}

template <class Real>
struct block_sums {
    vec<Real> sum, weighted;
};

/// Writes the powers to `kept` if it is not null.
template <class T>
REFT_SIMD_INLINE block_sums<accumulator_t<T>> sums_of_block(const row_at<const T>& x, std::int64_t first,
                                                            std::int64_t last, std::int64_t id,
                                                            const exponents<accumulator_t<T>>& e, bool with_entropy,
                                                            accumulator_t<T>* kept) {
    using Real = accumulator_t<T>;
    group<Real> sum, weighted;
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) sum.v[i] = weighted.v[i] = vec<Real>{};
    for (; first < last; first += group_size<Real>) {
        group<Real> y = exponents_of(load_others(x, first, id), e), powers;
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
            const power_of_two<Real> p = exp2(y.v[i]);
            powers.v[i] = p.value;
            y.v[i] = p.exponent;
            sum.v[i] += p.value;
        }
        if (with_entropy)
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i) weighted.v[i] = fma(powers.v[i], y.v[i], weighted.v[i]);
        if (kept)
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i) store(kept + first + i * lanes<Real>, powers.v[i]);
    }
    return {(sum.v[0] + sum.v[1]) + (sum.v[2] + sum.v[3]),
            (weighted.v[0] + weighted.v[1]) + (weighted.v[2] + weighted.v[3])};
}

/// One pass: powers are relative to a logit that was the largest when it was found. Only where another is so much larger
/// that its block's sum passes a limit, it takes that place, and the block is done again. What was kept before is
/// relative to the old one then: the result says that it is of no use.
template <class T>
REFT_SIMD_LOOP row_sums sums_of_row(const row_at<const T>& row, std::int64_t id, accumulator_t<T> scale,
                                    bool with_entropy, accumulator_t<T>* kept) {
    using Real = accumulator_t<T>;
    const row_at<const T> x{row.data, row.stride, row.size};
    const vec<Real> limit = all(Real(1024));
    Real center = first_center(x, id);
    exponents<Real> e = exponents_around(scale, center);
    doubles sum{}, weighted{};
    bool all_kept = kept != nullptr;
    for (std::int64_t first = 0, last = 0; first < x.size; first = last) {
        const std::int64_t end = first + block_groups * group_size<Real>;
        last = end < x.size ? end : x.size;
        for (;;) {
            const auto block = sums_of_block(x, first, last, id, e, with_entropy, kept);
            if (all_at_most(block.sum, limit)) {
                add_widened(sum, block.sum);
                add_widened(weighted, block.weighted);
                break;
            }
            const Real raised = largest_of_others(x, first, last, id);
            if (!(raised > center && raised < std::numeric_limits<Real>::infinity())) {
                constexpr double nan = std::numeric_limits<double>::quiet_NaN();
                return {nan, nan, nan, nan, false};
            }
            const double change = offset_around(scale, center) - offset_around(scale, raised);
            const double factor = std::exp2(change);
            weighted = (weighted + change * sum) * factor;
            sum *= factor;
            center = raised;
            e = exponents_around(scale, center);
            all_kept = all_kept && first == 0;
        }
    }
    return {sum_of(sum), sum_of(weighted), offset_around(scale, center), static_cast<double>(center), all_kept};
}

// --- backward ---------------------------------------------------------------------------------------------------

/// Writes 2^y·(constant + linear·y) of every element of a row to d, which may be the row. The powers are those in
/// `kept` if it is not null.
template <class T, class D>
REFT_SIMD_LOOP void factors_of_row(const row_at<const T>& row, const row_factors<accumulator_t<T>>& factors,
                                   const row_at<D>& d_row, const accumulator_t<T>* kept, bool past_caches) {
    using Real = accumulator_t<T>;
    // Copies, so that writing the gradient cannot change them.
    const row_at<const T> x{row.data, row.stride, row.size};
    const row_at<D> d{d_row.data, d_row.stride, d_row.size};
    const exponents<Real> e = exponents_around(factors.scale, factors.center);
    const vec<Real> constant = all(factors.constant), linear = all(factors.linear);
    // Memory brings the next row, if it lies behind this one, while this one is computed: a fifth faster where a row and
    // the next fit into the cache together, slower for longer rows.
    const bool short_row = x.size * static_cast<std::int64_t>(sizeof(T)) <= 32768;
    const char* const ahead =
        x.stride == 1 && short_row && !kept ? reinterpret_cast<const char*>(x.data + x.size) : nullptr;
    std::int64_t count = past_caches ? to_next_line(d.data) : group_size<Real>;
    count = count < group_size<Real> ? count : group_size<Real>;
    for (std::int64_t first = 0; first < x.size; first += count, count = group_size<Real>) {
        group<Real> y = exponents_of(load_group(x, first), e);
        if (ahead)
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i)
                __builtin_prefetch(ahead + (first + i * lanes<Real>)*static_cast<std::int64_t>(sizeof(T)), 0, 2);
        if (kept)
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i) y.v[i] =
                load(kept + first + i * lanes<Real>) * fma(linear, finite_exponent(y.v[i]), constant);
        else
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
                const power_of_two<Real> p = exp2(y.v[i]);
                y.v[i] = p.value * fma(linear, p.exponent, constant);
            }
        store_group(y, d, first, count, past_caches);
    }
    if (past_caches) streamed();
}

// --- two rows ---------------------------------------------------------------------------------------------------

/// Σ 2^y·(y − z) with the exponents y of a row and z of its reference; terms with 2^y = 0 are 0, but +∞ where
/// the reference alone is −∞: not only there would it depend on the instruction set which powers are 0.
template <class T>
REFT_SIMD_LOOP double divergence_of_rows(const row_at<const T>& x, const row_at<const T>& reference,
                                         accumulator_t<T> scale, accumulator_t<T> center,
                                         accumulator_t<T> reference_center) {
    using Real = accumulator_t<T>;
    const exponents<Real> e = exponents_around(scale, center), f = exponents_around(scale, reference_center);
    doubles sum{};
    for (std::int64_t first = 0; first < x.size; first += group_size<Real>) {
        const group<Real> y = exponents_of(load_group(x, first), e), z = exponents_of(load_group(reference, first), f);
        vec<Real> of_group{};
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
            const power_of_two<Real> p = exp2(y.v[i]);
            const vec<Real> difference = p.exponent - z.v[i];
            const vec<Real> infinity = all(std::numeric_limits<Real>::infinity());
            const vec<Real> of_nothing = ((z.v[i] == -infinity) & (y.v[i] > -infinity)) ? infinity : vec<Real>{};
            of_group += p.value == vec<Real>{} ? of_nothing : p.value * difference;
        }
        add_widened(sum, of_group);
    }
    return sum_of(sum);
}

/// Adds 2^y·(constant + linear·(y − z)) to every element of d, y and z as above; nothing where 2^y = 0.
template <class T, class D>
REFT_SIMD_LOOP void add_divergence_factors(const row_at<const T>& x, const row_at<const T>& reference,
                                           accumulator_t<T> scale, accumulator_t<T> center,
                                           accumulator_t<T> reference_center, accumulator_t<T> constant,
                                           accumulator_t<T> linear, const row_at<D>& d) {
    using Real = accumulator_t<T>;
    const exponents<Real> e = exponents_around(scale, center), f = exponents_around(scale, reference_center);
    const row_at<const D> before{d.data, d.stride, d.size};
    for (std::int64_t first = 0; first < x.size; first += group_size<Real>) {
        const group<Real> y = exponents_of(load_group(x, first), e), z = exponents_of(load_group(reference, first), f);
        group<Real> sum = load_group_as<Real>(before, first);
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
            const power_of_two<Real> p = exp2(y.v[i]);
            const vec<Real> difference = p.exponent - z.v[i];
            const vec<Real> added = p.value * fma(all(linear), difference, all(constant));
            sum.v[i] += p.value == vec<Real>{} ? vec<Real>{} : added;
        }
        store_group(sum, d, first, group_size<Real>, false);
    }
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
