// Every block on Eigen's tensors: matrices and vectors, blocks of larger ones, and tensors of the Tensor module.
#include <reft/adapters/eigen.hpp>
#include <reft/adapters/eigen_tensor.hpp>

#include <cstddef>

#include "adapters/same_bits.hpp"

namespace {

using same_bits::shape;

template <int Order>
struct matrices {
    static constexpr std::size_t ranks = 2;

    template <class T>
    static Eigen::Matrix<T, Eigen::Dynamic, 1> make(shape<1> n) {
        return Eigen::Matrix<T, Eigen::Dynamic, 1>(n[0]);
    }
    template <class T>
    static Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Order> make(shape<2> n) {
        return {n[0], n[1]};
    }
    template <class T, class X>
    static T& element(X& x, shape<1> at) {
        return x(at[0]);
    }
    template <class T, class X>
    static T& element(X& x, shape<2> at) {
        return x(at[0], at[1]);
    }
    template <class T, class X, std::size_t Rank>
    static X& shown(X& x, shape<Rank>) {
        return x;
    }
};

/// Blocks and columns of larger arrays that are NaN elsewhere.
template <int Order>
struct parts {
    static constexpr std::size_t ranks = 2;

    template <class T, std::size_t Rank>
    static auto make(shape<Rank> n) {
        using array = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Order>;
        return array(array::Constant(n[0] + 3, n[Rank - 1] + 4, same_bits::garbage<T>()));
    }
    template <class T, class X>
    static T& element(X& x, shape<1> at) {
        return x(at[0] + 1, 2);
    }
    template <class T, class X>
    static T& element(X& x, shape<2> at) {
        return x(at[0] + 1, at[1] + 2);
    }
    template <class T, class X>
    static auto shown(X& x, shape<1> n) {
        return x.col(2).segment(1, n[0]);
    }
    template <class T, class X>
    static auto shown(X& x, shape<2> n) {
        return x.block(1, 2, n[0], n[1]);
    }
};

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

TEST_CASE("every block gives the same bits on row-major Eigen matrices as on std::vector") {
    same_bits::check<matrices<Eigen::RowMajor>>();
}

TEST_CASE("every block gives the same bits on column-major Eigen matrices as on std::vector") {
    same_bits::check<matrices<Eigen::ColMajor>>();
}

TEST_CASE("every block gives the same bits on parts of row-major Eigen arrays as on std::vector") {
    same_bits::check<parts<Eigen::RowMajor>>();
}

TEST_CASE("every block gives the same bits on parts of column-major Eigen arrays as on std::vector") {
    same_bits::check<parts<Eigen::ColMajor>>();
}

TEST_CASE("every block gives the same bits on row-major Eigen tensors as on std::vector") {
    same_bits::check<tensors<Eigen::RowMajor>>();
}

TEST_CASE("every block gives the same bits on column-major maps of Eigen tensors as on std::vector") {
    same_bits::check<tensor_maps<Eigen::ColMajor>>();
}
