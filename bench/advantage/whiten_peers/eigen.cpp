// Eigen's expressions: mean, variance, result.
#include <Eigen/Core>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

void whiten(token_arrays& a) {
    const Eigen::Map<const Eigen::ArrayXf> x(a.rewards.data(), a.tokens());
    Eigen::Map<Eigen::ArrayXf> out(a.out.data(), a.tokens());
    const float mean = x.mean();
    const float variance = (x - mean).square().sum() / static_cast<float>(a.tokens() - 1);
    out = (x - mean) * (1 / std::sqrt(variance + 1e-8f));
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_tokens("whiten", "eigen", s, 8, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[&a] { whiten(a); }, [&a] { return contents("whitened", a.out.data(), a.tokens()); }, {}};
    })};
}

const bool entered = enter("eigen", peers);

}  // namespace
