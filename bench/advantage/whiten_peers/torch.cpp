// LibTorch: masked_whiten of TRL and verl with its masks of float, and the same without a mask.
#include <torch/torch.h>

#include <memory>

#include "bench/support/token_arrays.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

/// var_mean would be one operation less, and five times slower.
Tensor lean(const Tensor& x, const Tensor&) {
    const Tensor centred = x - x.mean();
    return centred * (centred.square().sum() / (x.numel() - 1) + 1e-8).rsqrt();
}

Tensor masked_mean(const Tensor& x, const Tensor& mask) { return (x * mask).sum() / mask.sum(); }

Tensor trl(const Tensor& x, const Tensor& mask) {
    const Tensor mean = masked_mean(x, mask);
    Tensor variance = masked_mean((x - mean).square(), mask);
    const Tensor count = mask.sum();
    variance = variance * (count / (count - 1));
    return (x - mean) * (variance + 1e-8).rsqrt();
}

/// reft leaves 0 where the mask does.
Tensor trl_masked(const Tensor& x, const Tensor& mask) { return trl(x, mask) * mask; }

contestant peer(const char* kernel, const char* who, const shape& s, bool masked,
                Tensor (*call)(const Tensor&, const Tensor&)) {
    return over_tokens(kernel, who, s, 8, [=] {
        set_torch_threads(1);
        auto& a = problem_of<token_arrays>(s);
        const Tensor x = torch::from_blob(a.rewards.data(), {a.batch, a.time});
        const Tensor mask = masked ? torch::from_blob(a.mask.data(), {a.batch, a.time}, torch::kByte).to(torch::kFloat)
                                   : torch::ones({a.batch, a.time});
        const auto out = std::make_shared<Tensor>();
        return job{[=] {
                       const torch::NoGradGuard no_gradient;
                       *out = call(x, mask);
                   },
                   [=] { return contents("whitened", out->data_ptr<float>(), out->numel()); },
                   {}};
    });
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {peer("whiten", "torch_lean", s, false, lean), peer("whiten", "torch_trl", s, false, trl),
            peer("whiten_masked", "torch_trl", s, true, trl_masked)};
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
