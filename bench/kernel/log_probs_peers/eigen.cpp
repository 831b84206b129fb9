// Eigen's expressions: the ratio once, then loss and gradient from it.
#include <Eigen/Core>

#include <memory>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;
using array = Eigen::ArrayXf;

double policy_loss(token_arrays& a, array& ratio) {
    const auto view = [&](const buffer<float>& x) { return Eigen::Map<const array>(x.data(), a.tokens()); };
    const auto advantages = view(a.returns), weights = view(a.weights);
    ratio = (view(a.values) - view(a.old_values)).exp();
    const auto unclipped = -advantages * ratio;
    const auto clipped = -advantages * ratio.max(0.8f).min(1.2f);
    Eigen::Map<array>(a.out.data(), a.tokens()) = (clipped > unclipped).select(0.0f, weights * unclipped);
    return static_cast<double>((weights * unclipped.max(clipped)).sum());
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_tokens("loss_over_log_probs", "eigen", s, 20, [=] {
        auto& a = problem_of<token_arrays>(s);
        const auto ratio = std::make_shared<array>(a.tokens());
        return loss_with_gradient(a, [=](token_arrays& arrays) { return policy_loss(arrays, *ratio); });
    })};
}

const bool entered = enter("eigen", peers);

}  // namespace
