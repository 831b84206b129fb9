#include <reft/core/thread_pool.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/models/transformer.hpp>
#include <reft/training/policy_pass.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace {

using model = reft::transformer<float>;

reft::transformer_options shape(std::int64_t width, std::int64_t layers) {
    return {.vocabulary = 64,
            .width = width,
            .layers = layers,
            .heads = 4,
            .kv_heads = 4,
            .hidden = width * 11 / 4,
            .max_length = 128};
}

/// Forward, backward and AdamW on 32 rows of 64 tokens.
void policy_train(benchmark::State& state) {
    reft::thread_pool pool(static_cast<int>(state.range(2)));
    model policy(shape(state.range(0), state.range(1)), 1, pool);
    reft::token_batch batch;
    const std::vector<reft::token_id> prompt(32, 5), response(32, 7);
    for (int i = 0; i < 32; ++i) batch.add(prompt, response);
    const std::vector<float> weights(32 * 32, 1.0f / 1024);
    reft::policy_pass pass(policy, pool);
    for (auto _ : state) {
        policy.zero_gradient();
        pass.accumulate_gradient(batch, reft::cross_entropy<float>(), reft::no_value_loss(), weights);
        policy.optimizer_step(1e-4, 1.0);
    }
    state.SetItemsProcessed(state.iterations() * batch.tokens());
}

/// 32 rows, a prompt of 32 tokens and a response of 64 each.
void policy_generate(benchmark::State& state) {
    reft::thread_pool pool(static_cast<int>(state.range(2)));
    model policy(shape(state.range(0), state.range(1)), 1, pool);
    std::vector<reft::generation_prompt> prompts(32);
    for (std::size_t i = 0; i < 32; ++i)
        prompts[i] = {std::vector<reft::token_id>(32, 5), static_cast<std::uint32_t>(i), 0};
    const reft::generation_request request{.max_new_tokens = 64};
    for (auto _ : state)
        benchmark::DoNotOptimize(policy.sample(std::span<const reft::generation_prompt>(prompts), request).size());
    state.SetItemsProcessed(state.iterations() * 32 * 64);
}

}  // namespace

BENCHMARK(policy_train)
    ->Args({64, 2, 1})
    ->Args({64, 2, 2})
    ->Args({128, 4, 1})
    ->Args({128, 4, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(policy_generate)
    ->Args({64, 2, 1})
    ->Args({64, 2, 2})
    ->Args({128, 4, 1})
    ->Args({128, 4, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
