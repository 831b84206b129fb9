// The loops over a row of logits; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

// Four vectors at a time keep enough additions under way; 16 times that many terms are summed before they become
// doubles.
constexpr int group_vectors = 4;
constexpr std::int64_t block_groups = 16;

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

/// Whether a whole group of neighbours begins there.
template <class T>
REFT_SIMD_INLINE bool is_whole(const row_at<const T>& x, std::int64_t first) {
    return x.stride == 1 && first + group_size<accumulator_t<T>> <= x.size;
}

template <class T>
REFT_SIMD_INLINE group<accumulator_t<T>> group_at(const T* from) {
    group<accumulator_t<T>> g;
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) g.v[i] = load(from + i * lanes<accumulator_t<T>>);
    return g;
}

template <class T>
REFT_SIMD_INLINE group<accumulator_t<T>> load_group(const row_at<const T>& x, std::int64_t first) {
    if (is_whole(x, first)) return group_at(x.data + first);
    T copy[static_cast<std::size_t>(group_size<accumulator_t<T>>)];
    copy_group(x, first, copy);
    return group_at(copy);
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

/// Stores a group, or as much of it as the row still has; a whole group of neighbours as vectors.
template <class Real, class D>
REFT_SIMD_INLINE void store_group(const group<Real>& g, const row_at<D>& d, std::int64_t first) {
    const std::int64_t left = d.size - first, count = left < group_size<Real> ? left : group_size<Real>;
    if constexpr (std::same_as<Real, accumulator_t<D>>) {
        if (d.stride == 1 && count == group_size<Real>) {
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i) store(d.data + first + i * lanes<Real>, g.v[i]);
            return;
        }
    }
    scatter_group(g, d, first, count);
}

// --- forward ----------------------------------------------------------------------------------------------------

/// A row without the chosen token.
template <class T>
struct others_of_row {
    row_at<const T> x;
    std::int64_t id;  ///< −1: without one
};

/// A group with −∞ in the place of the chosen token. Memory is asked for it when its turn comes: a copy made at the
/// beginning of the row would save a mispredicted branch, and wait for memory as long as a hundred of them.
template <class T>
REFT_SIMD_INLINE group<accumulator_t<T>> load_group(const others_of_row<T>& others, std::int64_t first) {
    using Real = accumulator_t<T>;
    group<Real> g = load_group(others.x, first);
    const std::int64_t at = others.id - first;
    if (at < 0 || at >= group_size<Real>) return g;
    int_vec<Real> index;
    for (std::int64_t i = 0; i < lanes<Real>; ++i) index[i] = static_cast<typename vector_of<Real>::integer>(i);
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
        const auto here = static_cast<typename vector_of<Real>::integer>(at - i * lanes<Real>);
        g.v[i] = index == here ? all(-std::numeric_limits<Real>::infinity()) : g.v[i];
    }
    return g;
}

/// The largest of the elements from `first` to before `last`; NaN may be overlooked.
template <class T>
REFT_SIMD_INLINE accumulator_t<T> largest_of(const others_of_row<T>& x, std::int64_t first, std::int64_t last) {
    using Real = accumulator_t<T>;
    vec<Real> largest = all(-std::numeric_limits<Real>::infinity());
    for (; first < last; first += group_size<Real>) {
        const group<Real> g = load_group(x, first);
        largest = larger(larger(g.v[0], g.v[1]), larger(larger(g.v[2], g.v[3]), largest));
    }
    return largest_of(largest);
}

/// The largest of the first group that has an element other than −∞; 0 without one.
template <class T>
REFT_SIMD_INLINE accumulator_t<T> first_center(const others_of_row<T>& x) {
    using Real = accumulator_t<T>;
    for (std::int64_t first = 0; first < x.x.size; first += group_size<Real>) {
        const Real largest = largest_of(x, first, first + 1);
        if (largest > -std::numeric_limits<Real>::infinity()) return largest;
    }
    return 0;
}

template <class Real>
struct block_sums {
    vec<Real> sum, weighted;
};

/// Writes the powers to `kept` if it keeps them.
template <bool with_entropy, bool keeps, class T>
REFT_SIMD_INLINE block_sums<accumulator_t<T>> sums_of_block(const others_of_row<T>& x, std::int64_t first,
                                                            std::int64_t last, const exponents<accumulator_t<T>>& e,
                                                            [[maybe_unused]] accumulator_t<T>* kept) {
    using Real = accumulator_t<T>;
    group<Real> sum, weighted;
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) sum.v[i] = weighted.v[i] = vec<Real>{};
    for (; first < last; first += group_size<Real>) {
        const group<Real> y = exponents_of(load_group(x, first), e);
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
            const power_of_two<Real> p = exp2(y.v[i]);
            sum.v[i] += p.value;
            if constexpr (with_entropy) weighted.v[i] = fma(p.value, p.exponent, weighted.v[i]);
            if constexpr (keeps) store(kept + first + i * lanes<Real>, p.value);
        }
    }
    return {(sum.v[0] + sum.v[1]) + (sum.v[2] + sum.v[3]),
            (weighted.v[0] + weighted.v[1]) + (weighted.v[2] + weighted.v[3])};
}

/// One pass: powers are relative to a logit that was the largest when it was found. Only where another is so much larger
/// that its block's sum passes a limit, it takes that place, and the block is done again. What was kept before is
/// relative to the old one then, and of no use. Returns whether all powers were kept.
template <bool with_entropy, bool keeps, class T>
REFT_SIMD_INLINE bool sums_of_row(const others_of_row<T>& x, accumulator_t<T> center, accumulator_t<T> scale,
                                  accumulator_t<T>* kept, sums_of_rows& sums, std::size_t row) {
    using Real = accumulator_t<T>;
    const std::int64_t size = x.x.size;
    exponents<Real> e = exponents_around(scale, center);
    doubles sum{}, weighted{};
    bool all_kept = keeps;
    for (std::int64_t first = 0, last = 0; first < size; first = last) {
        const std::int64_t end = first + block_groups * group_size<Real>;
        last = end < size ? end : size;
        for (;;) {
            const auto block = sums_of_block<with_entropy, keeps>(x, first, last, e, kept);
            if (all_at_most(block.sum, all(Real(1024)))) {
                add_widened(sum, block.sum);
                if constexpr (with_entropy) add_widened(weighted, block.weighted);
                break;
            }
            const Real raised = largest_of(x, first, last);
            if (!(raised > center && raised < std::numeric_limits<Real>::infinity())) {
                sums.sum[row] = std::numeric_limits<double>::quiet_NaN();
                return false;
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
    sums.sum[row] = sum_of(sum);
    sums.weighted[row] = with_entropy ? sum_of(weighted) : 0.0;
    sums.offset[row] = offset_around(scale, center);
    sums.center[row] = static_cast<double>(center);
    return all_kept;
}

// --- the chosen token -------------------------------------------------------------------------------------------

/// Everything is relative to the larger of the offset and the chosen token; to this one too where it is the only one.
/// The chosen token is added last, in double, so that 1 − p keeps its digits where p is nearly 1.
REFT_SIMD_INLINE void softmaxes_of_sums(const sums_of_rows& sums, bool with_entropy, softmaxes& p) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const doubles zero{}, one = all(1.0), ln2 = all(0.693147180559945309417);
    for (std::size_t row = 0; row < softmaxes_at_once; row += static_cast<std::size_t>(lanes<double>)) {
        const doubles sum = load(sums.sum + row), chosen = load(sums.chosen + row) - load(sums.offset + row);
        const auto leads = (chosen > zero) | ((sum == zero) & (chosen > all(-infinity)));
        const doubles shift = leads ? chosen : zero;
        const doubles power = exp2(leads ? -chosen : chosen).value;
        const doubles unit = leads ? (sum > zero ? power : zero) : one, own = leads ? one : power;
        const doubles others = sum * unit, total = own + others;
        const doubles weighted = load(sums.weighted + row);
        const doubles around_own = unit > zero ? unit * (weighted - shift * sum) : zero;
        const doubles around_offset = weighted + (own > zero ? own * chosen : zero);
        const doubles log_total = log_of_sum(own, others), per_total = one / total;
        const doubles log_prob = ln2 * (chosen - shift) - log_total;
        // Nothing that counts, or something that is not finite: NaN in all of them.
        const auto defined = (total > zero) & (chosen < all(infinity)) & (total < all(infinity));
        const doubles nan = all(std::numeric_limits<double>::quiet_NaN());
        store(p.center + row, defined ? load(sums.center + row) : nan);
        store(p.factor + row, defined ? unit * per_total : nan);
        store(p.log_factor + row, defined ? -ln2 * shift - log_total : nan);
        const doubles entropy = log_total - ln2 * ((leads ? around_own : around_offset) * per_total);
        store(p.entropy + row, with_entropy ? defined ? entropy : nan : zero);
        store(p.log_prob + row, defined ? log_prob : nan);
        store(p.own + row, defined ? own * per_total : nan);
        store(p.others + row, defined ? others * per_total : nan);
    }
}

/// The softmaxes of `count` rows, at most softmaxes_at_once: what has to wait for the end of a row is done for all together.
template <class T>
REFT_SIMD_LOOP void softmaxes_of_rows(const row_and_choice<T>* rows, std::size_t count, accumulator_t<T> scale,
                                      bool with_entropy, softmaxes& p) {
    using Real = accumulator_t<T>;
    Real centers[softmaxes_at_once];
    sums_of_rows sums;
    for (std::size_t i = 0; i < count; ++i) centers[i] = first_center(others_of_row<T>{rows[i].x, rows[i].id});
    for (std::size_t i = 0; i < count; ++i) {
        const row_and_choice<T>& row = rows[i];
        const others_of_row<T> others{row.x, row.id};
        Real* const kept = row.kept;
        if (with_entropy)
            p.kept[i] = kept ? sums_of_row<true, true>(others, centers[i], scale, kept, sums, i)
                             : sums_of_row<true, false>(others, centers[i], scale, kept, sums, i);
        else
            p.kept[i] = kept ? sums_of_row<false, true>(others, centers[i], scale, kept, sums, i)
                             : sums_of_row<false, false>(others, centers[i], scale, kept, sums, i);
        sums.chosen[i] = -std::numeric_limits<double>::infinity();
        if (row.id < 0) continue;
        const auto chosen = static_cast<Real>(row.x.data[row.id * row.x.stride]);
        sums.chosen[i] = static_cast<double>(scale) * static_cast<double>(chosen);
    }
    softmaxes_of_sums(sums, with_entropy, p);
}

// --- backward ---------------------------------------------------------------------------------------------------

/// Where the powers of a gradient come from.
enum class powers { anew, kept, kept_and_alone };  // alone: linear is 0, and y is not needed

/// The factors 2^y·(constant + linear·y) of a row, with its powers 2^y where they were kept.
template <class Real>
struct factors_of_exponents {
    exponents<Real> e;
    vec<Real> constant, linear;
    const Real* kept;
};
template <powers from, class Real>
REFT_SIMD_INLINE group<Real> factors_of_group(const group<Real>& x, std::int64_t first,
                                              const factors_of_exponents<Real>& f) {
    group<Real> y = exponents_of(x, f.e);
    REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
        if constexpr (from == powers::kept_and_alone) {
            y.v[i] = load(f.kept + first + i * lanes<Real>) * f.constant;
        } else if constexpr (from == powers::kept) {
            const vec<Real> power = load(f.kept + first + i * lanes<Real>);
            y.v[i] = power * fma(f.linear, finite_exponent(y.v[i]), f.constant);
        } else {
            const power_of_two<Real> p = exp2(y.v[i]);
            y.v[i] = p.value * fma(f.linear, p.exponent, f.constant);
        }
    }
    return y;
}

/// `count` elements from `first` on, wherever they are and whatever they become.
template <powers from, class T, class D>
REFT_SIMD_LOOP void factors_at_edge(const row_at<const T>& x, const factors_of_exponents<accumulator_t<T>>& f,
                                    const row_at<D>& d, std::int64_t first, std::int64_t count) {
    scatter_group(factors_of_group<from>(load_group(x, first), first, f), d, first, count);
}

/// Whole groups of neighbours from `first` on; returns where they end. `ahead`: what to fetch meanwhile, or null.
template <powers from, bool past_caches, class T, class D>
REFT_SIMD_INLINE std::int64_t factors_of_groups(const row_at<const T>& x,
                                                const factors_of_exponents<accumulator_t<T>>& f, const row_at<D>& d,
                                                std::int64_t first, const char* ahead) {
    using Real = accumulator_t<T>;
    const factors_of_exponents<Real> factors = f;  // a copy, so that writing the gradient cannot change it
    const T* const here = x.data;
    D* const to = d.data;
    for (const std::int64_t last = x.size - group_size<Real>; first <= last; first += group_size<Real>) {
        const group<Real> y = factors_of_group<from>(group_at(here + first), first, factors);
        if (ahead)
            REFT_UNROLL for (int i = 0; i < group_vectors; ++i)
                __builtin_prefetch(ahead + (first + i * lanes<Real>)*static_cast<std::int64_t>(sizeof(T)), 0, 2);
        REFT_UNROLL for (int i = 0; i < group_vectors; ++i) {
            if constexpr (past_caches)
                stream(to + first + i * lanes<Real>, y.v[i]);
            else
                store(to + first + i * lanes<Real>, y.v[i]);
        }
    }
    return first;
}

template <powers from, class T, class D>
REFT_SIMD_LOOP void factors_of_row(const row_at<const T>& row, const factors_of_exponents<accumulator_t<T>>& f,
                                   const row_at<D>& d_row, bool past_caches) {
    using Real = accumulator_t<T>;
    const row_at<const T> x{row.data, row.stride, row.size};
    const row_at<D> d{d_row.data, d_row.stride, d_row.size};
    // Memory brings the next row, if it lies behind this one, while this one is computed: a fifth faster where a row and
    // the next fit into the cache together, slower for longer rows.
    const bool fetches =
        from == powers::anew && x.stride == 1 && x.size * static_cast<std::int64_t>(sizeof(T)) <= 32768;
    const char* const ahead = fetches ? reinterpret_cast<const char*>(x.data + x.size) : nullptr;
    std::int64_t first = 0;
    if constexpr (std::same_as<D, Real>) {
        if (past_caches && x.stride == 1 && d.stride == 1) {
            first = to_next_line(d.data);
            first = first < x.size ? first : x.size;
            if (first > 0) factors_at_edge<from>(x, f, d, 0, first);
            first = factors_of_groups<from, true>(x, f, d, first, ahead);
            streamed();
        }
    }
    if constexpr (std::same_as<accumulator_t<D>, Real>)
        if (x.stride == 1 && d.stride == 1) first = factors_of_groups<from, false>(x, f, d, first, ahead);
    for (; first < x.size; first += group_size<Real>) {
        const std::int64_t left = x.size - first;
        factors_at_edge<from>(x, f, d, first, left < group_size<Real> ? left : group_size<Real>);
    }
}

/// Writes 2^y·(constant + linear·y) of every element of a row to d, which may be the row. The powers are those in
/// `kept` if it is not null.
template <class T, class D>
REFT_SIMD_LOOP void factors_of_row(const row_at<const T>& x, const row_factors<accumulator_t<T>>& factors,
                                   const row_at<D>& d, const accumulator_t<T>* kept, bool past_caches) {
    const factors_of_exponents<accumulator_t<T>> f{exponents_around(factors.scale, factors.center),
                                                   all(factors.constant), all(factors.linear), kept};
    if (!kept)
        factors_of_row<powers::anew>(x, f, d, past_caches);
    else if (factors.linear == 0)
        factors_of_row<powers::kept_and_alone>(x, f, d, past_caches);
    else
        factors_of_row<powers::kept>(x, f, d, past_caches);
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
        store_group(sum, d, first);
    }
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
