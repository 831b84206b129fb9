// Which examples come next, and how many of them fit into memory at once.
#pragma once

#include <reft/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Goes through a data set again and again, in a new random order each time. Copyable: a copy goes on alike.
class shuffled_epochs {
  public:
    /// Indices below `size`; the same seed gives the same orders.
    shuffled_epochs(std::int64_t size, std::uint64_t seed) : size_(size), seed_(seed) {}

    /// The next `count` indices into the data set. A batch may reach from one epoch into the next.
    std::vector<std::int64_t> next(std::int64_t count) {
        std::vector<std::int64_t> indices;
        while (size_ > 0 && static_cast<std::int64_t>(indices.size()) < count) {
            if (at_ == static_cast<std::int64_t>(order_.size())) {
                order_ = random_order(size_, random_stream(seed_, random_purpose::order, epoch_++));
                at_ = 0;
            }
            indices.push_back(order_[static_cast<std::size_t>(at_++)]);
        }
        return indices;
    }

    /// Epochs begun.
    std::uint32_t epoch() const { return epoch_; }

  private:
    std::int64_t size_;
    std::uint64_t seed_;
    std::uint32_t epoch_ = 0;
    std::int64_t at_ = 0;
    std::vector<std::int64_t> order_;
};

/// The elements of a data set at `indices`.
template <std::ranges::random_access_range Data>
std::vector<std::ranges::range_value_t<Data>> elements_at(const Data& data, std::span<const std::int64_t> indices) {
    std::vector<std::ranges::range_value_t<Data>> chosen;
    chosen.reserve(indices.size());
    for (const std::int64_t i : indices) chosen.push_back(data[static_cast<std::size_t>(i)]);
    return chosen;
}

/// Splits consecutive rows into micro-batches of at most `budget` tokens, but at least one row.
/// Returns [begin, end) of each.
inline std::vector<std::pair<std::size_t, std::size_t>> micro_batches(std::span<const std::int64_t> lengths,
                                                                      std::int64_t budget) {
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    std::size_t begin = 0;
    while (begin < lengths.size()) {
        std::size_t end = begin;
        std::int64_t tokens = 0;
        do tokens += lengths[end++];
        while (end < lengths.size() && tokens + lengths[end] <= budget);
        ranges.emplace_back(begin, end);
        begin = end;
    }
    return ranges;
}

}  // namespace reft::inline REFT_ABI
