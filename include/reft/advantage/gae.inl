// The recurrence of generalised advantage estimation for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

template <class Real, int By, std::size_t... Lane>
REFT_SIMD_INLINE vec<Real> moved_down_by(const vec<Real>& v, const vec<Real>& next, std::index_sequence<Lane...>) {
    return __builtin_shufflevector(v, next, (By + static_cast<int>(Lane))...);
}
/// Lane i of the result is lane i+By of v, and beyond its end that of `next`.
template <class Real, int By>
REFT_SIMD_INLINE vec<Real> moved_down(const vec<Real>& v, const vec<Real>& next) {
    return moved_down_by<Real, By>(v, next, std::make_index_sequence<static_cast<std::size_t>(lanes<Real>)>());
}

/// (γλ)^1, (γλ)^2, (γλ)^4, ... in all lanes, and (γλ)^(w−i) in lane i.
template <class Real>
struct gae_powers {
    vec<Real> gamma, steps[4], falling, whole;

    REFT_SIMD_INLINE explicit gae_powers(const gae_constants<Real>& c)
        : gamma(all(c.gamma)),
          steps{all(c.power[1]), all(c.power[2]), all(c.power[4]), all(c.power[8])},
          falling(load(c.falling_power + (gae_lanes - lanes<Real>))),
          whole(all(c.power[lanes<Real>])) {}
};

/// Lane i becomes Σ_k decay^k·v_{i+k}, over the lanes of v: each step doubles the number of terms.
template <class Real, int Step = 0>
REFT_SIMD_INLINE vec<Real> decayed_sums(const vec<Real>& v, const gae_powers<Real>& power) {
    constexpr int terms = 1 << Step;
    if constexpr (terms < lanes<Real>)
        return decayed_sums<Real, Step + 1>(fma(power.steps[Step], moved_down<Real, terms>(v, vec<Real>{}), v), power);
    else
        return v;
}

/// What later tokens hand to earlier ones, while it is in registers.
template <class Real>
struct gae_later {
    vec<Real> values;     ///< of the vector of tokens after this one
    vec<Real> advantage;  ///< of the token after this vector, in every lane
};

/// The advantages of a vector of tokens. From one vector to the next there is one multiplication and addition to wait
/// for.
template <class Real>
REFT_SIMD_INLINE vec<Real> gae_of_vector(const vec<Real>& rewards, const vec<Real>& values,
                                         const gae_powers<Real>& power, gae_later<Real>& later) {
    const vec<Real> td_errors = fma(power.gamma, moved_down<Real, 1>(values, later.values), rewards) - values;
    const vec<Real> sums = decayed_sums<Real>(td_errors, power);
    const vec<Real> advantages = fma(power.falling, later.advantage, sums);
    later.advantage = fma(power.whole, later.advantage, all(sums[0]));
    later.values = values;
    return advantages;
}

/// The advantages of n tokens that lie side by side and all count. Only the first tokens of a row may be fewer than a
/// multiple of a vector.
template <class T>
REFT_SIMD_LOOP void gae_of_tokens(const T* rewards, const T* values, T* advantages, std::int64_t n,
                                  const gae_constants<accumulator_t<T>>& c, gae_carry<accumulator_t<T>>& carry) {
    using Real = accumulator_t<T>;
    constexpr std::int64_t w = lanes<Real>;
    const gae_powers<Real> power(c);
    gae_later<Real> later = {all(carry.value), all(carry.advantage)};
    std::int64_t t = n - w;
    for (; t >= 0; t -= w) {
        store(advantages + t, gae_of_vector<Real>(load(rewards + t), load(values + t), power, later));
    }
    if (const std::int64_t rest = t + w; rest > 0) {
        T r[static_cast<std::size_t>(w)] = {}, v[static_cast<std::size_t>(w)] = {};
        for (std::int64_t i = 0; i < rest; ++i) {
            r[w - rest + i] = rewards[i];
            v[w - rest + i] = values[i];
        }
        store(r, gae_of_vector<Real>(load(r), load(v), power, later));
        for (std::int64_t i = 0; i < rest; ++i) advantages[i] = r[w - rest + i];
    }
    carry = {later.advantage[0], later.values[0]};
}

/// Where a block of counted tokens begins: `count` of them from there to where the search began.
struct gae_range {
    std::int64_t begin = 0;
    std::int64_t count = 0;
};

/// The last counted tokens before `end`, up to a block of them.
REFT_SIMD_INLINE gae_range last_block(const integer_run& mask, std::int64_t end) {
    if (!mask.data) return end < gae_block ? gae_range{0, end} : gae_range{end - gae_block, gae_block};
    gae_range r{end, 0};
    while (r.begin > 0 && r.count < gae_block) {
        const std::int64_t w = r.begin < 64 ? r.begin : 64;
        std::uint64_t bits = bits_at(mask, r.begin - w, w);
        const std::int64_t wanted = gae_block - r.count;
        std::int64_t found = std::popcount(bits);
        if (found <= wanted) {
            r.begin -= w;
        } else {
            for (; found > wanted; --found) bits &= bits - 1;  // without the earliest
            r.begin += std::countr_zero(bits) - w;
        }
        r.count += found;
    }
    return r;
}

/// Writes 0 to the tokens before `end` that do not count, up to the last that does; returns where that one ends.
template <class T>
REFT_SIMD_INLINE std::int64_t clear_masked_end(const integer_run& mask, const strided_view<T, 1>& row,
                                               std::int64_t end) {
    if (!mask.data) return end;
    std::int64_t counted = end;
    while (counted > 0) {
        const std::int64_t w = counted < 64 ? counted : 64;
        const std::uint64_t bits = bits_at(mask, counted - w, w) << (64 - w);
        if (bits != 0) {
            counted -= std::countl_zero(bits);
            break;
        }
        counted -= w;
    }
    fill_zero(row.data() + counted * row.stride(0), row.stride(0), end - counted);
    return counted;
}

/// Copies the counted numbers of a range side by side.
template <class T>
REFT_SIMD_INLINE void compress(const strided_view<const T, 1>& row, const integer_run& mask, std::int64_t begin,
                               std::int64_t end, T* numbers) {
    for (std::int64_t t = begin; t < end; t += 64) {
        const std::int64_t w = end - t < 64 ? end - t : 64;
        numbers = compress_word(row.data() + t * row.stride(0), row.stride(0), bits_at(mask, t, w), w, numbers);
    }
}
/// And back; 0 where a token does not count.
template <class T>
REFT_SIMD_INLINE void expand(const T* numbers, const strided_view<T, 1>& row, const integer_run& mask,
                             std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; t += 64) {
        const std::int64_t w = end - t < 64 ? end - t : 64;
        numbers = expand_word(numbers, bits_at(mask, t, w), w, row.data() + t * row.stride(0), row.stride(0));
    }
}

template <class Real>
struct sum_of_two {
    REFT_SIMD_INLINE vec<Real> operator()(const vec<Real>& a, const vec<Real>& b) const { return a + b; }
};

template <class T, class A, class V>
REFT_SIMD_LOOP void sum_of_rows(const integer_run& mask, bool past_caches, const strided_view<T, 1>& out,
                                const strided_view<const A, 1>& a, const strided_view<const V, 1>& v) {
    using Real = computed_in<T, A, V>;
    map_row<Real, T>(sum_of_two<Real>{}, mask, past_caches, out, a, v);
}

/// Blocks of counted tokens from the end of the row on, so that vectors hold the same tokens whatever is masked
/// between them. Blocks with masked tokens and strided ones are copied together first.
template <class T>
REFT_SIMD_LOOP void gae_of_row(const strided_view<const T, 1>& rewards, const strided_view<const T, 1>& values,
                               const integer_run& mask, const strided_view<T, 1>& advantages,
                               const gae_constants<accumulator_t<T>>& c, accumulator_t<T> value_after_end) {
    const bool side_by_side = rewards.stride(0) == 1 && values.stride(0) == 1 && advantages.stride(0) == 1;
    alignas(64) T r[static_cast<std::size_t>(gae_block + 64)];
    alignas(64) T v[static_cast<std::size_t>(gae_block + 64)];
    gae_carry<accumulator_t<T>> carry{0, value_after_end};
    for (std::int64_t end = rewards.extent(0); end > 0;) {
        end = clear_masked_end(mask, advantages, end);
        const gae_range block = last_block(mask, end);
        const std::int64_t begin = block.begin;
        if (side_by_side && block.count == end - begin) {
            gae_of_tokens<T>(rewards.data() + begin, values.data() + begin, advantages.data() + begin, block.count, c,
                             carry);
        } else {
            compress(rewards, mask, begin, end, r);
            compress(values, mask, begin, end, v);
            gae_of_tokens<T>(r, v, r, block.count, c, carry);
            expand(r, advantages, mask, begin, end);
        }
        end = begin;
    }
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
