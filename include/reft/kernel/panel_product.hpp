// The matrix products that the linear-head kernels use if they are told nothing else.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/core/workspace.hpp>
#include <reft/kernel/matrix_multiplier.hpp>
#include <reft/kernel/matrix_product.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Products on the vector units, without anybody else's library.
///
/// Every element is one chain of fused multiply-adds in the order of the summed index, C first where the product is
/// added to it. So the bits depend neither on the threads nor on the rows and columns beside an element, and a sum may
/// be cut anywhere and continued. (Without AVX2 or NEON a multiplication and an addition round by themselves.)
struct panel_product {
    /// For a block of the right factor, packed.
    template <class Real>
    std::size_t scratch_bytes(std::int64_t, std::int64_t columns, std::int64_t depth) const {
        const std::int64_t size =
            detail::packed_size<Real>(std::min(depth, depth_at_once), std::min(columns, columns_at_once));
        return detail::aligned_bytes(static_cast<std::size_t>(size) * sizeof(Real));
    }

    /// C = A·Bᵀ
    template <class Real>
    void multiply_by_transposed(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                                const strided_view<Real, 2>& c, std::byte* memory, executor& pool) const {
        const right_factor<Real> right{b.data(), b.extent(1), 1, b.stride(0)};
        blocks<false>(a, right, c, detail::from::zero, reinterpret_cast<Real*>(memory), pool);
    }
    /// C += A·B
    template <class Real>
    void add_product(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                     const strided_view<Real, 2>& c, std::byte* memory, executor& pool) const {
        const right_factor<Real> right{b.data(), b.extent(0), b.stride(0), 1};
        blocks<false>(a, right, c, detail::from::target, reinterpret_cast<Real*>(memory), pool);
    }
    /// C += Aᵀ·B
    template <class Real>
    void add_transposed_product(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                                const strided_view<Real, 2>& c, std::byte* memory, executor& pool) const {
        const right_factor<Real> right{b.data(), b.extent(0), b.stride(0), 1};
        blocks<true>(a, right, c, detail::from::target, reinterpret_cast<Real*>(memory), pool);
    }

  private:
    // A packed block of 512 KB stays in the second cache while softmaxes_at_once rows after softmaxes_at_once pass over it.
    static constexpr std::int64_t depth_at_once = 256, columns_at_once = 512, softmaxes_at_once = 96;

    /// Element (k, n) at data[k·depth_stride + n·column_stride].
    template <class Real>
    struct right_factor {
        const Real* data;
        std::int64_t depth, depth_stride, column_stride;
    };

    template <bool Transposed, class Real>
    static void blocks(const strided_view<const Real, 2>& a, const right_factor<Real>& b,
                       const strided_view<Real, 2>& c, detail::from start, Real* packed, executor& pool) {
        const std::int64_t parts = detail::whole_units(b.depth, depth_at_once);
        const std::int64_t depth = detail::whole_units(b.depth, parts);
        for (std::int64_t j = 0; j < c.extent(1); j += columns_at_once) {
            const std::int64_t columns = std::min(columns_at_once, c.extent(1) - j);
            for (std::int64_t k = 0; k < b.depth; k += depth) {
                const right_factor<Real> block{b.data + k * b.depth_stride + j * b.column_stride,
                                               std::min(depth, b.depth - k), b.depth_stride, b.column_stride};
                const Real* const left = a.data() + k * (Transposed ? a.stride(0) : 1);
                const detail::from from_here = k > 0 ? detail::from::target : start;
                pack_block(block, columns, packed, pool);
                for_ranges(pool, c.extent(0), softmaxes_at_once, [&](std::int64_t begin, std::int64_t end, int) {
                    rows<Transposed, Real>(end - begin, columns, block.depth,
                                           {left + begin * (Transposed ? 1 : a.stride(0)), a.stride(0)}, packed,
                                           {c.data() + begin * c.stride(0) + j, c.stride(0)}, from_here);
                });
            }
        }
    }

    template <class Real>
    static void pack_block(const right_factor<Real>& b, std::int64_t columns, Real* packed, executor& pool) {
        constexpr std::int64_t columns_per_task = 8 * detail::panel_width<Real>;
        for_ranges(pool, columns, columns_per_task, [&](std::int64_t begin, std::int64_t end, int) {
            detail::pack(b.data + begin * b.column_stride, b.depth, end - begin, b.depth_stride, b.column_stride,
                         packed + begin * b.depth, b.depth * detail::panel_width<Real>);
        });
    }

    template <bool Transposed, class Real>
    static void rows(std::int64_t count, std::int64_t columns, std::int64_t depth, detail::matrix_at<const Real> a,
                     const Real* packed, detail::matrix_at<Real> c, detail::from start) {
        const detail::panels<Real> b{packed, depth * detail::panel_width<Real>};
        if constexpr (Transposed)
            detail::add_transposed_product<Real>(count, columns, depth, a, b, c);
        else if (start == detail::from::zero)
            detail::product<Real, detail::from::zero>(count, columns, depth, a, b, c);
        else
            detail::product<Real, detail::from::target>(count, columns, depth, a, b, c);
    }
};

static_assert(matrix_multiplier<panel_product, float> && matrix_multiplier<panel_product, double>);

}  // namespace reft::inline REFT_ABI
