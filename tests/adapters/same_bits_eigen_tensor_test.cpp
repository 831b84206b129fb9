// Every block on tensors of Eigen's Tensor module, and on maps of them.
#include <reft/adapters/eigen_tensor.hpp>

#include <cstddef>

#include "adapters/same_bits.hpp"

namespace {

using same_bits::shape;

template <int Order>
struct tensors {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    static Eigen::Tensor<T, int{Rank}, Order> make(shape<Rank> n) {
        return Eigen::Tensor<T, int{Rank}, Order>(n);
    }
    template <class T, class X, std::size_t Rank>
    static T& element(X& x, shape<Rank> at) {
        return x(at);
    }
    template <class T, class X, std::size_t Rank>
    static X& shown(X& x, shape<Rank>) {
        return x;
    }
};

/// Maps, that may be temporaries.
template <int Order>
struct tensor_maps : tensors<Order> {
    template <class T, class X, std::size_t Rank>
    static Eigen::TensorMap<X> shown(X& x, shape<Rank> n) {
        return {x.data(), n};
    }
};

}  // namespace

TEST_CASE("every block gives the same bits on row-major Eigen tensors as on std::vector") {
    same_bits::check<tensors<Eigen::RowMajor>>();
}

TEST_CASE("every block gives the same bits on column-major maps of Eigen tensors as on std::vector") {
    same_bits::check<tensor_maps<Eigen::ColMajor>>();
}
