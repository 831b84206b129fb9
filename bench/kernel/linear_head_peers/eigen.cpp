// Eigen: all logits in one product, the gradient over them, two products back.
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <memory>

#include "bench/kernel/linear_head_peers/problem.hpp"

namespace {

using namespace bench;
using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using view = Eigen::Map<matrix>;

double policy_loss(head_problem& p, matrix& logits) {
    const view hidden(p.hidden.data(), p.tokens, p.width), head(p.head.data(), p.vocabulary, p.width);
    logits.noalias() = hidden * head.transpose();
    double loss = 0;
    for (std::int64_t n = 0; n < p.tokens; ++n) {
        const auto i = static_cast<std::size_t>(n);
        auto z = logits.row(n).array();
        const float largest = z.maxCoeff(), shift = largest + std::log((z - largest).exp().sum());
        const float ratio = std::exp(z(p.ids[i]) - shift - p.old_log_probs[i]);
        const float unclipped = -p.advantages[i] * ratio, clipped = -p.advantages[i] * std::clamp(ratio, 0.8f, 1.2f);
        const float slope = clipped > unclipped ? 0 : p.weights[i] * unclipped;
        loss += static_cast<double>(p.weights[i] * std::max(unclipped, clipped));
        z = -slope * (z - shift).exp();
        z(p.ids[i]) += slope;
    }
    view(p.d_hidden.data(), p.tokens, p.width).noalias() = logits * head;
    view(p.d_head.data(), p.vocabulary, p.width).noalias() = logits.transpose() * hidden;
    return loss;
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_head("eigen", s, [=] {
        auto& p = problem_of<head_problem>(s);
        const auto logits = std::make_shared<matrix>(p.tokens, p.vocabulary);
        const auto loss = std::make_shared<double>();
        return job{[=, &p] { *loss = policy_loss(p, *logits); },
                   [=, &p] { return head_answers(*loss, p.d_hidden.data(), p.d_head.data(), p); },
                   {}};
    })};
}

const bool entered = enter("eigen", peers);

}  // namespace
