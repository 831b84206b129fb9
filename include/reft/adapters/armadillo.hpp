// Armadillo's matrices, vectors and cubes, and views of parts of them, as tensors. Target reft::armadillo.
#pragma once

#include <reft/core/tensor_traits.hpp>

#include <armadillo>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace reft::inline REFT_ABI {
namespace detail {

template <class X, template <class> class Family>
concept armadillo_family = requires { typename X::elem_type; } && std::derived_from<X, Family<typename X::elem_type>>;

/// A view that is as const as M. Armadillo's subviews refer to a const matrix even where they may be written to: a
/// const matrix gives a const subview.
template <class M, std::size_t Rank>
auto armadillo_view(M&, const typename M::elem_type* first, const std::array<arma::uword, Rank>& extents,
                    const std::array<arma::uword, Rank>& strides) {
    using T = std::conditional_t<std::is_const_v<M>, const typename M::elem_type, typename M::elem_type>;
    std::array<std::int64_t, Rank> n{}, stride{};
    for (std::size_t d = 0; d < Rank; ++d) {
        n[d] = static_cast<std::int64_t>(extents[d]);
        stride[d] = static_cast<std::int64_t>(strides[d]);
    }
    return strided_view<T, Rank>(const_cast<T*>(first), n, stride);
}

/// Rank 1 for types that are columns or rows at compile time, rank 2 for all others.
template <class X>
struct armadillo_matrix_traits {
    static constexpr std::size_t rank = X::is_col || X::is_row ? 1 : 2;

  protected:
    template <class M>
    static auto view_from(M& x, const typename X::elem_type* first, arma::uword column_stride) {
        if constexpr (rank == 2)
            return armadillo_view<M, 2>(x, first, {x.n_rows, x.n_cols}, {1, column_stride});
        else
            return armadillo_view<M, 1>(x, first, {x.n_elem}, {X::is_row ? column_stride : 1});
    }
};

}  // namespace detail

/// Mat, Col, Row and their fixed sizes. Matrices are column-major: a row is read through its stride.
template <detail::armadillo_family<arma::Mat> X>
struct tensor_traits<X> : detail::armadillo_matrix_traits<X> {
    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        return tensor_traits::view_from(x, x.memptr(), x.n_rows);
    }
};

/// Contiguous parts of a matrix: submat, rows, cols, row, col, head, tail, subvec. Parts by lists of indices (elem)
/// have no strides and are refused.
template <detail::armadillo_family<arma::subview> X>
struct tensor_traits<X> : detail::armadillo_matrix_traits<X> {
    static constexpr bool borrowed = true;  ///< a temporary part of what stays may be passed

    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        return tensor_traits::view_from(x, x.m.memptr() + x.aux_row1 + x.aux_col1 * x.m.n_rows, x.m.n_rows);
    }
};

/// A diagonal of a matrix.
template <class T>
struct tensor_traits<arma::diagview<T>> {
    static constexpr std::size_t rank = 1;  ///< its elements
    static constexpr bool borrowed = true;  ///< a temporary part of what stays may be passed

    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        const T* const first = x.m.memptr() + x.row_offset + x.col_offset * x.m.n_rows;
        return detail::armadillo_view<M, 1>(x, first, {x.n_elem}, {x.m.n_rows + 1});
    }
};

/// A cube is [rows, columns, slices]; a slice of one is a matrix.
template <detail::armadillo_family<arma::Cube> X>
struct tensor_traits<X> {
    static constexpr std::size_t rank = 3;  ///< rows, columns, slices

    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        return detail::armadillo_view<M, 3>(x, x.memptr(), {x.n_rows, x.n_cols, x.n_slices},
                                            {1, x.n_rows, x.n_elem_slice});
    }
};

/// Contiguous parts of a cube: subcube, rows, cols, slices, tube.
template <class T>
struct tensor_traits<arma::subview_cube<T>> {
    static constexpr std::size_t rank = 3;  ///< rows, columns, slices
    static constexpr bool borrowed = true;  ///< a temporary part of what stays may be passed

    /// The elements where they lie.
    template <class M>
    static auto view(M& x) {
        const arma::Cube<T>& all = x.m;
        const T* const first = all.memptr() + x.aux_row1 + x.aux_col1 * all.n_rows + x.aux_slice1 * all.n_elem_slice;
        return detail::armadillo_view<M, 3>(x, first, {x.n_rows, x.n_cols, x.n_slices},
                                            {1, all.n_rows, all.n_elem_slice});
    }
};

}  // namespace reft::inline REFT_ABI
