// What the checks of a tensor type or of a policy found: one line each, and for a failure the place and the usual cause.
#pragma once

#include <reft/core/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// What became of a check.
enum class check_outcome {
    held,      ///< the figure is not above its limit
    failed,    ///< it is, or is no number, or an exception came out of the check
    left_out,  ///< what it is about is not offered; `detail` says why
};

/// One check: a figure was measured, and holds if it is not above its limit.
struct check_result {
    std::string name = {};                        ///< says what holds
    check_outcome outcome = check_outcome::held;  ///< what became of it
    double measured = 0;                          ///< the largest difference that was found, or a number of violations
    double limit = 0;                             ///< what `measured` may be
    std::string detail = {};       ///< of a failure: what was compared, where it differs most; or why it was left out
    std::string usual_cause = {};  ///< of a failure: what usually lies behind it
};

/// All checks of a tensor type or of a policy.
struct check_report {
    std::vector<check_result> checks = {};  ///< in the order in which they ran

    /// How many checks ended so.
    std::size_t count(check_outcome outcome) const {
        return static_cast<std::size_t>(
            std::count_if(checks.begin(), checks.end(), [&](const check_result& c) { return c.outcome == outcome; }));
    }
    /// Nothing failed, and something held.
    bool passed() const { return count(check_outcome::failed) == 0 && count(check_outcome::held) > 0; }

    /// A table of at most 100 columns, with the totals below.
    std::string text() const;
};

namespace detail {

/// A number as people write it down: four digits.
inline std::string figure(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", x);
    return text;
}

inline std::string padded_to(std::size_t width, std::string text) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

/// The sentences, broken between words into lines of at most `width` columns behind `indent` blanks.
inline std::string wrapped(std::string_view sentences, std::size_t indent, std::size_t width) {
    std::string text;
    std::size_t column = width;
    for (std::size_t begin = 0; begin < sentences.size();) {
        const std::size_t end = std::min(sentences.find(' ', begin), sentences.size());
        const std::size_t length = end - begin;
        if (column + 1 + length > width) {
            if (!text.empty()) text += '\n';
            text.append(indent, ' ');
            column = indent;
        } else {
            text += ' ';
            ++column;
        }
        text += sentences.substr(begin, length);
        column += length;
        begin = end + 1;
    }
    return text.empty() ? text : text + '\n';
}

}  // namespace detail

inline std::string check_report::text() const {
    constexpr std::size_t columns = 100, indent = 12, figures = 11;
    std::size_t name_width = 0;
    for (const check_result& c : checks) name_width = std::max(name_width, c.name.size());
    const auto line = [&](const char* outcome, const std::string& name, const std::string& measured,
                          const std::string& limit) {
        std::string text = "  " + detail::padded_to(indent - 2, outcome) + detail::padded_to(name_width + 2, name) +
                           detail::padded_to(figures, measured) + limit;
        text.erase(text.find_last_not_of(' ') + 1);
        return text + '\n';
    };
    std::string text = line("", "", "measured", "limit");
    for (const check_result& c : checks) {
        if (c.outcome == check_outcome::left_out) {
            text += line("left out", c.name, "", "") + detail::wrapped(c.detail, indent, columns);
            continue;
        }
        const bool held = c.outcome == check_outcome::held;
        text += line(held ? "held" : "FAILED", c.name, detail::figure(c.measured), detail::figure(c.limit));
        if (held) continue;
        text += detail::wrapped(c.detail, indent, columns);
        if (!c.usual_cause.empty()) text += detail::wrapped("Usually: " + c.usual_cause, indent, columns);
    }
    return text + std::to_string(checks.size()) + " checks: " + std::to_string(count(check_outcome::held)) + " held, " +
           std::to_string(count(check_outcome::failed)) + " failed, " + std::to_string(count(check_outcome::left_out)) +
           " left out\n" +
           (count(check_outcome::failed) > 1 ? "Begin with the first that failed: later ones may follow from it.\n"
                                             : "");
}

}  // namespace reft::inline REFT_ABI
