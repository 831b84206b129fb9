// One loop, and no statistics.
#include <algorithm>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

double value_loss(token_arrays& a) {
    double loss = 0;
    for (std::size_t i = 0; i < a.size; ++i) {
        const float error = a.values[i] - a.returns[i];
        const float to = std::clamp(a.values[i], a.old_values[i] - 0.2f, a.old_values[i] + 0.2f);
        const float clipped_error = to - a.returns[i];
        const bool clipped = clipped_error * clipped_error > error * error;
        const float larger = clipped ? clipped_error : error;
        loss += static_cast<double>(a.weights[i] * 0.5f * larger * larger);
        a.out[i] = clipped ? 0.0f : a.weights[i] * error;
    }
    return loss;
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_tokens("loss_over_values", "naive", s, 20,
                        [=] { return loss_with_gradient(problem_of<token_arrays>(s), value_loss); })};
}

const bool entered = enter("naive", peers);

}  // namespace
