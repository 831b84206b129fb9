#include "bench/support/bandwidth.hpp"

#include <reft/core/thread_pool.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <memory>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace bench {
namespace {

constexpr std::size_t block = 512;  // bytes that an iteration of a loop moves at most

/// Part of the buffers that one thread works on, whole blocks.
struct part {
    const std::byte* from;
    std::byte* to;
    std::size_t bytes;
};
using loop = void (*)(const part&);

void copy_memcpy(const part& p) { std::memcpy(p.to, p.from, p.bytes); }

// The same loops for vectors of several widths: four sums of two vectors each hide the latency of an addition.
#define REFT_BENCH_LOOPS(TARGET, WIDTH, SUFFIX)                                   \
    typedef float floats_##SUFFIX __attribute__((vector_size(WIDTH), may_alias)); \
    TARGET void read_##SUFFIX(const part& p) {                                    \
        const auto* x = reinterpret_cast<const floats_##SUFFIX*>(p.from);         \
        floats_##SUFFIX a{}, b{}, c{}, d{};                                       \
        for (std::size_t i = 0; i < p.bytes / WIDTH; i += 8) {                    \
            a += x[i] + x[i + 4];                                                 \
            b += x[i + 1] + x[i + 5];                                             \
            c += x[i + 2] + x[i + 6];                                             \
            d += x[i + 3] + x[i + 7];                                             \
        }                                                                         \
        a += b + (c + d);                                                         \
        asm volatile("" : : "m"(a));                                              \
    }                                                                             \
    TARGET void scale_##SUFFIX(const part& p) {                                   \
        auto* x = reinterpret_cast<floats_##SUFFIX*>(p.to);                       \
        float one = 1;                                                            \
        asm volatile("" : "+m"(one));                                             \
        for (std::size_t i = 0; i < p.bytes / WIDTH; i += 4) {                    \
            x[i] *= one;                                                          \
            x[i + 1] *= one;                                                      \
            x[i + 2] *= one;                                                      \
            x[i + 3] *= one;                                                      \
        }                                                                         \
    }

#ifdef __x86_64__
REFT_BENCH_LOOPS(__attribute__((target("avx2,fma"))), 32, avx2)
REFT_BENCH_LOOPS(__attribute__((target("avx512f"))), 64, avx512)

__attribute__((target("avx2"))) void copy_past_the_cache(const part& p) {
    for (std::size_t i = 0; i < p.bytes; i += 64) {
        const auto* from = reinterpret_cast<const __m256i*>(p.from + i);
        auto* to = reinterpret_cast<__m256i*>(p.to + i);
        const __m256i low = _mm256_loadu_si256(from), high = _mm256_loadu_si256(from + 1);
        _mm256_stream_si256(to, low);
        _mm256_stream_si256(to + 1, high);
    }
    _mm_sfence();
}
__attribute__((target("avx512f"))) void copy_past_the_cache_avx512(const part& p) {
    for (std::size_t i = 0; i < p.bytes; i += 64)
        _mm512_stream_si512(reinterpret_cast<__m512i*>(p.to + i),
                            _mm512_loadu_si512(reinterpret_cast<const __m512i*>(p.from + i)));
    _mm_sfence();
}
#else
REFT_BENCH_LOOPS(, 16, portable)
#endif

struct named_loop {
    const char* kernel;
    const char* who;
    reference against;
    loop run;
};

std::vector<named_loop> loops_of_this_machine() {
    std::vector<named_loop> all{{"bandwidth_copy", "memcpy", reference::copy, copy_memcpy}};
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        all.push_back({"bandwidth_read", "avx2", reference::read, read_avx2});
        all.push_back({"bandwidth_scale", "avx2", reference::scale, scale_avx2});
        all.push_back({"bandwidth_copy", "non_temporal", reference::copy, copy_past_the_cache});
    }
    if (__builtin_cpu_supports("avx512f")) {
        all.push_back({"bandwidth_read", "avx512", reference::read, read_avx512});
        all.push_back({"bandwidth_scale", "avx512", reference::scale, scale_avx512});
        all.push_back({"bandwidth_copy", "non_temporal_avx512", reference::copy, copy_past_the_cache_avx512});
    }
#else
    all.push_back({"bandwidth_read", "portable", reference::read, read_portable});
    all.push_back({"bandwidth_scale", "portable", reference::scale, scale_portable});
#endif
    return all;
}

void run_on(reft::thread_pool& pool, loop body, const part& whole) {
    const std::size_t blocks = whole.bytes / block, each = (blocks + 7) / 8;
    pool.run(8, [&](std::int64_t i, int) {
        const std::size_t first = std::min(blocks, static_cast<std::size_t>(i) * each);
        const std::size_t last = std::min(blocks, first + each);
        body({whole.from + first * block, whole.to + first * block, (last - first) * block});
    });
}

}  // namespace

std::vector<contestant> bandwidth(const std::string& dtype, int threads, std::function<const void*()> from,
                                  std::function<void*()> scaled, std::function<void*()> to, std::size_t bytes) {
    const std::size_t moved = bytes / block * block;
    std::vector<contestant> all;
    for (const named_loop& l : loops_of_this_machine()) {
        contestant c{l.kernel, l.who, dtype, 1, static_cast<std::int64_t>(moved), l.against, {}};
        if (l.against != reference::read) c.bytes *= 2;
        c.make = [=] {
            const part whole{static_cast<const std::byte*>(from()),
                             static_cast<std::byte*>(l.against == reference::scale ? scaled() : to()), moved};
            if (threads == 1) return job{[=] { l.run(whole); }, {}, {}};
            const auto pool = std::make_shared<reft::thread_pool>(threads);
            return job{[=] { run_on(*pool, l.run, whole); }, {}, {}};
        };
        all.push_back(std::move(c));
    }
    return all;
}

}  // namespace bench
