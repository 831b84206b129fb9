// LibTorch: the clipped value loss, and the gradient of the values.
#include <torch/torch.h>

#include "bench/support/torch_losses.hpp"

namespace {

using namespace bench;
using torch::Tensor;

Tensor losses_of(const Tensor& values, const Tensor& old_values, const Tensor& returns) {
    const Tensor clipped = torch::maximum(torch::minimum(values, old_values + 0.2), old_values - 0.2);
    return 0.5 * torch::maximum((values - returns).square(), (clipped - returns).square());
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return torch_loss_peers("loss_over_values", s, losses_of);
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
