// LibTorch's side of the losses over tokens: the mean of a loss per token, and its gradient by autograd.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "bench/support/token_arrays.hpp"
#include "bench/support/torch_threads.hpp"

namespace bench {

/// The loss of every token from `values`, `old_values` and `returns`.
using torch_losses = torch::Tensor (*)(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&);

/// trl: the masked mean. lean: no mask, the mean alone.
inline contestant torch_loss(const char* kernel, const char* who, bool trl, const shape& s, torch_losses losses_of) {
    return over_tokens(kernel, who, s, 20, [=] {
        set_torch_threads(1);
        auto& a = problem_of<token_arrays>(s);
        const auto tensor = [&](const buffer<float>& x) { return torch::from_blob(x.data(), {a.tokens()}); };
        const torch::Tensor values = tensor(a.values).set_requires_grad(true);
        const torch::Tensor old_values = tensor(a.old_values), returns = tensor(a.returns);
        const torch::Tensor mask = torch::ones({a.tokens()});
        const auto loss = std::make_shared<torch::Tensor>();
        const auto gradient = std::make_shared<torch::Tensor>();
        return job{[=] {
                       *gradient = torch::Tensor();
                       const torch::Tensor losses = losses_of(values, old_values, returns);
                       *loss = trl ? (losses * mask).sum() / mask.sum() : losses.mean();
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

/// Both forms of a loss.
inline std::vector<contestant> torch_loss_peers(const char* kernel, const shape& s, torch_losses losses_of) {
    return {torch_loss(kernel, "torch_lean", false, s, losses_of), torch_loss(kernel, "torch_trl", true, s, losses_of)};
}

}  // namespace bench
