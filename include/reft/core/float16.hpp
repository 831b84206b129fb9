// 16-bit floating-point storage types. They hold numbers; arithmetic happens in float.
#pragma once

#include <reft/core/config.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace reft::inline REFT_ABI {

namespace detail {

/// std::bit_cast, which is a host function to a CUDA compiler.
template <class To, class From>
REFT_HD constexpr To bits_as(From value) {
    return __builtin_bit_cast(To, value);
}

/// @{
/// Whether a number is neither infinite nor NaN: by its bits, since compilers take std::isfinite for true under
/// -ffast-math.
REFT_HD constexpr bool is_finite(float x) { return (bits_as<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u; }
REFT_HD constexpr bool is_finite(double x) {
    return (bits_as<std::uint64_t>(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}
/// @}

/// @{
/// Whether a number is NaN, by its bits.
REFT_HD constexpr bool is_nan(float x) { return (bits_as<std::uint32_t>(x) & 0x7fffffffu) > 0x7f800000u; }
REFT_HD constexpr bool is_nan(double x) {
    return (bits_as<std::uint64_t>(x) & 0x7fffffffffffffffu) > 0x7ff0000000000000u;
}
/// @}

}  // namespace detail

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559 && sizeof(float) == 4 &&
                  sizeof(double) == 8,
              "reft: float and double must be IEEE 754 binary32 and binary64");

/// bfloat16: the upper half of a float (8 exponent bits, 7 mantissa bits). Same layout as the types of torch,
/// Eigen and CUDA. Conversion from float rounds to nearest, ties to even; NaN stays NaN.
struct REFT_MAY_ALIAS bfloat16 {
    std::uint16_t bits = 0;  ///< sign, exponent and mantissa, from the highest bit down

    constexpr bfloat16() = default;
    /// Rounds to nearest, ties to even.
    REFT_HD constexpr explicit bfloat16(float value) {
        const auto wide = detail::bits_as<std::uint32_t>(value);
        const bool is_nan = (wide & 0x7fffffffu) > 0x7f800000u;
        bits = static_cast<std::uint16_t>(is_nan ? (wide >> 16) | 0x40u : (wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
    }
    /// Exact.
    REFT_HD constexpr operator float() const {  // NOLINT(google-explicit-constructor): exact
        return detail::bits_as<float>(static_cast<std::uint32_t>(bits) << 16);
    }
};

/// IEEE 754 binary16 (5 exponent bits, 10 mantissa bits). Same layout as the types of torch, Eigen and CUDA.
/// Conversion from float rounds to nearest, ties to even; what is too large becomes infinity, NaN stays NaN.
struct REFT_MAY_ALIAS half {
    std::uint16_t bits = 0;  ///< sign, exponent and mantissa, from the highest bit down

    constexpr half() = default;
    /// Rounds to nearest, ties to even.
    REFT_HD constexpr explicit half(float value) : bits(rounded_bits(value)) {}
    /// Exact.
    REFT_HD constexpr operator float() const {  // NOLINT(google-explicit-constructor): exact
        const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
        const std::uint32_t exponent = (bits >> 10) & 0x1fu;
        const std::uint32_t mantissa = bits & 0x3ffu;
        if (exponent == 0x1fu) return detail::bits_as<float>(sign | 0x7f800000u | (mantissa << 13));
        if (exponent != 0) return detail::bits_as<float>(sign | ((exponent + 112u) << 23) | (mantissa << 13));
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }

  private:
    REFT_HD static constexpr std::uint16_t rounded_bits(float value) {
        const auto wide = detail::bits_as<std::uint32_t>(value);
        const std::uint32_t sign = (wide >> 16) & 0x8000u;
        const std::uint32_t magnitude = wide & 0x7fffffffu;
        if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);
        if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);
        if (magnitude < 0x38800000u) {  // subnormal: the addition rounds to multiples of 2^-24
            const float shifted = detail::bits_as<float>(magnitude) + 0.5f;
            return static_cast<std::uint16_t>(sign | (detail::bits_as<std::uint32_t>(shifted) - 0x3f000000u));
        }
        const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
        return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
    }
};

/// The type that sums over `T` are made in: itself, but float for the 16-bit storage types.
template <class T>
struct accumulator {
    using type = T;  ///< where sums lose no more than their terms
};
/// The storage types: too few digits for sums.
template <class T>
    requires(std::same_as<T, bfloat16> || std::same_as<T, half>)
struct accumulator<T> {
    using type = float;  ///< holds every value of both exactly
};
/// accumulator, for `const` elements too.
template <class T>
using accumulator_t = typename accumulator<std::remove_cv_t<T>>::type;

/// float, double, or one of the 16-bit storage types.
template <class T>
concept scalar = std::same_as<std::remove_cv_t<T>, float> || std::same_as<std::remove_cv_t<T>, double> ||
                 std::same_as<std::remove_cv_t<T>, bfloat16> || std::same_as<std::remove_cv_t<T>, half>;

}  // namespace reft::inline REFT_ABI
