// Which tokens belong to which row, and which of them count: padded with a mask, or packed with offsets.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/integer_view.hpp>
#include <reft/core/mask_bits.hpp>
#include <reft/core/strided_view.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// The layout of every per-token array of a call.
///
///   padded   arrays are `[batch, time]`; row b has the positions 0 ... time-1 (or lengths[b]-1)
///   packed   arrays are `[tokens]`; row b has the positions offsets[b] ... offsets[b+1]-1
///
/// A position counts unless a mask says 0 there. Masks are given, never inferred from token ids; what lies at
/// positions that do not count is never used. Non-owning: masks, lengths and offsets must outlive it.
class rows {
  public:
    /// `[batch, time]`, every position counts.
    static rows padded(std::int64_t batch, std::int64_t time) {
        detail::require_option(batch >= 0 && time >= 0, "rows::padded", "batch and time must not be negative",
                               static_cast<double>(batch < time ? batch : time));
        rows r;
        r.count_ = batch;
        r.time_ = time;
        return r;
    }

    /// `[batch, time]` with a mask of that shape.
    static rows padded(integer_view mask) {
        rows r = padded(mask.extent(0), mask.extent(1));
        r.mask_ = mask;
        return r;
    }

    /// `[batch, time]` where the first lengths[b] positions of row b count.
    static rows padded_to(std::int64_t time, integer_view lengths) {
        lengths.require_rank_1("rows::padded_to", "lengths");
        rows r = padded(lengths.size(), time);
        for (std::int64_t b = 0; b < r.count_; ++b)
            if (lengths[b] < 0 || lengths[b] > time)
                throw value_error("rows::padded_to: lengths[" + std::to_string(b) + "] is " +
                                  std::to_string(lengths[b]) + ", outside 0.." + std::to_string(time));
        r.lengths_ = lengths;
        return r;
    }

    /// `[tokens]`; `offsets` has one entry more than there are rows, starts at 0 and never decreases.
    static rows packed(integer_view offsets, integer_view mask = {}) {
        offsets.require_rank_1("rows::packed", "offsets");
        mask.require_rank_1("rows::packed", "mask");
        if (offsets.empty() || offsets[0] != 0)
            throw value_error("rows::packed: offsets must start with 0 and have one entry more than there are rows");
        rows r;
        r.packed_ = true;
        r.count_ = offsets.size() - 1;
        for (std::int64_t b = 0; b < r.count_; ++b)
            if (offsets[b + 1] < offsets[b])
                throw value_error("rows::packed: offsets decrease at row " + std::to_string(b));
        r.time_ = offsets[r.count_];
        r.offsets_ = offsets;
        if (!mask.absent() && mask.size() != r.time_)
            throw shape_error("rows::packed: mask has " + std::to_string(mask.size()) + " entries but offsets end at " +
                              std::to_string(r.time_));
        r.mask_ = mask;
        return r;
    }

    /// Number of rows.
    std::int64_t count() const { return count_; }
    /// Whether arrays are `[tokens]` rather than `[batch, time]`.
    bool is_packed() const { return packed_; }

    /// Positions of row b, masked ones included.
    std::int64_t length(std::int64_t b) const {
        if (packed_) return offsets_[b + 1] - offsets_[b];
        return lengths_.absent() ? time_ : lengths_[b];
    }

    /// Where position t of row b lies in a per-token array.
    token_index at(std::int64_t b, std::int64_t t) const {
        return packed_ ? token_index{0, offsets_[b] + t} : token_index{b, t};
    }

    /// Whether position t of row b counts; t must be below length(b).
    bool counts(std::int64_t b, std::int64_t t) const { return mask_.absent() || mask_(at(b, t)) != 0; }

    /// The mask of row b from its first position on, for loops over it; none if every position counts.
    detail::integer_run mask_of(std::int64_t b) const { return mask_.run_from(at(b, 0)); }

    /// Positions of row b that count.
    std::int64_t counted(std::int64_t b) const {
        return mask_.absent() ? length(b) : detail::count_nonzero(mask_of(b), length(b));
    }

    /// Positions that count, over all rows.
    std::int64_t counted() const {
        std::int64_t sum = 0;
        for (std::int64_t b = 0; b < count_; ++b) sum += counted(b);
        return sum;
    }

    /// Last position of row b that counts, or -1.
    std::int64_t last_counted(std::int64_t b) const {
        return mask_.absent() ? length(b) - 1 : detail::last_nonzero(mask_of(b), length(b));
    }

    /// Extents of a per-token array in this layout, as a token_view has them.
    std::array<std::int64_t, 2> extents() const { return {packed_ ? 1 : count_, time_}; }

    /// Throws shape_error unless `x` has the extents of this layout.
    template <class View>
    void require_layout(std::string_view function, std::string_view name, const View& x) const {
        if (x.extents() != extents()) refuse_layout(function, name, detail::shape_text(x));
    }

  private:
    [[noreturn]] void refuse_layout(std::string_view function, std::string_view name, const std::string& shape) const {
        throw shape_error(std::string(function) + ": " + std::string(name) + " is " + shape + " but the rows are " +
                          (packed_ ? "packed, " : "padded, ") + detail::shape_text(extents().data(), 2));
    }

    rows() = default;

    bool packed_ = false;
    std::int64_t count_ = 0;
    std::int64_t time_ = 0;  // packed: all tokens
    integer_view offsets_;
    integer_view lengths_;
    integer_view mask_;
};

/// The positions of row b of a per-token array.
template <class T>
strided_view<T, 1> row_of(const token_view<T>& x, const rows& r, std::int64_t b) {
    const token_index first = r.at(b, 0);
    return {x.data() + first.row * x.stride(0) + first.column * x.stride(1), {r.length(b)}, {x.stride(1)}};
}

namespace detail {

/// The positions of row b of a per-token array, padding beyond its length included.
template <class T>
strided_view<T, 1> padded_row_of(const token_view<T>& x, const rows& r, std::int64_t b) {
    const auto row = row_of(x, r, b);
    return {row.data(), {r.is_packed() ? row.extent(0) : x.extent(1)}, {row.stride(0)}};
}

/// Sets n numbers to 0.
template <class T>
void fill_zero(T* x, std::int64_t stride, std::int64_t n) {
    if (stride == 1 && n > 0)
        std::memset(static_cast<void*>(x), 0, static_cast<std::size_t>(n) * sizeof(T));
    else
        for (std::int64_t i = 0; i < n; ++i) x[i * stride] = T(0);
}

/// Sets what lies beyond the length of row b of a padded array to 0.
template <class T>
void clear_padding(const rows& r, std::int64_t b, const token_view<T>& x) {
    if (r.is_packed()) return;
    const std::int64_t n = r.length(b);
    fill_zero(x.data() + b * x.stride(0) + n * x.stride(1), x.stride(1), x.extent(1) - n);
}

/// Calls body(b) for every row, in parallel where there are enough tokens for it to pay. The tasks are cut by the
/// tokens alone, whatever the number of workers.
template <class Body>
void for_rows(const rows& r, std::int64_t first, std::int64_t last, executor& pool, Body&& body) {
    constexpr std::int64_t tokens_per_task = 32768;
    const auto [outer, inner] = r.extents();
    const std::int64_t tokens = outer * inner / std::max<std::int64_t>(1, r.count()) * (last - first);
    if (tokens < 4 * tokens_per_task || pool.workers() == 1) {
        for (std::int64_t b = first; b < last; ++b) body(b);
        return;
    }
    const std::int64_t per_task = std::max<std::int64_t>(1, (last - first) * tokens_per_task / tokens);
    for_ranges(pool, last - first, per_task, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t b = first + begin; b < first + end; ++b) body(b);
    });
}
template <class Body>
void for_rows(const rows& r, executor& pool, Body&& body) {
    for_rows(r, 0, r.count(), pool, body);
}

}  // namespace detail

/// Sets every position that does not count, padding beyond the lengths included, to 0.
template <class T>
void clear_uncounted(const rows& r, const token_view<T>& x) {
    for (std::int64_t b = 0; b < r.count(); ++b) {
        detail::clear_padding(r, b, x);
        const detail::integer_run mask = r.mask_of(b);
        if (!mask.data) continue;
        const auto row = row_of(x, r, b);
        for (std::int64_t t = 0; t < row.extent(0); t += 64) {
            const std::int64_t n = std::min<std::int64_t>(64, row.extent(0) - t);
            for (std::uint64_t masked = ~detail::mask_bits(mask, t, n) & (~std::uint64_t{0} >> (64 - n)); masked != 0;
                 masked &= masked - 1)
                row[t + std::countr_zero(masked)] = T(0);
        }
    }
}

}  // namespace reft::inline REFT_ABI
