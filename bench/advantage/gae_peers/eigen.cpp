// Eigen's expressions: TD errors of the whole array at once, then one expression for each column.
#include <Eigen/Core>

#include "bench/advantage/gae_peers/formula.hpp"

namespace {

using namespace bench;
using matrix = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void gae(token_arrays& a) {
    const Eigen::Map<const matrix> rewards(a.rewards.data(), a.batch, a.time), values(a.values.data(), a.batch, a.time);
    Eigen::Map<matrix> advantages(a.out.data(), a.batch, a.time);
    advantages = rewards - values;
    advantages.leftCols(a.time - 1) += gae_gamma * values.rightCols(a.time - 1);
    for (std::int64_t t = a.time - 2; t >= 0; --t) advantages.col(t) += gae_gamma * gae_lambda * advantages.col(t + 1);
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {gae_peer("gae", "eigen", s, gae)};
}

const bool entered = enter("eigen", peers);

}  // namespace
