// The functions a simple program may call: int, float, abs, round, min and max.
#pragma once

#include <reft/reward/arithmetic/comparison.hpp>
#include <reft/reward/arithmetic/operation.hpp>
#include <reft/reward/arithmetic/value.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include <reft/core/exact_arithmetic_begin.inl>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

enum class function { to_int, to_float, abs, round, min, max };

/// The function of that name.
constexpr std::optional<function> function_named(std::string_view name) {
    if (name == "int") return function::to_int;
    if (name == "float") return function::to_float;
    if (name == "abs") return function::abs;
    if (name == "round") return function::round;
    if (name == "min") return function::min;
    if (name == "max") return function::max;
    return std::nullopt;
}

/// round(x) of a float: the nearest int, of two the even one.
inline std::optional<value> rounded(double x) {
    double nearest = std::round(x);
    if (std::fabs(x - nearest) == 0.5) nearest = 2.0 * std::round(x / 2.0);
    return as_integer(nearest);
}

/// round(x, digits) of a float: by its exact decimal digits, as Python rounds.
inline std::optional<value> rounded(double x, std::int64_t digits) {
#if defined(__cpp_lib_to_chars)
    constexpr std::int64_t most_digits = 30;
    if (!std::isfinite(x) || digits < 0 || digits > most_digits) return std::nullopt;
    char text[360];  // sign, 309 digits, point, 30 digits
    const auto written = std::to_chars(text, std::end(text), x, std::chars_format::fixed, static_cast<int>(digits));
    if (written.ec != std::errc()) return std::nullopt;
    double result = 0;
    const auto read = std::from_chars(text, written.ptr, result);
    if (read.ec != std::errc() || read.ptr != written.ptr) return std::nullopt;
    return real(result);
#else
    static_cast<void>(x), static_cast<void>(digits);
    return std::nullopt;
#endif
}

inline std::optional<value> rounded(std::span<const value> arguments) {
    const value& x = arguments[0];
    if (arguments.size() == 1) return is_real(x) ? rounded(x.real) : integer(x.whole);
    if (arguments.size() != 2 || is_real(arguments[1]) || arguments[1].whole < 0) return std::nullopt;
    return is_real(x) ? rounded(x.real, arguments[1].whole) : integer(x.whole);
}

/// The first argument that none of the others goes beyond. One alone would have to be a list.
inline std::optional<value> extreme(relation beyond, std::span<const value> arguments) {
    if (arguments.size() < 2) return std::nullopt;
    value best = arguments[0];
    for (const value& next : arguments.subspan(1)) {
        const std::optional<bool> better = holds(beyond, next, best);
        if (!better) return std::nullopt;
        if (*better) best = next;
    }
    return best;
}

/// What the call gives.
inline std::optional<value> result_of(function f, std::span<const value> arguments) {
    if (arguments.empty()) return std::nullopt;
    if (f == function::min) return extreme(relation::less, arguments);
    if (f == function::max) return extreme(relation::greater, arguments);
    if (f == function::round) return rounded(arguments);
    if (arguments.size() != 1) return std::nullopt;
    const value& x = arguments[0];
    if (f == function::to_float) return real(as_real(x));
    if (f == function::to_int) return is_real(x) ? as_integer(std::trunc(x.real)) : integer(x.whole);
    if (is_real(x)) return real(std::fabs(x.real));
    return x.whole < 0 ? negative(x) : integer(x.whole);
}

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI

#include <reft/core/exact_arithmetic_end.inl>
