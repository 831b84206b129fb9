// When an answer counts as right.
#pragma once

#include <reft/text/answer.hpp>

#include <cmath>
#include <concepts>

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

}  // namespace reft::inline REFT_ABI
