// What multiplies matrices for the linear-head kernels: a parameter of theirs.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/strided_view.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Products of row-major matrices: rows are contiguous, `stride(0)` is that of rows and may be larger than a row.
///
///     m.template scratch_bytes<Real>(rows, columns, depth)   what it needs for a product of at most these extents
///     m.multiply_by_transposed(a, b, c, memory, pool)        C = A·Bᵀ,  A [rows, depth], B [columns, depth]
///     m.add_product(a, b, c, memory, pool)                   C += A·B,  A [rows, depth], B [depth, columns]
///     m.add_transposed_product(a, b, c, memory, pool)        C += Aᵀ·B, A [depth, rows], B [depth, columns]
///
/// C is [rows, columns] and overlaps neither A nor B; no extent is 0. `memory` is aligned to cache lines and holds
/// scratch_bytes. What it does with the executor is its own business: a library with threads of its own may ignore it.
/// It is copied and called from one thread at a time.
///
/// Models    panel_product (the default); eigen_product in adapters/eigen_product.hpp, cblas_product in
///           adapters/cblas_product.hpp.
template <class M, class Real>
concept matrix_multiplier = std::copyable<M> && requires(const M& m, const strided_view<const Real, 2>& factor,
                                                         const strided_view<Real, 2>& result, std::int64_t extent,
                                                         std::byte* memory, executor& pool) {
    { m.template scratch_bytes<Real>(extent, extent, extent) } -> std::same_as<std::size_t>;
    m.multiply_by_transposed(factor, factor, result, memory, pool);
    m.add_product(factor, factor, result, memory, pool);
    m.add_transposed_product(factor, factor, result, memory, pool);
};

}  // namespace reft::inline REFT_ABI
