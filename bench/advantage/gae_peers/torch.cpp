// LibTorch's loop over time steps: as TRL and verl write it, and with the columns written where they belong.
#include <torch/torch.h>

#include <memory>

#include "bench/advantage/gae_peers/formula.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

struct tensors {
    explicit tensors(token_arrays& a)
        : rewards(torch::from_blob(a.rewards.data(), {a.batch, a.time})),
          values(torch::from_blob(a.values.data(), {a.batch, a.time})),
          mask(torch::from_blob(a.mask.data(), {a.batch, a.time}, torch::kByte).to(torch::kFloat)),
          ends(torch::from_blob(a.row_ends.data(), {a.batch})) {}
    Tensor rewards, values, mask, ends;
};

/// TRL: a list of columns, stacked and turned round.
Tensor trl(const tensors& t, const Tensor& value_after_end) {
    const std::int64_t length = t.rewards.size(1);
    std::vector<Tensor> reversed;
    Tensor advantage = torch::zeros({t.rewards.size(0)});
    for (std::int64_t i = length - 1; i >= 0; --i) {
        const Tensor next = i + 1 < length ? t.values.select(1, i + 1) : value_after_end;
        const Tensor td_error = t.rewards.select(1, i) + gae_gamma * next - t.values.select(1, i);
        advantage = td_error + gae_gamma * gae_lambda * advantage;
        reversed.push_back(advantage);
    }
    return torch::stack(std::vector<Tensor>(reversed.rbegin(), reversed.rend())).transpose(0, 1).contiguous();
}

/// TD errors of all time steps at once; then one operation for each.
Tensor lean(const tensors& t, const Tensor& value_after_end) {
    const std::int64_t length = t.rewards.size(1);
    Tensor advantages = t.rewards - t.values;
    advantages.narrow(1, 0, length - 1).add_(t.values.narrow(1, 1, length - 1), gae_gamma);
    advantages.select(1, length - 1).add_(value_after_end, gae_gamma);
    for (std::int64_t i = length - 2; i >= 0; --i)
        advantages.select(1, i).add_(advantages.select(1, i + 1), gae_gamma * gae_lambda);
    return advantages;
}

/// verl: masked tokens hand on what comes after them.
Tensor verl_masked(const tensors& t) {
    std::vector<Tensor> reversed;
    Tensor next = torch::zeros({t.rewards.size(0)}), advantage = torch::zeros({t.rewards.size(0)});
    for (std::int64_t i = t.rewards.size(1) - 1; i >= 0; --i) {
        const Tensor mask = t.mask.select(1, i), value = t.values.select(1, i);
        const Tensor td_error = t.rewards.select(1, i) + gae_gamma * next - value;
        const Tensor here = td_error + gae_gamma * gae_lambda * advantage;
        next = value * mask + (1 - mask) * next;
        advantage = here * mask + (1 - mask) * advantage;
        reversed.push_back(advantage);
    }
    return torch::stack(std::vector<Tensor>(reversed.rbegin(), reversed.rend())).transpose(0, 1) * t.mask;
}

template <class Call>
contestant peer(const char* kernel, const char* who, const shape& s, const Call& call) {
    return over_tokens(kernel, who, s, 12, [=] {
        set_torch_threads(1);
        const auto t = std::make_shared<tensors>(problem_of<token_arrays>(s));
        const auto out = std::make_shared<Tensor>();
        return job{[=] {
                       const torch::NoGradGuard no_gradient;
                       *out = call(*t);
                   },
                   [=] {
                       const Tensor x = out->contiguous();
                       return contents("advantages", x.data_ptr<float>(), x.numel());
                   },
                   {}};
    });
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    const auto nothing = [](const tensors& t) { return torch::zeros({t.rewards.size(0)}); };
    return {peer("gae", "torch_lean", s, [=](const tensors& t) { return lean(t, nothing(t)); }),
            peer("gae", "torch_trl", s, [=](const tensors& t) { return trl(t, nothing(t)); }),
            peer("gae_truncated", "torch_lean", s, [](const tensors& t) { return lean(t, t.ends); }),
            peer("gae_truncated", "torch_trl", s, [](const tensors& t) { return trl(t, t.ends); }),
            peer("gae_masked", "torch_trl", s, verl_masked)};
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
