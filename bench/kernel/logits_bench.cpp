// Losses over logits, in place and to another buffer, beside what others do with the same logits.
#include <reft/core/thread_pool.hpp>
#include <reft/kernel/full_kl.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <memory>
#include <string>
#include <type_traits>

#include "bench/kernel/logits_peers/problem.hpp"
#include "bench/support/bandwidth.hpp"
#include "bench/support/contest.hpp"
#include "bench/support/threads.hpp"

namespace {

using namespace bench;

template <class T>
auto tensor(const logits_problem<T>& p, const buffer<T>& x) {
    return reft::tensor_at(x.data(), p.tokens, p.vocabulary);
}

template <class T>
job log_probs_of(const shape& s, int threads, bool entropy) {
    using Real = typename logits_problem<T>::Real;
    auto& p = problem_of<logits_problem<T>>(s);
    const auto pool = executor_of(threads);
    const auto log_probs = std::make_shared<std::vector<Real>>(p.ids.size());
    const auto entropies = std::make_shared<std::vector<Real>>(p.ids.size());
    job work;
    if (entropy)
        work.run = [=, &p] {
            reft::token_log_probs(reft::token_logits(tensor(p, p.logits), p.ids_32), p.weights, *log_probs, *entropies,
                                  *pool);
        };
    else
        work.run = [=, &p] {
            reft::token_log_probs(reft::token_logits(tensor(p, p.logits), p.ids_32), p.weights, *log_probs, *pool);
        };
    work.result = [=, &p] {
        answers all{{"log_probs", numbers_of(log_probs->data(), p.tokens)}};
        if (entropy) all["entropies"] = numbers_of(entropies->data(), p.tokens);
        return all;
    };
    return work;
}

/// The KL to second logits: those that lie in place of the gradient.
template <class T>
job full_kl_of(const shape& s, int threads) {
    auto& p = problem_of<logits_problem<T>>(s);
    const auto pool = executor_of(threads);
    const auto kl = std::make_shared<std::vector<typename logits_problem<T>::Real>>(p.ids.size());
    return {[=, &p] {
                reft::full_kl(reft::token_logits(tensor(p, p.logits), p.ids_32),
                              reft::token_logits(tensor(p, p.in_place), p.ids_32), p.weights, *kl, *pool);
            },
            [=, &p] {
                return answers{{"kl", numbers_of(kl->data(), p.tokens)}};
            },
            [&p] { fill_second_logits(p); }};
}

template <class T, class Loss>
job loss_of(const shape& s, int threads, bool to_buffer, const Loss& loss_over) {
    auto& p = problem_of<logits_problem<T>>(s);
    const auto pool = executor_of(threads);
    const buffer<T>& from = to_buffer ? p.logits : p.in_place;
    const buffer<T>& to = to_buffer ? p.gradient : p.in_place;
    const auto loss = std::make_shared<double>();
    const auto memory =
        std::make_shared<reft::workspace>(reft::workspace_bytes(reft::token_logits(tensor(p, from), p.ids_32)));
    return {[=, &p] {
                const reft::token_logits batch(tensor(p, from), p.ids_32);
                *loss = reft::loss_over_logits(loss_over(p), batch, p.weights, tensor(p, to), *memory, *pool).loss;
            },
            [=, &p] { return loss_and_gradient(*loss, to.data(), p.tokens, p.vocabulary); }, [&p] { p.start_over(); }};
}

template <class T>
job loss_of(loss_kind kind, const shape& s, int threads, bool to_buffer) {
    using Problem = logits_problem<T>;
    using Real = typename Problem::Real;
    const auto clipped = [](const Problem& p) { return reft::clipped_policy(p.old_log_probs, p.advantages); };
    switch (kind) {
        case loss_kind::ppo:
            return loss_of<T>(s, threads, to_buffer, [=](const Problem& p) {
                return clipped(p) + entropy_coef * reft::entropy_bonus<Real>();
            });
        case loss_kind::ppo_no_entropy: return loss_of<T>(s, threads, to_buffer, clipped);
        case loss_kind::cross_entropy: break;
    }
    return loss_of<T>(s, threads, to_buffer, [](const Problem&) { return reft::cross_entropy<Real>(); });
}

template <class T>
void add_reft(std::vector<contestant>& all, const std::string& dtype, const shape& s, int threads) {
    const auto add = [&](contestant c) {
        c.dtype = dtype;
        c.bytes = c.bytes / 4 * static_cast<std::int64_t>(sizeof(T));
        all.push_back(std::move(c));
    };
    add(forward("log_prob", "reft", s, [=] { return log_probs_of<T>(s, threads, false); }));
    add(forward("log_prob_entropy", "reft", s, [=] { return log_probs_of<T>(s, threads, true); }));
    contestant kl = forward("full_kl", "reft", s, [=] { return full_kl_of<T>(s, threads); });
    kl.bytes *= 2;
    add(std::move(kl));
    for (const loss_kind kind : {loss_kind::ppo, loss_kind::ppo_no_entropy, loss_kind::cross_entropy})
        for (const bool to_buffer : {false, true})
            add(with_gradient(kind, to_buffer, "reft", s, [=] { return loss_of<T>(kind, s, threads, to_buffer); }));
    const std::size_t bytes = static_cast<std::size_t>(s.at(0) * s.at(1)) * sizeof(T);
    for (auto& c : bandwidth(
             dtype, threads, [=] { return problem_of<logits_problem<T>>(s).logits.data(); },
             [=] { return problem_of<logits_problem<T>>(s).in_place.data(); },
             [=] { return problem_of<logits_problem<T>>(s).gradient.data(); }, bytes))
        all.push_back(std::move(c));
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    std::vector<contestant> all;
    add_reft<float>(all, "float", s, threads);
    add_reft<double>(all, "double", s, threads);
    add_reft<reft::bfloat16>(all, "bf16", s, threads);
    add_reft<reft::half>(all, "half", s, threads);
    return all;
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) {
    return run({"logits_bench", {{512, 512}, {2048, 4096}, {2048, 32000}, {1024, 128256}}, {4, 64}}, argc, argv);
}
