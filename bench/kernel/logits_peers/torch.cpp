// LibTorch's eager operations in two forms: what TRL and verl write, and the same with as few operations as possible.
#include <torch/torch.h>

#include <memory>

#include "bench/kernel/logits_peers/problem.hpp"
#include "bench/support/contest.hpp"
#include "bench/support/torch_threads.hpp"

namespace {

using namespace bench;
using torch::Tensor;

/// lean: one log-softmax for all. trl: log-probs from a log-softmax, entropies from a softmax and a logsumexp.
enum class form { lean, trl };

const char* name_of(form f) { return f == form::lean ? "torch_lean" : "torch_trl"; }

struct tensors {
    explicit tensors(logits_problem<float>& p)
        : logits(torch::from_blob(p.logits.data(), {p.tokens, p.vocabulary})),
          second(torch::from_blob(p.in_place.data(), {p.tokens, p.vocabulary})),
          old_log_probs(torch::from_blob(p.old_log_probs.data(), {p.tokens})),
          advantages(torch::from_blob(p.advantages.data(), {p.tokens})),
          mask(torch::ones({p.tokens})),
          ids(torch::from_blob(p.ids.data(), {p.tokens}, torch::kLong)) {}
    Tensor logits, second, old_log_probs, advantages, mask, ids;
};

Tensor chosen(const Tensor& x, const Tensor& ids) { return x.gather(-1, ids.unsqueeze(-1)).squeeze(-1); }

struct scores {
    Tensor log_probs, entropies;
};
scores scores_of(form f, const Tensor& logits, const Tensor& ids) {
    const Tensor ls = logits.log_softmax(-1);
    if (f == form::lean) return {chosen(ls, ids), -(ls.exp() * ls).sum(-1)};
    const Tensor log_probs = chosen(ls, ids);
    return {log_probs, logits.logsumexp(-1) - (logits.softmax(-1) * logits).sum(-1)};
}

/// TRL's selective_log_softmax; the lean form is a log-softmax and a gather.
Tensor log_probs_of(form f, const Tensor& logits, const Tensor& ids) {
    if (f == form::lean) return chosen(logits.log_softmax(-1), ids);
    return chosen(logits, ids) - logits.logsumexp(-1);
}

Tensor masked_mean(const Tensor& x, const Tensor& mask) { return (x * mask).sum() / mask.sum(); }

Tensor clipped_policy(const tensors& t, const Tensor& log_probs) {
    const Tensor ratio = (log_probs - t.old_log_probs).exp();
    const Tensor unclipped = -t.advantages * ratio;
    const Tensor clipped = -t.advantages * ratio.clamp(1 - clip_range, 1 + clip_range);
    return masked_mean(torch::maximum(unclipped, clipped), t.mask);
}

Tensor loss_of(form f, loss_kind kind, const tensors& t) {
    namespace F = torch::nn::functional;
    if (kind == loss_kind::cross_entropy) {
        if (f == form::lean) return F::cross_entropy(t.logits, t.ids);
        return masked_mean(F::cross_entropy(t.logits, t.ids, F::CrossEntropyFuncOptions().reduction(torch::kNone)),
                           t.mask);  // verl's SFT
    }
    if (kind == loss_kind::ppo_no_entropy) return clipped_policy(t, log_probs_of(f, t.logits, t.ids));
    const scores s = scores_of(f, t.logits, t.ids);
    return clipped_policy(t, s.log_probs) - entropy_coef * masked_mean(s.entropies, t.mask);
}

std::vector<double> numbers_of(const Tensor& x) { return bench::numbers_of(x.data_ptr<float>(), x.numel()); }

job forward_job(form f, const shape& s, int threads, bool entropy) {
    set_torch_threads(threads);
    const auto t = std::make_shared<tensors>(problem_of<logits_problem<float>>(s));
    const auto out = std::make_shared<scores>();
    return {[=] {
                const torch::NoGradGuard no_gradient;
                *out = entropy ? scores_of(f, t->logits, t->ids) : scores{log_probs_of(f, t->logits, t->ids), {}};
            },
            [=] {
                answers all{{"log_probs", numbers_of(out->log_probs)}};
                if (entropy) all["entropies"] = numbers_of(out->entropies);
                return all;
            },
            {}};
}

job kl_job(form f, const shape& s, int threads) {
    namespace F = torch::nn::functional;
    set_torch_threads(threads);
    auto& p = problem_of<logits_problem<float>>(s);
    const auto t = std::make_shared<tensors>(p);
    const auto out = std::make_shared<Tensor>();
    return {
        [=] {
            const torch::NoGradGuard no_gradient;
            const Tensor policy = t->logits.log_softmax(-1), other = t->second.log_softmax(-1);
            if (f == form::lean)
                *out = (policy.exp() * (policy - other)).sum(-1);
            else
                *out = F::kl_div(other, policy, F::KLDivFuncOptions().reduction(torch::kNone).log_target(true)).sum(-1);
        },
        [=] {
            return answers{{"kl", numbers_of(*out)}};
        },
        [&p] { fill_second_logits(p); }};
}

/// The gradient is LibTorch's own tensor, freed before the next one is made.
job gradient_job(form f, loss_kind kind, const shape& s, int threads) {
    set_torch_threads(threads);
    const auto t = std::make_shared<tensors>(problem_of<logits_problem<float>>(s));
    t->logits.set_requires_grad(true);
    const auto loss = std::make_shared<Tensor>();
    const auto gradient = std::make_shared<Tensor>();
    return {[=] {
                *gradient = Tensor();
                *loss = loss_of(f, kind, *t);
                *gradient = torch::autograd::grad({*loss}, {t->logits})[0];
            },
            [=] {
                return loss_and_gradient(loss->item<double>(), gradient->data_ptr<float>(), gradient->size(0),
                                         gradient->size(1));
            },
            {}};
}

std::vector<contestant> peers(const shape& s, int threads) {
    std::vector<contestant> all;
    for (const form f : {form::lean, form::trl}) {
        const char* who = name_of(f);
        all.push_back(forward("log_prob", who, s, [=] { return forward_job(f, s, threads, false); }));
        all.push_back(forward("log_prob_entropy", who, s, [=] { return forward_job(f, s, threads, true); }));
        all.push_back(forward("full_kl", who, s, [=] { return kl_job(f, s, threads); }));
        for (const loss_kind kind : {loss_kind::ppo, loss_kind::ppo_no_entropy, loss_kind::cross_entropy})
            all.push_back(with_gradient(kind, false, who, s, [=] { return gradient_job(f, kind, s, threads); }));
    }
    return all;
}

const bool entered = enter("torch", peers, describe_torch);

}  // namespace
