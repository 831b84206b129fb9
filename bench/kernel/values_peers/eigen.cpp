// Eigen's expressions: gradient and loss, one expression each.
#include <Eigen/Core>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;
using array = Eigen::ArrayXf;

double value_loss(token_arrays& a) {
    const auto view = [&](const buffer<float>& x) { return Eigen::Map<const array>(x.data(), a.tokens()); };
    const auto values = view(a.values), old_values = view(a.old_values), returns = view(a.returns);
    const auto weights = view(a.weights);
    const auto error = values - returns;
    const auto clipped_error = values.min(old_values + 0.2f).max(old_values - 0.2f) - returns;
    Eigen::Map<array>(a.out.data(), a.tokens()) =
        (clipped_error.square() > error.square()).select(0.0f, weights * error);
    return 0.5 * static_cast<double>((weights * error.square().max(clipped_error.square())).sum());
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_tokens("loss_over_values", "eigen", s, 20,
                        [=] { return loss_with_gradient(problem_of<token_arrays>(s), value_loss); })};
}

const bool entered = enter("eigen", peers);

}  // namespace
