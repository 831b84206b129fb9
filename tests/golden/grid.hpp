// Arrays in the source's layout [batch, time] or [batch, time, vocabulary], and the way to reft's two layouts and back.
#pragma once

#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/kernel/token_logits.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace golden {

template <class T>
struct grid {
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    std::int64_t depth = 1;
    std::vector<T> values;

    grid() = default;
    grid(std::int64_t row_count, std::int64_t column_count, std::int64_t depth_count = 1, T value = T(0))
        : rows(row_count),
          columns(column_count),
          depth(depth_count),
          values(static_cast<std::size_t>(row_count * column_count * depth_count), value) {}

    T& operator()(std::int64_t b, std::int64_t t, std::int64_t v = 0) { return values[index(b, t, v)]; }
    const T& operator()(std::int64_t b, std::int64_t t, std::int64_t v = 0) const { return values[index(b, t, v)]; }

    /// The rows `which`, in that order.
    grid selected(const std::vector<std::int64_t>& which) const {
        grid result(static_cast<std::int64_t>(which.size()), columns, depth);
        for (std::int64_t b = 0; b < result.rows; ++b)
            for (std::int64_t t = 0; t < columns; ++t)
                for (std::int64_t v = 0; v < depth; ++v)
                    result(b, t, v) = (*this)(which[static_cast<std::size_t>(b)], t, v);
        return result;
    }

    /// The numbers of the first `count` columns, as double.
    std::vector<double> numbers(std::int64_t count) const {
        std::vector<double> result;
        for (std::int64_t b = 0; b < rows; ++b)
            for (std::int64_t t = 0; t < count; ++t)
                for (std::int64_t v = 0; v < depth; ++v) result.push_back(static_cast<double>((*this)(b, t, v)));
        return result;
    }

  private:
    std::size_t index(std::int64_t b, std::int64_t t, std::int64_t v) const {
        return static_cast<std::size_t>((b * columns + t) * depth + v);
    }
};

template <class T>
double largest_of(const grid<T>& x) {
    double largest = 0;
    for (const T value : x.values) largest = std::max(largest, std::abs(static_cast<double>(value)));
    return largest;
}

enum class layout_kind { padded, packed };

/// One of reft's layouts of the responses in a grid. In the source position t is about token t + 1, so response token
/// j of a row is its position first_column + j with first_column = prompt length − 1.
class layout {
  public:
    /// `lengths`: the response tokens of every row. `room`: positions of a padded row.
    layout(layout_kind kind, std::int64_t first_column, std::int64_t room, std::vector<std::int64_t> lengths)
        : kind_(kind), first_(first_column), room_(room), lengths_(std::move(lengths)), offsets_{0} {
        for (std::int64_t b = 0; b < batch(); ++b) {
            const std::int64_t length = lengths_[static_cast<std::size_t>(b)];
            for (std::int64_t j = 0; j < (kind == layout_kind::padded ? room : length); ++j)
                slots_.push_back({b, first_ + j}), mask_.push_back(j < length);
            offsets_.push_back(offsets_.back() + length);
        }
    }

    std::int64_t batch() const { return static_cast<std::int64_t>(lengths_.size()); }
    std::size_t slots() const { return slots_.size(); }
    bool counts(std::size_t n) const { return mask_[n] != 0; }
    /// Where slot n lies in the grid, and in a per-token array of reft.
    reft::token_index place(std::size_t n) const { return slots_[n]; }
    reft::token_index token(std::size_t n) const {
        const auto i = static_cast<std::int64_t>(n);
        return kind_ == layout_kind::padded ? reft::token_index{i / room_, i % room_} : reft::token_index{0, i};
    }

    /// The layout as reft sees it; it refers to this object.
    reft::rows rows() const {
        if (kind_ == layout_kind::packed) return reft::rows::packed(offsets_);
        return reft::rows::padded(reft::tensor_at(mask_.data(), batch(), room_));
    }

    /// A per-token array as a view of reft's, [batch, time] or [1, tokens].
    template <class T>
    reft::token_view<T> view(std::vector<T>& x) const {
        return {x.data(), rows().extents()};
    }

    /// The responses of a grid. What does not count becomes NaN, which must change nothing.
    template <class T>
    std::vector<T> gathered(const grid<T>& from) const {
        std::vector<T> x(slots());
        for (std::size_t n = 0; n < slots(); ++n) {
            x[n] = from(slots_[n].row, slots_[n].column);
            if constexpr (std::is_floating_point_v<T>)
                if (!counts(n)) x[n] = std::numeric_limits<T>::quiet_NaN();
        }
        return x;
    }

    /// A grid that holds `x` where it belongs, also what reft wrote where nothing counts, and 0 elsewhere.
    template <class T>
    grid<T> scattered(const std::vector<T>& x, std::int64_t columns) const {
        grid<T> to(batch(), columns);
        for (std::size_t n = 0; n < slots(); ++n) to(slots_[n].row, slots_[n].column) = x[n];
        return to;
    }

    /// Logits as the model wrote them, at every position of the grid, for the ids of the responses.
    template <class T>
    reft::token_logits<T> logits(const grid<T>& z, const std::vector<std::int64_t>& ids) {
        if (kind_ == layout_kind::padded)
            return reft::token_logits<T>(window(z), reft::tensor_at(ids.data(), batch(), room_));
        predictors_.clear();
        for (const reft::token_index& at : slots_) predictors_.push_back(at.row * z.columns + at.column);
        return reft::token_logits<T>(flat(z), ids, {.temperature = 1.0, .row_index = predictors_});
    }

    /// Calls write(d_logits) with memory that holds NaN wherever reft has to write, and gives the gradient as a grid.
    template <class T, class Write>
    grid<T> gradient_of(const grid<T>& z, Write&& write) const {
        grid<T> d(z.rows, z.columns, z.depth, std::numeric_limits<T>::quiet_NaN());
        if (kind_ == layout_kind::packed) {
            write(flat(d));
            return d;
        }
        for (std::int64_t b = 0; b < d.rows; ++b)
            for (std::int64_t t = 0; t < d.columns; ++t)
                for (std::int64_t v = 0; v < d.depth; ++v)
                    if (t < first_ || t >= first_ + room_) d(b, t, v) = T(0);
        write(window(d));
        return d;
    }

  private:
    template <class Grid>
    auto window(Grid& z) const {
        using T = std::remove_reference_t<decltype(z.values[0])>;
        return reft::strided_view<T, 3>(z.values.data() + first_ * z.depth, {z.rows, room_, z.depth},
                                        {z.columns * z.depth, z.depth, 1});
    }
    template <class Grid>
    static auto flat(Grid& z) {
        return reft::tensor_at(z.values.data(), z.rows * z.columns, z.depth);
    }

    layout_kind kind_;
    std::int64_t first_;
    std::int64_t room_;
    std::vector<std::int64_t> lengths_;
    std::vector<std::int64_t> offsets_;
    std::vector<reft::token_index> slots_;
    std::vector<std::uint8_t> mask_;
    std::vector<std::int64_t> predictors_;
};

}  // namespace golden
