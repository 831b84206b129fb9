// The little of the CUDA runtime that the test programs need: errors, memory that both sides read, time.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace gpu {

inline void require(cudaError_t status, const char* what) {
    if (status != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

/// Waits for a kernel that was just launched.
inline void finish(const char* kernel) {
    require(cudaGetLastError(), kernel);
    require(cudaDeviceSynchronize(), kernel);
}

/// Why nothing can be run here; empty if it can.
inline std::string what_is_missing() {
    int devices = 0;
    const cudaError_t status = cudaGetDeviceCount(&devices);
    if (status != cudaSuccess) return std::string("no GPU (") + cudaGetErrorString(status) + ")";
    int managed = 0;
    if (devices == 0) return "no GPU";
    require(cudaDeviceGetAttribute(&managed, cudaDevAttrManagedMemory, 0), "cudaDeviceGetAttribute");
    return managed ? "" : "the GPU has no managed memory";
}

inline std::string device_name() {
    cudaDeviceProp properties;
    require(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
    return properties.name;
}

/// Memory that host and device read at the same address, so that a std::vector is an argument of both.
template <class T>
struct managed_allocator {
    using value_type = T;
    managed_allocator() = default;
    template <class U>
    managed_allocator(const managed_allocator<U>&) {}
    T* allocate(std::size_t n) {
        void* memory = nullptr;
        require(cudaMallocManaged(&memory, n * sizeof(T)), "cudaMallocManaged");
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { cudaFree(memory); }
    template <class U>
    bool operator==(const managed_allocator<U>&) const {
        return true;
    }
};

template <class T>
using managed_vector = std::vector<T, managed_allocator<T>>;

struct device_free {
    void operator()(void* memory) const { cudaFree(memory); }
};

/// Memory of the device alone, of undefined content.
template <class T>
std::unique_ptr<T[], device_free> device_array(std::int64_t n) {
    void* memory = nullptr;
    require(cudaMalloc(&memory, static_cast<std::size_t>(n) * sizeof(T)), "cudaMalloc");
    return std::unique_ptr<T[], device_free>(static_cast<T*>(memory));
}

/// Median time of `f`, which launches kernels, in seconds.
template <class F>
double seconds(const F& f, int runs = 21) {
    cudaEvent_t begin, end;
    require(cudaEventCreate(&begin), "cudaEventCreate");
    require(cudaEventCreate(&end), "cudaEventCreate");
    std::vector<float> milliseconds;
    for (int i = -3; i < runs; ++i) {
        require(cudaEventRecord(begin), "cudaEventRecord");
        f();
        require(cudaEventRecord(end), "cudaEventRecord");
        finish("the kernel that is timed");
        float time = 0;
        require(cudaEventElapsedTime(&time, begin, end), "cudaEventElapsedTime");
        if (i >= 0) milliseconds.push_back(time);
    }
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    std::nth_element(milliseconds.begin(), milliseconds.begin() + runs / 2, milliseconds.end());
    return 1e-3 * static_cast<double>(milliseconds[static_cast<std::size_t>(runs / 2)]);
}

}  // namespace gpu
