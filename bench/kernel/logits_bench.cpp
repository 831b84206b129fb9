#include <reft/core/thread_pool.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace {

struct problem {
    std::int64_t tokens, vocabulary;
    std::vector<float> logits, d_logits, old_log_probs, advantages, weights;
    std::vector<std::int32_t> ids;

    explicit problem(const benchmark::State& state) : tokens(state.range(0)), vocabulary(state.range(1)) {
        const auto n = static_cast<std::size_t>(tokens);
        logits.resize(n * static_cast<std::size_t>(vocabulary));
        for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(0.37f * static_cast<float>(i % 1009));
        d_logits.resize(logits.size());
        old_log_probs.assign(n, -8.0f);
        advantages.assign(n, 0.5f);
        weights.assign(n, 1.0f / static_cast<float>(n));
        ids.assign(n, static_cast<std::int32_t>(vocabulary / 2));
    }
    auto view(std::vector<float>& x) const { return reft::tensor_at(x.data(), tokens, vocabulary); }
    void count(benchmark::State& state) const { state.SetItemsProcessed(state.iterations() * tokens); }
};

void log_prob(benchmark::State& state) {
    problem p(state);
    std::vector<float> log_probs(p.ids.size());
    const auto logits = p.view(p.logits);
    for (auto _ : state) reft::token_log_probs(reft::token_logits(logits, p.ids), p.weights, log_probs);
    p.count(state);
}

void log_prob_entropy(benchmark::State& state) {
    problem p(state);
    std::vector<float> log_probs(p.ids.size()), entropies(p.ids.size());
    const auto logits = p.view(p.logits);
    for (auto _ : state) reft::token_log_probs(reft::token_logits(logits, p.ids), p.weights, log_probs, entropies);
    p.count(state);
}

template <class Loss>
void fused(benchmark::State& state, problem& p, const Loss& loss) {
    const auto logits = p.view(p.logits);
    const reft::token_logits batch(logits, p.ids);
    const reft::workspace memory(reft::workspace_bytes(batch));
    for (auto _ : state)
        benchmark::DoNotOptimize(reft::loss_over_logits(loss, batch, p.weights, p.view(p.d_logits), memory).loss);
    p.count(state);
}

void ppo(benchmark::State& state) {
    problem p(state);
    fused(state, p, reft::clipped_policy(p.old_log_probs, p.advantages) + 0.01 * reft::entropy_bonus<float>());
}

void ppo_no_entropy(benchmark::State& state) {
    problem p(state);
    fused(state, p, reft::clipped_policy(p.old_log_probs, p.advantages));
}

void cross_entropy(benchmark::State& state) {
    problem p(state);
    fused(state, p, reft::cross_entropy<float>());
}

void shapes(benchmark::internal::Benchmark* b) {
    b->Args({512, 512})->Args({2048, 4096})->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(log_prob)->Apply(shapes);
BENCHMARK(log_prob_entropy)->Apply(shapes);
BENCHMARK(ppo)->Apply(shapes);
BENCHMARK(ppo_no_entropy)->Apply(shapes);
BENCHMARK(cross_entropy)->Apply(shapes);
