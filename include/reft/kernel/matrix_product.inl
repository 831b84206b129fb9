// The products of kernel/matrix_product.hpp for one instruction set.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

// A tile's sums, its vectors of B and one of A fill the registers: 32, or 16.
#if REFT_SIMD_BYTES == 64
constexpr int tile_rows = 12;
#else
constexpr int tile_rows = 6;
#endif
constexpr int vectors_of_panel = 64 / REFT_SIMD_BYTES;
constexpr int fewest_vectors = vectors_of_panel > 1 ? 2 : 1;

/// Vectors of a tile of so many rows: enough sums under way to hide the latency of the additions.
constexpr int tile_vectors(int rows) {
    if (rows == 1) return 8;
    return rows <= 6 && rows <= tile_rows / 2 ? 4 : 2;
}

/// The first n lanes; the others are 0 and are not read.
#if REFT_SIMD_BYTES == 64
REFT_SIMD_INLINE unsigned first_lanes(std::int64_t n) { return n > 0 ? (1u << (n < 16 ? n : 16)) - 1u : 0u; }
REFT_SIMD_INLINE floats load_some(const float* p, std::int64_t n) {
    return __builtin_ia32_loadups512_mask(p, floats{}, static_cast<std::uint16_t>(first_lanes(n)));
}
REFT_SIMD_INLINE doubles load_some(const double* p, std::int64_t n) {
    return __builtin_ia32_loadupd512_mask(p, doubles{}, static_cast<std::uint8_t>(first_lanes(n)));
}
REFT_SIMD_INLINE void store_some(float* p, floats v, std::int64_t n) {
    __builtin_ia32_storeups512_mask(p, v, static_cast<std::uint16_t>(first_lanes(n)));
}
REFT_SIMD_INLINE void store_some(double* p, doubles v, std::int64_t n) {
    __builtin_ia32_storeupd512_mask(p, v, static_cast<std::uint8_t>(first_lanes(n)));
}
#elif REFT_SIMD_BYTES == 32
REFT_SIMD_INLINE ints first_floats(std::int64_t n) {
    return ints{0, 1, 2, 3, 4, 5, 6, 7} < static_cast<std::int32_t>(n < 8 ? n : 8);
}
REFT_SIMD_INLINE long_longs first_doubles(std::int64_t n) { return (long_longs)(longs{0, 1, 2, 3} < n); }
REFT_SIMD_INLINE floats load_some(const float* p, std::int64_t n) {
    return __builtin_ia32_maskloadps256(reinterpret_cast<const floats*>(p), first_floats(n));
}
REFT_SIMD_INLINE doubles load_some(const double* p, std::int64_t n) {
    return __builtin_ia32_maskloadpd256(reinterpret_cast<const doubles*>(p), first_doubles(n));
}
REFT_SIMD_INLINE void store_some(float* p, floats v, std::int64_t n) {
    __builtin_ia32_maskstoreps256(reinterpret_cast<floats*>(p), first_floats(n), v);
}
REFT_SIMD_INLINE void store_some(double* p, doubles v, std::int64_t n) {
    __builtin_ia32_maskstorepd256(reinterpret_cast<doubles*>(p), first_doubles(n), v);
}
#else
template <class T>
REFT_SIMD_INLINE vec<T> load_some(const T* p, std::int64_t n) {
    vec<T> v{};
    for (std::int64_t i = 0; i < lanes<T> && i < n; ++i) v[i] = p[i];
    return v;
}
REFT_SIMD_INLINE void store_some(float* p, floats v, std::int64_t n) {
    for (std::int64_t i = 0; i < lanes<float> && i < n; ++i) p[i] = v[i];
}
REFT_SIMD_INLINE void store_some(double* p, doubles v, std::int64_t n) {
    for (std::int64_t i = 0; i < lanes<double> && i < n; ++i) p[i] = v[i];
}
#endif

// NOLINTBEGIN(modernize-use-using)
typedef float four_floats __attribute__((vector_size(16)));
typedef double two_doubles __attribute__((vector_size(16)));
// NOLINTEND(modernize-use-using)

/// out[k·panel_width + r] = x[r·stride + k] for 16 bytes of r, and for k = 0 ... 16 / sizeof(T) − 1.
REFT_SIMD_INLINE void transpose_block(const float* x, std::int64_t stride, float* out) {
    four_floats a, b, c, d;
    __builtin_memcpy(&a, x, 16);
    __builtin_memcpy(&b, x + stride, 16);
    __builtin_memcpy(&c, x + 2 * stride, 16);
    __builtin_memcpy(&d, x + 3 * stride, 16);
    const four_floats ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                      cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const four_floats ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7),
                      cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const four_floats rows[4] = {
        __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
        __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
    for (int k = 0; k < 4; ++k) __builtin_memcpy(out + k * panel_width<float>, &rows[k], 16);
}
REFT_SIMD_INLINE void transpose_block(const double* x, std::int64_t stride, double* out) {
    two_doubles a, b;
    __builtin_memcpy(&a, x, 16);
    __builtin_memcpy(&b, x + stride, 16);
    const two_doubles first = __builtin_shufflevector(a, b, 0, 2), second = __builtin_shufflevector(a, b, 1, 3);
    __builtin_memcpy(out, &first, 16);
    __builtin_memcpy(out + panel_width<double>, &second, 16);
}

/// A whole panel of columns that lie along the depth, a few of them at a time: many streams at equal distances would
/// drive each other out of the cache.
template <class T>
REFT_SIMD_INLINE void pack_along_depth(const T* from, std::int64_t depth, std::int64_t column_stride, T* out) {
    constexpr std::int64_t block = static_cast<std::int64_t>(16 / sizeof(T)), line = panel_width<T>;
    for (std::int64_t c = 0; c < panel_width<T>; c += block) {
        const T* const columns = from + c * column_stride;
        std::int64_t k = 0;
        for (; k + block <= depth; k += block) {
            if (k % line == 0)
                for (std::int64_t i = 0; i < block; ++i) __builtin_prefetch(columns + (block + i) * column_stride + k);
            transpose_block(columns + k, column_stride, out + k * line + c);
        }
        for (; k < depth; ++k)
            for (std::int64_t i = 0; i < block; ++i) out[k * line + c + i] = columns[i * column_stride + k];
    }
}

template <class T>
REFT_SIMD_INLINE void pack_across_depth(const T* from, std::int64_t depth, std::int64_t depth_stride, T* out) {
    for (std::int64_t k = 0; k < depth; ++k)
        for (std::int64_t c = 0; c < panel_width<T>; c += lanes<T>)
            store(out + k * panel_width<T> + c, load(from + k * depth_stride + c));
}

template <class T>
REFT_SIMD_LOOP void pack(const T* b, std::int64_t depth, std::int64_t columns, std::int64_t depth_stride,
                         std::int64_t column_stride, T* out, std::int64_t panel_stride) {
    constexpr std::int64_t width = panel_width<T>;
    for (std::int64_t first = 0; first < columns; first += width, out += panel_stride) {
        const std::int64_t n = columns - first < width ? columns - first : width;
        const T* const from = b + first * column_stride;
        if (n == width && column_stride == 1) {
            pack_across_depth(from, depth, depth_stride, out);
        } else if (n == width && depth_stride == 1) {
            pack_along_depth(from, depth, column_stride, out);
        } else {
            for (std::int64_t k = 0; k < depth; ++k)
                for (std::int64_t c = 0; c < width; ++c)
                    out[k * width + c] = c < n ? from[k * depth_stride + c * column_stride] : T(0);
        }
    }
}

/// Rows x Vectors of a product. Element (r, k) of A lies at a[r·stride + k], or at a[k·stride + r] if Transposed; b
/// points at the first of the vectors.
template <class T, int Rows, int Vectors, bool Transposed, from Start>
REFT_SIMD_INLINE void product_tile(std::int64_t depth, const T* a, std::int64_t stride, panels<T> b, T* c,
                                   std::int64_t ld) {
    vec<T> sum[std::size_t{Rows}][std::size_t{Vectors}];  // the loops over rows and vectors unroll: in registers
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) sum[r][v] = Start == from::zero ? vec<T>{} : load(c + r * ld + v * lanes<T>);
    for (std::int64_t k = 0; k < depth; ++k, b.data += panel_width<T>) {
        vec<T> b_k[std::size_t{Vectors}];
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v)
            b_k[v] = load(b.data + (v / vectors_of_panel) * b.stride + (v % vectors_of_panel) * lanes<T>);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            const vec<T> a_rk = all(Transposed ? a[k * stride + r] : a[r * stride + k]);
#pragma GCC unroll 16
            for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(a_rk, b_k[v], sum[r][v]);
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) store(c + r * ld + v * lanes<T>, sum[r][v]);
}

template <class T>
REFT_SIMD_LOOP void copy_block(std::int64_t rows, std::int64_t columns, const T* x, std::int64_t stride, T* to,
                               std::int64_t to_stride) {
    for (std::int64_t v = 0; v < columns; v += lanes<T>)
        for (std::int64_t r = 0; r < rows; ++r)
            store_some(to + r * to_stride + v, load_some(x + r * stride + v, columns - v), columns - v);
}

/// As many whole tiles of `Rows` rows as there are, from vector `v` of the columns on. A panel stays in the cache while
/// the tiles pass over it.
template <class T, int Rows, int Vectors, bool Transposed, from Start>
REFT_SIMD_INLINE void tiles(std::int64_t v, std::int64_t rows, std::int64_t columns, std::int64_t depth,
                            matrix_at<const T> a, panels<T> b, matrix_at<T> c) {
    constexpr std::int64_t width = Vectors * lanes<T>;
    const std::int64_t vectors = whole_units(columns, fewest_vectors * lanes<T>) * fewest_vectors;
    const std::int64_t a_row = Transposed ? 1 : a.stride;
    for (; v + Vectors <= vectors; v += Vectors) {
        const panels<T> from_v{b.data + v / vectors_of_panel * b.stride + v % vectors_of_panel * lanes<T>, b.stride};
        const std::int64_t left = columns - v * lanes<T>;
        for (std::int64_t r = 0; r + Rows <= rows; r += Rows) {
            alignas(64) T part[std::size_t{Rows * width}];
            T *const to = c.data + r * c.stride + v * lanes<T>, *const tile = left < width ? part : to;
            if (left < width && Start == from::target) copy_block<T>(Rows, left, to, c.stride, part, width);
            product_tile<T, Rows, Vectors, Transposed, Start>(depth, a.data + r * a_row, a.stride, from_v, tile,
                                                              left < width ? width : c.stride);
            if (left < width) copy_block<T>(Rows, left, part, width, to, c.stride);
        }
    }
    if constexpr (Vectors > fewest_vectors)
        tiles<T, Rows, Vectors / 2, Transposed, Start>(v, rows, columns, depth, a, b, c);
}
template <class T, int Rows, bool Transposed, from Start>
REFT_SIMD_LOOP void all_tiles(std::int64_t rows, std::int64_t columns, std::int64_t depth, matrix_at<const T> a,
                              panels<T> b, matrix_at<T> c) {
    tiles<T, Rows, tile_vectors(Rows), Transposed, Start>(0, rows, columns, depth, a, b, c);
}

/// The whole tiles of `Rows` rows, and what is left of the product behind them.
template <class T, int Rows, bool Transposed, from Start>
REFT_SIMD_INLINE void take_tiles(std::int64_t& rows, std::int64_t columns, std::int64_t depth, matrix_at<const T>& a,
                                 panels<T> b, matrix_at<T>& c) {
    if (rows < Rows) return;
    all_tiles<T, Rows, Transposed, Start>(rows, columns, depth, a, b, c);
    const std::int64_t done = rows / Rows * Rows;
    rows -= done;
    a.data += done * (Transposed ? 1 : a.stride);
    c.data += done * c.stride;
}

template <class T, bool Transposed, from Start>
REFT_SIMD_LOOP void product_rows(std::int64_t rows, std::int64_t columns, std::int64_t depth, matrix_at<const T> a,
                                 panels<T> b, matrix_at<T> c) {
    // First, and without a table of jumps: for a head's share of one position nothing else counts.
    if (rows == 1) return all_tiles<T, 1, Transposed, Start>(rows, columns, depth, a, b, c);
    take_tiles<T, tile_rows, Transposed, Start>(rows, columns, depth, a, b, c);
    if constexpr (tile_rows > 6) take_tiles<T, 6, Transposed, Start>(rows, columns, depth, a, b, c);
    if (rows >= 4) {
        if (rows == 4) return all_tiles<T, 4, Transposed, Start>(rows, columns, depth, a, b, c);
        return all_tiles<T, 5, Transposed, Start>(rows, columns, depth, a, b, c);
    }
    if (rows == 3) return all_tiles<T, 3, Transposed, Start>(rows, columns, depth, a, b, c);
    if (rows == 2) return all_tiles<T, 2, Transposed, Start>(rows, columns, depth, a, b, c);
    if (rows == 1) return all_tiles<T, 1, Transposed, Start>(rows, columns, depth, a, b, c);
}

/// 16-bit numbers as floats.
template <class Narrow>
REFT_SIMD_LOOP void widen(const Narrow* x, std::int64_t n, float* wide) {
    std::int64_t i = 0;
    for (; i + lanes<float> <= n; i += lanes<float>) store(wide + i, load(x + i));
    for (; i < n; ++i) wide[i] = x[i];
}

template <class T>
REFT_SIMD_LOOP void add_outer_products(std::int64_t rows, std::int64_t columns, std::int64_t tokens,
                                       matrix_at<const T> a, matrix_at<const T> b, matrix_at<T> c) {
    constexpr std::int64_t width = panel_width<T>, chunk = 128;  // A's share of a chunk stays in the first cache
    alignas(64) T panel[std::size_t{chunk * width}];
    for (std::int64_t t = 0; t < tokens; t += chunk) {
        const std::int64_t n = tokens - t < chunk ? tokens - t : chunk;
        for (std::int64_t j = 0; j < columns; j += width) {
            const std::int64_t here = columns - j < width ? columns - j : width;
            pack(b.data + t * b.stride + j, n, here, b.stride, std::int64_t{1}, panel, n * width);
            product_rows<T, true, from::target>(rows, here, n, {a.data + t * a.stride, a.stride}, {panel, n * width},
                                                {c.data + j, c.stride});
        }
    }
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
