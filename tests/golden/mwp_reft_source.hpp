// What the paper's code does with the tokens of a row, where reft is given the result: which positions count, and where
// the answer's reward goes.
#pragma once

#include "golden/grid.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace golden {

/// Response tokens of a row, each counted from the position before the first of them.
///
/// The source visits every end-of-sequence token of the row, those of the prompt and of the padding too. From each on
/// it clears mask and score, then writes the score one position before it. So the mask ends at the first of them, an
/// empty one if that is in the prompt, and every later one leaves a score behind the mask, which GAE reads.
///
/// reft's contract is that the caller says which tokens are the response: up to the first end token behind the prompt.
/// The two differ exactly where a row has an end token in the prompt or more than one.
struct source_row {
    std::int64_t counted = 0;            ///< positions in the source's mask
    std::int64_t read_by_gae = 0;        ///< positions up to the last score
    std::int64_t response = 0;           ///< response tokens as reft's contract has them
    std::vector<std::int64_t> repeated;  ///< positions of the grid that hold the score again, behind the mask

    bool end_token_in_prompt() const { return counted < response; }
    bool contradicts_contract() const { return end_token_in_prompt() || !repeated.empty(); }
};

inline source_row source_row_of(const grid<std::int64_t>& ids, std::int64_t b, std::int64_t prompt_len,
                                std::int64_t end_token) {
    std::vector<std::int64_t> ends;
    for (std::int64_t t = 0; t < ids.columns; ++t)
        if (ids(b, t) == end_token) ends.push_back(t);
    source_row row;
    const std::int64_t first_position = prompt_len - 1, cut_off = ids.columns - 1;
    row.counted = std::max<std::int64_t>(0, (ends.empty() ? cut_off : ends.front()) - first_position);
    row.read_by_gae = row.counted;
    if (row.counted > 0 && !ends.empty()) {
        row.read_by_gae = ends.back() - first_position;
        for (std::size_t k = 1; k < ends.size(); ++k) row.repeated.push_back(ends[k] - 1);
    }
    const auto own_end = std::lower_bound(ends.begin(), ends.end(), prompt_len);
    row.response = (own_end == ends.end() ? cut_off : *own_end) - first_position;
    return row;
}

}  // namespace golden
