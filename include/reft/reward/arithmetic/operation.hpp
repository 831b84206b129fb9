// Python's arithmetic operators.
#pragma once

#include <reft/reward/arithmetic/value.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <reft/core/exact_arithmetic_begin.inl>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

enum class operation { add, subtract, multiply, divide, floor_divide, modulo, power };

/// a·b, or nothing where it needs more than 64 bits.
constexpr std::optional<std::int64_t> whole_product(std::int64_t a, std::int64_t b) {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (a == 0 || b == 0) return 0;
    const bool fits = a > 0 ? (b > 0 ? a <= most / b : b >= least / a) : (b > 0 ? a >= least / b : b >= most / a);
    if (!fits) return std::nullopt;
    return a * b;
}

constexpr std::optional<std::int64_t> whole_sum(std::int64_t a, std::int64_t b) {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (b >= 0 ? a > most - b : a < least - b) return std::nullopt;
    return a + b;
}

/// base ** exponent for an exponent ≥ 0, by squaring.
constexpr std::optional<std::int64_t> whole_power(std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    while (true) {
        if (exponent % 2 == 1) {
            const auto next = whole_product(result, base);
            if (!next) return std::nullopt;
            result = *next;
        }
        exponent /= 2;
        if (exponent == 0) return result;
        const auto square = whole_product(base, base);
        if (!square) return std::nullopt;
        base = *square;
    }
}

inline std::optional<value> whole(std::optional<std::int64_t> number) {
    if (!number) return std::nullopt;
    return integer(*number);
}

/// a // b and a % b of ints: rounded down, the remainder with the sign of b.
constexpr std::optional<std::int64_t> whole_floor(std::int64_t a, std::int64_t b, bool remainder) {
    if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min())) return std::nullopt;
    const std::int64_t rest = a % b;
    const bool towards_zero_is_up = rest != 0 && (rest < 0) != (b < 0);
    if (remainder) return towards_zero_is_up ? rest + b : rest;
    return towards_zero_is_up ? a / b - 1 : a / b;
}

/// a // b and a % b of floats. Source: CPython 3.11, Objects/floatobject.c (_float_div_mod).
inline std::optional<value> real_floor(double a, double b, bool remainder) {
    if (b == 0 || !std::isfinite(a) || !std::isfinite(b)) return std::nullopt;
    double rest = std::fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest == 0)
        rest = std::copysign(0.0, b);
    else if ((b < 0) != (rest < 0)) {
        rest += b;
        quotient -= 1.0;
    }
    if (remainder) return real(rest);
    if (quotient == 0) return real(std::copysign(0.0, a / b));
    const double below = std::floor(quotient);
    return real(quotient - below > 0.5 ? below + 1.0 : below);
}

/// a ** b of floats, by the C library's pow as in Python. Nothing where Python raises or gives a complex number.
inline std::optional<value> real_power(double a, double b) {
    if (!std::isfinite(a) || !std::isfinite(b)) return std::nullopt;
    if ((a == 0 && b < 0) || (a < 0 && b != std::floor(b))) return std::nullopt;
    const double result = std::pow(a, b);
    // Near and below the smallest normal number it depends on the C library whether Python raises.
    const bool too_small = a != 0 && std::fabs(result) < std::numeric_limits<double>::min();
    if (!std::isfinite(result) || too_small) return std::nullopt;
    return real(result);
}

inline std::optional<value> of_wholes(operation op, std::int64_t a, std::int64_t b) {
    switch (op) {
        case operation::add: return whole(whole_sum(a, b));
        case operation::subtract:
            if (b == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
            return whole(whole_sum(a, -b));
        case operation::multiply: return whole(whole_product(a, b));
        case operation::divide:  // Python rounds the exact quotient, which a division of doubles does for exact ones
            if (b == 0 || !is_exact_as_real(a) || !is_exact_as_real(b)) return std::nullopt;
            return real(static_cast<double>(a) / static_cast<double>(b));
        case operation::floor_divide: return whole(whole_floor(a, b, false));
        case operation::modulo: return whole(whole_floor(a, b, true));
        case operation::power:
            if (b < 0) return real_power(static_cast<double>(a), static_cast<double>(b));
            return whole(whole_power(a, b));
    }
    return std::nullopt;
}

inline std::optional<value> of_reals(operation op, double a, double b) {
    switch (op) {
        case operation::add: return real(a + b);
        case operation::subtract: return real(a - b);
        case operation::multiply: return real(a * b);
        case operation::divide:
            if (b == 0) return std::nullopt;
            return real(a / b);
        case operation::floor_divide: return real_floor(a, b, false);
        case operation::modulo: return real_floor(a, b, true);
        case operation::power: return real_power(a, b);
    }
    return std::nullopt;
}

/// a op b as Python has it: of ints (a bool is one) an int, except for / and for ** to a negative power.
inline std::optional<value> result_of(operation op, const value& a, const value& b) {
    if (is_real(a) || is_real(b)) return of_reals(op, as_real(a), as_real(b));
    return of_wholes(op, a.whole, b.whole);
}

/// −a.
inline std::optional<value> negative(const value& a) {
    if (is_real(a)) return real(-a.real);
    return of_wholes(operation::subtract, 0, a.whole);
}

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI

#include <reft/core/exact_arithmetic_end.inl>
