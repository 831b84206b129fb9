// Every block gives the same bits whatever tensors its arrays are; here raw memory in all orders. The libraries have
// same_bits_<library>_test.cpp, each with its backends alone.
#include "adapters/same_bits.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

template <>
same_bits::results same_bits::expected_results<float>(std::size_t ranks) {
    return blocks<standard, float>().run(ranks);
}
template <>
same_bits::results same_bits::expected_results<double>(std::size_t ranks) {
    return blocks<standard, double>().run(ranks);
}

namespace {

using same_bits::shape;

/// A part of a larger buffer of garbage: neither dimension is contiguous, the first row is not the buffer's.
enum class order { rows_first, columns_first };

template <order Order>
struct padded_memory {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    struct storage {
        std::vector<T> memory;
        reft::strided_view<T, Rank> view;
    };
    template <class T, std::size_t Rank>
    static storage<T, Rank> make(shape<Rank> extents) {
        shape<Rank> strides{};
        std::int64_t stride = 2;
        for (std::size_t i = 0; i < Rank; ++i) {
            const std::size_t d = Order == order::rows_first ? Rank - 1 - i : i;
            strides[d] = stride;
            stride *= extents[d] + 3;
        }
        storage<T, Rank> x{std::vector<T>(static_cast<std::size_t>(stride + 5), same_bits::garbage<T>()), {}};
        x.view = {x.memory.data() + 5, extents, strides};
        return x;
    }
    template <class T, std::size_t Rank>
    static T& element(storage<T, Rank>& x, shape<Rank> at) {
        std::int64_t offset = 5;
        for (std::size_t d = 0; d < Rank; ++d) offset += at[d] * x.view.stride(d);
        return x.memory[static_cast<std::size_t>(offset)];
    }
    template <class T, std::size_t Rank>
    static reft::strided_view<T, Rank> shown(storage<T, Rank>& x, shape<Rank>) {
        return x.view;
    }
};

}  // namespace

TEST_CASE("every block gives the same bits on row-major memory with padding as on std::vector") {
    same_bits::check<padded_memory<order::rows_first>>();
}

TEST_CASE("every block gives the same bits on column-major memory with padding as on std::vector") {
    same_bits::check<padded_memory<order::columns_first>>();
}
