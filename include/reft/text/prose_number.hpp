// Numbers as people and models write them: signs, currency, thousands, fractions, percent, LaTeX.
#pragma once

#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI {

/// A number in prose.
struct prose_number {
    double value = 0;                         ///< rounded to double; 6 for `6%`
    std::string spelling = {};                ///< exact: `-2125`, `0.30`, `31/36`, `13 1/2`, `6%`, `1.5e3`
    answer_form form = answer_form::integer;  ///< how it is written
    text_span span = {};                      ///< with sign and currency, without the unit
};

namespace detail {

constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

/// The byte at `at`, or NUL outside the text.
constexpr char byte_at(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\0'; }

/// Whether `word` (lower case) stands at `at`, in any case.
constexpr bool matches_at(std::string_view text, std::size_t at, std::string_view word) {
    if (at > text.size() || text.size() - at < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if (lower(text[at + i]) != word[i]) return false;
    return true;
}

/// The length of the first of `words` that stands at `at`, or 0.
template <std::size_t Count>
constexpr std::size_t any_at(std::string_view text, std::size_t at, const std::string_view (&words)[Count]) {
    for (const std::string_view word : words)
        if (matches_at(text, at, word)) return word.size();
    return 0;
}

// Spaces of a number: no line break is one. The last three are the no-break, the thin and the narrow space.
inline constexpr std::string_view number_spaces[] = {" ",   "\t",       "\\,",          "\\;",
                                                     "\\ ", "\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"};
// Minus, en dash, em dash, hyphen, no-break hyphen; all of them are typed for a minus.
inline constexpr std::string_view minus_signs[] = {
    "-", "\xE2\x88\x92", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x90", "\xE2\x80\x91"};
inline constexpr std::string_view currencies[] = {
    "\\$", "$", "us$", "usd", "rs .", "rs.", "rs", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9"};
inline constexpr std::string_view percent_signs[] = {"\\%", "%", "percent", "per cent"};
inline constexpr std::string_view times_signs[] = {"\xC3\x97", "\\times", "x", "*"};

struct vulgar_fraction {
    std::string_view sign;
    char numerator;
    char denominator;
};
inline constexpr vulgar_fraction vulgar_fractions[] = {
    {"\xC2\xBC", '1', '4'},     {"\xC2\xBD", '1', '2'},     {"\xC2\xBE", '3', '4'},     {"\xE2\x85\x93", '1', '3'},
    {"\xE2\x85\x94", '2', '3'}, {"\xE2\x85\x95", '1', '5'}, {"\xE2\x85\x96", '2', '5'}, {"\xE2\x85\x97", '3', '5'},
    {"\xE2\x85\x98", '4', '5'}, {"\xE2\x85\x99", '1', '6'}, {"\xE2\x85\x9A", '5', '6'}, {"\xE2\x85\x9B", '1', '8'},
    {"\xE2\x85\x9C", '3', '8'}, {"\xE2\x85\x9D", '5', '8'}, {"\xE2\x85\x9E", '7', '8'}};

/// Reads one number from `at` on. Every byte is looked at a bounded number of times.
class number_reader {
  public:
    number_reader(std::string_view text, std::size_t at) : text_(text), at_(at), begin_(at) {}

    /// Whether a number stands here; `end()` is behind what was read either way.
    bool read() {
        const bool plain = is_digit(here());  // nearly all are
        if (!plain) prefix();
        if ((plain || !fraction_sign()) && !decimal()) return false;
        if (at_ == text_.size()) return true;
        if (form_ == answer_form::integer) mixed_or_fraction();
        power_of_ten();
        scale();
        percent();
        return !goes_on();
    }

    std::size_t end() const { return at_; }

    prose_number result() const {
        prose_number number{.form = form_, .span = {begin_, at_ - begin_}};
        const std::string plain = whole_ + (places_.empty() ? "" : "." + places_);
        number.spelling = numerator_.empty() ? plain : (whole_.empty() ? "" : whole_ + " ") + ratio();
        number.value = whole_.empty() ? 0.0 : unsigned_decimal(plain + exponent_).value_or(0.0);
        number.spelling += exponent_;
        if (!numerator_.empty())
            number.value += unsigned_decimal(numerator_).value_or(0.0) / unsigned_decimal(denominator_).value_or(1.0);
        if (percent_) number.form = answer_form::percent;
        if (percent_) number.spelling += '%';
        const bool zero = number.spelling.find_first_of("123456789") == std::string::npos;
        if (negative_ && !zero) number.spelling.insert(0, 1, '-');
        if (negative_ && !zero) number.value = -number.value;
        return number;
    }

  private:
    char here(std::size_t ahead = 0) const { return byte_at(text_, at_ + ahead); }

    template <std::size_t Count>
    bool eat(const std::string_view (&words)[Count]) {
        const std::size_t length = any_at(text_, at_, words);
        at_ += length;
        return length > 0;
    }
    bool eat(std::string_view word) {
        if (!matches_at(text_, at_, word)) return false;
        at_ += word.size();
        return true;
    }
    void spaces() {
        while (eat(number_spaces)) {
        }
    }

    // -$27, $-27, $ 27, - 27
    void prefix() {
        for (int i = 0; i < 2; ++i) {
            const bool minus = eat(minus_signs);
            negative_ = negative_ != minus;
            if (!minus) static_cast<void>(eat("+"));
            spaces();
            if (eat(currencies)) spaces();
        }
    }

    std::string digits() {
        const std::size_t begin = at_;
        while (is_digit(here())) ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }
    static std::string without_zeros(std::string digits) {
        digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
        return digits;
    }

    /// The length of a thousands separator with its three digits after it, or 0.
    std::size_t separator() const {
        constexpr std::string_view separators[] = {",\\!",     "{,}",          ",",           "\\,", " ",
                                                   "\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"};
        const std::size_t length = any_at(text_, at_, separators);
        if (length == 0) return 0;
        for (std::size_t i = 0; i < 3; ++i)
            if (!is_digit(here(length + i))) return 0;
        return is_digit(here(length + 3)) ? 0 : length;
    }

    bool decimal() {
        if (is_digit(here())) {
            whole_ = digits();
            if (at_ == text_.size()) {
                whole_ = without_zeros(std::move(whole_));
                return true;
            }
            for (bool first = true; whole_.size() <= 3 || !first; first = false) {
                const std::size_t length = whole_.front() == '0' ? 0 : separator();
                if (length == 0) break;
                whole_ += text_.substr(at_ + length, 3);
                at_ += length + 3;
            }
            whole_ = without_zeros(std::move(whole_));
        }
        if (here() == '.' && is_digit(here(1))) {
            ++at_;
            if (whole_.empty()) whole_ = "0";
            places_ = digits();
            form_ = answer_form::decimal;
        }
        return !whole_.empty();
    }

    // 1/5, 31 / 36
    bool slash_fraction(std::string numerator) {
        const std::size_t before = at_;
        spaces();
        const bool slash = eat("/");
        if (slash) spaces();
        std::string below = slash && is_digit(here()) ? without_zeros(digits()) : std::string();
        const bool whole = !below.empty() && below != "0" && !(here() == '.' && is_digit(here(1)));
        if (!whole) {
            at_ = before;
            return false;
        }
        numerator_ = std::move(numerator);
        denominator_ = std::move(below);
        return true;
    }

    std::string braced_digits() {
        const bool brace = eat("{");
        spaces();
        if (!brace) return is_digit(here()) ? std::string(1, text_[at_++]) : std::string();
        negative_ = negative_ != eat("-");
        std::string inside = is_digit(here()) ? digits() : std::string();
        while (!inside.empty() && (matches_at(text_, at_, ",") || matches_at(text_, at_, "{,}")) && separator() > 0) {
            at_ += separator();
            inside += digits();
        }
        if (!inside.empty() && here() == '.' && is_digit(here(1))) {
            ++at_;
            inside += '.' + digits();
        }
        spaces();
        return eat("}") && !inside.empty() ? without_zeros(std::move(inside)) : std::string();
    }

    // ½, \frac{1}{2}; alone or behind a whole number
    bool fraction_sign() {
        constexpr std::string_view latex[] = {"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"};
        for (const vulgar_fraction& each : vulgar_fractions)
            if (eat(each.sign)) {
                numerator_ = each.numerator;
                denominator_ = each.denominator;
                form_ = answer_form::fraction;
                return true;
            }
        const std::size_t before = at_;
        const bool was_negative = negative_;
        if (!eat(latex)) return false;
        std::string above = braced_digits(), below = braced_digits();
        if (above.empty() || below.empty() || below == "0") {
            at_ = before;
            negative_ = was_negative;
            return false;
        }
        numerator_ = std::move(above);
        denominator_ = std::move(below);
        form_ = answer_form::fraction;
        return true;
    }

    void mixed_or_fraction() {
        if (slash_fraction(whole_)) {
            whole_.clear();
            form_ = answer_form::fraction;
            return;
        }
        const std::size_t before = at_;
        spaces();
        if (eat("and")) spaces();
        if (fraction_sign()) {
            form_ = answer_form::mixed;
            return;
        }
        if (at_ > before && is_digit(here())) {
            std::string above = without_zeros(digits());
            if (slash_fraction(std::move(above))) {
                form_ = answer_form::mixed;
                return;
            }
        }
        at_ = before;
    }

    // 1.5e3, 1.5 × 10^3
    void power_of_ten() {
        if (!numerator_.empty()) return;
        const std::size_t before = at_;
        bool braced = false;
        bool power = lower(here()) == 'e';
        if (power) {
            ++at_;
        } else {
            spaces();
            power = eat(times_signs);
            spaces();
            power = power && eat("10");
            spaces();
            power = power && eat("^");
            spaces();
            braced = power && eat("{");
        }
        const bool minus = power && eat(minus_signs);
        if (power && !minus) static_cast<void>(eat("+"));
        std::string exponent = power ? digits() : std::string();
        if (braced && !eat("}")) exponent.clear();
        if (exponent.empty() || is_letter(here())) {
            at_ = before;
            return;
        }
        exponent_ = (minus ? "e-" : "e") + without_zeros(std::move(exponent));
        form_ = answer_form::scientific;
    }

    // 1.8 billion
    void scale() {
        constexpr std::string_view words[] = {"thousand", "million", "billion", "trillion"};
        if (!numerator_.empty() || !exponent_.empty()) return;
        const std::size_t before = at_;
        spaces();
        for (std::size_t i = 0; i < 4; ++i) {
            if (!eat(words[i]) || is_letter(here())) continue;
            const std::size_t zeros = 3 * (i + 1), moved = std::min(zeros, places_.size());
            whole_ = without_zeros(whole_ + places_.substr(0, moved) + std::string(zeros - moved, '0'));
            places_.erase(0, moved);
            if (places_.empty()) form_ = answer_form::integer;
            return;
        }
        at_ = before;
    }

    void percent() {
        const std::size_t before = at_;
        spaces();
        percent_ = eat(percent_signs);
        if (!percent_ || (is_letter(text_[at_ - 1]) && is_letter(here()))) {
            percent_ = false;
            at_ = before;
        }
    }

    /// Whether this is only the beginning of an expression: `10+x`, `5^2`, `3 * 6`, `1/1/1`, `5\sqrt{2}`.
    bool goes_on() const {
        constexpr std::string_view operators[] = {"+",      "\xC3\x97", "\xC3\xB7",     "\\times", "\\cdot",
                                                  "\\sqrt", "\\pi",     "\xE2\x88\x9A", "\xCF\x80"};
        std::size_t next = at_;
        while (const std::size_t space = any_at(text_, next, number_spaces)) next += space;
        const char c = byte_at(text_, next), then = byte_at(text_, next + 1);
        const bool spaced_digit = is_digit(then) || (then == ' ' && is_digit(byte_at(text_, next + 2)));
        if (c == '^') return !matches_at(text_, next, "^\\circ") && !matches_at(text_, next, "^{\\circ");
        if (c == '*' || c == '-') return spaced_digit || (c == '*' && then == ' ' && next > at_);
        if (c == '/') return spaced_digit || then == '(';
        return any_at(text_, next, operators) > 0;
    }

    std::string ratio() const { return numerator_ + "/" + denominator_; }

    std::string_view text_;
    std::size_t at_;
    std::size_t begin_;
    bool negative_ = false;
    bool percent_ = false;
    answer_form form_ = answer_form::integer;
    std::string whole_ = {}, places_ = {}, numerator_ = {}, denominator_ = {}, exponent_ = {};
};

/// Whether a number may begin at `at`: a digit, a point, a fraction, or the sign or currency before them.
inline bool may_begin_number(std::string_view text, std::size_t at) {
    const char c = text[at];
    if (is_digit(c)) return true;
    if (c == '.') return is_digit(byte_at(text, at + 1));
    if (c == '\\')
        return matches_at(text, at, "\\frac") || matches_at(text, at, "\\dfrac") || matches_at(text, at, "\\tfrac") ||
               matches_at(text, at, "\\cfrac") || matches_at(text, at, "\\$");
    if (c == '$') return true;
    if (static_cast<unsigned char>(c) < 0x80 && c != '-') return false;
    if (any_at(text, at, minus_signs) > 0) return true;
    for (const vulgar_fraction& each : vulgar_fractions)
        if (matches_at(text, at, each.sign)) return true;
    return any_at(text, at, currencies) > 0;
}

/// Whether the sign at `at` belongs to the number behind it, and is no dash or subtraction. A sign with a space after
/// it does only at `begin`, where the text begins.
inline bool stands_before_number(std::string_view text, std::size_t at, std::size_t begin) {
    const std::size_t length = any_at(text, at, minus_signs);
    if (length == 0) return true;
    const char before = at > 0 ? text[at - 1] : ' ';
    if (is_letter(before) || is_digit(before) || before == ')') return false;
    return byte_at(text, at + length) != ' ' || begin == at;
}

}  // namespace detail

/// The number that begins at `at`, or nothing if none does or an expression goes on there (`10+x`, `5^2`).
///
/// Read are: signs before and after a currency (`-$27`), typographic minus and dashes, commas or spaces between
/// thousands, decimals, `1/5`, `31 / 36`, `13 1 / 2`, `½`, `\frac{1}{2}`, `1.5e3`, `1.5 × 10^3`, thousand to
/// trillion, and percent, which is kept as said. What follows (a unit, a full stop, `</s>`) is not read.
///
/// Errors    none: any bytes may be given. Linear in the length of the number.
/// Precision the spelling is exact at any length; the value is rounded to double.
inline std::optional<prose_number> prose_number_at(std::string_view text, std::size_t at) {
    detail::number_reader reader(text, at);
    if (!reader.read()) return std::nullopt;
    return reader.result();
}

/// The first number at or after `at`, or nothing: digits that belong to a word (`x2`) are none. Linear in the length.
inline std::optional<prose_number> first_prose_number(std::string_view text, std::size_t at = 0) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n*(\"", at);
    while (at < text.size()) {
        const bool in_word = at > 0 && (detail::is_letter(text[at - 1]) || text[at - 1] == '_');
        if (detail::is_digit(text[at]) && in_word) {
            while (at < text.size() && (detail::is_digit(text[at]) || detail::is_letter(text[at]))) ++at;
        } else if (detail::may_begin_number(text, at) && detail::stands_before_number(text, at, begin)) {
            detail::number_reader reader(text, at);
            if (reader.read()) return reader.result();
            const std::string_view read = text.substr(at, reader.end() - at);
            if (read.find_first_of("0123456789") != std::string_view::npos) return std::nullopt;
            ++at;
        } else {
            ++at;
        }
    }
    return std::nullopt;
}

}  // namespace reft::inline REFT_ABI
