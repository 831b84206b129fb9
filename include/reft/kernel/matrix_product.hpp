// Matrix products whose every element is one chain of additions in the order of the summed index.
//
// An element of C is fma(a_k, b_k, ...) for k = 0, 1, 2, ... whatever tile it lies in. So a row's numbers do not
// depend on how many rows stand beside it: decoding one token, prefilling a prompt and training give the same bits,
// and a sum over tokens may be cut anywhere and continued. With AVX2 and with AVX-512 they are the same bits too.
// Eigen promises none of that, and packs the weights at every call.
#pragma once

#include <reft/core/vectors.hpp>

#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI::detail {

constexpr std::int64_t whole_units(std::int64_t n, std::int64_t unit) { return (n + unit - 1) / unit; }

/// Columns of a panel: 64 bytes, one vector or several, so that packed matrices suit every instruction set.
template <class T>
constexpr std::int64_t panel_width = static_cast<std::int64_t>(64 / sizeof(T));

/// B of a product, [depth, columns], cut into panels of panel_width columns: panel p holds at [k·width + c] the
/// element (k, p·width + c), 0 beyond the last column.
template <class T>
struct panels {
    const T* data = nullptr;
    std::int64_t stride = 0;  // from one panel to the next, depth · width or more
};

template <class T>
constexpr std::int64_t packed_size(std::int64_t depth, std::int64_t columns) {
    return depth * whole_units(columns, panel_width<T>) * panel_width<T>;
}

/// What a product is added to.
enum class from { zero, target };

/// A row-major matrix: element (i, j) at data[i·stride + j].
template <class T>
struct matrix_at {
    T* data;
    std::int64_t stride;
};

}  // namespace reft::inline REFT_ABI::detail

#define REFT_LOOPS <reft/kernel/matrix_product.inl>
#include <reft/core/each_instruction_set.inl>

namespace reft::inline REFT_ABI::detail {

/// Packs the matrix with element (k, n) at b[k·depth_stride + n·column_stride]; one of the strides is 1.
template <class T>
void pack(const T* b, std::int64_t depth, std::int64_t columns, std::int64_t depth_stride, std::int64_t column_stride,
          T* out, std::int64_t panel_stride) {
    return REFT_ON_THIS_MACHINE(pack(b, depth, columns, depth_stride, column_stride, out, panel_stride));
}

/// C = A·B or C += A·B, with A [rows, depth], B [depth, columns] packed.
template <class T, from Start>
void product(std::int64_t rows, std::int64_t columns, std::int64_t depth, matrix_at<const T> a, panels<T> b,
             matrix_at<T> c) {
    return REFT_ON_THIS_MACHINE(product_rows<T, false, Start>(rows, columns, depth, a, b, c));
}

/// C += Aᵀ·B, with A [depth, rows], B [depth, columns] packed.
template <class T>
void add_transposed_product(std::int64_t rows, std::int64_t columns, std::int64_t depth, matrix_at<const T> a,
                            panels<T> b, matrix_at<T> c) {
    return REFT_ON_THIS_MACHINE(product_rows<T, true, from::target>(rows, columns, depth, a, b, c));
}

/// C += Aᵀ·B, with A [tokens, rows], B [tokens, columns] as they lie in memory, tokens summed in order.
template <class T>
void add_outer_products(std::int64_t rows, std::int64_t columns, std::int64_t tokens, matrix_at<const T> a,
                        matrix_at<const T> b, matrix_at<T> c) {
    return REFT_ON_THIS_MACHINE(add_outer_products<T>(rows, columns, tokens, a, b, c));
}

/// 16-bit numbers as floats.
template <class Narrow>
void widen(const Narrow* x, std::int64_t n, float* wide) {
    return REFT_ON_THIS_MACHINE(widen(x, n, wide));
}

}  // namespace reft::inline REFT_ABI::detail
