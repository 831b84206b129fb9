// LibTorch's autograd and Eigen in one program: a linear policy whose logits torch computes, whose advantages lie in an
// Eigen vector, and whose gradient is checked against the product that Eigen makes of the same numbers.
#include <torch/torch.h>

#include <reft/adapters/eigen.hpp>
#include <reft/adapters/torch.hpp>
#include <reft/reft.hpp>

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

int main() {
    // Two responses of 3 and 2 tokens; the state of each token is a row of four numbers.
    const std::int64_t tokens = 5, width = 4, vocabulary = 6;
    const std::vector<std::int64_t> ids{1, 3, 0, 2, 5}, offsets{0, 3, 5};
    const reft::rows rows = reft::rows::packed(offsets);
    matrix states(tokens, width);
    for (std::int64_t i = 0; i < states.size(); ++i) states.data()[i] = std::sin(0.7f * static_cast<float>(i));
    torch::manual_seed(1);
    torch::Tensor weight = torch::randn({width, vocabulary}, torch::requires_grad());
    const torch::Tensor logits = torch::mm(reft::torch_tensor(reft::view(states)), weight);

    Eigen::VectorXf rewards = Eigen::VectorXf::Zero(tokens), values = Eigen::VectorXf::Constant(tokens, 0.3f);
    rewards[2] = 1.0f;
    Eigen::VectorXf advantages(tokens), old_log_probs(tokens), weights(tokens);
    reft::gae(rewards, values, rows, advantages);
    const auto rule = reft::aggregation::token_mean;
    reft::token_weights(rows, rule, reft::denominator(rows, rule), weights);

    const reft::token_logits batch(reft::torch_view<const float, 2>(logits), ids);
    reft::token_log_probs(batch, weights, old_log_probs);
    torch::Tensor d_logits = torch::empty_like(logits);
    const reft::workspace memory(reft::workspace_bytes(batch));
    const auto stats = reft::loss_over_logits(reft::clipped_policy(old_log_probs, advantages), batch, weights,
                                              reft::torch_view<float, 2>(d_logits), memory);
    logits.backward(d_logits);

    const Eigen::Map<const matrix> by_torch(weight.grad().data_ptr<float>(), width, vocabulary);
    const Eigen::Map<const matrix> d(d_logits.data_ptr<float>(), tokens, vocabulary);
    const float difference = (by_torch - states.transpose() * d).cwiseAbs().maxCoeff();
    const double expected = -advantages.mean();  // the ratio of the first update is 1
    std::printf("loss %.6f (%.6f), gradient %.6f, difference %.2g\n", stats.loss, expected,
                static_cast<double>(by_torch.norm()), static_cast<double>(difference));
    return by_torch.norm() > 0.01f && difference < 1e-6f && std::abs(stats.loss - expected) < 1e-6 ? 0 : 1;
}
