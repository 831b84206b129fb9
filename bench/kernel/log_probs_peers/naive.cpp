// One loop with std::exp, and no statistics.
#include <algorithm>
#include <cmath>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

double policy_loss(token_arrays& a) {
    double loss = 0;
    for (std::size_t i = 0; i < a.size; ++i) {
        const float ratio = std::exp(a.values[i] - a.old_values[i]);
        const float unclipped = -a.returns[i] * ratio, clipped = -a.returns[i] * std::clamp(ratio, 0.8f, 1.2f);
        loss += static_cast<double>(a.weights[i] * std::max(unclipped, clipped));
        a.out[i] = clipped > unclipped ? 0.0f : a.weights[i] * unclipped;
    }
    return loss;
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_tokens("loss_over_log_probs", "naive", s, 20,
                        [=] { return loss_with_gradient(problem_of<token_arrays>(s), policy_loss); })};
}

const bool entered = enter("naive", peers);

}  // namespace
