// Which group of lanes does which rows of the logits of a batch.
#pragma once

#include <reft/kernel/logits.hpp>
#include <reft/kernel/token_logits.hpp>

#include <cstdint>

#include "gpu/fused_row.hpp"
#include "gpu/lanes.hpp"

namespace gpu {

/// The arguments of loss_over_logits. `results` has one entry per token, counted row by row.
template <class Loss, class T, class W, class D>
struct fused_logits {
    using real = typename Loss::real;

    Loss loss;
    reft::token_logits<T> batch;
    reft::token_view<const W> weights;
    reft::strided_view<D, 3> d_logits;
    row_result<real>* results;

    /// Throws shape_error, as loss_over_logits does, before anything is launched.
    void require_shapes() const {
        reft::detail::require_same_shape("gpu::fused_logits", "ids", batch, "weights", weights);
        reft::detail::require_same_shape("gpu::fused_logits", "logits", batch.logits(), "d_logits", d_logits);
        loss.require_extents(batch.extents());
    }

    /// Groups that are needed: one per token, and one for the rows after the last token of a row_index.
    REFT_HD std::int64_t groups() const { return batch.tokens() + 1; }

    /// What group n does: the rows before token n that no row_index refers to, and the row of token n.
    template <lane_group Lanes, class Memory>
    REFT_DEVICE void operator()(const Lanes& lanes, std::int64_t n, Memory& memory) const {
        const reft::detail::row_range between = reft::detail::rows_between(batch, n);
        for (std::int64_t row = between.first; row < between.last; ++row) clear_row(lanes, d_logits[0][row]);
        if (n == batch.tokens()) return;
        const reft::token_index i = batch.token_at(n), at = batch.position(i);
        const row_of_token<T, D> row{batch.row(i),
                                     d_logits[at.row][at.column],
                                     i,
                                     batch.id(i),
                                     static_cast<double>(weights(i.row, i.column)),
                                     batch.inverse_temperature()};
        fused_row(lanes, loss, row, memory, results[n]);
    }
};

/// The statistics of all tokens, by one group: each lane adds up consecutive tokens, then neighbours are merged.
template <lane_group Lanes, class Real>
REFT_DEVICE void merge_results(const Lanes& lanes, const row_result<Real>* results, std::int64_t tokens,
                               reft::policy_stats* parts) {
    lanes.each([&](int lane) {
        reft::policy_stats part;
        const std::int64_t each = (tokens + lanes.count() - 1) / lanes.count();
        for (std::int64_t n = lane * each; n < (lane + 1) * each && n < tokens; ++n) part.merge(results[n].stats);
        parts[lane] = part;
    });
    merge_in_order(lanes, parts, [](auto& part, const auto& next) { part.merge(next); });
}

}  // namespace gpu
