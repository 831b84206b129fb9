// The values of a simple program: Python's int within 64 bits, float and bool.
#pragma once

#include <reft/core/config.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

enum class value_kind { integer, real, boolean };

/// An int, a float or a bool. Whatever a function of this folder cannot do as Python does, it gives nothing for.
struct value {
    value_kind kind = value_kind::integer;
    std::int64_t whole = 0;  // of an int and, as 0 or 1, of a bool
    double real = 0;         // of a float
};

constexpr value integer(std::int64_t whole) { return {value_kind::integer, whole, 0}; }
constexpr value real(double number) { return {value_kind::real, 0, number}; }
constexpr value boolean(bool is_true) { return {value_kind::boolean, is_true ? 1 : 0, 0}; }

constexpr bool is_real(const value& v) { return v.kind == value_kind::real; }

/// Python's float(v). Correctly rounded, as there.
constexpr double as_real(const value& v) { return is_real(v) ? v.real : static_cast<double>(v.whole); }

/// Python's bool(v): NaN is true.
constexpr bool is_true(const value& v) { return is_real(v) ? v.real != 0 : v.whole != 0; }

/// Whether every int of this size, and of smaller size, is a double.
constexpr bool is_exact_as_real(std::int64_t whole) {
    constexpr std::int64_t limit = std::int64_t{1} << std::numeric_limits<double>::digits;
    return whole >= -limit && whole <= limit;
}

constexpr bool is_exact_as_real(const value& v) { return is_real(v) || is_exact_as_real(v.whole); }

/// The int of a float without fraction; nothing for what has no place in 64 bits.
inline std::optional<value> as_integer(double number) {
    constexpr double limit = 9223372036854775808.0;  // 2^63
    if (!(number >= -limit && number < limit)) return std::nullopt;
    return integer(static_cast<std::int64_t>(number));
}

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
