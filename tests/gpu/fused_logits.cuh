// The kernels around the device functions: one block per row of logits.
#pragma once

#include <cstdint>

#include "gpu/device.cuh"
#include "gpu/fused_logits.hpp"
#include "gpu/lanes.hpp"

namespace gpu {

constexpr int threads_per_block = 256;

template <class Fused>
__global__ void __launch_bounds__(threads_per_block) rows_of_logits(const Fused fused) {
    using memory = row_memory<typename Fused::real, threads_per_block>;
    __shared__ alignas(memory) unsigned char bytes[sizeof(memory)];  // a type with initialisers may not be shared
    fused(block_lanes{}, blockIdx.x, *reinterpret_cast<memory*>(bytes));
}

template <class Real>
__global__ void __launch_bounds__(threads_per_block)
    sum_of_results(const row_result<Real>* results, std::int64_t tokens, reft::policy_stats* sum) {
    __shared__ alignas(reft::policy_stats) unsigned char bytes[threads_per_block * sizeof(reft::policy_stats)];
    auto* const parts = reinterpret_cast<reft::policy_stats*>(bytes);
    merge_results(block_lanes{}, results, tokens, parts);
    if (threadIdx.x == 0) *sum = parts[0];
}

/// Launches both kernels; `results` and `stats` are written when the stream gets there.
/// Errors    shape_error; what CUDA reports of the launch is the caller's to ask for.
template <class Loss, class T, class W, class D>
void launch(const fused_logits<Loss, T, W, D>& fused, reft::policy_stats* stats, cudaStream_t stream = nullptr) {
    fused.require_shapes();
    rows_of_logits<<<static_cast<unsigned>(fused.groups()), threads_per_block, 0, stream>>>(fused);
    sum_of_results<<<1, threads_per_block, 0, stream>>>(fused.results, fused.batch.tokens(), stats);
}

}  // namespace gpu
