// xtensor's expressions: TD errors of the whole array at once, then one expression for each column.
#include "bench/support/xtensor_arrays.hpp"

#include <reft/adapters/xtensor.hpp>

#include "bench/advantage/gae_peers/formula.hpp"

namespace {

using namespace bench;

void gae(token_arrays& a) {
    const auto rewards = xtensor_array(a.rewards, a.batch, a.time), values = xtensor_array(a.values, a.batch, a.time);
    auto advantages = xtensor_array(a.out, a.batch, a.time);
    xt::noalias(advantages) = rewards - values;
    const auto last = static_cast<std::ptrdiff_t>(a.time) - 1;
    xt::view(advantages, xt::all(), xt::range(0, last)) +=
        gae_gamma * xt::view(values, xt::all(), xt::range(1, last + 1));
    for (std::ptrdiff_t t = last - 1; t >= 0; --t)
        xt::view(advantages, xt::all(), t) += gae_gamma * gae_lambda * xt::view(advantages, xt::all(), t + 1);
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {gae_peer("gae", "xtensor", s, gae)};
}

const bool entered = enter("xtensor", peers);

}  // namespace
