// LibTorch: matrix product, log-softmax, clipped loss, and backward to hidden states and head.
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "bench/kernel/linear_head_peers/problem.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

struct tensors {
    Tensor hidden, head, old_log_probs, advantages, mask, ids;
};

/// lean: a log-softmax and a gather. trl: gather and logsumexp, as TRL's selective_log_softmax.
Tensor loss_of(bool trl, const tensors& t) {
    const Tensor logits = t.hidden.matmul(t.head.t());
    const auto chosen = [&](const Tensor& x) { return x.gather(-1, t.ids.unsqueeze(-1)).squeeze(-1); };
    const Tensor log_probs = trl ? chosen(logits) - logits.logsumexp(-1) : chosen(logits.log_softmax(-1));
    const Tensor ratio = (log_probs - t.old_log_probs).exp();
    const Tensor losses = torch::maximum(-t.advantages * ratio, -t.advantages * ratio.clamp(0.8, 1.2));
    return (losses * t.mask).sum() / t.mask.sum();
}

contestant peer(const char* who, bool trl, const shape& s) {
    return over_head(who, s, [=] {
        set_torch_threads(1);
        auto& p = problem_of<head_problem>(s);
        const auto t = std::make_shared<tensors>(tensors{
            torch::from_blob(p.hidden.data(), {p.tokens, p.width}).set_requires_grad(true),
            torch::from_blob(p.head.data(), {p.vocabulary, p.width}).set_requires_grad(true),
            torch::from_blob(p.old_log_probs.data(), {p.tokens}), torch::from_blob(p.advantages.data(), {p.tokens}),
            torch::ones({p.tokens}), torch::from_blob(p.ids.data(), {p.tokens}, torch::kLong)});
        const auto loss = std::make_shared<Tensor>();
        const auto gradients = std::make_shared<std::vector<Tensor>>();
        return job{[=] {
                       gradients->clear();
                       *loss = loss_of(trl, *t);
                       *gradients = torch::autograd::grad({*loss}, {t->hidden, t->head});
                   },
                   [=, &p] {
                       const Tensor d_hidden = gradients->at(0).contiguous(), d_head = gradients->at(1).contiguous();
                       return head_answers(loss->item<double>(), d_hidden.data_ptr<float>(), d_head.data_ptr<float>(),
                                           p);
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
