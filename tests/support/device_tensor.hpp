// A foreign tensor whose trait says that it lies on a device. Whoever reads it all the same reads address 0.
#pragma once

#include <reft/core/tensor_traits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace test {

template <class T, std::size_t Rank>
struct device_tensor {
    std::array<std::int64_t, Rank> extents;
};

}  // namespace test

template <class T, std::size_t Rank>
struct reft::tensor_traits<test::device_tensor<T, Rank>> {
    static constexpr std::size_t rank = Rank;
    static memory_space space(const test::device_tensor<T, Rank>&) { return memory_space::device; }
    static auto view(const test::device_tensor<T, Rank>& x) {
        return strided_view<T, Rank>(static_cast<T*>(nullptr), x.extents);
    }
};
