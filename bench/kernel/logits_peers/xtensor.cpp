// xtensor's expressions over a row, with its vectors where xsimd is installed.
#if __has_include(<xsimd/xsimd.hpp>)
#define XTENSOR_USE_XSIMD
#endif
#include <reft/adapters/xtensor.hpp>

#include <array>
#include <cmath>

#if __has_include(<xtensor/xadapt.hpp>)
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#else
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#endif

#include "bench/kernel/logits_peers/rows.hpp"

namespace {

using namespace bench;

struct xtensor {
    static auto row(const float* z, std::int64_t vocabulary) {
        const auto size = static_cast<std::size_t>(vocabulary);
        return xt::adapt(z, size, xt::no_ownership(), std::array<std::size_t, 1>{size});
    }
    template <class Expression>
    static float sum(const Expression& e) {
        return xt::sum(e, xt::evaluation_strategy::immediate)();
    }
    static row_scores scores(const float* z, std::int64_t vocabulary, bool entropy) {
        const auto x = row(z, vocabulary);
        row_scores r;
        r.largest = xt::amax(x, xt::evaluation_strategy::immediate)();
        r.sum = sum(xt::exp(x - r.largest));
        if (entropy) {
            const float log_sum = std::log(r.sum);
            r.entropy = log_sum - sum(xt::exp(x - r.largest) * (x - r.largest)) / r.sum;
        }
        return r;
    }
    static void gradient(const float* z, std::int64_t vocabulary, const row_scores& r, row_slopes of, float* to) {
        const auto size = static_cast<std::size_t>(vocabulary);
        const auto x = row(z, vocabulary);
        auto d = xt::adapt(to, size, xt::no_ownership(), std::array<std::size_t, 1>{size});
        const float shift = r.largest + std::log(r.sum);
        if (of.d_entropy == 0)
            xt::noalias(d) = xt::exp(x - shift) * -of.d_log_prob;
        else
            xt::noalias(d) = xt::exp(x - shift) * (-of.d_log_prob - of.d_entropy * (x - shift + r.entropy));
    }
    static float kl(const float* z, const float* other, std::int64_t vocabulary) {
        const auto x = row(z, vocabulary), y = row(other, vocabulary);
        const row_scores a = scores(z, vocabulary, false), b = scores(other, vocabulary, false);
        const float of_x = a.largest + std::log(a.sum), of_y = b.largest + std::log(b.sum);
        return sum(xt::exp(x - of_x) * ((x - of_x) - (y - of_y)));
    }
};

std::vector<contestant> peers(const shape& s, int threads) { return row_peer<xtensor>::list("xtensor", s, threads); }

const bool entered = enter("xtensor", peers);

}  // namespace
