// One loop with std::exp, and no statistics.
#include <algorithm>
#include <cmath>
#include <memory>

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
    return {over_tokens("loss_over_log_probs", "naive", s, 20, [=] {
        auto& a = problem_of<token_arrays>(s);
        const auto loss = std::make_shared<double>();
        return job{[=, &a] { *loss = policy_loss(a); },
                   [=, &a] {
                       answers all = contents("gradient", a.out.data(), a.tokens());
                       all["loss"] = {*loss};
                       return all;
                   },
                   {}};
    })};
}

const bool entered = enter("naive", peers);

}  // namespace
