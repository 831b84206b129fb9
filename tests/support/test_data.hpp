// Seeded numbers for tests, and the naive definitions they are compared with.
#pragma once

#include <reft/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace test {

/// `n` normal numbers.
template <class T>
std::vector<T> normal(std::size_t n, std::uint64_t seed, double deviation = 1.0) {
    reft::random_stream random(seed);
    std::vector<T> x(n);
    for (T& v : x) v = static_cast<T>(deviation * random.normal());
    return x;
}

inline std::vector<std::uint8_t> mask(std::size_t n, std::uint64_t seed, double share_of_ones = 0.7) {
    reft::random_stream random(seed + 1000);
    std::vector<std::uint8_t> m(n);
    for (auto& v : m) v = random.uniform() < share_of_ones;
    return m;
}

inline std::vector<std::int32_t> ids(std::size_t n, std::uint64_t vocabulary, std::uint64_t seed) {
    reft::random_stream random(seed + 2000);
    std::vector<std::int32_t> x(n);
    for (auto& v : x) v = static_cast<std::int32_t>(random.below(vocabulary));
    return x;
}

/// What may lie under a mask: NaN, both infinities, and a huge number.
template <class T>
std::vector<T> garbage() {
    return {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
            -std::numeric_limits<T>::infinity(), static_cast<T>(1e30)};
}

/// Puts one kind of garbage wherever the mask is 0.
template <class T>
std::vector<T> spoiled(std::vector<T> x, const std::vector<std::uint8_t>& mask, T value) {
    for (std::size_t i = 0; i < x.size(); ++i)
        if (!mask[i]) x[i] = value;
    return x;
}

/// Central difference of f at x.
template <class F>
double central_difference(F&& f, double x, double h = 1e-5) {
    return (f(x + h) - f(x - h)) / (2 * h);
}

/// The criterion for derivatives: |analytic − difference| ≤ 1e-6·max(1, |analytic|).
inline bool derivative_agrees(double analytic, double difference) {
    return std::abs(analytic - difference) <= 1e-6 * std::max(1.0, std::abs(analytic));
}

}  // namespace test
