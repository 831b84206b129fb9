// LibTorch's threads, and what it is made of.
#pragma once

#include <benchmark/benchmark.h>

#include <dlfcn.h>
#include <torch/torch.h>

#include "bench/support/torch_setting.hpp"

namespace bench {

/// A function of the BLAS behind LibTorch, or null if it is not OpenBLAS.
template <class Function>
Function* openblas(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

/// LibTorch does not pass its own number of threads on to OpenBLAS.
inline void set_torch_threads(int threads) {
    at::set_num_threads(threads);
    if (auto* set = openblas<void(int)>("openblas_set_num_threads")) set(threads);
}

/// Tells the reader of the results.
inline void describe_torch() {
    const auto blas = openblas<char*()>("openblas_get_config");
    benchmark::AddCustomContext("LibTorch", TORCH_VERSION);
    benchmark::AddCustomContext("BLAS of LibTorch", blas ? blas() : "not OpenBLAS");
}

}  // namespace bench
