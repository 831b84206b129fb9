// LibTorch: the clipped loss, and the gradient of the log-probs.
#include <torch/torch.h>

#include "bench/support/torch_losses.hpp"

namespace {

using namespace bench;
using torch::Tensor;

Tensor losses_of(const Tensor& log_probs, const Tensor& old_log_probs, const Tensor& advantages) {
    const Tensor ratio = (log_probs - old_log_probs).exp();
    return torch::maximum(-advantages * ratio, -advantages * ratio.clamp(0.8, 1.2));
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return torch_loss_peers("loss_over_log_probs", s, losses_of);
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
