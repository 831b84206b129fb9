// Every block on xtensor's containers and views, and on xarrays, whose rank an explicit call says.
#include <reft/adapters/xtensor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "adapters/same_bits.hpp"

namespace {

using same_bits::shape;

template <std::size_t Rank>
std::array<std::size_t, Rank> unsigned_shape(const shape<Rank>& n, std::size_t larger = 0) {
    std::array<std::size_t, Rank> result{};
    for (std::size_t d = 0; d < Rank; ++d) result[d] = static_cast<std::size_t>(n[d]) + larger;
    return result;
}

template <xt::layout_type Layout>
struct containers {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    static xt::xtensor<T, Rank, Layout> make(shape<Rank> n) {
        return xt::xtensor<T, Rank, Layout>(unsigned_shape(n));
    }
    template <class T, class X, std::size_t Rank>
    static T& element(X& x, shape<Rank> at) {
        return x[unsigned_shape(at)];
    }
    template <class T, class X, std::size_t Rank>
    static X& shown(X& x, shape<Rank>) {
        return x;
    }
};

/// Views into larger containers that are NaN elsewhere.
struct views {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    static xt::xtensor<T, Rank> make(shape<Rank> n) {
        return xt::xtensor<T, Rank>(unsigned_shape(n, 3), same_bits::garbage<T>());
    }
    template <class T, class X, std::size_t Rank>
    static T& element(X& x, shape<Rank> at) {
        return x[unsigned_shape(at, 2)];
    }
    template <class T, class X>
    static auto shown(X& x, shape<1> n) {
        return xt::view(x, xt::range(2, n[0] + 2));
    }
    template <class T, class X>
    static auto shown(X& x, shape<2> n) {
        return xt::view(x, xt::range(2, n[0] + 2), xt::range(2, n[1] + 2));
    }
    template <class T, class X>
    static auto shown(X& x, shape<3> n) {
        return xt::view(x, xt::range(2, n[0] + 2), xt::range(2, n[1] + 2), xt::range(2, n[2] + 2));
    }
};

struct arrays {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    static xt::xarray<T> make(shape<Rank> n) {
        return xt::xarray<T>(typename xt::xarray<T>::shape_type(n.begin(), n.end()));
    }
    template <class T, class X, std::size_t Rank>
    static T& element(X& x, shape<Rank> at) {
        return x[unsigned_shape(at)];
    }
    template <class T, class X, std::size_t Rank>
    static auto shown(X& x, shape<Rank>) {
        return reft::ranked<Rank>(x);
    }
};

}  // namespace

TEST_CASE("every block gives the same bits on row-major xtensors as on std::vector") {
    same_bits::check<containers<xt::layout_type::row_major>>();
}

TEST_CASE("every block gives the same bits on column-major xtensors as on std::vector") {
    same_bits::check<containers<xt::layout_type::column_major>>();
}

TEST_CASE("every block gives the same bits on views of row-major xtensors as on std::vector") {
    same_bits::check<views>();
}

TEST_CASE("every block gives the same bits on xarrays as on std::vector") { same_bits::check<arrays>(); }
