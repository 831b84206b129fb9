// xtensor's expressions over a row.
#include "bench/support/xtensor_arrays.hpp"

#include <reft/adapters/xtensor.hpp>

#include <cmath>

#include "bench/kernel/logits_peers/rows.hpp"

namespace {

using namespace bench;

struct xtensor {
    static row_scores scores(const float* z, std::int64_t vocabulary, bool entropy) {
        const auto x = xtensor_row(z, vocabulary);
        row_scores r;
        r.largest = xt::amax(x, xt::evaluation_strategy::immediate)();
        r.sum = xtensor_sum(xt::exp(x - r.largest));
        if (entropy) r.entropy = std::log(r.sum) - xtensor_sum(xt::exp(x - r.largest) * (x - r.largest)) / r.sum;
        return r;
    }
    static void gradient(const float* z, std::int64_t vocabulary, const row_scores& r, row_slopes of, float* to) {
        const auto x = xtensor_row(z, vocabulary);
        auto d = xtensor_row(to, vocabulary);
        const float shift = r.largest + std::log(r.sum);
        if (of.d_entropy == 0)
            xt::noalias(d) = xt::exp(x - shift) * -of.d_log_prob;
        else
            xt::noalias(d) = xt::exp(x - shift) * (-of.d_log_prob - of.d_entropy * (x - shift + r.entropy));
    }
    static float kl(const float* z, const float* other, std::int64_t vocabulary) {
        const auto x = xtensor_row(z, vocabulary), y = xtensor_row(other, vocabulary);
        const row_scores a = scores(z, vocabulary, false), b = scores(other, vocabulary, false);
        const float of_x = a.largest + std::log(a.sum), of_y = b.largest + std::log(b.sum);
        return xtensor_sum(xt::exp(x - of_x) * ((x - of_x) - (y - of_y)));
    }
};

std::vector<contestant> peers(const shape& s, int threads) { return row_peer<xtensor>::list("xtensor", s, threads); }

const bool entered = enter("xtensor", peers);

}  // namespace
