// Every block on Armadillo's matrices, vectors and cubes, and on parts of larger ones.
#include <reft/adapters/armadillo.hpp>

#include <cstddef>
#include <cstdint>

#include "adapters/same_bits.hpp"

namespace {

using same_bits::shape;

arma::uword word(std::int64_t n) { return static_cast<arma::uword>(n); }

struct owners {
    static constexpr std::size_t ranks = 3;

    template <class T>
    static arma::Col<T> make(shape<1> n) {
        return arma::Col<T>(word(n[0]), arma::fill::none);
    }
    template <class T>
    static arma::Mat<T> make(shape<2> n) {
        return arma::Mat<T>(word(n[0]), word(n[1]), arma::fill::none);
    }
    template <class T>
    static arma::Cube<T> make(shape<3> n) {
        return arma::Cube<T>(word(n[0]), word(n[1]), word(n[2]), arma::fill::none);
    }
    template <class T, class X>
    static T& element(X& x, shape<1> at) {
        return x(word(at[0]));
    }
    template <class T, class X>
    static T& element(X& x, shape<2> at) {
        return x(word(at[0]), word(at[1]));
    }
    template <class T, class X>
    static T& element(X& x, shape<3> at) {
        return x(word(at[0]), word(at[1]), word(at[2]));
    }
    template <class T, class X, std::size_t Rank>
    static X& shown(X& x, shape<Rank>) {
        return x;
    }
};

/// Rows, submatrices and subcubes of larger ones that are NaN elsewhere.
struct parts {
    static constexpr std::size_t ranks = 3;

    template <class T>
    static arma::Mat<T> make(shape<1> n) {
        return filled(arma::Mat<T>(3, word(n[0]), arma::fill::none));
    }
    template <class T>
    static arma::Mat<T> make(shape<2> n) {
        return filled(arma::Mat<T>(word(n[0]) + 3, word(n[1]) + 2, arma::fill::none));
    }
    template <class T>
    static arma::Cube<T> make(shape<3> n) {
        return filled(arma::Cube<T>(word(n[0]) + 3, word(n[1]) + 2, word(n[2]) + 1, arma::fill::none));
    }
    template <class T, class X>
    static T& element(X& x, shape<1> at) {
        return x(1, word(at[0]));
    }
    template <class T, class X>
    static T& element(X& x, shape<2> at) {
        return x(word(at[0]) + 2, word(at[1]) + 1);
    }
    template <class T, class X>
    static T& element(X& x, shape<3> at) {
        return x(word(at[0]) + 2, word(at[1]) + 1, word(at[2]) + 1);
    }
    template <class T, class X>
    static auto shown(X& x, shape<1>) {
        return x.row(1);
    }
    template <class T, class X>
    static auto shown(X& x, shape<2> n) {
        return x.submat(2, 1, word(n[0]) + 1, word(n[1]));
    }
    template <class T, class X>
    static auto shown(X& x, shape<3> n) {
        return x.subcube(2, 1, 1, word(n[0]) + 1, word(n[1]), word(n[2]));
    }

  private:
    template <class X>
    static X filled(X x) {
        x.fill(same_bits::garbage<typename X::elem_type>());
        return x;
    }
};

}  // namespace

TEST_CASE("every block gives the same bits on Armadillo's matrices, vectors and cubes as on std::vector") {
    same_bits::check<owners>();
}

TEST_CASE("every block gives the same bits on parts of Armadillo's matrices and cubes as on std::vector") {
    same_bits::check<parts>();
}
