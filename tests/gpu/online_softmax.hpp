// Maximum, sum and entropy of a part of a row, found in one pass and merged with those of other parts.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "gpu/lanes.hpp"
#include "gpu/logit_gradient.hpp"

namespace gpu {

// At namespace scope, because nvcc takes no call of a host function in a device function, constant or not.
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The softmax of some logits x_j at inverse temperature τ, with z_j = τ·(x_j − largest):
///
///   sum = Σ exp z_j,   weighted = Σ z_j·exp z_j
///
/// When a larger logit comes, both are rescaled to it. Exponentials are in Real and summed so within a pack; packs are
/// summed in double. NaN and +∞ make the sum NaN.
///
/// Source    Milakov and Gimelshein 2018, arXiv:1805.02867, for maximum and sum.
template <class Real>
struct online_softmax {
    Real largest = -infinity;
    double sum = 0;
    double weighted = 0;

    template <std::size_t Width>
    REFT_DEVICE void add(const Real (&logits)[Width], Real scale, bool with_entropy) {
        Real top = largest;
        for (const Real x : logits) top = x > top ? x : top;
        if (top > largest) rescale(top, scale);
        const Real origin = top == -infinity ? Real(0) : top;  // −∞ − −∞ is NaN, but exp(−∞) = 0 is meant
        Real pack_sum = 0, pack_weighted = 0;
        for (const Real x : logits) {
            const Real z = (x - origin) * scale;
            const Real e = std::exp(z);
            pack_sum += e;
            if (with_entropy && e > 0) pack_weighted += e * z;
        }
        sum += static_cast<double>(pack_sum);
        weighted += static_cast<double>(pack_weighted);
    }

    REFT_DEVICE void merge(online_softmax other, Real scale) {
        if (other.largest > largest)
            rescale(other.largest, scale);
        else
            other.rescale(largest, scale);
        sum += other.sum;
        weighted += other.weighted;
    }

    /// NaN for logits that are all −∞, and where one is NaN or +∞, as in reft's kernel on the host.
    REFT_DEVICE softmax_statistics statistics(bool with_entropy) const {
        if (!(sum > 0)) return {not_a_number, not_a_number, not_a_number};
        const double log_sum = std::log(sum);
        return {static_cast<double>(largest), log_sum, with_entropy ? log_sum - weighted / sum : 0.0};
    }

  private:
    static constexpr Real infinity = std::numeric_limits<Real>::infinity();

    REFT_DEVICE void rescale(Real to, Real scale) {
        if (sum != 0) {
            const double shift = static_cast<double>((largest - to) * scale);
            const double factor = static_cast<double>(std::exp(static_cast<Real>(shift)));
            weighted = factor > 0 ? factor * (weighted + shift * sum) : 0.0;  // not 0·∞
            sum *= factor;
        }
        largest = to;
    }
};

}  // namespace gpu
