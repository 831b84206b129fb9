// Sorting numbers of samples, in one function for all comparisons.
#pragma once

#include <reft/core/function_ref.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// 0, ..., count−1.
inline std::vector<std::size_t> sample_numbers(std::size_t count) {
    std::vector<std::size_t> numbers(count);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = i;
    return numbers;
}

/// Sorts numbers of samples; `before` is a strict weak order. std::sort is compiled once, not once per comparison.
inline void sort_samples(std::vector<std::size_t>& samples, function_ref<bool(std::size_t, std::size_t)> before) {
    std::sort(samples.begin(), samples.end(), before);
}

}  // namespace reft::inline REFT_ABI::detail
