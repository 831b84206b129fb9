// Python's comparisons of numbers.
#pragma once

#include <reft/reward/arithmetic/value.hpp>

#include <optional>

#include <reft/core/exact_arithmetic_begin.inl>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

enum class relation { less, at_most, greater, at_least, equal, unequal };

template <class Number>
constexpr bool holds_between(relation r, Number a, Number b) {
    switch (r) {
        case relation::less: return a < b;
        case relation::at_most: return a <= b;
        case relation::greater: return a > b;
        case relation::at_least: return a >= b;
        case relation::equal: return a == b;
        case relation::unequal: return a != b;
    }
    return false;
}

/// Whether a r b. Python compares an int with a float exactly: nothing where the int is no double.
inline std::optional<bool> holds(relation r, const value& a, const value& b) {
    if (!is_real(a) && !is_real(b)) return holds_between(r, a.whole, b.whole);
    if (!is_exact_as_real(a) || !is_exact_as_real(b)) return std::nullopt;
    return holds_between(r, as_real(a), as_real(b));
}

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI

#include <reft/core/exact_arithmetic_end.inl>
