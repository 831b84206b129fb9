// Buffers as xtensor sees them, wherever a release keeps the headers; with its vectors where xsimd is installed.
#pragma once

#if __has_include(<xsimd/xsimd.hpp>)
#define XTENSOR_USE_XSIMD
#endif

#if __has_include(<xtensor/xadapt.hpp>)
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xview.hpp>
#else  // 0.26 and later
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/views/xview.hpp>
#endif

#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/support/buffer.hpp"

namespace bench {

/// Numbers at x, size of them.
template <class T>
auto xtensor_row(T* x, std::int64_t size) {
    const auto n = static_cast<std::size_t>(size);
    return xt::adapt(x, n, xt::no_ownership(), std::array<std::size_t, 1>{n});
}

/// [rows, columns]
template <class T>
auto xtensor_array(const buffer<T>& x, std::int64_t rows, std::int64_t columns) {
    const std::array<std::size_t, 2> extents{static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)};
    return xt::adapt(x.data(), x.size(), xt::no_ownership(), extents);
}

/// Their sum, evaluated at once.
template <class Expression>
auto xtensor_sum(const Expression& e) {
    return xt::sum(e, xt::evaluation_strategy::immediate)();
}

}  // namespace bench
