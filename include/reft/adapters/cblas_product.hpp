// Matrix products of a BLAS library (OpenBLAS, MKL, BLIS, ...) for the linear-head kernels. Target reft::cblas.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/kernel/matrix_multiplier.hpp>

#include <cblas.h>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Products by the library that the program is linked with, which has threads and memory of its own; the executor is
/// not used.
///
/// Sums agree with those of panel_product to rounding; their order depends on the shapes. Extents and strides must fit
/// into the library's integers.
struct cblas_product {
    /// None: the library has its own memory.
    template <class Real>
    std::size_t scratch_bytes(std::int64_t, std::int64_t, std::int64_t) const {
        return 0;
    }
    /// C = A·Bᵀ
    template <class Real>
    void multiply_by_transposed(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                                const strided_view<Real, 2>& c, std::byte*, executor&) const {
        multiply<Real>(CblasNoTrans, CblasTrans, a.extent(1), a, b, 0, c);
    }
    /// C += A·B
    template <class Real>
    void add_product(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                     const strided_view<Real, 2>& c, std::byte*, executor&) const {
        multiply<Real>(CblasNoTrans, CblasNoTrans, a.extent(1), a, b, 1, c);
    }
    /// C += Aᵀ·B
    template <class Real>
    void add_transposed_product(const strided_view<const Real, 2>& a, const strided_view<const Real, 2>& b,
                                const strided_view<Real, 2>& c, std::byte*, executor&) const {
        multiply<Real>(CblasTrans, CblasNoTrans, a.extent(0), a, b, 1, c);
    }

  private:
    /// C = A·B + c_factor·C, with what is transposed of A and B.
    template <std::floating_point Real, class Transpose>
    static void multiply(Transpose of_a, Transpose of_b, std::int64_t depth, const strided_view<const Real, 2>& a,
                         const strided_view<const Real, 2>& b, Real c_factor, const strided_view<Real, 2>& c) {
        const auto gemm = [&](auto function) {
            function(CblasRowMajor, of_a, of_b, integer(c.extent(0)), integer(c.extent(1)), integer(depth), Real(1),
                     a.data(), integer(a.stride(0)), b.data(), integer(b.stride(0)), c_factor, c.data(),
                     integer(c.stride(0)));
        };
        if constexpr (std::same_as<Real, float>)
            gemm(cblas_sgemm);
        else
            gemm(cblas_dgemm);
    }

    template <class Order, class TransposeA, class TransposeB, class Integer, class... Others>
    static Integer integer_of(void (*)(Order, TransposeA, TransposeB, Integer, Others...));
    using blas_integer = decltype(integer_of(&cblas_sgemm));
    static blas_integer integer(std::int64_t n) { return static_cast<blas_integer>(n); }
};

static_assert(matrix_multiplier<cblas_product, float> && matrix_multiplier<cblas_product, double>);

}  // namespace reft::inline REFT_ABI
