// A peer that computes something else is not a peer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "bench/support/contest.hpp"

namespace bench {

/// What a job computes from its first input.
inline answers answers_of(const job& work) {
    if (work.start_over) work.start_over();
    work.run();
    return work.result();
}

/// Errors    runtime_error if a number is missing or differs by more than 0.2 % and 1e-6 of the largest of its array:
///           room for the rounding of float sums over a vocabulary, none for another formula.
inline void require_same(const std::string& name, const answers& ours, const answers& theirs) {
    for (const auto& [what, expected] : ours) {
        const auto found = theirs.find(what);
        if (found == theirs.end() || found->second.size() != expected.size())
            throw std::runtime_error(name + " gives no " + what + ", or of another size");
        double largest = 0;
        for (const double x : expected) largest = std::max(largest, std::abs(x));
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double other = found->second[i];
            if (!(std::abs(expected[i] - other) <= 2e-3 * std::abs(expected[i]) + 1e-6 * largest))
                throw std::runtime_error(name + ": " + what + "[" + std::to_string(i) + "] is " +
                                         std::to_string(other) + ", reft's is " + std::to_string(expected[i]));
        }
    }
}

}  // namespace bench
