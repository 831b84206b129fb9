// The loops that one writes first: std::exp, one pass for each line of the formula.
#include <cmath>

#include "bench/kernel/logits_peers/rows.hpp"

namespace {

using namespace bench;

struct naive {
    static row_scores scores(const float* z, std::int64_t vocabulary, bool entropy) {
        row_scores r;
        r.largest = z[0];
        for (std::int64_t j = 0; j < vocabulary; ++j) r.largest = std::max(r.largest, z[j]);
        for (std::int64_t j = 0; j < vocabulary; ++j) r.sum += std::exp(z[j] - r.largest);
        if (!entropy) return r;
        const float log_sum = std::log(r.sum);
        for (std::int64_t j = 0; j < vocabulary; ++j) {
            const float log_p = z[j] - r.largest - log_sum;
            r.entropy -= std::exp(log_p) * log_p;
        }
        return r;
    }
    static void gradient(const float* z, std::int64_t vocabulary, const row_scores& r, row_slopes of, float* d) {
        const float log_sum = std::log(r.sum);
        for (std::int64_t j = 0; j < vocabulary; ++j) {
            const float log_p = z[j] - r.largest - log_sum;
            d[j] = -std::exp(log_p) * (of.d_log_prob + of.d_entropy * (log_p + r.entropy));
        }
    }
    static float kl(const float* z, const float* other, std::int64_t vocabulary) {
        const row_scores a = scores(z, vocabulary, false), b = scores(other, vocabulary, false);
        const float log_a = std::log(a.sum), log_b = std::log(b.sum);
        float sum = 0;
        for (std::int64_t j = 0; j < vocabulary; ++j) {
            const float log_p = z[j] - a.largest - log_a, log_q = other[j] - b.largest - log_b;
            sum += std::exp(log_p) * (log_p - log_q);
        }
        return sum;
    }
};

std::vector<contestant> peers(const shape& s, int threads) { return row_peer<naive>::list("naive", s, threads); }

const bool entered = enter("naive", peers);

}  // namespace
