// Matrix products whose every element is one chain of additions in the order of the summed index.
//
// An element of C is fma(a_k, b_k, ...) for k = 0, 1, 2, ... whatever tile it lies in. So a row's numbers do not
// depend on how many rows stand beside it: decoding one token, prefilling a prompt and training give the same bits,
// and a sum over tokens may be cut anywhere and continued. Eigen promises neither, and packs the weights at every
// call: on a Zen 4 core at 116 GFLOP/s peak, [16, 64]·[64, 192] ran at 52 there and 100 here, 64 rows at 83 and 103.
#pragma once

#include <reft/kernel/simd.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

constexpr int tile_rows = 6;  // 6 x 2 sums, 2 vectors of B and 1 of A fill 16 registers

/// Columns of a panel.
template <class T>
constexpr std::int64_t panel_width = 2 * lanes<T>;

/// B of a product, [depth, columns], cut into panels of panel_width columns: panel p holds at [k·width + c] the
/// element (k, p·width + c), 0 beyond the last column.
template <class T>
struct panels {
    const T* data = nullptr;
    std::int64_t stride = 0;  // from one panel to the next, depth · width or more
};

template <class T>
constexpr std::int64_t packed_size(std::int64_t depth, std::int64_t columns) {
    return depth * rounded_up(columns, panel_width<T>);
}

/// Packs the matrix with element (k, n) at b[k·depth_stride + n·column_stride].
template <class T>
void pack(const T* b, std::int64_t depth, std::int64_t columns, std::int64_t depth_stride, std::int64_t column_stride,
          T* out, std::int64_t panel_stride) {
    constexpr std::int64_t width = panel_width<T>;
    for (std::int64_t first = 0; first < columns; first += width, out += panel_stride) {
        const std::int64_t n = columns - first < width ? columns - first : width;
        const T* from = b + first * column_stride;
        for (std::int64_t k = 0; k < depth; ++k) {
            if (column_stride == 1 && n == width) {
                store(out + k * width, load(from + k * depth_stride));
                store(out + k * width + lanes<T>, load(from + k * depth_stride + lanes<T>));
                continue;
            }
            for (std::int64_t c = 0; c < width; ++c)
                out[k * width + c] = c < n ? from[k * depth_stride + c * column_stride] : T(0);
        }
    }
}

/// What a product is added to.
enum class from { zero, target };

/// Rows x Panels of a product. Element (r, k) of A lies at a[r·stride + k], or at a[k·stride + r] if Transposed.
template <class T, int Rows, int Panels, bool Transposed, from Start>
inline void product_tile(std::int64_t depth, const T* a, std::int64_t stride, panels<T> b, T* c, std::int64_t ld,
                         std::int64_t columns) {
    constexpr int vectors = 2 * Panels;  // the loops over rows and vectors must unroll: `sum` lives in registers
    vec<T> sum[std::size_t{Rows}][std::size_t{vectors}];
    const bool whole = columns >= vectors * lanes<T>;
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) {
            const std::int64_t left = columns - v * lanes<T>;
            if constexpr (Start == from::zero)
                sum[r][v] = vec<T>{};
            else if (whole)
                sum[r][v] = load(c + r * ld + v * lanes<T>);
            else
                sum[r][v] = left > 0 ? load(c + r * ld + v * lanes<T>, left) : vec<T>{};
        }
    for (std::int64_t k = 0; k < depth; ++k, b.data += panel_width<T>) {
        vec<T> b_k[std::size_t{vectors}];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) b_k[v] = load(b.data + (v / 2) * b.stride + (v % 2) * lanes<T>);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            const vec<T> a_rk = all(Transposed ? a[k * stride + r] : a[r * stride + k]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; ++v) sum[r][v] = fma<T>(a_rk, b_k[v], sum[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; ++v) {
            const std::int64_t left = columns - v * lanes<T>;
            if (whole)
                store(c + r * ld + v * lanes<T>, sum[r][v]);
            else if (left > 0)
                store(c + r * ld + v * lanes<T>, sum[r][v], left);
        }
}

/// The last rows of a product, fewer than tile_rows: more panels at once, so that enough sums are under way.
template <class T, int Rows, bool Transposed, from Start>
REFT_NOINLINE void product_strip(std::int64_t columns, std::int64_t depth, const T* a, std::int64_t stride, panels<T> b,
                                 T* c, std::int64_t ld) {
    constexpr std::int64_t width = panel_width<T>;
    std::int64_t left = columns;
    const auto panels_at_once = [&]<int Panels>(std::integral_constant<int, Panels>) {
        for (; left > (Panels - 1) * width; left -= Panels * width, b.data += Panels * b.stride, c += Panels * width)
            product_tile<T, Rows, Panels, Transposed, Start>(depth, a, stride, b, c, ld, left);
    };
    if constexpr (Rows == 1) panels_at_once(std::integral_constant<int, 4>{});
    if constexpr (Rows <= 3) panels_at_once(std::integral_constant<int, 2>{});
    panels_at_once(std::integral_constant<int, 1>{});
}

template <class T, bool Transposed, from Start>
REFT_NOINLINE void product_rows(std::int64_t rows, std::int64_t columns, std::int64_t depth, const T* a,
                                std::int64_t stride, panels<T> b, T* c, std::int64_t ld) {
    const std::int64_t a_row = Transposed ? 1 : stride;
    const std::int64_t tiled = rows / tile_rows * tile_rows;
    panels<T> panel = b;
    for (std::int64_t first = 0; tiled > 0 && first < columns; first += panel_width<T>, panel.data += panel.stride)
        for (std::int64_t r = 0; r < tiled; r += tile_rows)
            product_tile<T, tile_rows, 1, Transposed, Start>(depth, a + r * a_row, stride, panel, c + r * ld + first,
                                                             ld, columns - first);
    a += tiled * a_row;
    c += tiled * ld;
    switch (rows - tiled) {
        case 1: return product_strip<T, 1, Transposed, Start>(columns, depth, a, stride, b, c, ld);
        case 2: return product_strip<T, 2, Transposed, Start>(columns, depth, a, stride, b, c, ld);
        case 3: return product_strip<T, 3, Transposed, Start>(columns, depth, a, stride, b, c, ld);
        case 4: return product_strip<T, 4, Transposed, Start>(columns, depth, a, stride, b, c, ld);
        case 5: return product_strip<T, 5, Transposed, Start>(columns, depth, a, stride, b, c, ld);
        default: return;
    }
}

/// A row-major matrix: element (i, j) at data[i·stride + j].
template <class T>
struct matrix_at {
    T* data;
    std::int64_t stride;
};

/// C = A·B or C += A·B, with A [rows, depth], B [depth, columns] packed.
template <class T, from Start>
void product(std::int64_t rows, std::int64_t columns, std::int64_t depth, matrix_at<const T> a, panels<T> b,
             matrix_at<T> c) {
    product_rows<T, false, Start>(rows, columns, depth, a.data, a.stride, b, c.data, c.stride);
}

/// C += Aᵀ·B, with A [tokens, rows], B [tokens, columns] as they lie in memory, tokens summed in order.
template <class T>
void add_outer_products(std::int64_t rows, std::int64_t columns, std::int64_t tokens, matrix_at<const T> a,
                        matrix_at<const T> b, matrix_at<T> c) {
    constexpr std::int64_t width = panel_width<T>, chunk = 128;  // A's share of a chunk stays in the first cache
    alignas(64) T panel[std::size_t{chunk * width}];
    for (std::int64_t t = 0; t < tokens; t += chunk) {
        const std::int64_t n = tokens - t < chunk ? tokens - t : chunk;
        for (std::int64_t j = 0; j < columns; j += width) {
            const std::int64_t here = columns - j < width ? columns - j : width;
            pack(b.data + t * b.stride + j, n, here, b.stride, std::int64_t{1}, panel, n * width);
            product_rows<T, true, from::target>(rows, here, n, a.data + t * a.stride, a.stride, {panel, n * width},
                                                c.data + j, c.stride);
        }
    }
}

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
