// Which samples gave the same answer, and which answers agree: what votes are counted over.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/inference/sorted_order.hpp>
#include <reft/text/answer.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// The different answers among samples, in one order whatever the order of the samples: by kind, numbers from small
/// to large, options and texts byte by byte.
///
///   two numbers agree if |a − b| ≤ tolerance (as in within_absolute); options and texts if they are the same
///
/// Agreeing is no equivalence: 1 agrees with 1.5 and 1.5 with 2 at a tolerance of 0.5, while 1 and 2 do not. Therefore
/// nothing is merged: every answer has the range of those that agree with it, and cutting the numbers into clusters,
/// which would depend on where one begins, is not needed.
///
/// A sample has no class if it has no answer, a number that is NaN or infinite, or an empty text.
///
/// Errors    option_error if the tolerance is negative or NaN.
class answer_classes {
  public:
    /// Classes [first, last).
    struct range {
        std::size_t first = 0;  ///< the first class of it
        std::size_t last = 0;   ///< one past its last
    };

    /// Copies one spelling per class: the shortest, of those the first byte by byte.
    explicit answer_classes(std::span<const std::optional<answer>> answers, double tolerance = 1e-2)
        : of_sample_(answers.size(), none) {
        detail::require_option(tolerance >= 0, "answer_classes", "tolerance must not be negative", tolerance);
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < answers.size(); ++i)
            if (answers[i] && votes(*answers[i])) order.push_back(i);
        detail::sort_samples(order, [&](std::size_t a, std::size_t b) {
            if (before(*answers[a], *answers[b])) return true;
            if (before(*answers[b], *answers[a])) return false;
            const std::string &x = answers[a]->text, &y = answers[b]->text;
            return x.size() != y.size() ? x.size() < y.size() : x < y;
        });
        for (const std::size_t i : order) {
            if (answers_.empty() || before(answers_.back(), *answers[i])) add(*answers[i]);
            of_sample_[i] = answers_.size() - 1;
        }
        find_agreeing(tolerance);
    }

    /// The class of a sample that has none.
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    std::size_t size() const { return answers_.size(); }           ///< different answers
    std::size_t samples() const { return of_sample_.size(); }      ///< given ones
    std::size_t of(std::size_t i) const { return of_sample_[i]; }  ///< the class of sample i, or none
    const answer& at(std::size_t c) const { return answers_[c]; }  ///< the answer of class c
    range agreeing(std::size_t c) const { return agreeing_[c]; }   ///< the classes that agree with c, itself included

  private:
    static bool votes(const answer& a) {
        return a.kind == answer_kind::number ? detail::is_finite(a.number) : !a.text.empty();
    }
    static bool before(const answer& a, const answer& b) {
        if (a.kind != b.kind) return a.kind < b.kind;
        return a.kind == answer_kind::number ? a.number < b.number : a.text < b.text;
    }

    void add(const answer& a) {
        answers_.push_back(a);
        if (a.number == 0) answers_.back().number = 0;  // and not -0 if that was sampled first
    }

    void find_agreeing(double tolerance) {
        agreeing_.resize(size());
        const auto agree = [&](std::size_t a, std::size_t b) {  // a ≤ b
            if (a == b) return true;
            const answer &x = answers_[a], &y = answers_[b];
            return x.kind == answer_kind::number && y.kind == x.kind && y.number - x.number <= tolerance;
        };
        std::size_t first = 0, last = 0;
        for (std::size_t c = 0; c < size(); ++c) {
            while (!agree(first, c)) ++first;
            last = std::max(last, c + 1);
            while (last < size() && agree(c, last)) ++last;
            agreeing_[c] = {first, last};
        }
    }

    std::vector<answer> answers_;
    std::vector<range> agreeing_;
    std::vector<std::size_t> of_sample_;
};

}  // namespace reft::inline REFT_ABI
