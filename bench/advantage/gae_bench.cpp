#include <reft/advantage/gae.hpp>
#include <reft/advantage/whiten.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace {

struct arrays {
    std::int64_t batch, time;
    std::vector<float> rewards, values, out;
    arrays(std::int64_t b, std::int64_t t)
        : batch(b),
          time(t),
          rewards(static_cast<std::size_t>(b * t), 0.1f),
          values(rewards.size(), 0.3f),
          out(rewards.size()) {}
    auto view(std::vector<float>& x) const { return reft::tensor_at(x.data(), batch, time); }
};

void gae(benchmark::State& state) {
    arrays a(state.range(0), state.range(1));
    const auto rows = reft::rows::padded(a.batch, a.time);
    for (auto _ : state) {
        reft::gae(a.view(a.rewards), a.view(a.values), rows, a.view(a.out));
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * a.batch * a.time);
    state.SetBytesProcessed(state.iterations() * a.batch * a.time * 12);
}

void whiten(benchmark::State& state) {
    arrays a(state.range(0), state.range(1));
    const auto rows = reft::rows::padded(a.batch, a.time);
    for (auto _ : state) {
        reft::whiten(a.view(a.rewards), rows, a.view(a.out));
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * a.batch * a.time);
    state.SetBytesProcessed(state.iterations() * a.batch * a.time * 8);
}

/// The bandwidth that the others are to be held against, in the same run.
void copy(benchmark::State& state) {
    arrays a(state.range(0), state.range(1));
    for (auto _ : state) {
        std::memcpy(a.out.data(), a.rewards.data(), a.out.size() * sizeof(float));
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * a.batch * a.time * 8);
}

}  // namespace

BENCHMARK(gae)->Args({256, 512})->Args({8192, 1024});
BENCHMARK(whiten)->Args({256, 512})->Args({8192, 1024});
BENCHMARK(copy)->Args({256, 512})->Args({8192, 1024});
