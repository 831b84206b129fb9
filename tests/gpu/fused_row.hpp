// One row of logits by the lanes of a group: log-prob, entropy, loss and gradient.
#pragma once

#include <reft/kernel/log_probs.hpp>

#include <cstddef>
#include <cstdint>

#include "gpu/lanes.hpp"
#include "gpu/logit_gradient.hpp"
#include "gpu/online_softmax.hpp"
#include "gpu/row_packs.hpp"

namespace gpu {

/// What the lanes of a group share: at most `Lanes` of them.
template <class Real, std::size_t Lanes>
struct row_memory {
    online_softmax<Real> parts[Lanes];
    logit_gradient<Real> gradient;
};

/// A row of logits, the token chosen there, and where the gradient goes; d_logits may be logits.
template <class T, class D>
struct row_of_token {
    reft::strided_view<const T, 1> logits;
    reft::strided_view<D, 1> d_logits;
    reft::token_index token;
    std::int64_t id = 0;
    double weight = 0;
    double inverse_temperature = 1;
};

/// What the loss was given and what it reported.
template <class Real>
struct row_result {
    reft::policy_token<Real> token;
    reft::policy_stats stats;
};

template <lane_group Lanes, class D>
REFT_DEVICE void clear_row(const Lanes& lanes, const reft::strided_view<D, 1>& row) {
    lanes.each([&](int lane) {
        for (std::int64_t j = lane; j < row.extent(0); j += lanes.count()) row[j] = D(0);
    });
}

/// Policy loss of one token from its logits, and their gradient: what loss_over_logits does with a row.
///
/// Reads every logit twice: for the softmax, and for the gradient. The loss is evaluated by the first lane.
/// Masking   weight 0: the logits are not read, the gradient is 0.
/// Errors    an id outside the vocabulary gives the log-prob NaN, which the statistics count as not finite.
template <lane_group Lanes, class Loss, class T, class D, class Memory>
REFT_DEVICE void fused_row(const Lanes& lanes, const Loss& loss, const row_of_token<T, D>& row, Memory& memory,
                           row_result<typename Loss::real>& result) {
    using Real = typename Loss::real;
    if (row.weight == 0) {
        lanes.each([&](int lane) {
            if (lane == 0) result = {};
        });
        return clear_row(lanes, row.d_logits);
    }
    const row_packs<T> packs(row.logits);
    const Real scale = static_cast<Real>(row.inverse_temperature);

    lanes.each([&](int lane) {
        online_softmax<Real> part;
        for (std::int64_t k = lane; k < packs.count(); k += lanes.count())
            part.add(packs.load(k).values, scale, Loss::needs_entropy);
        memory.parts[lane] = part;
    });
    merge_in_order(lanes, memory.parts, [&](auto& part, const auto& next) { part.merge(next, scale); });

    lanes.each([&](int lane) {
        if (lane != 0) return;
        const softmax_statistics p = memory.parts[0].statistics(Loss::needs_entropy);
        const double log_prob =
            packs.holds(row.id) ? p.log_prob(row.logits, row.id, row.inverse_temperature) : not_a_number;
        result = {{static_cast<Real>(log_prob), static_cast<Real>(p.entropy)}, {}};
        const auto term = reft::detail::weighted_term(loss, row.token, result.token, row.weight, result.stats);
        const reft::detail::row_gradient upstream{static_cast<double>(term.d_log_prob),
                                                  static_cast<double>(term.d_entropy)};
        memory.gradient = {p, upstream, row.inverse_temperature};
    });

    const auto gradient = memory.gradient;
    if (gradient.d_log_prob == 0 && gradient.d_entropy == 0) return clear_row(lanes, row.d_logits);
    lanes.each([&](int lane) {
        for (std::int64_t k = lane; k < packs.count(); k += lanes.count()) {
            auto pack = packs.load(k);
            for (int i = 0; i < packs.width; ++i)
                pack.values[i] = gradient(pack.values[i], packs.first(k) + i == row.id);
            packs.store(k, pack, row.d_logits);
        }
    });
}

}  // namespace gpu
