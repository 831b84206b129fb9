// Threads that work on one row together, and how they add up what each of them found.
#pragma once

#include <concepts>

#if defined(__CUDACC__)
#define REFT_DEVICE __device__
#else
#define REFT_DEVICE
#endif

namespace gpu {

/// What the device functions are written for: a block of threads, or a loop that stands for one.
///
///     lanes.count()          how many there are
///     lanes.each(f)          f(lane) by every lane; none goes on before all are done
///
/// Within one `each` no lane may read what another one writes.
template <class L>
concept lane_group = requires(const L& lanes, void (*f)(int)) {
    { lanes.count() } -> std::same_as<int>;
    lanes.each(f);
};

/// A loop on the host, from the first lane or from the last: results that differ show a race.
struct serial_lanes {
    int lanes = 1;
    bool backwards = false;

    int count() const { return lanes; }
    template <class F>
    void each(F f) const {
        for (int i = 0; i < lanes; ++i) f(backwards ? lanes - 1 - i : i);
    }
};

#if defined(__CUDACC__)
/// The threads of a block.
struct block_lanes {
    __device__ int count() const { return static_cast<int>(blockDim.x); }
    template <class F>
    __device__ void each(F f) const {
        f(static_cast<int>(threadIdx.x));
        __syncthreads();
    }
};
#endif

/// Merges parts[0] ... parts[count - 1] into parts[0], neighbours first and always the later into the earlier one,
/// so that the result does not depend on which lane was faster.
template <lane_group Lanes, class Part, class Merge>
REFT_DEVICE void merge_in_order(const Lanes& lanes, Part* parts, const Merge& merge) {
    for (int step = 1; step < lanes.count(); step *= 2)
        lanes.each([&](int lane) {
            if (lane % (2 * step) == 0 && lane + step < lanes.count()) merge(parts[lane], parts[lane + step]);
        });
}

}  // namespace gpu
