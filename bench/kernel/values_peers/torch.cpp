// LibTorch: the clipped value loss with its masked mean, and the gradient of the values.
#include <torch/torch.h>

#include <memory>

#include "bench/support/token_arrays.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

/// trl: masked mean of the larger loss. lean: no mask, the mean alone.
Tensor loss_of(bool trl, const Tensor& values, const Tensor& old_values, const Tensor& returns, const Tensor& mask) {
    const Tensor clipped = torch::maximum(torch::minimum(values, old_values + 0.2), old_values - 0.2);
    const Tensor losses = 0.5 * torch::maximum((values - returns).square(), (clipped - returns).square());
    return trl ? (losses * mask).sum() / mask.sum() : losses.mean();
}

contestant peer(const char* who, bool trl, const shape& s) {
    return over_tokens("loss_over_values", who, s, 20, [=] {
        set_torch_threads(1);
        auto& a = problem_of<token_arrays>(s);
        const auto tensor = [&](const buffer<float>& x) { return torch::from_blob(x.data(), {a.tokens()}); };
        const Tensor values = tensor(a.values).set_requires_grad(true);
        const Tensor old_values = tensor(a.old_values), returns = tensor(a.returns);
        const Tensor mask = torch::ones({a.tokens()});
        const auto loss = std::make_shared<Tensor>();
        const auto gradient = std::make_shared<Tensor>();
        return job{[=] {
                       *gradient = Tensor();
                       *loss = loss_of(trl, values, old_values, returns, mask);
                       *gradient = torch::autograd::grad({*loss}, {values})[0];
                   },
                   [=] {
                       answers all = contents("gradient", gradient->data_ptr<float>(), gradient->numel());
                       all["loss"] = {loss->item<double>()};
                       return all;
                   },
                   {}};
    });
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {peer("torch_lean", false, s), peer("torch_trl", true, s)};
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
