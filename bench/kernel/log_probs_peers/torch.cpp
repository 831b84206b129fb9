// LibTorch: the clipped loss with its masked mean, and the gradient of the log-probs.
#include <torch/torch.h>

#include <memory>

#include "bench/support/token_arrays.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

/// trl: masked mean of the larger loss. lean: no mask, the mean alone.
Tensor loss_of(bool trl, const Tensor& log_probs, const Tensor& old_log_probs, const Tensor& advantages,
               const Tensor& mask) {
    const Tensor ratio = (log_probs - old_log_probs).exp();
    const Tensor losses = torch::maximum(-advantages * ratio, -advantages * ratio.clamp(0.8, 1.2));
    return trl ? (losses * mask).sum() / mask.sum() : losses.mean();
}

contestant peer(const char* who, bool trl, const shape& s) {
    return over_tokens("loss_over_log_probs", who, s, 20, [=] {
        set_torch_threads(1);
        auto& a = problem_of<token_arrays>(s);
        const auto tensor = [&](const buffer<float>& x) { return torch::from_blob(x.data(), {a.tokens()}); };
        const Tensor log_probs = tensor(a.values).set_requires_grad(true);
        const Tensor old_log_probs = tensor(a.old_values), advantages = tensor(a.returns);
        const Tensor mask = torch::ones({a.tokens()});
        const auto loss = std::make_shared<Tensor>();
        const auto gradient = std::make_shared<Tensor>();
        return job{[=] {
                       *gradient = Tensor();
                       *loss = loss_of(trl, log_probs, old_log_probs, advantages, mask);
                       *gradient = torch::autograd::grad({*loss}, {log_probs})[0];
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
