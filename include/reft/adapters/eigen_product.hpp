// Eigen's matrix products for the linear-head kernels. Target reft::eigen.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/kernel/matrix_multiplier.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace reft::inline REFT_ABI {

/// Products by Eigen, as fast as the flags of the program make it.
///
/// Sums agree with those of panel_product to rounding; their order depends on the shapes. Eigen allocates memory for
/// large products, and has threads of its own if the program is built with OpenMP; the executor is not used.
struct eigen_product {
    /// None: Eigen has its own memory.
    template <class Real>
    std::size_t scratch_bytes(std::int64_t, std::int64_t, std::int64_t) const {
        return 0;
    }
    /// C = A·Bᵀ
    template <class Real>
    void multiply_by_transposed(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                                const strided_view<Real, 2>& c, std::byte*, executor&) const {
        matrix(c).noalias() = matrix(a) * matrix(b).transpose();
    }
    /// C += A·B
    template <class Real>
    void add_product(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                     const strided_view<Real, 2>& c, std::byte*, executor&) const {
        matrix(c).noalias() += matrix(a) * matrix(b);
    }
    /// C += Aᵀ·B
    template <class Real>
    void add_transposed_product(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                                const strided_view<Real, 2>& c, std::byte*, executor&) const {
        matrix(c).noalias() += matrix(a).transpose() * matrix(b);
    }

  private:
    template <class T>
    static auto matrix(const strided_view<T, 2>& x) {
        using rows = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        using mapped = std::conditional_t<std::is_const_v<T>, const rows, rows>;
        return Eigen::Map<mapped, Eigen::Unaligned, Eigen::OuterStride<>>(x.data(), x.extent(0), x.extent(1),
                                                                          Eigen::OuterStride<>(x.stride(0)));
    }
};

static_assert(matrix_multiplier<eigen_product, float> && matrix_multiplier<eigen_product, double>);

}  // namespace reft::inline REFT_ABI
