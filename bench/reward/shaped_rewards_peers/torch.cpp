// LibTorch: the KL scaled, the scores added where rows end; TRL looks for the ends in the mask.
#include <torch/torch.h>

#include <memory>

#include "bench/support/token_arrays.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

struct tensors {
    Tensor kl, scores, mask;
};

Tensor lean(const tensors& t) {
    Tensor rewards = t.kl * -0.05;
    rewards.select(1, rewards.size(1) - 1).add_(t.scores);
    return rewards;
}

Tensor trl(const tensors& t) {
    Tensor rewards = t.kl * -0.05 * t.mask;
    const Tensor places = torch::arange(1, t.kl.size(1) + 1);
    const Tensor last = (t.mask * places).argmax(1);
    rewards.index_put_({torch::arange(t.kl.size(0)), last}, t.scores, /*accumulate=*/true);
    return rewards;
}

contestant peer(const char* kernel, const char* who, const shape& s, bool masked, Tensor (*call)(const tensors&)) {
    return over_tokens(kernel, who, s, 8, [=] {
        set_torch_threads(1);
        auto& a = problem_of<token_arrays>(s);
        const auto ones = torch::ones({a.batch, a.time});
        const auto t = std::make_shared<tensors>(tensors{
            torch::from_blob(a.values.data(), {a.batch, a.time}), torch::from_blob(a.row_ends.data(), {a.batch}),
            masked ? torch::from_blob(a.mask.data(), {a.batch, a.time}, torch::kByte).to(torch::kFloat) : ones});
        const auto out = std::make_shared<Tensor>();
        return job{[=] {
                       const torch::NoGradGuard no_gradient;
                       *out = call(*t);
                   },
                   [=] { return contents("rewards", out->data_ptr<float>(), out->numel()); },
                   {}};
    });
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {peer("shaped_rewards", "torch_lean", s, false, lean), peer("shaped_rewards", "torch_trl", s, false, trl),
            peer("shaped_rewards_masked", "torch_trl", s, true, trl)};
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
