// The number grammar of Python's float(), for any bytes.
#pragma once

#include <reft/core/config.hpp>

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace reft::inline REFT_ABI {

namespace detail {

/// What `next_code_point` gives where the bytes are not UTF-8.
inline constexpr char32_t no_code_point = 0xFFFFFFFFu;

/// The code point at `at` < text.size(); `at` moves behind it, or by one byte where the bytes are not UTF-8
/// (overlong forms, surrogates, values above U+10FFFF and cut sequences are not).
inline char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const char32_t first = byte(at++);
    if (first < 0x80) return first;
    const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || text.size() - at < more) return no_code_point;
    char32_t point = first & (0x3Fu >> more);
    for (std::size_t i = 0; i < more; ++i) {
        if ((byte(at + i) & 0xC0u) != 0x80u) return no_code_point;
        point = (point << 6) | (byte(at + i) & 0x3Fu);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (surrogate || point > 0x10FFFF || (more == 2 && point < 0x800) || (more == 3 && point < 0x10000))
        return no_code_point;
    at += more;
    return point;
}

/// White space that float() strips.
constexpr bool is_number_space(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// White space that str.strip() strips: the same, and the four ASCII separators.
constexpr bool is_space(char32_t c) { return is_number_space(c) || (c >= 0x1C && c <= 0x1F); }

/// `text` without white space at its ends. Bytes that are not UTF-8 are no white space.
inline std::string_view stripped(std::string_view text, bool (*is_white)(char32_t) = is_space) {
    while (!text.empty()) {
        std::size_t next = 0;
        if (!is_white(next_code_point(text, next))) break;
        text.remove_prefix(next);
    }
    while (!text.empty()) {
        std::size_t begin = text.size() - 1;  // of the last code point: at most three bytes go on
        const auto goes_on = [&] { return begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80u; };
        for (int i = 0; i < 3 && goes_on(); ++i) --begin;
        std::size_t end = begin;
        if (!is_white(next_code_point(text, end)) || end != text.size()) break;
        text.remove_suffix(text.size() - begin);
    }
    return text;
}

/// The zeros of the decimal digits (category Nd) of Unicode 14; the digits 1 to 9 follow each of them.
inline constexpr char32_t decimal_zeros[] = {
    0x0030,  0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,
    0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,
    0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,
    0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0,
    0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// ASCII spelling: every decimal digit as 0-9, `_` between two digits left out, letters in lower case.
inline std::optional<std::string> number_spelling(std::string_view text) {
    std::string ascii;
    ascii.reserve(text.size());
    bool joined = false;  // the last character was `_`: a digit must follow
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (c == U'_') {
            if (joined || ascii.empty() || !is_digit(ascii.back())) return std::nullopt;
            joined = true;
            continue;
        }
        char spelled = static_cast<char>(c & 0x7Fu);
        if (c >= 0x80) {
            const auto above = std::upper_bound(std::begin(decimal_zeros), std::end(decimal_zeros), c);
            const char32_t zero = *std::prev(above);
            if (c - zero > 9) return std::nullopt;
            spelled = static_cast<char>('0' + (c - zero));
        }
        if (joined && !is_digit(spelled)) return std::nullopt;
        joined = false;
        ascii += lower(spelled);
    }
    if (joined) return std::nullopt;
    return ascii;
}

/// The value of digits [. digits] [e [sign] digits], with a digit in front of the exponent; nothing else.
inline std::optional<double> unsigned_decimal(std::string_view s) {
    std::size_t at = 0;
    const auto skip_digits = [&] {
        const std::size_t begin = at;
        while (at < s.size() && is_digit(s[at])) ++at;
        return at - begin;
    };
    std::size_t digits = skip_digits();
    const std::size_t point = at;
    if (at < s.size() && s[at] == '.') {
        ++at;
        digits += skip_digits();
    }
    if (digits == 0) return std::nullopt;
    std::int64_t exponent = 0;
    if (at < s.size() && s[at] == 'e') {
        ++at;
        const bool negative = at < s.size() && s[at] == '-';
        if (at < s.size() && (s[at] == '-' || s[at] == '+')) ++at;
        const std::size_t begin = at;
        if (skip_digits() == 0) return std::nullopt;
        constexpr std::int64_t far = 1'000'000'000'000'000;  // beyond it the digits in front decide nothing
        for (std::size_t i = begin; i < at && exponent < far; ++i) exponent = exponent * 10 + (s[i] - '0');
        if (negative) exponent = -exponent;
    }
    if (at != s.size()) return std::nullopt;

#if defined(__cpp_lib_to_chars)
    double value = 0;
    if (std::from_chars(s.data(), s.data() + s.size(), value).ec != std::errc::result_out_of_range) return value;
    // Too large or too small: the place of the first digit that is not zero tells which.
    const std::size_t first = std::min(s.find_first_of("123456789"), s.size());
    const std::int64_t magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent;
    return magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
#else  // libc++ before 20 reads no floating-point numbers by from_chars
    std::string spelled(s);
    if (point < s.size() && s[point] == '.') spelled.replace(point, 1, std::localeconv()->decimal_point);
    return std::strtod(spelled.c_str(), nullptr);
#endif
}

}  // namespace detail

/// The value of Python's float(text), or nothing where Python raises ValueError.
///
/// White space around the number is stripped, any Unicode decimal digit counts, `_` may stand between two
/// digits, `inf`, `infinity` and `nan` are read in any case. `1,000`, `$5`, `5%`, `1/2` and the typographic minus
/// are not numbers. What is too large is infinite, what is too small is 0, with its sign.
///
/// Errors    none: any bytes may be given; those that are not UTF-8 are no number. Linear in the length.
/// Precision correctly rounded, as in Python.
/// Source    CPython 3.11, float(str); decimal digits of Unicode 14, which it uses.
inline std::optional<double> python_float(std::string_view utf8) {
    const std::optional<std::string> ascii = detail::number_spelling(detail::stripped(utf8, detail::is_number_space));
    if (!ascii) return std::nullopt;
    std::string_view rest = *ascii;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    std::optional<double> value;
    if (rest == "inf" || rest == "infinity")
        value = std::numeric_limits<double>::infinity();
    else if (rest == "nan")
        value = std::numeric_limits<double>::quiet_NaN();
    else
        value = detail::unsigned_decimal(rest);
    if (value && negative) value = -*value;
    return value;
}

}  // namespace reft::inline REFT_ABI
