// Every block on LibTorch's tensors, contiguous, transposed and sliced. They are shown by an explicit call.
#include <reft/adapters/torch.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "support/torch_catch.hpp"

#include "adapters/same_bits.hpp"

namespace {

using same_bits::shape;

template <class T>
torch::Tensor filled(std::vector<std::int64_t> extents) {
    return torch::full(extents, torch::Scalar(same_bits::garbage<T>()), torch::CppTypeToScalarType<T>::value);
}

template <class T, std::size_t Rank>
T& element_of(torch::Tensor& x, shape<Rank> at) {
    auto a = x.accessor<T, Rank>();
    if constexpr (Rank == 1)
        return a[at[0]];
    else if constexpr (Rank == 2)
        return a[at[0]][at[1]];
    else
        return a[at[0]][at[1]][at[2]];
}

/// What all of them share: how a tensor is read and shown.
struct shown_by_call {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    static T& element(torch::Tensor& x, shape<Rank> at) {
        return element_of<T, Rank>(x, at);
    }
    template <class T, std::size_t Rank>
    static auto shown(torch::Tensor& x, shape<Rank>) {
        return reft::torch_view<T, Rank>(x);
    }
};

struct contiguous : shown_by_call {
    template <class T, std::size_t Rank>
    static torch::Tensor make(shape<Rank> n) {
        return filled<T>({n.begin(), n.end()});
    }
};

/// The last dimension is the slowest.
struct transposed : shown_by_call {
    template <class T, std::size_t Rank>
    static torch::Tensor make(shape<Rank> n) {
        std::reverse(n.begin(), n.end());
        std::vector<std::int64_t> reversed;
        for (std::size_t d = Rank; d-- > 0;) reversed.push_back(static_cast<std::int64_t>(d));
        return filled<T>({n.begin(), n.end()}).permute(reversed);
    }
};

/// Every second element of a larger tensor that is garbage elsewhere.
struct sliced : shown_by_call {
    template <class T, std::size_t Rank>
    static torch::Tensor make(shape<Rank> n) {
        std::vector<std::int64_t> larger;
        for (const std::int64_t extent : n) larger.push_back(2 * extent + 3);
        torch::Tensor x = filled<T>(larger);
        for (std::size_t d = 0; d < Rank; ++d) x = x.slice(static_cast<std::int64_t>(d), 1, 2 * n[d], 2);
        return x;
    }
};

}  // namespace

TEST_CASE("every block gives the same bits on contiguous LibTorch tensors as on std::vector") {
    same_bits::check<contiguous>();
}

TEST_CASE("every block gives the same bits on transposed LibTorch tensors as on std::vector") {
    same_bits::check<transposed>();
}

TEST_CASE("every block gives the same bits on slices of LibTorch tensors as on std::vector") {
    same_bits::check<sliced>();
}
