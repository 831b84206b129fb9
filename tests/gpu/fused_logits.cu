// The fused logits kernel on a GPU against loss_over_logits on the host; with --bench, its share of memory bandwidth.
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/entropy_bonus.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "gpu/agreement.hpp"
#include "gpu/device.cuh"
#include "gpu/fused_logits.cuh"
#include "gpu/logits_case.hpp"

namespace gpu {

template <class T>
bool agrees(const logits_case_options& options) {
    using real = reft::accumulator_t<T>;
    const logits_case<T, managed_allocator> c(options);
    const auto loss = c.loss();
    const auto host = on_host(c, loss);
    managed_vector<T> d_logits(c.logits.size(), T(7.0f));
    managed_vector<row_result<real>> results(c.ids.size());
    managed_vector<reft::policy_stats> stats(1);
    const fused_logits<decltype(c.loss()), T, real, T> fused{loss, c.batch(), reft::tokens_of(c.weights),
                                                             c.rank_3_view_of(d_logits), results.data()};
    launch(fused, stats.data());
    finish("fused_logits");
    const agreement a = compared(c, host, d_logits, results, stats[0]);
    std::printf("%-8s %s %s: %s\n", name_of<T>, c.name().c_str(), a.holds() ? "agrees" : "DIFFERS", a.where.c_str());
    return a.holds();
}

template <class T>
bool all_agree() {
    bool all = true;
    for (const std::int64_t vocabulary : {1, 7, 1000, 32000})
        for (const std::int64_t tokens : {1, 3, 300})
            all &= agrees<T>({.tokens = tokens, .vocabulary = vocabulary, .temperature = 0.8});
    all &= agrees<T>({.tokens = 40, .vocabulary = 1001, .padding = 23});
    all &= agrees<T>({.tokens = 40, .vocabulary = 1000, .padding = 1, .offset = 3});
    all &= agrees<T>({.tokens = 40, .vocabulary = 1000, .stride = 2});
    all &= agrees<T>({.tokens = 40, .vocabulary = 1000, .with_row_index = true});
    return all;
}

__global__ void copy_16_bytes(const uint4* from, uint4* to, std::int64_t n) {
    const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
    for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += stride) to[i] = from[i];
}

/// Numbers between -10 and 10 in no order.
template <class T>
__global__ void fill(T* x, std::int64_t n) {
    const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.x;
    for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += stride) {
        const std::uint32_t hash = static_cast<std::uint32_t>(i) * 2654435761u;
        x[i] = static_cast<T>(static_cast<float>(hash >> 16) * (20.0f / 65536.0f) - 10.0f);
    }
}

/// Time of the fused call, and its bytes per second as a share of those of a copy: one read and one write per logit,
/// which nothing can do without, and both reads, as if none came from a cache.
template <class T>
void bench(std::int64_t tokens, std::int64_t vocabulary) {
    using real = reft::accumulator_t<T>;
    const std::int64_t n = tokens * vocabulary;
    const auto logits = device_array<T>(n), d_logits = device_array<T>(n);
    const auto old = device_array<real>(tokens), advantages = device_array<real>(tokens),
               weights = device_array<real>(tokens);
    const auto ids = device_array<std::int32_t>(tokens);
    const auto results = device_array<row_result<real>>(tokens);
    const auto stats = device_array<reft::policy_stats>(1);
    fill<<<1024, 256>>>(logits.get(), n);
    fill<<<1, 256>>>(old.get(), tokens);
    fill<<<1, 256>>>(advantages.get(), tokens);
    fill<<<1, 256>>>(weights.get(), tokens);
    require(cudaMemset(ids.get(), 0, static_cast<std::size_t>(tokens) * sizeof(std::int32_t)), "cudaMemset");
    finish("fill");

    const auto loss = reft::clipped_policy(reft::tensor_at(std::as_const(old).get(), tokens),
                                           reft::tensor_at(std::as_const(advantages).get(), tokens)) +
                      0.01 * reft::entropy_bonus<real>();
    const reft::token_logits batch(reft::tensor_at(static_cast<const T*>(logits.get()), tokens, vocabulary),
                                   reft::tensor_at(static_cast<const std::int32_t*>(ids.get()), tokens));
    const reft::token_view<const real> w(weights.get(), {1, tokens});
    const fused_logits<std::remove_const_t<decltype(loss)>, T, real, T> fused{
        loss, batch, w, reft::tensor_at(d_logits.get(), 1, tokens, vocabulary), results.get()};
    const double time = seconds([&] { launch(fused, stats.get()); });
    const auto* from = reinterpret_cast<const uint4*>(logits.get());
    auto* to = reinterpret_cast<uint4*>(d_logits.get());
    const std::int64_t packs = n * std::int64_t{sizeof(T)} / 16;
    const double copy_time = seconds([&] { copy_16_bytes<<<4096, 256>>>(from, to, packs); });

    const double bytes = static_cast<double>(n) * sizeof(T);
    std::printf(
        "%-8s [%lld, %lld]: %.3f ms, a copy %.3f ms (%.0f GB/s); of its bandwidth %.0f %% counting one read "
        "and one write, %.0f %% counting both reads\n",
        name_of<T>, static_cast<long long>(tokens), static_cast<long long>(vocabulary), 1e3 * time, 1e3 * copy_time,
        2e-9 * bytes / copy_time, 100 * copy_time / time, 150 * copy_time / time);
}

void bench_all() {
    bench<float>(4096, 32000);
    bench<float>(4096, 50257);  // rows that are not aligned
    bench<float>(1024, 151936);
    bench<reft::bfloat16>(4096, 32000);
    bench<reft::bfloat16>(1024, 151936);
    bench<double>(2048, 32000);
}

}  // namespace gpu

int main(int argc, char** argv) try {
    if (const std::string missing = gpu::what_is_missing(); !missing.empty()) {
        std::printf("skipped: %s\n", missing.c_str());
        return 77;
    }
    std::printf("%s\n", gpu::device_name().c_str());
    if (argc > 1 && std::string_view(argv[1]) == "--bench") {
        gpu::bench_all();
        return 0;
    }
    bool agreed = gpu::all_agree<float>();
    agreed &= gpu::all_agree<double>();
    agreed &= gpu::all_agree<reft::bfloat16>();
    agreed &= gpu::all_agree<reft::half>();
    return agreed ? 0 : 1;
} catch (const std::exception& e) {
    std::printf("failed: %s\n", e.what());
    return 1;
}
