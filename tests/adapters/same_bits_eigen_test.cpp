// Every block on Eigen's matrices and vectors, and on blocks of larger ones.
#include <reft/adapters/eigen.hpp>

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
struct parts {
    static constexpr std::size_t ranks = 2;

    template <class T, std::size_t Rank>
    static auto make(shape<Rank> n) {
        using array = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
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

}  // namespace

TEST_CASE("every block gives the same bits on row-major Eigen matrices as on std::vector") {
    same_bits::check<matrices<Eigen::RowMajor>>();
}

TEST_CASE("every block gives the same bits on column-major Eigen matrices as on std::vector") {
    same_bits::check<matrices<Eigen::ColMajor>>();
}

TEST_CASE("every block gives the same bits on parts of row-major Eigen arrays as on std::vector") {
    same_bits::check<parts>();
}
