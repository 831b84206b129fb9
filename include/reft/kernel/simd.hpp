// Short vectors of float or double, and the few operations that the transformer needs of them.
#pragma once

#include <reft/core/config.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

// 32 bytes with AVX-512 too: a wider tile wastes half of itself on heads of 16 and gains nothing where a 512-bit
// operation takes two cycles (measured on Zen 4). 16 bytes elsewhere: wider than the machine is ten times slower.
#if defined(__AVX__)
constexpr std::size_t vector_bytes = 32;
#else
constexpr std::size_t vector_bytes = 16;
#endif

template <class T>
struct vector_type {
    typedef T type __attribute__((vector_size(vector_bytes)));  // NOLINT(modernize-use-using): takes no attribute
};
template <class T>
using vec = typename vector_type<T>::type;

template <class T>
constexpr std::int64_t lanes = static_cast<std::int64_t>(vector_bytes / sizeof(T));

constexpr std::int64_t rounded_up(std::int64_t n, std::int64_t unit) { return (n + unit - 1) / unit * unit; }

template <class T>
inline vec<T> load(const T* p) {
    vec<T> v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
inline void store(T* p, vec<T> v) {
    __builtin_memcpy(p, &v, sizeof v);
}
template <class T>
inline vec<T> all(T x) {
    return x - vec<T>{};
}

/// The first n lanes; the others are 0.
template <class T>
inline vec<T> load(const T* p, std::int64_t n) {
    if (n >= lanes<T>) return load(p);
    vec<T> v{};
    __builtin_memcpy(&v, p, static_cast<std::size_t>(n) * sizeof(T));
    return v;
}
template <class T>
inline void store(T* p, vec<T> v, std::int64_t n) {
    if (n >= lanes<T>) return store(p, v);
    __builtin_memcpy(p, &v, static_cast<std::size_t>(n) * sizeof(T));
}

/// a·b + c, in one rounding where the machine has it: said explicitly, so that no compiler flag changes it.
template <class T>
inline vec<T> fma(vec<T> a, vec<T> b, vec<T> c) {
#if defined(__FMA__)
    if constexpr (sizeof(T) == 4)
        return (vec<T>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
    else
        return (vec<T>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    if constexpr (sizeof(T) == 4)
        return (vec<T>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
    else
        return (vec<T>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

/// The lanes added up in a fixed order.
template <class T>
inline T sum_of_lanes(vec<T> v) {
    T sum = v[0];
    for (std::int64_t i = 1; i < lanes<T>; ++i) sum += v[i];
    return sum;
}
template <class T>
inline T largest_lane(vec<T> v) {
    T largest = v[0];
    for (std::int64_t i = 1; i < lanes<T>; ++i) largest = v[i] > largest ? v[i] : largest;
    return largest;
}

inline vec<double> exp(vec<double> x) {
    for (std::int64_t i = 0; i < lanes<double>; ++i) x[i] = std::exp(x[i]);
    return x;
}

/// e^x = 2^n · e^r with |r| <= ln(2)/2 and a polynomial for e^r; relative error 2e-7, 0 below -86, 1.8e38 at most.
inline vec<float> exp(vec<float> argument) {
    typedef std::int32_t integers __attribute__((vector_size(vector_bytes)));
    vec<float> x = argument > 88.0f ? all(88.0f) : argument;
    x = x < -86.0f ? all(-86.0f) : x;
    const vec<float> shifted = fma<float>(x, all(1.44269504f), all(12582912.0f));  // n in the low mantissa bits
    const vec<float> n = shifted - 12582912.0f;
    vec<float> r = fma<float>(n, all(-0.693359375f), x);
    r = fma<float>(n, all(2.12194440e-4f), r);
    vec<float> p = fma<float>(all(1.9875691500e-4f), r, all(1.3981999507e-3f));
    p = fma<float>(p, r, all(8.3334519073e-3f));
    p = fma<float>(p, r, all(4.1665795894e-2f));
    p = fma<float>(p, r, all(1.6666665459e-1f));
    p = fma<float>(p, r, all(5.0000001201e-1f));
    p = fma<float>(p, r * r, r) + 1.0f;
    const vec<float> scaled = (vec<float>)((integers)p + ((integers)shifted << 23));
    return argument < -86.0f ? vec<float>{} : scaled;
}

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
