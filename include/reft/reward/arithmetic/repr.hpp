// How Python writes a number.
#pragma once

#include <reft/reward/arithmetic/value.hpp>

#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

/// repr(number) of a finite float: the fewest digits that give it back; with an exponent below 1e-4 and from 1e16 on.
/// Nothing where the standard library does not write floating-point numbers.
inline std::optional<std::string> repr(double number) {
#if defined(__cpp_lib_to_chars)
    const double size = std::fabs(number);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
    char text[40];  // sign, 17 digits, point, and an exponent or four zeros in front
    const auto written =
        std::to_chars(text, std::end(text), number, plain ? std::chars_format::fixed : std::chars_format::scientific);
    if (written.ec != std::errc()) return std::nullopt;
    std::string spelling(text, written.ptr);
    if (plain && spelling.find('.') == std::string::npos) spelling += ".0";
    return spelling;
#else
    static_cast<void>(number);
    return std::nullopt;
#endif
}

/// repr(v) of an int or a finite float.
inline std::optional<std::string> repr(const value& v) { return is_real(v) ? repr(v.real) : std::to_string(v.whole); }

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
