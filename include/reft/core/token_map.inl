// Loops over the tokens of a row, for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

/// The lanes whose bit is set; 0 in the others, whatever they held.
REFT_SIMD_INLINE floats kept(floats v, std::uint64_t bits) {
#if REFT_SIMD_BYTES == 64
    const auto mask = static_cast<std::uint16_t>(bits);
#if defined(__clang__)
    return __builtin_ia32_selectps_512(mask, v, floats{});
#else
    return __builtin_ia32_movaps512_mask(v, floats{}, mask);
#endif
#else
#if REFT_SIMD_BYTES == 32
    const ints lane = {1, 2, 4, 8, 16, 32, 64, 128};
#else
    const ints lane = {1, 2, 4, 8};
#endif
    const ints set = (static_cast<std::int32_t>(bits & 0xff) - ints{}) & lane;
    return (floats)((ints)v & (set != 0));
#endif
}
REFT_SIMD_INLINE doubles kept(doubles v, std::uint64_t bits) {
#if REFT_SIMD_BYTES == 64
    const auto mask = static_cast<std::uint8_t>(bits);
#if defined(__clang__)
    return __builtin_ia32_selectpd_512(mask, v, doubles{});
#else
    return __builtin_ia32_movapd512_mask(v, doubles{}, mask);
#endif
#else
#if REFT_SIMD_BYTES == 32
    const longs lane = {1, 2, 4, 8};
#else
    const longs lane = {1, 2};
#endif
    const longs set = (static_cast<std::int64_t>(bits & 0xff) - longs{}) & lane;
    return (doubles)((longs)v & (set != 0));
#endif
}

/// The lanes whose bit is set, side by side.
#if REFT_SIMD_BYTES == 64
REFT_SIMD_INLINE floats side_by_side(floats v, std::uint64_t bits) {
    return __builtin_ia32_compresssf512_mask(v, floats{}, static_cast<std::uint16_t>(bits));
}
REFT_SIMD_INLINE doubles side_by_side(doubles v, std::uint64_t bits) {
    return __builtin_ia32_compressdf512_mask(v, doubles{}, static_cast<std::uint8_t>(bits));
}
/// And back; 0 in the lanes whose bit is not set.
REFT_SIMD_INLINE floats spread(floats v, std::uint64_t bits) {
    return __builtin_ia32_expandsf512_mask(v, floats{}, static_cast<std::uint16_t>(bits));
}
REFT_SIMD_INLINE doubles spread(doubles v, std::uint64_t bits) {
    return __builtin_ia32_expanddf512_mask(v, doubles{}, static_cast<std::uint8_t>(bits));
}
template <class T>
constexpr bool vectors_compress = std::is_same_v<T, accumulator_t<T>>;
#else
template <class T>
constexpr bool vectors_compress = false;
#endif

/// How many bits are set of those that belong to a vector.
template <class T>
REFT_SIMD_INLINE std::int64_t set_in_vector(std::uint64_t bits) {
    constexpr std::uint64_t of_vector = (std::uint64_t{1} << lanes<T>)-1;
    return std::popcount(bits & of_vector);
}

/// Copies those of w <= 64 numbers whose bit is set to `to`, side by side; returns where the next one goes. There must
/// be room for 64.
template <class T>
REFT_SIMD_INLINE T* compress_word(const T* x, std::int64_t stride, std::uint64_t bits, std::int64_t w, T* to) {
    if (stride == 1 && bits == ~std::uint64_t{0}) {
        __builtin_memcpy(static_cast<void*>(to), x, 64 * sizeof(T));
        return to + 64;
    }
#if REFT_SIMD_BYTES == 64
    if constexpr (vectors_compress<T>) {
        if (stride == 1 && w == 64) {
            for (std::int64_t i = 0; i < 64; i += lanes<T>) {
                store(to, side_by_side(load(x + i), bits >> i));
                to += set_in_vector<T>(bits >> i);
            }
            return to;
        }
    }
#endif
    for (std::int64_t i = 0; i < w; ++i, x += stride, bits >>= 1) {  // writes every number, goes on behind those kept
        *to = *x;
        to += bits & 1;
    }
    return to;
}

/// The opposite: 0 where the bit is not set. `from` may be read as far as 64 numbers; returns what comes next of them.
template <class T>
REFT_SIMD_INLINE const T* expand_word(const T* from, std::uint64_t bits, std::int64_t w, T* x, std::int64_t stride) {
    if (stride == 1 && bits == ~std::uint64_t{0}) {
        __builtin_memcpy(static_cast<void*>(x), from, 64 * sizeof(T));
        return from + 64;
    }
#if REFT_SIMD_BYTES == 64
    if constexpr (vectors_compress<T>) {
        if (stride == 1 && w == 64) {
            for (std::int64_t i = 0; i < 64; i += lanes<T>) {
                store(x + i, spread(load(from), bits >> i));
                from += set_in_vector<T>(bits >> i);
            }
            return from;
        }
    }
#endif
    const T zero = T(0);
    for (std::int64_t i = 0; i < w; ++i, x += stride, bits >>= 1) {
        *x = *((bits & 1) != 0 ? from : &zero);
        from += bits & 1;
    }
    return from;
}

template <class T, class Vector>
REFT_SIMD_INLINE void put(T* p, const Vector& v, bool past_caches) {
    if constexpr (std::is_same_v<T, accumulator_t<T>>)
        if (past_caches) return stream(p, v);
    store(p, v);
}

/// n tokens that lie side by side and all count; a multiple of 64.
template <class T, class Operation, class... In>
REFT_SIMD_INLINE void map_all(const Operation& result_of, bool past_caches, std::int64_t n, T* out, const In*... in) {
    constexpr std::int64_t w = lanes<accumulator_t<T>>;
    for (std::int64_t i = 0; i < n; i += 4 * w) {
        const auto r0 = result_of(load(in + i)...), r1 = result_of(load(in + i + w)...),
                   r2 = result_of(load(in + i + 2 * w)...), r3 = result_of(load(in + i + 3 * w)...);
        put(out + i, r0, past_caches);
        put(out + i + w, r1, past_caches);
        put(out + i + 2 * w, r2, past_caches);
        put(out + i + 3 * w, r3, past_caches);
    }
}
/// 64 tokens that lie side by side, of which some count or none.
template <class T, class Operation, class... In>
REFT_SIMD_INLINE void map_some(const Operation& result_of, bool past_caches, std::uint64_t bits, T* out,
                               const In*... in) {
    constexpr std::int64_t w = lanes<accumulator_t<T>>;
    if (bits == 0)  // the inputs may have ended
        for (std::int64_t i = 0; i < 64; i += w) put(out + i, vec<accumulator_t<T>>{}, past_caches);
    else
        for (std::int64_t i = 0; i < 64; i += w) put(out + i, kept(result_of(load(in + i)...), bits >> i), past_caches);
}
template <class T, class Operation, class... In>
REFT_SIMD_INLINE void map_side_by_side(const Operation& result_of, bool past_caches, std::uint64_t bits, std::int64_t n,
                                       T* out, const In*... in) {
    if (bits == ~std::uint64_t{0})
        map_all(result_of, past_caches, n, out, in...);
    else
        map_some(result_of, past_caches, bits, out, in...);
}

/// out_t = result_of(in_t...) where token t counts, 0 elsewhere and beyond the end of the inputs. The operation takes
/// and gives vectors of `Real`. `out` may be one of the others.
template <class Real, class T, class Operation, class... In>
REFT_SIMD_INLINE void map_row(const Operation& result_of, const integer_run& mask, bool past_caches,
                              const strided_view<T, 1>& out, const strided_view<const In, 1>&... in) {
    const std::int64_t n = smallest_extent(in...), end = out.extent(0);
    const bool side_by_side = out.stride(0) == 1 && ((in.stride(0) == 1) && ...);
    past_caches = past_caches && side_by_side;
    for (std::int64_t t = 0, w = 0; t < end; t += w) {
        w = past_caches ? to_next_line(out.data() + t) : 0;
        w = w == 0 ? 64 : w;
        w = w < end - t ? w : end - t;
        const std::int64_t w_in = w < n - t ? w : n - t;
        const std::uint64_t bits = w_in > 0 ? bits_at(mask, t, w_in) : 0;
        if (bits == 0 && !past_caches) {
            fill_zero(out.data() + t * out.stride(0), out.stride(0), w);
            continue;
        }
        if constexpr (std::is_same_v<Real, accumulator_t<T>> && (std::is_same_v<Real, accumulator_t<In>> && ...)) {
            if (side_by_side && w == 64 && (w_in == 64 || bits == 0)) {
                if (!mask.data && w_in == 64) w = (n - t) / 64 * 64;  // all whole words at once
                map_side_by_side(result_of, past_caches, bits, w, out.data() + t, (in.data() + t)...);
                continue;
            }
        }
        Real results[64];
        map_some(result_of, false, bits, results, gathered<Real>(in, t, w_in).x...);
        scatter(results, out, t, w);
    }
    if (past_caches) streamed();
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
