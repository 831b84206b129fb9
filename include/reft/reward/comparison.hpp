// When an answer counts as right.
#pragma once

#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// Decides whether an answer is right: `comparison(found, gold) → bool`.
///
/// `kind` says how the gold answer is read and which answers can be equal to it; one of another kind is not.
template <class C>
concept answer_comparison = requires(const C& equal, const answer& found, const answer& gold) {
    { equal.kind } -> std::convertible_to<answer_kind>;
    { equal(found, gold) } -> std::convertible_to<bool>;
};

/// Numbers that differ by at most `tolerance`:  |found − gold| ≤ tolerance.
///
/// NaN and infinities are equal to nothing, not to themselves either, as in Python.
///
/// Source    the paper's code, train_rl_reft.py (compare_answer_fn_mapper): tolerance 1e-2, also where the gold
///           answer is smaller than that: 0 is right for 0.002.
struct within_absolute {
    double tolerance = 1e-2;                                  ///< absolute, at any size of the numbers
    static constexpr answer_kind kind = answer_kind::number;  ///< what it compares

    /// False too where one of them is no number.
    bool operator()(const answer& found, const answer& gold) const {
        return found.kind == kind && gold.kind == kind && std::isfinite(found.number) && std::isfinite(gold.number) &&
               std::abs(found.number - gold.number) <= tolerance;
    }
};

/// Numbers that differ little, and little for their size:  |found − gold| ≤ min(absolute, relative·|gold|).
///
/// What the paper's rule accepts, but not 0 for 0.002. NaN and infinities are equal to nothing.
struct within_both {
    double absolute = 1e-2;                                   ///< as within_absolute
    double relative = 5e-2;                                   ///< of the gold answer
    static constexpr answer_kind kind = answer_kind::number;  ///< what it compares

    /// False too where one of them is no number.
    bool operator()(const answer& found, const answer& gold) const {
        return within_absolute{std::min(absolute, relative * std::abs(gold.number))}(found, gold);
    }
};

namespace detail {

/// The spelling of a number without percent sign, plus, decimal zeros at the end (`20.0`) and leading zeros.
inline std::string_view bare_spelling(std::string_view text) {
    if (text.ends_with('%')) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const bool digits = text.find_first_not_of("-0123456789.") == std::string_view::npos;
    const std::size_t point = text.find('.');
    if (!digits || point == std::string_view::npos) return text;
    while (text.ends_with('0')) text.remove_suffix(1);
    if (text.ends_with('.')) text.remove_suffix(1);
    return text == "-0" || text.empty() ? std::string_view("0") : text;
}

/// Whether `text` is an optional minus sign and digits.
inline bool is_integer_spelling(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Digits behind the decimal point of a spelling; -1 where it is no plain decimal number.
inline int decimal_places(std::string_view text) {
    if (text.ends_with('%')) text.remove_suffix(1);
    if (text.empty() || text.find_first_not_of("+-0123456789.") != std::string_view::npos) return -1;
    const std::size_t point = text.find('.');
    return point == std::string_view::npos ? 0 : static_cast<int>(std::min<std::size_t>(text.size() - point - 1, 400));
}

}  // namespace detail

/// The same number: exactly if both are integers, else up to rounding.
///
///   integers  the same digits, at any length; `20.0` is one
///   others    |found − gold| ≤ relative · max(|found|, |gold|)
///
/// A percent sign is not looked at: 12% is 12 (answer::number is the number as said).
/// NaN and infinities are equal to nothing.
struct strict_number {
    double relative = 1e-9;                                   ///< for decimals and fractions
    static constexpr answer_kind kind = answer_kind::number;  ///< what it compares

    /// False too where one of them is no number.
    bool operator()(const answer& found, const answer& gold) const {
        if (found.kind != kind || gold.kind != kind) return false;
        const std::string_view a = detail::bare_spelling(found.text), b = detail::bare_spelling(gold.text);
        if (detail::is_integer_spelling(a) && detail::is_integer_spelling(b)) return a == b;
        if (!std::isfinite(found.number) || !std::isfinite(gold.number)) return false;
        return std::abs(found.number - gold.number) <=
               relative * std::max(std::abs(found.number), std::abs(gold.number));
    }
};

/// Rounded to the places that the gold answer gives:  |found − gold| ≤ ½ · 10^−places, and never more than ½.
///
/// Gold 69.4 accepts 69.35 to 69.45, gold 18 accepts 17.5 to 18.5; `integers_exact` makes integers exact.
/// A gold answer that is no plain decimal (`1/3`, `1.5e3`) is compared by strict_number.
struct to_given_places {
    bool integers_exact = true;                               ///< gold answers without a point are compared exactly
    static constexpr answer_kind kind = answer_kind::number;  ///< what it compares

    /// False too where one of them is no number.
    bool operator()(const answer& found, const answer& gold) const {
        if (strict_number{}(found, gold)) return true;
        const int places = detail::decimal_places(gold.text);
        if (found.kind != kind || gold.kind != kind || places < 0 || (places == 0 && integers_exact)) return false;
        if (!std::isfinite(found.number) || !std::isfinite(gold.number)) return false;
        const double half_unit = 0.5 * std::pow(10.0, -places);
        constexpr double rounding = 1e-12;  // of the difference of two decimals
        return std::abs(found.number - gold.number) <= half_unit + rounding * std::abs(gold.number);
    }
};

/// The share that a percentage says: 6% becomes 0.06; any other number stays as it is.
///
/// The spelling stays exact: `6e-2`, `1/500` for `1/5%`; that of a mixed number keeps its percent sign.
inline answer percent_as_share(answer said) {
    if (said.form != answer_form::percent) return said;
    said.number /= 100;
    if (said.text.find(' ') != std::string::npos) return said;
    said.text.pop_back();
    const bool fraction = said.text.find('/') != std::string::npos;
    said.text += fraction ? "00" : "e-2";
    said.form = fraction ? answer_form::fraction : answer_form::scientific;
    return said;
}

/// The same letter, as the extractor normalised it.
struct same_option {
    static constexpr answer_kind kind = answer_kind::option;  ///< what it compares

    /// False too where one of them is no option.
    bool operator()(const answer& found, const answer& gold) const {
        return found.kind == kind && gold.kind == kind && found.text == gold.text;
    }
};

/// The same text, byte for byte.
struct same_text {
    static constexpr answer_kind kind = answer_kind::text;  ///< what it compares

    /// False too where one of them is no text.
    bool operator()(const answer& found, const answer& gold) const {
        return found.kind == kind && gold.kind == kind && found.text == gold.text;
    }
};

/// The same text apart from case, white space, quotation marks and a full stop at the end; ASCII only.
struct normalised_text {
    static constexpr answer_kind kind = answer_kind::text;  ///< what it compares

    /// False too where one of them is no text.
    bool operator()(const answer& found, const answer& gold) const {
        return found.kind == kind && gold.kind == kind && normalised(found.text) == normalised(gold.text);
    }

    /// What is compared.
    static std::string normalised(std::string_view text) {
        std::string plain;
        bool space = false;
        for (const char c : detail::stripped(text)) {
            const bool white = c == ' ' || c == '\t' || c == '\n' || c == '\r';
            if (c != '"' && c != '\'' && !white) {
                if (space && !plain.empty()) plain += ' ';
                plain += detail::lower(c);
                space = false;
            }
            space = space || white;
        }
        while (plain.ends_with('.') || plain.ends_with(' ')) plain.pop_back();
        return plain;
    }
};

}  // namespace reft::inline REFT_ABI
